"""What a run leaves to the next one: the learnt pace and cooldowns; and when to come back for the rest of the work."""
import contextlib
import json
import sqlite3
import statistics
import subprocess
import time

from generate import write_rows
from harness import Case, kill, main, wait_for


class Runs(Case):
    """Runs at the pace that convoke finds."""

    def stats(self, *names):
        now = self.server.stats()
        return [now[name] for name in names]

    def run_once(self, path, *words, expect=0):
        """One `apply`. The result has the counts of the server for it."""
        before = self.stats("requests", "throttled", "early")
        done = self.convoke("apply", path, "-o", "json", *words, expect=expect)
        done.requests, done.throttled, done.early = [now - then for now, then in zip(self.stats("requests", "throttled", "early"), before)]
        return done


class Learning(Runs):
    # The burst is small: a rate above 20/s is throttled soon.
    server_flags = ("--seed", "31", "--lane-rate", "20", "--lane-burst", "4", "--latency", "5ms")

    def first_gap(self, skipped):
        """The median time between the first calls of a run at the server, in ms. `skipped`: the number of earlier calls."""
        calls = [json.loads(line) for line in self.server.get("calls").splitlines()]
        times = [call["at_ms"] for call in calls[skipped:skipped + 6]]
        return statistics.median(after - before for before, after in zip(times, times[1:]))

    def test_the_second_run_starts_at_the_learnt_rate(self):
        first, second = self.path("first.csv"), self.path("second.csv")
        keys = write_rows(first, 160, prefix="first") + write_rows(second, 160, prefix="second")
        unknown = json.loads(self.convoke("plan", second, "-o", "json").out)["forecast"]
        self.assertEqual(unknown["basis"], "unknown")
        self.assertLess(unknown["least_s"], unknown["most_s"])

        learning = self.run_once(first)
        self.assertGreater(learning.throttled, 0)
        self.assertEqual(learning.early, 0)
        self.assertEqual(learning.summary["throttled"], learning.throttled)

        lane = json.loads(self.convoke("status", "-o", "json").out)["run"]["lanes"][0]
        self.assertTrue(12 < lane["learnt"]["rate_per_s"] < 24, lane)
        forecast = json.loads(self.convoke("apply", second, "--dry-run", "-o", "json").out)["forecast"]
        self.assertEqual(forecast["basis"], "learnt")
        self.assertAlmostEqual(forecast["rate_per_s"], lane["learnt"]["rate_per_s"], places=3)

        knowing = self.run_once(second)
        self.assertEqual(knowing.early, 0)
        # No search: the first calls have the learnt rate, and no throttle is needed to find the limit.
        self.assertLessEqual(knowing.throttled, 3)
        self.assertLess(knowing.throttled, learning.throttled)
        self.assertIn("learnt", knowing.err)
        gap = 1000 / lane["learnt"]["rate_per_s"]
        self.assertTrue(60 < self.first_gap(0) < 110, "an unknown limit is approached from 10/s: %s" % self.first_gap(0))
        self.assertTrue(0.8 * gap < self.first_gap(learning.requests) < 1.2 * gap, (gap, self.first_gap(learning.requests)))
        # The forecast is near the ideal time. The time that the runs took depends on the machine; bench/ measures it.
        self.assertTrue(0.7 * 160 / 20 < forecast["most_s"] < 1.4 * 160 / 20, forecast)
        self.assert_created_once(keys)


class ServiceDown(Runs):
    """A service without a single success."""

    server_flags = ("--seed", "32", "--empty-503", "1")

    def test_rows_fail_in_the_third_run_in_a_row(self):
        path = self.path("rows.csv")
        write_rows(path, 3, prefix="down")
        for run in (1, 2):
            done = self.run_once(path, "--max-attempts", "2", expect=5)
            self.assertEqual(done.summary["outcomes"]["deferred"], 3)
            self.assertEqual(done.requests, 6)
            self.assertEqual(done.summary["faults"], 6)
            # Not at once: a third run with the same answers would fail the rows.
            self.assertEqual(done.summary["come_back_s"], 600, run)
            self.assertRegex(done.summary["come_back_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")
            self.assertIn("Run the same command again in 10 min", done.summary["summary"])
        last = self.run_once(path, "--max-attempts", "2", expect=3)
        self.assertEqual(last.summary["outcomes"]["failed"], 3)
        failed = self.read_csv(path + ".failed.csv")
        self.assertEqual(len(failed), 3)
        status = json.loads(self.convoke("status", "-o", "json").out)["run"]
        self.assertEqual(status["errors"], {"retries": 3})
        self.assertEqual(status["calls_left"], 0)

    def test_an_outage_is_waited_for_as_long_again(self):
        path = self.path("rows.csv")
        write_rows(path, 50, prefix="outage")
        done = self.run_once(path, "--max-outage", "1s", "--max-attempts", "9", expect=5)
        self.assertEqual(done.summary["outcomes"]["deferred"], 50)
        self.assertEqual(done.summary["come_back_s"], 300)  # the minimum
        self.assertIn("Nothing succeeded", done.summary["detail"])


class Limits(Runs):
    server_flags = ("--seed", "33")

    def test_a_time_limit_leaves_exactly_what_was_not_called(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 100, prefix="limit")
        stopped = self.run_once(path, "--rate", "40", "--fixed-rate", "--max-duration", "1s", expect=5)
        left = stopped.summary["outcomes"]["deferred"]
        self.assertEqual(stopped.requests, 100 - left)
        self.assertEqual(stopped.summary["come_back_s"], 0)
        self.assertIn("again now", stopped.summary["summary"])
        status = json.loads(self.convoke("status", "-o", "json").out)["run"]
        self.assertEqual(status["calls_left"], left)
        rest = self.run_once(path, "--rate", "1000", "--fixed-rate")
        self.assertEqual(rest.requests, left)
        self.assertIn("Forecast: %d calls at 1000/s" % left, rest.err)
        self.assert_created_once(keys)


class LongCooldown(Runs):
    """The service throttles with a Retry-After of twenty minutes."""

    server_flags = ("--seed", "34", "--lane-rate", "10", "--retry-after-form", "constant:1200")

    def test_a_long_cooldown_ends_the_run_and_the_next_run_obeys_it(self):
        path = self.path("rows.csv")
        write_rows(path, 60, prefix="long")
        before = time.time()
        closed = self.run_once(path, "--start-rate", "100", expect=5)
        self.assertEqual(closed.early, 0)
        wait = closed.summary["come_back_s"]
        self.assertTrue(1190 <= wait <= 1325, wait)
        again = self.run_once(path, expect=5)
        self.assertEqual(again.requests, 0)
        self.assertLessEqual(again.summary["come_back_s"], wait)
        self.assertGreater(again.summary["come_back_s"], 1100)
        self.assertIn("The service has closed the lane until", again.err)
        status = self.convoke("status").out
        self.assertIn("The lane is closed by the service until", status)
        forecast = json.loads(self.convoke("apply", path, "--dry-run", "-o", "json").out)["forecast"]
        self.assertGreater(forecast["least_s"], 1100)
        self.assertLess(time.time() - before, 20)


class OrganizerCooldown(Runs):
    server_flags = ("--seed", "35", "--organizer-rate", "1", "--organizer-burst", "4", "--throttle-scope-header", "--retry-after-form",
                    "constant:5")

    def closed_organizers(self):
        done = self.convoke("status", "-o", "json", expect=None)
        run = json.loads(done.out)["run"] if done.code == 0 else None
        return len(run["lanes"][0]["closed_organizers"]) if run else 0

    def start_apply(self, path):
        command = self.words("apply", path, "--rate", "1000", "--fixed-rate", "--attempt-timeout", "300ms")
        return self.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill_between_cooldowns(self, path):
        """Kills a run when the cooldowns of both organizers are in the ledger."""
        process = self.start_apply(path)
        wait_for(lambda: self.closed_organizers() == 2, "the cooldowns of both organizers in the ledger")
        kill(process)

    def test_a_cooldown_survives_a_kill(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 10, organizers=2, prefix="cooldown")
        self.kill_between_cooldowns(path)
        seen, throttled, early = self.stats("requests", "throttled", "early")
        self.assertEqual(early, 0)
        self.assertGreaterEqual(throttled, 2)
        process = self.start_apply(path)
        # The cooldowns last some seconds more, and nothing is sent until then. Without them the run would be finished within this time.
        time.sleep(1.5)
        self.assertEqual(self.stats("requests"), [seen])
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(self.stats("early"), [0])
        self.assert_created_once(keys)

    def test_without_its_saved_cooldowns_a_run_calls_too_early(self):
        """The same without the cooldowns in the ledger: it shows that the test above can fail."""
        path = self.path("rows.csv")
        write_rows(path, 10, organizers=2, seed=2, prefix="forgotten")
        before, = self.stats("early")
        self.kill_between_cooldowns(path)
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger, ledger:
            ledger.execute("DELETE FROM cooldown")
        self.convoke("apply", path, "--rate", "1000", "--fixed-rate", "--attempt-timeout", "300ms")
        self.assertGreater(self.stats("early")[0], before)


if __name__ == "__main__":
    main()
