"""Runs against the foreign server, which checks every request and shares no code with convoke and its simulator."""
from generate import write_rows
from harness import Case, foreign, main, scaled


class Foreign(Case):
    @classmethod
    def start_server(cls, folder):
        # Tokens that live for 20 s are refreshed during the run. Few rows need more throttles, or some runs would have none.
        return foreign(folder, "--seed", "3", "--faults", "0.05", "--throttles", scaled("0.002", "0.001", "0.001"), "--max-wait", "1",
                       "--latency", "0.002", "--token-life", "20")

    def test_ten_thousand_rows(self):
        path, results, rows = self.path("rows.csv"), self.path("results.csv"), scaled(4000, 10000, 10000)
        keys = write_rows(path, rows, organizers=50, prefix="foreign")
        done = self.apply(path, "--results", results, "--max-attempts", "8", "--attempt-timeout", "5s")
        stats = self.server.stats()
        print("  %.1f s; the server counted %s" % (done.seconds, {k: v for k, v in stats.items() if k != "first_violations"}), flush=True)
        self.assertEqual(stats["first_violations"], [])
        self.assertEqual(stats["violations"], 0)
        self.assertEqual(stats["early"], 0)
        self.assertEqual(stats["duplicates"], 0)
        self.assert_created_once(keys)
        self.assertEqual(stats["created"], rows)
        self.assertTrue(all(stats["faults"].values()), stats["faults"])
        self.assertGreater(stats["throttled"], 0)
        self.assert_own_meetings(results, rows)
        requests = stats["requests"]
        self.apply(path, "--results", results, "--max-attempts", "8", "--attempt-timeout", "5s")
        self.assertEqual(self.server.stats()["requests"], requests)


if __name__ == "__main__":
    main()
