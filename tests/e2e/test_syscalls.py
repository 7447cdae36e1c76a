"""SIGKILL at every write-class system call of a run of 20 rows, with strace. At scale `small` only at every 23rd call."""
import os
import shutil

from generate import write_rows
from harness import main, scaled
from processes import TRACED, TracedCase, strace

CALLS = ["write", "writev", "pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "linkat", "unlink", "sendto", "sendmsg"]
ROWS = 20


class Syscalls(TracedCase):
    server_flags = ("--seed", "8")

    def killed(self, call, number, command):
        """Kills the command as it enters its `number`th `call`. False if it ended before that."""
        trace = strace(call, "%s:signal=SIGKILL:when=%d" % (call, number))
        done = self.run_words([*trace, *command], None, timeout=120, environment=TRACED)
        if done.code == 0:
            return False
        self.assertIn(done.code, (-9, 137), "%s %d: %s" % (call, number, done))
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
            self.assertEqual(len(self.read_csv(results)), ROWS, "a truncated results file")
        self.run_words(command)
        self.assert_created_once(keys)
        self.assert_one_outcome_a_row(self.read_csv(results), ROWS)
        self.assertEqual([one for one in os.listdir(folder) if one.startswith(".results")], [], "left over")
        shutil.rmtree(folder)
        return killed

    def results_killed(self, command, folder, injections, paths=()):
        """Kills the command as it writes its results. Returns the files that are left in their folder."""
        trace = strace(",".join(sorted({one.split(":")[0] for one in injections})), *injections, paths=paths)
        done = self.run_words([*trace, *command], None, timeout=120, environment=TRACED)
        self.assertIn(done.code, (-9, 137), str(done))
        return os.listdir(folder)

    def test_results_of_a_killed_process_are_removed(self):
        """With and without temporary files that have no name (O_TMPFILE), which not every file system supports."""
        path = self.path("rows.csv")
        write_rows(path, ROWS, organizers=4, prefix="left")
        self.run_words(self.words("apply", path, "--rate", "100000", "--fixed-rate"))
        # The first call looks for leftover files, the second opens a file without a name, the third one with a name.
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
        step, points = scaled(23, 1, 1), 0
        for call in CALLS:
            number, found = 1, 0
            while self.one_point(call, number):
                found += 1
                number += step
            print("  %s: killed at %d points, the last at call %d" % (call, found, number - step if found else 0), flush=True)
            points += found
        # Fewer points mean that the injection does not work.
        self.assertGreater(points, scaled(8, 100, 100))
        self.assertEqual(self.server.stats()["duplicates"], 0)


if __name__ == "__main__":
    main()
