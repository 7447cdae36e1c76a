"""Ledger files that other programs made or changed: what is refused, what is warned about; and a disk that fails."""
import os
import shutil
import sqlite3

from generate import write_rows
from harness import FAST, Case, main, scaled
from processes import TRACED, TracedCase, strace


def snapshot(folder):
    """The bytes, the mode and the time of the last change of every file in a folder."""
    out = {}
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(root, name)
            state = os.lstat(path)
            content = b""
            if name in files:
                with open(path, "rb") as file:
                    content = file.read()
            out[path] = (state.st_mtime_ns, state.st_mode, content)
    return out


class LedgerFiles(Case):
    server_flags = ("--seed", "61")

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("state"))
        self.ledger = self.path("state/ledger.db")
        self.rows = self.path("rows.csv")
        write_rows(self.rows, 20, prefix=self._testMethodName)

    def refused(self, *says, commands=("status", "export", "apply")):
        for command in commands:
            words = {"apply": [self.rows, *FAST], "export": ["--format", "csv"]}.get(command, [])
            done = self.convoke(command, *words, expect=6, timeout=60)
            for part in says:
                self.assertIn(part, done.err)

    def test_a_fifo_as_ledger(self):
        os.mkfifo(self.ledger)
        self.refused("FIFO", self.ledger)

    def test_a_ledger_without_its_tables(self):
        self.apply(self.rows)
        database = sqlite3.connect(self.ledger)
        database.execute("DROP TABLE observation")
        database.close()
        self.refused("observation", "earlier copy")

    def test_a_ledger_with_two_hard_links(self):
        self.apply(self.rows)
        os.link(self.ledger, self.path("state/duplicate.db"))
        self.refused("hard link", commands=["apply"])
        self.convoke("status")

    def test_a_planted_lock_file(self):
        victim = self.write("victim", "precious\n")
        os.symlink(victim, self.ledger + ".lock")
        self.refused("ledger.db.lock", "symbolic link", commands=["apply"])
        self.assertEqual(self.content(victim), b"precious\n")

    def test_a_ledger_that_others_may_read(self):
        self.assertNotIn("chmod", self.convoke("apply", self.rows, *FAST).err)
        os.chmod(self.ledger, 0o644)
        for words in (["apply", self.rows, *FAST], ["apply", self.rows, "--dry-run"], ["plan", self.rows], ["status"], ["export", "--format", "csv"]):
            done = self.convoke(*words)
            self.assertEqual(done.err.count("chmod 600"), 1, str(done))
            self.assertNotIn("chmod", done.out)

    def test_a_dry_run_writes_nothing(self):
        self.apply(self.rows)
        write_rows(self.rows, 30, prefix=self._testMethodName + "-more")
        before = snapshot(self.folder)
        self.convoke("apply", self.rows, "--dry-run")
        self.convoke("check", self.rows)
        self.assertEqual(snapshot(self.folder), before)
        shutil.rmtree(self.path("state"))
        before = snapshot(self.folder)
        self.convoke("apply", self.rows, "--dry-run")
        self.assertEqual(snapshot(self.folder), before)


class FailingDisk(TracedCase):
    server_flags = ("--seed", "62")

    def run_failing(self, number, command):
        """Runs it. From the `number`th read of the ledger on, every read fails with EIO."""
        trace = strace("pread64", "pread64:error=EIO:when=%d+" % number, paths=[self.ledger, self.ledger + "-wal"])
        return self.run_words([*trace, *command], None, timeout=120, environment=TRACED)

    def test_a_ledger_that_cannot_be_read_for_the_results(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        write_rows(path, 2000, prefix="unreadable")
        self.apply(path)
        for command in (self.words("apply", path, "--results", results, *FAST), self.words("export", "--format", "csv"),
                        self.words("export", "--inventory", "--format", "csv"), self.words("status")):
            number, failures = 1, 0
            while True:
                done = self.run_failing(number, command)
                if done.code == 0:
                    break
                self.assertEqual(done.code, 6, "%s, read %d: %s" % (command[1], number, done))
                self.assertIn("I/O error", done.err + done.out)
                self.assertFalse(os.path.exists(results))
                failures += 1
                number += scaled(13, 5, 1)
            self.assertGreater(failures, 1)
            if os.path.exists(results):
                os.remove(results)


if __name__ == "__main__":
    main()
