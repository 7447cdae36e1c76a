"""Organizers share external ids, and the server sends unrequested answers: no row may take the meeting or the refusal of another one."""
from generate import write_shared_rows
from harness import Case, foreign, main, scaled


class Strays(Case):
    flags = ("--strays", "0.15")

    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--seed", "5", "--latency", "0.001", *cls.flags)

    def run_shared(self, *words):
        """A run that must end as it would without stray answers. Returns it and the statistics of the server."""
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_shared_rows(path, organizers=20, ids=scaled(20, 40, 200))
        done = self.apply(path, "--results", results, *words)
        stats = self.server.stats()
        print("  %.1f s; strays %s, %d requests" % (done.seconds, stats["strays"], stats["requests"]), flush=True)
        self.assertEqual(stats["first_violations"], [])
        self.assertEqual(stats["early"], 0)
        self.assert_created_once(keys)
        self.assert_own_meetings(results, len(keys))
        return done, stats


class BeforeTheRequest(Strays):
    """Strays that arrive before the next request is written: none is accepted, and no row loses an attempt."""

    def test_strays_that_come_before_a_request(self):
        # One attempt a row: a row that lost it to a stray would be deferred, and the exit code would not be 0.
        done, stats = self.run_shared("--max-attempts", "1")
        for place in ("same-segment", "record-after", "idle", "unrequested"):
            self.assertGreater(stats["strays"].get(place, 0), 0, place)
        self.assertEqual(done.summary["calls"], stats["requests"])


class Racing(Strays):
    """Strays that may arrive after a request was sent: only their content identifies them."""

    flags = ("--strays", "0.05", "--racing-strays", "0.1")

    def test_strays_that_race_with_a_request(self):
        _, stats = self.run_shared("--max-attempts", "8")
        self.assertGreater(stats["strays"]["racing"], 0)


if __name__ == "__main__":
    main()
