"""What happens to the database: server processes that end, a killed postmaster, connections that are lost during a COMMIT, an old backup that
takes over. Workers reconnect and go on; only calls are repeated, never a meeting."""
import random
import time

from fleet import FleetCase, Proxy, seed
from generate import write_rows
from harness import main, scaled, wait_for

STORAGE = 6  # an exit code
ROWS = scaled(1000, 3000, 10000)


class Database(FleetCase):
    # Reconnecting must not take until the end of a lease.
    worker_exits = (0,)

    def start_workers(self, count, rate=200, ledger=None):
        for _ in range(count):
            self.work(flags=[*self.work_flags, "--rate", str(rate)], ledger=ledger, expect=self.worker_exits)

    def some_run(self):
        return any(one.running for one in self.workers)

    def check(self, keys, rows):
        """After the faults, another worker finds nothing owed, or does what is left."""
        self.wait_all(120)
        self.assert_all_done(keys, rows)
        self.assertEqual(self.count("owed"), 0)

    def test_server_processes_are_terminated(self):
        draw = random.Random(seed())
        keys = self.plan("rows", ROWS)
        self.start_workers(4)
        wait_for(lambda: self.done() > 20, "the first outcomes")
        ended = 0
        while self.done() < ROWS and self.some_run():
            ended += int(self.value("SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '%s' AND "
                                    "pid <> pg_backend_pid() ORDER BY random() LIMIT %d) AS chosen" % (self.database, draw.randrange(1, 4))))
            time.sleep(draw.uniform(0.1, 0.8))
        print("  %d server processes ended" % ended, flush=True)
        self.assertGreater(ended, 5)
        self.check(keys, ROWS)

    def test_the_postmaster_is_killed(self):
        draw = random.Random(seed())
        keys = self.plan("rows", ROWS)
        self.start_workers(4)
        before = {}
        for _ in range(3):
            done = self.done()
            wait_for(lambda: self.done() > min(done + 100, ROWS - 1), "more outcomes", 60)
            before = self.outcomes()
            self.cluster.kill()
            time.sleep(draw.uniform(0.0, 2.0))
            self.cluster.start()
            self.assert_unchanged_since(before)
        self.check(keys, ROWS)
        self.assert_unchanged_since(before)

    def test_connections_are_lost_during_commit(self):
        link = Proxy(self.cluster.port, seed())
        try:
            keys = self.plan("rows", ROWS)
            url = self.cluster.url(self.database, port=link.port)
            self.start_workers(3, ledger=url)
            wait_for(lambda: self.done() > 20, "the first outcomes")
            what = ("request", "answer")
            turn = 0
            while self.done() < ROWS and self.some_run():
                link.lose_commits(what[turn % 2], share=0.2)
                turn += 1
                time.sleep(0.4)
            link.lose_commits(None)
            print("  %d commits lost" % link.cut_commits, flush=True)
            self.assertGreater(link.cut_commits, 5)
            self.check(keys, ROWS)
            # The outcome of a commit in doubt is found again, so its rows are not sent again: no worker died here.
            repeated = sum(count - 1 for count in self.carried_out().values())
            self.assertEqual(repeated, 0)
            self.assert_no_key_twice_at_once()
        finally:
            link.close()

    def test_the_commit_of_a_plan_is_lost(self):
        """Where the commit took effect the plan is there, and says so; where it did not, nothing of it is, and the command can be repeated."""
        keys = self.plan("first", 10)
        link = Proxy(self.cluster.port, seed())
        self.addCleanup(link.close)
        url = self.cluster.url(self.database, port=link.port)
        for number, what in enumerate(("answer", "request"), 1):
            path = self.path(what + ".csv")
            more = write_rows(path, 500, organizers=20, prefix=self.prefix, first=1000 * number)
            link.lose_commits(what, count=1, writes=True)
            done = self.convoke("plan", path, "--open", ledger=url, expect=0 if what == "answer" else STORAGE)
            self.assertEqual(link.cut_commits, number)
            self.assertEqual(self.count("run"), 1 + number if what == "answer" else number)
            self.assertEqual(self.count("owed"), 510)
            if what == "request":
                self.assertIn("ledger postgresql:", done.err)
            link.lose_commits(None)
            self.convoke("plan", path, "--open", ledger=url)
            self.assertEqual(self.count("run"), 1 + number)
            keys += more
        self.assertEqual(self.count("owed"), 1010)
        self.work(ledger=url)
        self.wait_all(120)
        self.assert_all_done(keys)
        self.assertEqual(self.done(), 1010)

    def test_an_old_backup_takes_over(self):
        """A failover to a copy that lacks the last commits: what it does not know is called again, and found (I9)."""
        keys = self.plan("rows", ROWS)
        link = Proxy(self.cluster.port)
        backup = None
        old = self.cluster
        try:
            url = old.url(self.database, port=link.port)
            self.start_workers(3, rate=150, ledger=url)
            wait_for(lambda: self.done() > ROWS // 5, "a part of the outcomes", 60)
            backup = old.base_backup()
            known = self.done()
            wait_for(lambda: self.done() > known + ROWS // 5, "more outcomes", 60)
            lost = self.done() - known
            link.refuse()
            backup.start()
            link.target = backup.port
            link.heal()
            self.cluster = backup
            print("  about %d outcomes lost" % lost, flush=True)
            self.wait_all(150, expect=(0,))
            self.work(ledger=url)
            self.workers[-1].wait(100)
            self.assert_all_done(keys, ROWS, ledger=url)
            self.assertEqual(self.count("owed"), 0)
            self.assertLessEqual(self.requests(), 2 * ROWS)
        finally:
            self.cluster = old
            link.close()
            if backup:
                backup.close()


if __name__ == "__main__":
    main()
