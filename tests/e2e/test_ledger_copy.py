"""`convoke ledger copy` between SQLite and PostgreSQL: what a plan of the same file decides afterwards, kills, exit codes."""
import signal
import unittest

from fleet import Cluster, binary
from generate import write_rows
from harness import EXECUTABLE, FAST, Case, main, scaled, wait_for

USAGE, STORAGE, BUSY = 2, 6, 7  # exit codes


@unittest.skipUnless(binary("initdb"), "PostgreSQL is not installed")
class Copies(Case):
    server_flags = ("--calls", "400000")

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        try:
            cls.cluster.start()
            super().setUpClass()
        except BaseException:
            cls.cluster.close()
            raise

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.cluster.close()

    def setUp(self):
        super().setUp()
        self.database = self._testMethodName
        self.file = "sqlite:" + self.path("ledger.db")
        self.postgres = self.cluster.create_database(self.database)
        self.rows = self.path("rows.csv")

    def ledger_url(self, ledger):
        return ledger

    def apply_to(self, ledger):
        before = self.server.stats()["requests"]
        done = self.apply(self.rows, ledger=ledger)
        return done.summary["outcomes"], self.server.stats()["requests"] - before

    def copy(self, source, target, expect=0):
        done = self.run_words([EXECUTABLE, "ledger", "copy", source, target, "-o", "json"], expect)
        self.assertNotIn(self.cluster.password, done.out + done.err)
        return done.summary

    def inventory(self, ledger):
        done = self.convoke("export", "--inventory", "--format", "jsonl", ledger=ledger)
        return sorted(done.out.splitlines())

    def test_the_same_file_owes_nothing_after_a_copy(self):
        write_rows(self.rows, 200, organizers=5, prefix="same")
        outcomes, _ = self.apply_to(self.file)
        self.assertEqual(outcomes["created"], 200)
        there = self.copy(self.file, self.postgres)
        self.assertEqual((there["meetings"], there["added"]), (200, 200))
        self.assertEqual(there["source_digest"], there["copy_digest"])
        outcomes, calls = self.apply_to(self.postgres)
        self.assertEqual((outcomes["unchanged"], calls), (200, 0))
        # And back, into a new file.
        back = "sqlite:" + self.path("back.db")
        self.assertEqual(self.copy(self.postgres, back)["copy_digest"], there["copy_digest"])
        outcomes, calls = self.apply_to(back)
        self.assertEqual((outcomes["unchanged"], calls), (200, 0))
        self.assertEqual(self.inventory(back), self.inventory(self.file))
        self.assertEqual(self.copy(self.file, self.postgres)["added"], 0)
        text = self.run_words([EXECUTABLE, "ledger", "copy", self.file, self.postgres])
        self.assertIn("200 meetings in the inventory: 0 copied, 200 there already", text.out)

    def test_a_copy_that_is_killed_is_completed_by_the_same_command(self):
        rows = scaled(8000, 20000, 50000)
        write_rows(self.rows, rows, organizers=50, prefix="killed")
        self.convoke("plan", self.rows, "--open", ledger=self.file)
        self.convoke("discard", "1", ledger=self.file)
        kills = 0
        for part in (1, 3):
            process = self.start([EXECUTABLE, "ledger", "copy", self.file, self.postgres])
            wait_for(lambda: process.poll() is not None or self.copied() >= rows * part // 5, "a part of the copy", 60)
            process.send_signal(signal.SIGKILL)
            kills += process.wait(timeout=60) == -signal.SIGKILL
            self.assertLess(self.copied(), rows)
        self.assertEqual(kills, 2)
        before = self.copied()
        done = self.copy(self.file, self.postgres)
        self.assertEqual((done["meetings"], done["added"]), (rows, rows - before))
        self.assertEqual(done["source_digest"], done["copy_digest"])
        self.assertEqual(self.inventory(self.postgres), self.inventory(self.file))

    def copied(self):
        there = self.cluster.value("SELECT to_regclass('convoke.inventory')", self.database)
        return int(self.cluster.value("SELECT count(*) FROM convoke.inventory", self.database)) if there else 0

    def test_what_is_refused(self):
        write_rows(self.rows, 10, organizers=2, prefix="refused")
        self.copy("sqlite:" + self.path("none.db"), self.postgres, expect=STORAGE)
        self.copy(self.file, self.file, expect=USAGE)
        for words in (["copy"], ["copy", self.file], ["move", self.file, self.postgres], [], ["copy", "mysql://db", self.file]):
            self.run_words([EXECUTABLE, "ledger", *words], USAGE)
        self.convoke("plan", self.rows, "--open", ledger=self.file)
        self.assertIn("still owe calls: 1", self.copy(self.file, self.postgres, expect=USAGE)["error"])
        self.convoke("apply", self.rows, *FAST, ledger=self.file)
        self.copy(self.file, self.postgres)
        self.cluster.sql("UPDATE convoke.observation SET join_web_url = 'https://example.org' WHERE id = (SELECT min(id) FROM convoke.observation)",
                         self.database)
        self.assertIn("differs", self.copy(self.file, self.postgres, expect=USAGE)["error"])
        # A process that uses the ledger.
        slow = self.start_slow(self.rows_of("more"), ledger_words=["--ledger", self.file])
        self.copy(self.file, "sqlite:" + self.path("other.db"), expect=BUSY)
        slow.send_signal(signal.SIGINT)
        slow.wait(timeout=60)

    def rows_of(self, name):
        path = self.path(name + ".csv")
        write_rows(path, 2000, organizers=20, prefix=name)
        return path

    def start_slow(self, path, ledger_words):
        before = self.server.stats()["requests"]
        process = self.start([EXECUTABLE, "apply", path, "--config", self.server.config, *ledger_words, "--rate", "50", "--fixed-rate"])
        wait_for(lambda: self.server.stats()["requests"] > before + 5, "the first calls")
        return process


if __name__ == "__main__":
    main()
