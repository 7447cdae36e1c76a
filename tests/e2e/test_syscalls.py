"""SIGKILL at every write-class system call of a run of 20 rows, by strace. At `small` scale every few calls only."""
import os
import shutil
import subprocess
import unittest

from generate import write_rows
from harness import EXECUTABLE, Case, clean_environment, main, scaled

CALLS = ["write", "writev", "pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "unlink", "sendto", "sendmsg"]
ROWS = 20


def why_not():
    """The reason why system calls cannot be traced here, or None."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace here: " + tried.stderr.strip()[:200]


class Syscalls(Case):
    server_flags = ("--seed", "8")

    def setUp(self):
        reason = why_not()
        if reason:
            print("skipped:", reason, flush=True)
            raise unittest.SkipTest(reason)
        super().setUp()

    def killed(self, call, number, command):
        """Runs it under strace, which kills it as it enters its `number`th `call`. False where it ended before."""
        injection = "inject=%s:signal=SIGKILL:when=%d" % (call, number)
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", injection, *command],
                              # A sanitized program cannot look for leaks while it is traced.
                              env=dict(clean_environment(self.folder), ASAN_OPTIONS="detect_leaks=0"), cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode == 0:
            return False
        self.assertIn(done.returncode, (-9, 137), "%s %d: %s" % (call, number, done.stderr[-2000:]))
        return True

    def one_point(self, call, number):
        name = "%s-%d" % (call, number)
        folder = self.path(name)
        os.makedirs(folder)
        path, results = os.path.join(folder, "rows.csv"), os.path.join(folder, "results.csv")
        self.ledger = os.path.join(folder, "ledger.db")
        keys = write_rows(path, ROWS, organizers=4, prefix=name)
        command = self.words("apply", path, "--results", results, "--rate", "100000", "--fixed-rate", "--attempt-timeout", "200ms")
        killed = self.killed(call, number, command)
        if killed and os.path.exists(results):
            self.assertEqual(len(self.read_csv(results)), ROWS, "a results file that is not whole")
        self.run_words(command)
        self.assert_created_once(keys)
        self.assert_one_outcome_a_row(self.read_csv(results), ROWS)
        shutil.rmtree(folder)
        return killed

    def test_every_write(self):
        self.assertTrue(os.access(EXECUTABLE, os.X_OK))
        step, points = scaled(23, 1, 1), 0
        for call in CALLS:
            number, found = 1, 0
            while self.one_point(call, number):
                found += 1
                number += step
            print("  %s: killed at %d points, the last at call %d" % (call, found, number - step if found else 0), flush=True)
            points += found
        # Fewer would mean that the tracing does not work.
        self.assertGreater(points, scaled(8, 100, 100))
        self.assertEqual(self.server.stats()["duplicates"], 0)


if __name__ == "__main__":
    main()
