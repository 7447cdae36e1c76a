"""Several workers share the runs of one PostgreSQL ledger: no row is done twice, whatever begins, ends or plans beside them. No lease expires
in these tests, so no key may ever be in flight twice, and rows that a worker gave back are done long before a lease would end."""
import json
import os
import re
import signal
import time
import unittest

from fleet import LEASE, FleetCase
from generate import write_rows
from harness import HERE, main, scaled, wait_for

import pgbouncer

ROWS = scaled(600, 2000, 10000)


class Fleet(FleetCase):
    def tearDown(self):
        self.assert_no_key_twice_at_once()
        super().tearDown()

    def test_four_workers_share_a_run(self):
        keys = self.plan("rows", ROWS)
        for _ in range(4):
            self.work()
        self.wait_all()
        self.assert_all_done(keys, ROWS)
        self.assertEqual(self.requests(), ROWS, "calls were repeated although no worker failed")
        self.assertEqual(self.count("owed"), 0)
        self.assertEqual(self.count("session WHERE NOT ended"), 0, "a worker that ended in order has left its session")

    def test_nothing_is_owed(self):
        self.plan("rows", 10)
        self.work()
        self.wait_all()
        begin = time.monotonic()
        self.work()
        self.wait_all()
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual(self.requests(), 10)

    def test_a_worker_that_is_terminated_gives_its_rows_back(self):
        keys = self.plan("rows", ROWS)
        slow = [*self.work_flags, "--rate", "100"]
        leaving = [self.work(flags=slow, expect=(143,)) for _ in range(2)]
        self.work()
        wait_for(lambda: self.done() > 50, "the first outcomes")
        begin = time.monotonic()
        for one in leaving:
            one.signal(signal.SIGTERM)
        for one in leaving:
            one.wait(30)
        self.wait_all(LEASE)
        self.assert_all_done(keys, ROWS)
        self.assertEqual(self.requests(), ROWS)
        self.assertLess(time.monotonic() - begin, LEASE - 5, "the rows were waited for")

    def test_one_file_planned_twice_at_once(self):
        path = self.path("rows.csv")
        keys = self.plan_only(path, 300)
        planners = [self.start(self.words("plan", path, "--open")) for _ in range(3)]
        for one in planners:
            _, err = one.communicate(timeout=60)
            self.assertEqual(one.returncode, 0, err.decode())
        for _ in range(2):
            self.work()
        self.wait_all()
        self.assert_all_done(keys, 300)
        self.assertEqual(self.requests(), 300)
        self.assertEqual(self.value("SELECT count(*) FROM convoke.run WHERE rows > 0"), "1")

    def plan_only(self, path, rows, **more):
        return write_rows(path, rows, prefix=self.prefix, **more)

    def test_runs_that_overlap(self):
        first = self.plan("first", ROWS // 2)
        for _ in range(3):
            self.work()
        wait_for(lambda: self.done() > 20, "the first outcomes")
        second = self.plan("second", ROWS // 2, first=ROWS // 4)
        self.wait_all()
        self.work()  # the workers may have ended before the second plan was there
        self.wait_all()
        self.assert_all_done(first + second, ROWS // 2)
        self.assertEqual(self.count("owed"), 0)

    def test_apply_beside_workers(self):
        first = self.plan("first", ROWS // 2)
        for _ in range(2):
            self.work()
        path = self.path("second.csv")
        second = self.plan_only(path, ROWS // 2, first=ROWS)
        applied = self.work(path, "--results", self.path("results.csv"), command="apply")
        self.wait_all()
        self.assertEqual(applied.process.returncode, 0)
        self.assert_all_done(first + second)
        self.assert_one_outcome_a_row(self.read_csv(self.path("results.csv")), ROWS // 2)
        self.assertEqual(self.requests(), ROWS)

    def test_a_worker_that_follows(self):
        follower = self.work("--follow", expect=(143,))
        time.sleep(1.0)
        self.assertTrue(follower.running, follower.text())
        keys = self.plan("first", 100)
        self.wait_done(100)
        keys += self.plan("second", 100, first=100)
        self.wait_done(200)
        follower.signal(signal.SIGTERM)
        self.wait_all(30)
        self.assert_all_done(keys)

    def test_sessions_share_one_time_limit(self):
        keys = self.plan("rows", 2000)
        begin = time.monotonic()
        worker = self.work(flags=[*self.work_flags, "--rate", "20", "--attempt-timeout", "2s", "--max-duration", "12s"], expect=(5,))
        for seconds in (3, 8):
            time.sleep(max(0.0, begin + seconds - time.monotonic()))
            self.cluster.sql("UPDATE convoke.session SET expires_at = clock_timestamp() - interval '1 second' WHERE NOT ended", self.database)
        worker.wait(60)
        self.assertGreaterEqual(self.count("session"), 2, "no session has ended")
        self.assertLess(time.monotonic() - begin, 12 + 6)
        self.work()
        self.wait_all()
        self.assert_all_done(keys, 2000)

    def test_two_workers_in_turn(self):
        """The second one begins while the first one works, and the first one leaves: the run goes on without a pause of a lease."""
        keys = self.plan("rows", ROWS)
        slow = [*self.work_flags, "--rate", "150"]
        first = self.work(flags=slow, expect=(143,))
        wait_for(lambda: self.done() > 20, "the first outcomes")
        self.work(flags=[*self.work_flags, "--rate", "1000"])
        wait_for(lambda: self.done() > 60, "more outcomes")
        first.signal(signal.SIGTERM)
        self.wait_all(LEASE)
        self.assert_all_done(keys, ROWS)
        self.assertEqual(self.requests(), ROWS)

    def test_the_status_shows_workers(self):
        self.plan("rows", ROWS)
        for _ in range(2):
            self.work(flags=[*self.work_flags, "--rate", "50"])
        wait_for(lambda: self.done() > 20, "the first outcomes")
        shown = json.loads(self.convoke("status", "-o", "json").out)
        self.assertEqual(len(shown["workers"]), 2, shown)
        self.assertIn("worker", self.convoke("status").out)

    @unittest.skipUnless(pgbouncer.executable(), "PgBouncer is not installed")
    def test_through_pgbouncer(self):
        """Fewer connections to the server than workers have: each transaction gets another one."""
        pooler = pgbouncer.PgBouncer(self.cluster, pool=3)
        try:
            self.ledger = pooler.url(self.database)
            keys = self.plan("rows", ROWS)
            for _ in range(4):
                self.work()
            self.wait_all()
            self.assert_all_done(keys, ROWS)
            self.assertEqual(self.requests(), ROWS)
        finally:
            pooler.close()

    def test_a_role_with_few_rights(self):
        """The privileges that docs/fleet.md names are enough for a worker."""
        keys = self.plan("rows", 200)
        with open(os.path.join(HERE, "..", "..", "docs", "fleet.md"), encoding="utf-8") as file:
            grants = re.findall(r"^GRANT .*;$", file.read(), re.MULTILINE)
        self.assertGreater(len(grants), 2)
        self.cluster.sql("CREATE ROLE worker LOGIN PASSWORD '%s'" % self.cluster.password)
        for one in grants:
            self.cluster.sql(one, self.database)
        self.work(ledger=self.cluster.url(self.database, user="worker"))
        self.wait_all()
        self.assert_all_done(keys, 200)
        self.assertEqual(self.value("SELECT count(*) FROM convoke.owed"), "0")

    def test_credentials_are_refused(self):
        self.plan("rows", 50)
        wrong = self.write("wrong.secret", "wrong-secret-0000000000\n")
        os.chmod(wrong, 0o600)
        self.work("--client-secret-file", wrong, expect=(4,))
        self.wait_all(60)
        self.assertEqual(self.done(), 0)
        self.work()
        self.workers[-1].wait(60)
        self.assertEqual(self.done(), 50)


class Scripted(FleetCase):
    """The service has faults at given calls."""

    script = []

    @classmethod
    def start_server(cls, folder):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "script.json"), "w", encoding="utf-8") as out:
            json.dump(cls.script, out)
        cls.server_flags = (*cls.server_flags, "--script", os.path.join(folder, "script.json"))
        return super().start_server(folder)


class UsedUpAttempts(Scripted):
    # More than one run's attempts, and less than two.
    script = [{"key": "arowisleft-0000007", "call": call, "fault": "fault_500_before"} for call in range(1, 8)]

    def test_a_row_is_left(self):
        """A row that used up its attempts is for workers that begin later: those that are there do not use up the next runs' attempts."""
        keys = self.plan("rows", 60)
        for _ in range(3):
            self.work(expect=(5,))
        self.wait_all(90)
        self.assertEqual(self.done(), 59)
        self.assertEqual(self.value("SELECT strikes FROM convoke.owed"), "1")
        self.assertEqual(sum(one["external_id"] == "arowisleft-0000007" for one in self.journal()), 5)
        self.work()
        self.workers[-1].wait(60)
        self.assert_all_done(keys, 60)


class Cooldown(Scripted):
    """A throttle of the lane that one worker meets."""

    rows, workers_wanted, wait = 3000, 4, 8.0
    server_flags = ("--calls", "100000", "--latency", "5ms", "--retry-after-form", "constant:8")
    script = [{"call": 400, "fault": "throttle"}]

    def test_every_worker_obeys_it(self):
        keys = self.plan("rows", self.rows)
        for _ in range(self.workers_wanted):
            self.work(flags=[*self.work_flags, "--rate", "200"])
        self.wait_all(120)
        self.assert_all_done(keys, self.rows)
        calls = self.journal()
        begin = next(one["at_ms"] for one in calls if one["status"] == 429)
        inside = [one for one in calls if begin < one["at_ms"] < begin + self.wait * 1000]
        # Calls that were in flight, and those of the workers that do not know it yet: they exchange what they know every second.
        late = [one for one in inside if one["at_ms"] > begin + 2500]
        print("  %d calls within 2.5 s of the throttle, %d later in its cooldown" % (len(inside) - len(late), len(late)), flush=True)
        self.assertEqual(late[:3], [])
        self.assertGreater(max(one["at_ms"] for one in calls), begin + self.wait * 1000, "the run was over before the throttle ended")


class LaterWork(Scripted):
    server_flags = ("--calls", "1000", "--retry-after-form", "constant:3600")
    script = [{"call": 20, "fault": "throttle"}]

    def test_only_later_work_is_left(self):
        """An hour of cooldown: every worker ends with 5, and another one that begins makes no call."""
        self.plan("rows", 400)
        for _ in range(3):
            self.work(expect=(5,), flags=[*self.work_flags, "--rate", "50"])
        self.wait_all(60)
        before = self.requests()
        self.work(expect=(5,))
        self.wait_all(60)
        self.assertEqual(self.requests(), before)


if __name__ == "__main__":
    main()
