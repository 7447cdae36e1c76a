"""Signals: the first one drains, saves and prints how to resume; the second one ends the process at once. Also streams without a reader."""
import fcntl
import json
import os
import select
import signal
import subprocess
import time

from generate import write_rows
from harness import EXECUTABLE, FAST, Case, main, wait_for
from processes import catches, open_files


def opened_to_write(pipe):
    """A descriptor, once there is a reader; else None."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


class Signals(Case):
    # Slow enough to have calls in flight at any time.
    server_flags = ("--seed", "31", "--latency", "50ms")

    def check_drained(self, number, code):
        path = self.path("rows.csv")
        keys = write_rows(path, 500, prefix="drained-%d" % code)
        process = self.start_slow(path)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, code, err.decode())
        self.assertIn("same command", (out + err).decode())
        made = self.server.by_key()
        done = [key for key in keys if key in made]
        self.assertLess(len(done), 500)
        self.assertGreater(len(done), 0)
        self.apply(path)
        self.assert_created_once(keys)
        # Every answer was saved, so no call was repeated.
        made = self.server.by_key()
        self.assertEqual(sum(made[key]["gets"] for key in keys), 0)

    def test_sigterm(self):
        self.check_drained(signal.SIGTERM, 143)

    def test_sigint(self):
        self.check_drained(signal.SIGINT, 130)

    def test_sighup(self):
        self.check_drained(signal.SIGHUP, 129)

    def test_a_sighup_that_is_ignored_stays_ignored(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 150, prefix="nohup")
        process = self.start_slow(path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err.decode())
        self.assert_created_once(keys)

    def test_interrupted_while_planning(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 200000, prefix="planning")
        process = self.start(self.words("apply", path))
        wait_for(lambda: catches(process, signal.SIGTERM) or process.poll() is not None, "a handler")
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        if process.returncode == 0:
            self.skipTest("this machine plans 200,000 rows within 0.3 s")
        self.assertEqual(process.returncode, 143, err.decode())
        made = self.server.by_key()
        self.assertLess(len([key for key in keys if key in made]), 5000)

    def interrupt(self, number, code, said, *words):
        """A signal ends a command that waits, before it plans anything."""
        process = self.start(self.words("apply", *words))
        wait_for(lambda: catches(process, number), "a handler for the signal")
        with self.assertRaises(subprocess.TimeoutExpired, msg="it waits"):
            process.wait(timeout=0.3)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, code, err.decode())
        self.assertIn(said, (out + err).decode())

    def test_interrupted_while_waiting_for_a_pipe(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        self.interrupt(signal.SIGINT, 130, "Interrupted while " + pipe, pipe)
        # The same command, now with a writer.
        keys = write_rows(self.path("rows.csv"), 20, prefix="pipe")
        process = self.start(self.words("apply", pipe, *FAST))
        with open(self.path("rows.csv"), "rb") as rows, open(wait_for(lambda: opened_to_write(pipe), "a reader"), "wb") as to:
            to.write(rows.read())
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err.decode())
        self.assert_created_once(keys)

    def test_an_interrupted_check_removes_its_files(self):
        path, temporary = self.path("rows.csv"), self.path("temporary")
        write_rows(path, 200000, prefix="check")
        os.mkdir(temporary)
        process = self.start(self.words("check", path), environment={"TMPDIR": temporary})
        wait_for(lambda: any(name.startswith(temporary) for name in open_files(process.pid)), "the temporary ledger")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143, err.decode())
        self.assertIn("Interrupted", err.decode())
        self.assertEqual(os.listdir(temporary), [])

    def test_interrupted_while_waiting_for_the_ledger(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="waiting")
        with open(self.ledger + ".lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.interrupt(signal.SIGTERM, 143, "another process used this ledger", path, "--wait-lock", "5m")

    def test_progress_goes_to_stderr_and_data_to_stdout(self):
        path = self.path("rows.csv")
        write_rows(path, 100, prefix="streams")
        done = self.convoke("apply", path, "--results", "-", *FAST, "--progress", "plain")
        rows = self.parse_csv(done.out)
        self.assert_one_outcome_a_row(rows, 100)
        self.assertIn("100", done.err)

    def test_a_reader_that_ended(self):
        """A pipe without a reader: the meetings are created, the ledger has them, and the exit code reports the lost output."""
        path = self.path("rows.csv")
        keys = write_rows(path, 100, prefix="closed")
        reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
        reader.wait()
        process = self.start(self.words("apply", path, "-o", "json", *FAST), stdout=reader.stdin)
        reader.stdin.close()
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 9, err.decode())
        self.assert_created_once(keys)
        self.assertEqual(len(self.parse_csv(self.convoke("export", "--format", "csv").out)), 100)

    def test_no_stdout_at_all(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 50, prefix="no-stdout")
        command = self.words("apply", path, "-o", "json", *FAST)
        process = self.start(["sh", "-c", 'exec "$@" >&-', "sh", *command])
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 9, err.decode())
        self.assertIn("standard output", err.decode())
        self.assert_created_once(keys)

    def test_a_full_disk_for_stderr(self):
        """Text for stderr is lost; the run continues."""
        path = self.path("rows.csv")
        keys = write_rows(path, 300, prefix="full-stderr")
        with open("/dev/full", "wb") as full:
            process = self.start(self.words("apply", path, "-o", "json", "--progress", "tty", "--rate", "300", "--fixed-rate"), stderr=full)
            out, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            self.assertEqual(json.loads(out)["outcomes"]["created"], 300)
            self.assertEqual(self.start([EXECUTABLE, "nosuch"], stderr=full).wait(timeout=20), 2)
        self.assert_created_once(keys)

    def test_a_full_disk_for_stdout(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 50, prefix="full")
        with open("/dev/full", "wb") as full:
            process = self.start(self.words("apply", path, "--results", "-", *FAST), stdout=full)
            _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 9, err.decode())
        self.assertIn("export", err.decode())
        self.assert_created_once(keys)


class WhileResultsAreWritten(Case):
    """All outcomes are saved; the results go into a pipe that is not read."""
    server_flags = ("--seed", "33")

    def start_stuck(self, path, name):
        keys = write_rows(path, 1500, prefix=name)
        self.apply(path)
        process = self.start(self.words("apply", path, "--results", "-"))
        # The pipe is full some time after its first bytes arrived.
        wait_for(lambda: select.select([process.stdout], [], [], 0)[0], "the first results")
        time.sleep(0.5)
        self.assertIsNone(process.poll(), "it waits for its reader")
        return keys, process

    def test_a_signal_ends_the_writing(self):
        path = self.path("rows.csv")
        keys, process = self.start_stuck(path, "first-signal")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 143, err.decode())
        self.assertIn("same command", err.decode())
        self.assertLess(out.count(b"\n"), 1501)
        self.assertEqual(len(self.parse_csv(self.convoke("apply", path, "--results", "-").out)), 1500)
        self.assert_created_once(keys)

    def test_a_second_signal_ends_the_writing_at_once(self):
        path = self.path("rows.csv")
        keys, process = self.start_stuck(path, "second-signal")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(process.poll(), "the first signal waits for the reader")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=5), 130)
        process.communicate(timeout=5)
        self.assert_created_once(keys)


class SecondSignal(Case):
    server_flags = ("--seed", "32", "--latency", "5s")

    def test_the_second_signal_ends_the_process_at_once(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 10, prefix="second")
        process = self.start(self.words("apply", path, "--connections", "4", "--rate", "100", "--fixed-rate"))
        wait_for(lambda: self.server.stats()["requests"] >= 4, "calls that hang")
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(process.poll(), "the first signal waits for the calls in flight")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - begin, 3)
        self.assertEqual(process.returncode, 143, err.decode())
        self.apply(path, "--attempt-timeout", "7s")
        self.assert_created_once(keys)


if __name__ == "__main__":
    main()
