"""Organizers share external ids, and the server sends answers that were not asked for: no row may take another's meeting or refusal."""
from generate import write_shared_rows
from harness import Case, foreign, main, scaled


class Strays(Case):
    flags = ("--strays", "0.15")

    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--seed", "5", "--latency", "0.001", *cls.flags)

    def run_shared(self, *words):
        """A run that must end as if there had been no stray answer. Returns how often the server sent one, by place."""
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_shared_rows(path, organizers=20, ids=scaled(20, 40, 200))
        done = self.apply(path, "--results", results, *words)
        stats = self.server.stats()
        print("  %.1f s; strays %s, %d requests" % (done.seconds, stats["strays"], stats["requests"]), flush=True)
        self.assertEqual(stats["first_violations"], [])
        self.assertEqual(stats["early"], 0)
        self.assert_created_once(keys)
        written = self.read_csv(results)
        self.assert_one_outcome_a_row(written, len(keys))
        self.assertEqual({row["outcome"] for row in written} - {"created", "existing"}, set())
        meetings = self.server.by_key()
        wrong = []
        for row in written:
            stored = meetings[(row["organizer"], row["external_id"])]
            if (row["meeting_id"], row["join_web_url"]) != (stored["id"], stored["join_url"]):
                wrong.append((row["organizer"], row["external_id"], row["meeting_id"]))
        self.assertEqual(wrong[:3], [], "%d rows with another organizer's meeting" % len(wrong))
        return done, stats


class BeforeTheRequest(Strays):
    """Strays that are there before the next request is written: none is ever believed, and no row is charged."""

    def test_strays_that_come_before_a_request(self):
        # One attempt a row: a stray that was charged to a row would leave it deferred, and the exit code would not be 0.
        done, stats = self.run_shared("--max-attempts", "1")
        for place in ("same-segment", "record-after", "idle", "unrequested"):
            self.assertGreater(stats["strays"].get(place, 0), 0, place)
        self.assertEqual(done.summary["calls"], stats["requests"])


class Racing(Strays):
    """Strays that may come when a request is on its way: what they say must give them away."""

    flags = ("--strays", "0.05", "--racing-strays", "0.1")

    def test_strays_that_race_with_a_request(self):
        _, stats = self.run_shared("--max-attempts", "8")
        self.assertGreater(stats["strays"]["racing"], 0)


if __name__ == "__main__":
    main()
