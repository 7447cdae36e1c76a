"""Servers with a Retry-After of years, and a server that closes every connection at its second request."""
from generate import write_rows
from harness import Case, foreign, main

NINES = "9" * 20


class OneCallPerConnection(Case):
    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--close-second")

    def test_rows_lose_no_attempt_and_connections_are_used_once(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 400, organizers=20, prefix="once")
        done = self.apply(path, "--max-attempts", "1")
        self.assertEqual(done.summary["faults"], 0)
        self.assertEqual(done.summary["outcomes"]["created"], 400, done.summary)
        self.assert_created_once(keys)
        stats = self.server.stats()
        self.assertEqual(stats["violations"], 0, stats["first_violations"])
        # The calls that were in flight before convoke stopped to reuse connections, and one trial per minute.
        self.assertLessEqual(stats["closed"], 16 + 3 + int(done.seconds / 60))


class ImplausibleRetryAfter(Case):
    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--throttle-first", "1", "--retry-after", NINES)

    def test_a_day_is_obeyed_and_reported_and_can_be_forgotten(self):
        path = self.path("rows.csv")
        write_rows(path, 40, organizers=5, prefix="implausible")
        done = self.apply(path, "--connections", "1", expect=5)
        self.assertGreaterEqual(done.summary["come_back_s"], 86400)
        self.assertLessEqual(done.summary["come_back_s"], 86400 * 1.1 + 1)
        self.assertIn(NINES, done.err)
        self.assertIn("--max-cooldown", done.err)
        self.assertIn("the lane", done.err)
        # The next run obeys it.
        self.apply(path, expect=5)
        self.assertEqual(self.server.stats()["requests"], 1)
        status = self.convoke("status")
        self.assertIn("is closed by the service", status.out)
        done = self.apply(path, "--forget-cooldowns")
        self.assertIn("1 saved cooldown is deleted", done.err)
        self.assertNotIn("is closed", self.convoke("status").out)
        self.assertEqual(self.server.stats()["created"], 40)


class ImplausibleRetryAfterWithAShortLimit(Case):
    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--throttle-first", "1", "--retry-after", NINES)

    def test_the_run_continues_after_max_cooldown(self):
        path = self.path("rows.csv")
        write_rows(path, 40, organizers=5, prefix="implausible")
        done = self.apply(path, "--connections", "1", "--max-cooldown", "1s")
        self.assertEqual(done.summary["throttled"], 1)
        self.assertEqual(self.server.stats()["created"], 40)
        self.assertNotIn("is closed", self.convoke("status").out)


class ThrottledTokenEndpoint(Case):
    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--token-wait", "86400")

    def test_a_day_ends_the_run_and_says_when_to_come_back(self):
        path = self.path("rows.csv")
        write_rows(path, 4, organizers=2, prefix="token")
        done = self.apply(path, expect=5)
        self.assertGreaterEqual(done.summary["come_back_s"], 86400)
        self.assertLessEqual(done.summary["come_back_s"], 86400 * 1.1 + 1)
        self.assertTrue(done.summary["come_back_at"])
        self.assertEqual(self.server.stats()["token_requests"], 1)
        self.assertLess(done.seconds, 60)

    def test_a_shorter_limit_is_waited_for_until_max_outage(self):
        path = self.path("rows.csv")
        write_rows(path, 4, organizers=2, prefix="token")
        before = self.server.stats()["token_requests"]
        done = self.apply(path, "--max-cooldown", "500ms", "--max-outage", "3s", expect=5)
        self.assertIn("--max-cooldown", done.err)
        self.assertGreaterEqual(self.server.stats()["token_requests"] - before, 2)
        self.assertIn("token", done.summary["detail"])

    def test_one_long_throttle_counts_as_an_outage(self):
        path = self.path("rows.csv")
        write_rows(path, 4, organizers=2, prefix="token")
        before = self.server.stats()["token_requests"]
        done = self.apply(path, "--max-cooldown", "9m", "--max-outage", "1s", expect=5)
        self.assertEqual(self.server.stats()["token_requests"] - before, 1)
        self.assertGreaterEqual(done.summary["come_back_s"], 530)
        self.assertLess(done.seconds, 60)


if __name__ == "__main__":
    main()
