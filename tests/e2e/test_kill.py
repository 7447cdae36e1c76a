"""SIGKILL at random instants: the same command again completes the run and repeats no more calls than were in flight."""
import random
import subprocess
import time

from generate import write_rows
from harness import Case, kill, main, scaled

CONNECTIONS, RATE = 16, 2000
# Calls that a kill may repeat: one per connection, and those of the last 100 ms, whose answers wait for their commit.
IN_FLIGHT = CONNECTIONS + RATE * 100 // 1000


class Kill(Case):
    server_flags = ("--seed", "7", "--latency", "4ms")

    def words_of(self, path, results):
        return self.words("apply", path, "--results", results, "--rate", str(RATE), "--fixed-rate", "--connections", str(CONNECTIONS),
                          "--organizer-concurrency", "8", "--attempt-timeout", "300ms", "--progress", "plain")

    def one_run(self, number, draw):
        """Kills the run until it ends before the next kill. Returns the number of kills."""
        path, results = self.path("rows.csv"), self.path("results-%d.csv" % number)
        self.ledger = self.path("ledger-%d.db" % number)
        keys = write_rows(path, 2000, prefix="run%d" % number)
        command = self.words_of(path, results)
        before = self.server.stats()["requests"]
        kills = 0
        while True:
            process = self.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, err = process.communicate(timeout=draw.uniform(0.0, 1.2))
                break
            except subprocess.TimeoutExpired:
                kill(process)
                process.stderr.close()
                kills += 1
        self.assertEqual(process.returncode, 0, err.decode())
        self.assert_created_once(keys)
        rows = self.read_csv(results)
        self.assert_one_outcome_a_row(rows, 2000)
        self.assertEqual({row["outcome"] for row in rows} - {"created", "existing"}, set())
        repeated = self.server.stats()["requests"] - before - 2000
        self.assertLessEqual(repeated, kills * IN_FLIGHT)
        print("  run %d: %d kills, %d calls repeated" % (number, kills, repeated), flush=True)
        return kills

    def test_random_instants(self):
        draw = random.Random(20261019)
        wanted, kills, number = scaled(15, 40, 200), 0, 0
        while kills < wanted:
            number += 1
            kills += self.one_run(number, draw)
        self.assertEqual(self.server.stats()["duplicates"], 0)

    def test_nothing_is_sent_before_the_plan_is_committed(self):
        """Killed while planning: the service received no call."""
        path = self.path("rows.csv")
        write_rows(path, 100000, prefix="early")
        before = self.server.stats()["requests"]
        process = self.start(self.words("apply", path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.08)
        kill(process)
        self.assertEqual(self.server.stats()["requests"], before)


if __name__ == "__main__":
    main()
