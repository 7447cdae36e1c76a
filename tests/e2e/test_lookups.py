"""Look-ups of organizers by UPN where the service is slow, throttles or fails, and where they are cut short."""
import signal
import sqlite3
import time

from harness import FAST, Case, kill, main, scaled, wait_for
from organizer_rows import write_rows


class Many(Case):
    """Every UPN has a user."""

    def write(self, name, count):
        return write_rows(self.path(name), *(("user-%d@uni.example" % n, "%s-%d" % (name, n)) for n in range(count)))

    def test_five_hundred_names_take_twenty_five_envelopes(self):
        before = self.server.stats()
        path = self.write("many", 500)
        done = self.apply(path)
        after = self.server.stats()
        self.assertEqual((after["look_ups"] - before["look_ups"], after["batches"] - before["batches"]), (500, 25))
        self.assertEqual(after["requests"] - before["requests"], 525)
        self.assertEqual(done.summary["outcomes"]["created"], 500)
        self.assertEqual(len({one["organizer"] for one in self.server.meetings() if one["external_id"].startswith("many-")}), 500)

    def test_users_that_were_found_before_a_kill_are_remembered(self):
        path = self.write("found", 500)
        before = self.server.stats()["look_ups"]
        process = self.start(self.words("plan", path))
        wait_for(lambda: self.server.stats()["look_ups"] >= before + 340 or process.poll() is not None, "the look-ups", seconds=30)
        self.assertIsNone(process.poll())
        kill(process)
        with sqlite3.connect(self.ledger) as db:
            self.assertGreaterEqual(db.execute("SELECT count(*) FROM known_user").fetchone()[0], 200)

    def test_after_a_kill_between_look_up_and_commit_nothing_is_made_twice(self):
        count = scaled(300, 2000, 20000)
        path = self.write("kill", 200)
        rows = [("user-%d@uni.example" % (n % 200), "kill-%d" % n) for n in range(count)]
        write_rows(path, *rows)
        for delay in (0, 0.02, 0.1, 0.3):
            before = self.server.stats()["look_ups"]
            process = self.start(self.words("apply", path, *FAST))
            wait_for(lambda: self.server.stats()["look_ups"] > before or process.poll() is not None, "the look-ups", seconds=5)
            time.sleep(delay)
            kill(process)
        done = self.apply(path)
        self.assertEqual(self.server.stats()["duplicates"], 0)
        made = [one for one in self.server.meetings() if one["external_id"].startswith("kill-")]
        self.assertEqual(len(made), count)
        self.assertEqual({one["creates"] for one in made}, {1})
        self.assertEqual(done.summary["end"], "finished")


class Throttled(Case):
    """Ten users at once, then twenty a second; whatever comes in a cooldown makes it longer."""

    server_flags = ("--directory-rate", "20", "--directory-burst", "10", "--early-penalty", "1")

    def test_throttles_of_look_ups_are_obeyed_and_meetings_have_their_own_pace(self):
        path = write_rows(self.path("rows.csv"), *(("user-%d@uni.example" % n, "slow-%d" % n) for n in range(60)))
        done = self.apply(path)
        stats = self.server.stats()
        self.assertEqual(stats["early"], 0)
        self.assertGreater(stats["throttled"], 0)
        self.assertEqual(stats["users_found"], 60)
        self.assertEqual(done.summary["throttled"], 0)
        self.assertEqual(done.summary["outcomes"]["created"], 60)


class LongThrottled(Case):
    server_flags = ("--directory-rate", "5", "--directory-burst", "30", "--retry-after-form", "constant:1200")

    def test_a_long_cooldown_ends_the_command_and_is_obeyed_by_the_next_ones(self):
        path = write_rows(self.path("rows.csv"), *(("user-%d@uni.example" % n, "long-%d" % n) for n in range(60)))
        done = self.convoke("apply", path, "-o", "json", expect=5)
        self.assertRegex(done.summary["error"], r"The service throttles look-ups of users \(HTTP 429 .*\)\. Nothing was planned and nothing was "
                                                r"sent; \d+ of 60 organizers are found and remembered\. Run the same command again in 20 minutes\.")
        self.assertTrue(1190 <= done.summary["come_back_s"] <= 1200, done.summary)
        self.assertRegex(done.summary["come_back_at"], r"^\d{4}-\d\d-\d\dT")
        before = self.server.stats()
        again = self.convoke("plan", path, "-o", "json", expect=5)
        self.assertRegex(again.summary["error"], "again in (19|20) minutes")
        self.assertLessEqual(again.summary["come_back_s"], 1200)
        self.assertEqual(self.server.stats()["look_ups"], before["look_ups"], "the saved cooldown is obeyed")
        self.assertEqual(self.server.meetings(), [])


class DryThrottled(Case):
    server_flags = LongThrottled.server_flags

    def test_a_dry_run_does_not_say_that_it_remembers(self):
        path = write_rows(self.path("rows.csv"), *(("user-%d@uni.example" % n, "dry-%d" % n) for n in range(60)))
        done = self.convoke("apply", path, "--dry-run", "-o", "json", expect=5)
        self.assertNotIn("remembered", done.summary["error"])
        self.assertIn("come_back_s", done.summary)


class TokensClosed(Case):
    """The token endpoint throttles for two hours."""

    server_flags = ("--token-faults", "1", "--token-retry-after", "7200")

    def test_a_token_endpoint_that_is_closed_for_long_ends_the_command(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "late-1"))
        done = self.convoke("plan", path, "-o", "json", expect=5)
        self.assertIn("The token endpoint gives no token, which look-ups of users need", done.summary["error"])
        self.assertRegex(done.summary["error"], r"Run the same command again in 1[123]\d minutes\.$")
        self.assertTrue(7190 <= done.summary["come_back_s"] <= 7921, done.summary)
        self.assertIn("come_back_at", done.summary)
        self.assertEqual(self.server.stats()["look_ups"], 0)


class TokensClosedForMinutes(Case):
    """The token endpoint throttles for longer than --max-outage, and for less than what ends look-ups by itself."""

    server_flags = ("--token-faults", "1", "--token-retry-after", "500")

    def test_the_time_to_come_back_is_not_before_the_token_endpoint_opens(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "late-2"))
        done = self.convoke("apply", path, "--max-outage", "5s", "-o", "json", expect=5)
        self.assertIn("Users cannot be looked up", done.summary["error"])
        self.assertTrue(490 <= done.summary["come_back_s"] <= 551, done.summary)
        self.assertEqual(self.server.stats()["token_requests"], 1)


class Faulty(Case):
    server_flags = ("--directory-faults", "0.2")

    def test_items_that_fail_or_are_missing_are_asked_again(self):
        path = write_rows(self.path("rows.csv"), *(("user-%d@uni.example" % n, "odd-%d" % n) for n in range(100)))
        done = self.apply(path, "--max-attempts", "20")
        self.assertEqual(done.summary["plan"]["look_ups"]["looked_up"], 100)
        self.assertGreater(self.server.stats()["look_ups"], 100)
        self.assertEqual(len(self.server.meetings()), 100)


class Slow(Case):
    server_flags = ("--latency", "3s")

    def test_a_signal_ends_the_look_ups_and_nothing_is_committed(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "stop-1"))
        process = self.start(self.words("apply", path, "-o", "json"))
        wait_for(lambda: self.server.stats()["look_ups"] > 0, "the look-up")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("Interrupted while organizers were looked up: nothing was planned", out.decode() + err.decode())
        self.assertEqual(self.server.meetings(), [])
        self.assertEqual(self.convoke("runs", "-o", "json").summary, [])


if __name__ == "__main__":
    main()
