"""Signals at every point of a command, also while system calls are slow."""
import os
import signal
import time

from generate import write_rows
from harness import FAST, Case, main, scaled, wait_for
from processes import TRACED, TracedCase, catches, is_zombie, strace, traced_by


def size(path):
    """The size of a file in bytes; -1 if it does not exist."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return -1


class SlowSystemCalls(TracedCase):
    """Some system calls on some files take a second each, so that there is time to send signals."""
    server_flags = ("--seed", "61")

    def slowed(self, calls, path, words, delay=1000000):
        """Starts the command; these system calls on `path` take `delay` us longer."""
        trace = strace(calls, "%s:delay_enter=%d" % (calls, delay), paths=[path], detached=True)
        return self.start([*trace, *words], environment=TRACED)

    def assert_second_signal_ends(self, process, number=signal.SIGTERM, code=143):
        process.send_signal(number)
        time.sleep(0.3)
        self.assertIsNone(process.poll(), "the first signal ends the command in order, which takes long here")
        process.send_signal(number)
        begin = time.monotonic()
        self.assertEqual(process.wait(timeout=20), code)
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_second_signal_ends_the_check_of_the_pages(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 1000, prefix="quick-check")
        self.apply(path)
        process = self.slowed("pread64", self.ledger, self.words("apply", path))
        wait_for(lambda: size(self.ledger + ".lock") > 0 and catches(process, signal.SIGINT), "an opened ledger")
        time.sleep(1)
        self.assert_second_signal_ends(process, signal.SIGINT, 130)
        self.apply(path)
        self.assert_created_once(keys)

    def test_a_second_signal_ends_the_pruning(self):
        path, other, results = self.path("rows.csv"), self.path("other.csv"), self.path("results.csv")
        keys = write_rows(path, 1000, prefix="prune") + write_rows(other, 2, prefix="prune-other")
        self.apply(path)
        self.apply(other)
        process = self.slowed("pwrite64", self.ledger + "-wal", self.words("apply", other, "--keep-runs", "1", "--results", results))
        wait_for(lambda: os.path.exists(results), "the results", 60)
        time.sleep(1)
        self.assert_second_signal_ends(process)
        done = self.apply(other, "--keep-runs", "1").summary
        self.assertEqual((done["exit_code"], done["calls"], done["warnings"]), (0, 0, []))
        self.assert_created_once(keys)

    def test_a_second_signal_ends_the_checkpoint_at_the_end(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 300, prefix="checkpoint")
        process = self.slowed("pwrite64", self.ledger, self.words("apply", path, *FAST, "--results", results))
        wait_for(lambda: os.path.exists(results), "the results", 60)
        time.sleep(1)
        self.assert_second_signal_ends(process)
        self.assertEqual(self.apply(path).summary["calls"], 0)
        self.assert_created_once(keys)

    def test_a_second_signal_ends_the_look_up_of_a_name(self):
        path = self.path("rows.csv")
        write_rows(path, 3, prefix="look-up")
        process = self.slowed("openat", "/etc/hosts", self.words("apply", path, *FAST), delay=60000000)
        wait_for(lambda: os.path.exists(self.ledger) and catches(process, signal.SIGTERM), "a ledger")
        time.sleep(1)
        tracers = traced_by(process.pid)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: is_zombie(process.pid), "the end of the process, which only the tracer delays now")
        for tracer in tracers:
            os.kill(tracer, signal.SIGKILL)
        self.assertEqual(process.wait(timeout=20), 143)

    def test_a_signal_while_the_process_exits_changes_nothing(self):
        path = self.path("rows.csv")
        write_rows(path, 20, prefix="exiting")
        # Changes of signal actions are slow too: a process that restored them before it exits would be hit by the signal.
        trace = strace("rt_sigaction,exit_group", "rt_sigaction:delay_exit=200000", "exit_group:delay_enter=1000000", detached=True)
        for command in ("check", "plan", "apply"):
            process = self.start([*trace, *self.words(command, path, *(FAST if command == "apply" else []))], environment=TRACED)
            first = process.stdout.readline()  # a command prints its summary last
            time.sleep(0.3)
            self.assertIsNone(process.poll(), "the process exits slowly here")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 0, (command, first, out, err))

    def test_interrupted_writes_to_standard_output_are_repeated(self):
        path, out, err = self.path("rows.csv"), self.path("out.json"), self.path("err.txt")
        keys = write_rows(path, 20, prefix="eintr")
        for words in (["-o", "json"], ["--results", "-"]):
            trace = strace("write", "write:error=EINTR:when=1+2", paths=[out, err])
            with open(out, "wb") as to, open(err, "wb") as log:
                process = self.start([*trace, *self.words("apply", path, *FAST, *words)], stdout=to, stderr=log, environment=TRACED)
                self.assertEqual(process.wait(timeout=60), 0, self.content(err).decode())
            text = self.content(out).decode()
            self.assertEqual(text.count("\n"), 21 if "--results" in words else 1)
            self.assertIn("Run 1: 20 rows", self.content(err).decode() if "json" in words else "Run 1: 20 rows")
        self.assert_created_once(keys)


class AnyTime(Case):
    server_flags = ("--seed", "62", "--latency", "50ms")

    def test_sighup_ends_planning(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        for command in ("check", "plan", "apply"):
            process = self.start(self.words(command, pipe))
            wait_for(lambda: catches(process, signal.SIGHUP), "a handler")
            process.send_signal(signal.SIGHUP)
            _, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 129, err.decode())

    def test_signals_at_any_time_of_a_plan(self):
        """At any point: the right exit code, soon, and nothing of the plan is kept."""
        path = self.path("rows.csv")
        write_rows(path, scaled(20000, 100000, 200000), prefix="any-time")
        for n in range(12):
            process = self.start(self.words("plan", path))
            wait_for(lambda: catches(process, signal.SIGTERM) or process.poll() is not None, "a handler")
            time.sleep(0.05 + 0.12 * n)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=20)
            self.assertIn(process.returncode, (0, 143), err.decode())
            if process.returncode == 0:
                break
            self.assertIn("nothing was sent", err.decode())
            if os.path.exists(self.ledger):
                self.assertEqual(self.convoke("runs", "-o", "json").summary, [])

    def test_a_second_signal_ends_the_process_while_its_summary_is_not_read(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 10, prefix="unread")
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while os.write(write, b"x" * 4096):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(write, True)
        process = self.start(self.words("apply", path, *FAST), stdout=write)
        os.close(write)
        self.addCleanup(os.close, read)
        wait_for(lambda: len([key for key in keys if key in self.server.by_key()]) == 10, "the meetings")
        wait_for(lambda: size(self.ledger + ".lock") == 0, "a closed ledger")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(process.poll(), "the first signal waits for the reader")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20), 143)


if __name__ == "__main__":
    main()
