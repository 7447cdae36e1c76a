"""--batch-size: several calls in one request ($batch), as the service saw them."""
import collections
import json
import time

from generate import write_rows
from harness import FAST, Case, kill, main, scaled, wait_for

BATCH = ["--batch-size", "20"]


class Batched(Case):
    def calls(self):
        return [json.loads(line) for line in self.server.get("calls").splitlines() if line]

    def envelopes(self, calls=None):
        """{number of the envelope: its calls for meetings}"""
        found = collections.defaultdict(list)
        for call in self.calls() if calls is None else calls:
            if "batch" in call and call["operation"]:
                found[call["batch"]].append(call)
        return found

    def assert_envelopes(self, most=20):
        """No envelope has more than `most` calls, or an organizer twice. Returns the calls of each."""
        envelopes = self.envelopes()
        for number, calls in envelopes.items():
            self.assertLessEqual(len(calls), most, number)
            self.assertGreaterEqual(len(calls), 2, number)
            organizers = [call["organizer"] for call in calls]
            self.assertEqual(len(set(organizers)), len(organizers), "an organizer is twice in envelope %d" % number)
        return envelopes

    def rows(self, name, count, organizers=50):
        path = self.path(name + ".csv")
        return path, write_rows(path, count, organizers=organizers, prefix=name)


class Whole(Batched):
    server_flags = ("--calls", "100000", "--small-answers")

    def test_a_job_is_done_in_full_envelopes_of_distinct_organizers(self):
        count = scaled(2000, 20000, 20000)
        path, keys = self.rows("whole", count)
        done = self.apply(path, *BATCH, "--results", self.path("results.csv"))
        self.assertEqual(done.summary["outcomes"]["created"], count)
        self.assert_created_once(keys)
        results, stored = self.read_csv(self.path("results.csv")), self.server.by_key()
        self.assert_one_outcome_a_row(results, count)
        self.assertEqual([row["external_id"] for row in results
                          if row["meeting_id"] != stored[(row["organizer"], row["external_id"])]["id"]], [])
        stats = self.server.stats()
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(stats["max_in_flight_per_key"], 1)
        envelopes = self.assert_envelopes()
        self.assertGreater(count / stats["batches"], 10, "calls in an envelope")
        self.assertGreater(max(len(calls) for calls in envelopes.values()), 19)
        again = self.apply(path, *BATCH)
        self.assertEqual(self.server.stats()["requests"], stats["requests"])
        self.assertEqual(again.summary["end"], "finished")

    def test_a_small_size_is_kept_and_one_is_no_batch(self):
        path, keys = self.rows("five", 500)
        self.apply(path, "--batch-size", "5")
        self.assert_created_once(keys)
        number = self.server.stats()["batches"]
        self.assertLessEqual(max(len(calls) for n, calls in self.envelopes().items()
                                 if any(call["external_id"].startswith("five-") for call in calls)), 5)
        path, keys = self.rows("one", 200)
        self.apply(path, "--batch-size", "1")
        self.assert_created_once(keys)
        self.assertEqual(self.server.stats()["batches"], number)

    def test_the_rate_counts_calls_and_not_requests(self):
        path, keys = self.rows("paced", 400)
        begin = time.monotonic()
        self.convoke("apply", path, "--rate", "200", "--fixed-rate", *BATCH)
        self.assert_created_once(keys)
        self.assertGreater(time.monotonic() - begin, 1.8)
        calls = [call for call in self.calls() if call["external_id"].startswith("paced-")]
        at = sorted(call["at_ms"] for call in calls)
        self.assertGreater(at[-1] - at[0], 1700)
        for first in range(0, len(at) - 60, 7):
            self.assertGreater(at[first + 60] - at[first], 150, "more than 60 calls in 150 ms at 200 calls/s")
        self.assertLess(len({call.get("batch") for call in calls}), 60)


class Faulty(Batched):
    server_flags = ("--calls", "100000", "--small-answers", "--batch-missing", "0.02", "--batch-extra", "0.2", "--lost-reply", "0.02",
                    "--fault-500-after", "0.02", "--fault-503-before", "0.01", "--html-200", "0.01", "--cut", "0.01")

    def test_missing_extra_and_broken_items_and_envelopes_cost_no_meeting(self):
        count = scaled(300, 1000, 5000)
        path, keys = self.rows("faulty", count)
        for _ in range(6):
            done = self.apply(path, *BATCH, "--max-attempts", "20", "--row-deadline", "60s", expect=None)
            if done.code == 0:
                break
        self.assertEqual(done.code, 0, done)
        self.assert_created_once(keys)
        stats = self.server.stats()
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(stats["max_in_flight_per_key"], 1)
        self.assert_envelopes()
        self.assertGreater(stats["batches"], 10)


class Throttled(Batched):
    server_flags = ("--calls", "100000", "--lane-rate", "200", "--lane-burst", "40", "--early-penalty", "1", "--retry-after-form", "decimal")

    def test_the_cooldown_of_a_throttled_item_is_obeyed(self):
        path, keys = self.rows("throttled", 600)
        done = self.convoke("apply", path, "-o", "json", "--rate", "400", "--start-rate", "400", *BATCH)
        self.assert_created_once(keys)
        stats = self.server.stats()
        self.assertGreater(stats["throttled"], 0)
        self.assertEqual(stats["early"], 0)
        self.assertGreater(done.summary["throttled"], 0)
        self.assert_envelopes()


class Refused(Batched):
    server_flags = ("--no-batch",)

    def test_a_service_without_batch_gets_single_calls(self):
        path, keys = self.rows("single", 300)
        done = self.apply(path, *BATCH)
        self.assert_created_once(keys)
        self.assertEqual(done.err.count("every call is a request of its own from now on"), 1, done.err)
        stats = self.server.stats()
        self.assertEqual(stats["batches"], 0)
        # The refused envelopes were in flight together when the first answer came: at most one for each connection.
        self.assertLessEqual(stats["requests"], 300 + 16)
        self.assertEqual(done.summary["outcomes"]["created"], 300)


class Killed(Batched):
    server_flags = ("--calls", "100000", "--small-answers", "--latency", "5ms")

    def test_a_job_that_is_killed_is_completed_by_the_same_command(self):
        count = scaled(1000, 6000, 20000)
        path, keys = self.rows("killed", count)
        words = ("apply", path, *FAST, *BATCH, "--attempt-timeout", "1s")
        for part in (0.2, 0.5):
            process = self.start(self.words(*words))
            wait_for(lambda: self.server.stats()["meetings"] > part * count or process.poll() is not None, "the first calls", seconds=60)
            kill(process)
        done = self.convoke(*words, "-o", "json")
        self.assert_created_once(keys)
        self.assertEqual(self.server.stats()["duplicates"], 0)
        self.assertEqual(done.summary["end"], "finished")
        self.assertGreater(self.server.stats()["batches"], 0)


if __name__ == "__main__":
    main()
