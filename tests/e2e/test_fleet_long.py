"""The long tests of a fleet: all faults at random, in any order and together, and one hidden quota that the workers share.
`./dev test fleet` runs them in full; CONVOKE_E2E_SCALE=small shows in some minutes that they work."""
import random
import signal
import time

from fleet import LEASE, FleetCase, Proxy, seed
from harness import main, scaled

ROWS = scaled(1500, 5000, 50000)
FLEETS = scaled((3,), (2, 6), (2, 4, 8, 16))
# Calls per second of all workers: the faults of a few minutes have to find the run still going on.
RATE = scaled(25, 60, 250)
IN_FLIGHT = 8 + RATE  # a worker's calls in flight, and those whose answers wait for a commit: 1 s is far more than a commit takes


class Member:
    """A worker with its link to the database, and until when it is disturbed."""

    def __init__(self, case):
        self.link = Proxy(case.cluster.port, case.draw.randrange(1 << 30))
        flags = [*case.work_flags, "--rate", str(RATE), "--max-outage", "10m"]
        self.worker = case.work(flags=flags, ledger=case.cluster.url(case.database, port=self.link.port), expect=(0, 5, 6))
        self.until, self.end = 0.0, None

    def disturb(self, seconds, end):
        self.until, self.end = time.monotonic() + seconds, end

    def settle(self):
        if self.end:
            self.end()
        self.end = None

    def leave(self):
        self.settle()
        self.link.close()


class AllFaults(FleetCase):
    proxied = True

    def setUp(self):
        super().setUp()
        self.draw = random.Random(seed())
        self.members, self.counted = [], {}
        self.interrupted = 0  # workers whose calls in flight may be repeated

    def tearDown(self):
        for one in self.members:
            if one.worker.running:
                one.worker.process.kill()
            one.link.close()
        self.service.heal()
        super().tearDown()

    # --- the faults

    def one_worker(self):
        steady = [one for one in self.members if one.end is None and one.worker.running]
        return self.draw.choice(steady) if steady else None

    def duration(self):
        """Mostly shorter than a lease, sometimes longer than two."""
        return self.draw.choice((0.5, 3.0, 20.0, LEASE * 0.9, LEASE * 2.1)) * self.draw.uniform(0.8, 1.2)

    def kill_worker(self):
        member = self.one_worker()
        if member:
            member.worker.kill()
            self.interrupted += 1

    def terminate_worker(self):
        member = self.one_worker()
        if member:
            member.worker.expect = (0, 5, 143)
            member.worker.signal(signal.SIGTERM)

    def stop_worker(self):
        member = self.one_worker()
        if member:
            self.stop_process(member.worker)
            member.disturb(self.duration(), lambda: self.continue_process(member.worker))
            self.interrupted += 1

    def lose_database(self):
        member = self.one_worker()
        if member:
            self.draw.choice((member.link.hold, lambda: member.link.hold("down"), lambda: member.link.drop("down"),
                              lambda: member.link.drop("up"), member.link.refuse))()
            member.disturb(self.duration(), member.link.heal)
            self.interrupted += 1

    def lose_service(self):
        member = self.one_worker()
        if member:
            self.service.isolate(member.worker.pid)
            member.disturb(self.duration() / 2, self.service.heal)
            self.interrupted += 1

    def lose_commits(self):
        member = self.one_worker()
        if member:
            member.link.lose_commits(self.draw.choice(("request", "answer")), share=0.5)
            member.disturb(self.draw.uniform(1, 5), lambda: member.link.lose_commits(None))

    def end_backends(self):
        self.value("SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '%s' AND "
                   "pid <> pg_backend_pid() ORDER BY random() LIMIT 3) AS chosen" % self.database)

    def kill_postmaster(self):
        self.cluster.kill()
        time.sleep(self.draw.uniform(0, 3))
        self.cluster.start()

    def cut_links(self):
        member = self.one_worker()
        if member:
            member.link.cut(reset=self.draw.random() < 0.5)

    FAULTS = ((kill_worker, 4), (terminate_worker, 2), (stop_worker, 3), (lose_database, 3), (lose_service, 2), (lose_commits, 3),
              (end_backends, 4), (kill_postmaster, 1), (cut_links, 3))

    def one_fault(self):
        fault = self.draw.choices([one for one, _ in self.FAULTS], [weight for _, weight in self.FAULTS])[0]
        self.counted[fault.__name__] = self.counted.get(fault.__name__, 0) + 1
        fault(self)

    # --- the test

    def keep_size(self, size):
        """Starts a worker for each one that ended, and ends disturbances whose time is over."""
        for one in list(self.members):
            if one.end and time.monotonic() > one.until:
                one.settle()
            if not one.worker.running:
                one.worker.wait(1)
                one.leave()
                self.members.remove(one)
        while len(self.members) < size:
            self.members.append(Member(self))

    def one_fleet(self, size, first):
        rows = ROWS // len(FLEETS)
        keys = self.plan("rows-%d" % size, rows, first=first)
        begin, goal = time.monotonic(), first + rows
        before, seen = {}, 0.0
        while self.done() < goal:
            self.assertLess(time.monotonic() - begin, 3600, "the run does not end")
            self.keep_size(size)
            time.sleep(self.draw.uniform(0.2, 3.0))
            self.one_fault()
            if time.monotonic() > seen + 20:
                self.assert_unchanged_since(before)
                before, seen = self.outcomes(), time.monotonic()
        for one in self.members:
            one.settle()
        self.service.heal()
        self.assert_unchanged_since(before)
        for one in self.members:
            one.worker.wait(2 * LEASE + 30)
            one.leave()
        self.members.clear()
        self.work()
        self.workers[-1].wait(2 * LEASE)
        self.assert_all_done(keys_so_far := self.keys + keys, rows)
        self.keys = keys_so_far
        self.assertEqual(self.count("owed"), 0)
        repeated = sum(count - 1 for count in self.carried_out().values())
        print("  %d workers: %d rows in %.0f s, %d calls repeated, %d workers interrupted; faults so far: %s" % (
            size, rows, time.monotonic() - begin, repeated, self.interrupted, self.counted), flush=True)
        self.assertLessEqual(repeated, (self.interrupted + self.counted.get("kill_postmaster", 0) * size) * IN_FLIGHT)

    def test_all_faults(self):
        self.keys = []
        for number, size in enumerate(FLEETS):
            self.one_fleet(size, number * (ROWS // len(FLEETS)))


class SharedQuota(FleetCase):
    """Eight workers, one quota that they do not know. The service's journal decides; the first minutes, in which the lane learns, do not count."""

    quota, size = 50, 8
    seconds = scaled(200, 300, 600)
    settling = scaled(120, 150, 240)
    server_flags = ("--calls", "200000", "--latency", "lognormal:60ms:0.4", "--lane-rate", "50")
    flags = ("--connections", "8", "--attempt-timeout", "5s", "--progress", "plain")

    def figures(self, calls, begin, end):
        """Goodput as a share of the quota, and the share of throttled calls, from one second of the test to another."""
        start = calls[0]["at_ms"]
        within = [one for one in calls if begin * 1000 <= one["at_ms"] - start < end * 1000]
        done = sum(one["status"] in (200, 201) for one in within)
        throttled = sum(one["status"] == 429 for one in within)
        return done / (end - begin) / self.quota, throttled / max(1, len(within))

    def run_fleet(self, seconds, changes=()):
        """`changes`: (second, what to do). Returns the journal."""
        keys = self.plan("rows", self.quota * seconds, organizers=200)
        for _ in range(self.size):
            self.work(flags=self.flags)
        begin = time.monotonic()
        for second, change in changes:
            time.sleep(max(0.0, begin + second - time.monotonic()))
            change()
        self.wait_all(2 * seconds + 120)
        self.assert_all_done(keys)
        return self.journal()

    def show(self, calls, what, begin, end):
        goodput, throttled = self.figures(calls, begin, end)
        print("  %s, %d s to %d s: goodput %.3f of the quota, %.2f %% of the calls throttled" % (what, begin, end, goodput, 100 * throttled),
              flush=True)
        return goodput, throttled

    def test_goodput(self):
        calls = self.run_fleet(self.seconds)
        span = (calls[-1]["at_ms"] - calls[0]["at_ms"]) / 1000
        for begin in range(0, int(span), 30):
            self.show(calls, "8 workers", begin, begin + 30)
        goodput, throttled = self.show(calls, "8 workers, settled", self.settling, span - 10)
        self.assertGreaterEqual(goodput, 0.97)
        self.assertLessEqual(throttled, 0.015)

    def test_shares_follow_deaths_and_arrivals(self):
        """Half of the workers are killed, later as many join. A lease after the deaths the others have all of the rate, and those that
        join get their parts within the learning time. A throttle closes the lane for some seconds, so goodput is for information here."""
        dying, joining = self.settling, self.settling + LEASE + 60
        end = joining + LEASE + 30
        parts = {}

        def die():
            for one in self.workers[:self.size // 2]:
                one.kill()

        def join():
            for _ in range(self.size // 2):
                self.work(flags=self.flags)

        def look(name):
            def now():
                parts[name] = sorted(float(row[0]) for row in self.cluster.sql(
                    "SELECT l.part FROM convoke.session_lane l JOIN convoke.session s ON s.id = l.session WHERE NOT s.ended AND "
                    "s.expires_at > clock_timestamp()", self.database))
                print("  %s: parts %s" % (name, " ".join("%.3f" % part for part in parts[name])), flush=True)
            return now

        calls = self.run_fleet(end, [(dying - 1, look("before")), (dying, die), (dying + LEASE + 5, look("a lease after the deaths")),
                                     (joining - 1, look("before others join")), (joining, join), (joining + 10, look("10 s after")),
                                     (joining + LEASE + 5, look("a lease after others joined"))])
        for begin in range(dying - 20, end, 10):
            self.show(calls, "", begin, begin + 10)
        half = self.size // 2
        self.assertEqual([len(one) for one in parts.values()], [self.size, half, half, self.size, self.size])
        for name, one in parts.items():
            self.assertLessEqual(sum(one), 1.001, name)
        for name in ("before", "a lease after the deaths", "before others join", "a lease after others joined"):
            self.assertGreaterEqual(sum(parts[name]), 0.99, name)
        self.assertGreater(parts["10 s after"][0], 0.02, "a worker that joined has no part")
        self.assertGreater(parts["a lease after others joined"][0], 0.5 / self.size)
        self.assertGreaterEqual(self.show(calls, "from a lease after the deaths on", dying + LEASE + 5, joining)[0], 0.85)
        self.assertGreaterEqual(self.show(calls, "from a lease after others joined on", joining + LEASE, end)[0], 0.85)


class LongOutage(FleetCase):
    def test_a_worker_that_ran_for_long_waits_for_its_database(self):
        """--max-outage counts from the loss of the database, not from the beginning of the session."""
        outage = 130
        keys = self.plan("rows", 5000)
        link = Proxy(self.cluster.port, seed())
        self.addCleanup(link.close)
        worker = self.work(flags=[*self.work_flags, "--rate", "20", "--max-outage", "%ds" % outage],
                           ledger=self.cluster.url(self.database, port=link.port))
        time.sleep(outage + 5)
        before = self.done()
        link.refuse()
        link.cut()
        # The lease ends, what was to be written is given up, and then the first attempt to join again fails: 55 s each.
        time.sleep(LEASE + 140)
        self.assertTrue(worker.running)
        link.heal()
        worker.wait(5000 / 20 + 2 * LEASE)
        self.assertGreater(self.done(), before)
        self.assert_all_done(keys, 5000)


if __name__ == "__main__":
    main()
