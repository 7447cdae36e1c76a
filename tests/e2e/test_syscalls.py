"""SIGKILL at every write-class system call of a run of 20 rows, by strace. At `small` scale every few calls only."""
import os
import shutil
import subprocess

from generate import write_rows
from harness import EXECUTABLE, clean_environment, main, scaled
from processes import TracedCase

CALLS = ["write", "writev", "pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "linkat", "unlink", "sendto", "sendmsg"]
ROWS = 20


class Syscalls(TracedCase):
    server_flags = ("--seed", "8")

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
        self.assertEqual([one for one in os.listdir(folder) if one.startswith(".results")], [], "left over")
        shutil.rmtree(folder)
        return killed

    def results_killed(self, command, folder, injections, paths=()):
        """Ends the command as it writes its results; what that leaves in their folder comes back."""
        line = ["strace", "-f", "-qq", "-o", "/dev/null"]
        for one in injections:
            line += ["-e", "inject=" + one]
        for path in paths:
            line += ["-P", path]
        done = subprocess.run([*line, *command], env=dict(clean_environment(self.folder), ASAN_OPTIONS="detect_leaks=0"), cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertIn(done.returncode, (-9, 137), done.stderr[-2000:])
        return os.listdir(folder)

    def test_results_that_a_kill_cut_short_are_not_left_behind(self):
        """With and without nameless temporary files, which not every file system has."""
        path = self.path("rows.csv")
        write_rows(path, ROWS, organizers=4, prefix="left")
        self.run_words(self.words("apply", path, "--rate", "100000", "--fixed-rate"))
        # The first call looks for what is left over, the second is for a nameless file, the third for one that has a name.
        none = ["openat:error=EOPNOTSUPP:when=2"]
        for number, (injections, filtered) in enumerate(((["linkat:signal=SIGKILL"], False), (["rename:signal=SIGKILL"], False),
                                                         ([*none, "rename:signal=SIGKILL"], True))):
            folder = self.path("results-%d" % number)
            os.makedirs(folder)
            results = os.path.join(folder, "results.csv")
            command = self.words("export", "--results", results)
            left = self.results_killed(command, folder, injections, [folder, os.path.join(folder, ".results.csv.convoke-0.tmp")] if filtered else [])
            self.assertEqual(len(left), number > 0, left)
            self.assertNotIn("results.csv", left)
            self.run_words(command)
            self.assertEqual(os.listdir(folder), ["results.csv"], "before: %s" % left)
            self.assertEqual(len(self.read_csv(results)), ROWS)

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
