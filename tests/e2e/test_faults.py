"""A large run with every kind of fault, throttles and tokens that expire: every key is created exactly once."""
from generate import write_rows
from harness import Case, main, scaled


class Faults(Case):
    server_flags = ("--seed", "11", "--faults", "0.05", "--throttle", "0.001", "--throttle-wait", "1s", "--retry-after-form",
                    "decimal", "--token-lifetime", "30s")

    def test_every_fault(self):
        path, results, rows = self.path("rows.csv"), self.path("results.csv"), scaled(5000, 30000, 100000)
        keys = write_rows(path, rows, organizers=100, prefix="large")
        done = self.apply(path, "--results", results, "--max-attempts", "8", "--attempt-timeout", "5s", "--connections", "32")
        stats = self.server.stats()
        print("  %d rows in %.1f s; the simulator counted %s" % (rows, done.seconds, stats), flush=True)
        self.assert_created_once(keys)
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(stats["early"], 0)
        self.assertEqual(stats["max_in_flight_per_key"], 1)
        self.assertEqual(stats["created"], rows)
        self.assertGreater(stats["throttled"], 0)
        absent = {kind for kind, count in stats["faults"].items() if count == 0}
        self.assertEqual(absent, {"throttle_503", "throttle_after", "false_401"})
        self.assertGreater(stats["requests"], rows)
        written = self.read_csv(results)
        self.assert_one_outcome_a_row(written, rows)
        self.assertEqual({row["outcome"] for row in written} - {"created", "existing"}, set())
        self.assertEqual(done.summary["calls"], stats["requests"])


if __name__ == "__main__":
    main()
