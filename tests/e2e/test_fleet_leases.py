"""Workers that die, stand still or lose their connections: their rows come back when their leases end, and not before. A lease lasts 60 s,
so each test here takes about that long or twice that."""
import signal
import time

from fleet import LEASE, TAKEN_BACK, FleetCase, Proxy
from harness import main, scaled, wait_for

ROWS = scaled(1500, 1500, 3000)
# A worker may have sent what it had in flight when it was stopped, and what its last commits did not hold yet.
IN_FLIGHT = 8 + 400 * 100 // 1000


class Leases(FleetCase):
    proxied = True

    def setUp(self):
        super().setUp()
        self.links = []

    def tearDown(self):
        for one in self.workers:
            if one.running:
                one.process.kill()
        if self.service:
            self.service.heal()
        for one in self.links:
            one.close()
        super().tearDown()

    def work_through_proxy(self, *words, **more):
        """A worker with a link of its own to the database. Returns both."""
        link = Proxy(self.cluster.port)
        self.links.append(link)
        return self.work(*words, ledger=self.cluster.url(self.database, port=link.port), **more), link

    def assert_repeated_at_most(self, limit):
        """Calls that the service carried out for keys that it had carried out before."""
        repeated = sum(count - 1 for count in self.carried_out().values())
        print("  %d calls repeated" % repeated, flush=True)
        self.assertLessEqual(repeated, limit)

    def test_rows_of_dead_and_silent_workers_come_back(self):
        """One worker is killed, one stopped for more than two leases, one loses the database and one the service, all at once; two remain."""
        keys = self.plan("rows", ROWS)
        slow = [*self.work_flags, "--rate", "100"]
        killed = self.work(flags=slow)
        stopped = self.work(flags=slow, expect=(0, 5))
        cut, link = self.work_through_proxy(flags=slow, expect=(0, 5, 6))
        alone = self.work("--max-outage", "20s", flags=slow, expect=(0, 5))
        # A worker that joins claims rows once it has a part of the rate.
        wait_for(lambda: self.value("SELECT count(DISTINCT session) FROM convoke.owed WHERE token <> 0") == "4",
                 "each of the four workers to hold rows", 30)
        wait_for(lambda: self.done() > ROWS // 10, "the first outcomes", 30)
        killed.kill()
        self.stop_process(stopped)
        link.hold()
        self.service.isolate(alone.pid)
        begin = time.monotonic()
        for _ in range(2):
            self.work(flags=[*self.work_flags, "--rate", "400"])
        self.wait_done(ROWS, TAKEN_BACK + 15)
        took = time.monotonic() - begin
        print("  rows of four workers were done %.1f s after they failed" % took, flush=True)
        self.assertLess(took, TAKEN_BACK)
        self.assertGreater(took, LEASE - 25, "rows were taken before their lease can have ended")
        before = self.outcomes()
        for one in self.workers[4:]:
            one.wait(30)
        # A worker without its database stops sending 5 s before its lease ends; the journal says so of the whole fleet.
        time.sleep(max(0.0, begin + 2 * LEASE + 5 - time.monotonic()))
        requests = self.requests()
        more = self.plan("more", 100, first=ROWS)
        link.heal()
        self.service.heal()
        self.continue_process(stopped)
        self.work()
        self.wait_all(60)
        self.assert_unchanged_since(before)
        self.assert_all_done(keys + more, 100)
        self.assertEqual(self.count("owed"), 0)
        # The stopped worker and the one without a database may not send what they held before.
        self.assertLessEqual(self.requests() - requests, 100 + IN_FLIGHT)
        self.assert_repeated_at_most(4 * IN_FLIGHT)

    def test_a_worker_without_its_database_stops_sending(self):
        """Its lease cannot be renewed: it may send for 55 s after the last renewal at most, and never later. No other worker is there."""
        keys = self.plan("rows", 3000)
        worker, link = self.work_through_proxy(flags=[*self.work_flags, "--rate", "20"], expect=(0, 5, 6))
        wait_for(lambda: self.done() > 20, "the first outcomes", 30)
        link.hold("down")
        begin = time.monotonic()
        last, requests = begin, self.requests()
        while time.monotonic() < begin + LEASE + 10:
            time.sleep(0.25)
            now = self.requests()
            if now != requests:
                last, requests = time.monotonic(), now
        print("  the last call was sent %.1f s after the database was lost" % (last - begin), flush=True)
        self.assertLess(last - begin, LEASE - 4)
        link.heal()
        if worker.running:
            worker.signal(signal.SIGTERM)
        worker.wait(40, expect=(0, 5, 6, 143))
        self.work()
        self.workers[-1].wait(120)
        self.assert_all_done(keys, 3000)


if __name__ == "__main__":
    main()
