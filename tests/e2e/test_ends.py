"""How commands end: signals at every point, housekeeping that fails, closed and scarce descriptors, interrupted writes."""
import os
import resource
import signal
import sqlite3
import time
import unittest

from generate import write_rows
from harness import EXECUTABLE, FAST, SCALE, Case, main, scaled, wait_for
from processes import TracedCase, catches, is_zombie, need_tracing, traced_by


# The undefined-behaviour sanitizer looks at an object's memory through a pipe: without descriptors it reports objects that are sound.
NEEDS_DESCRIPTORS = unittest.skipIf(SCALE == "small", "a sanitizer needs descriptors of its own")


def size(path):
    """In bytes; -1 where there is no such file."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return -1


class Slowed(TracedCase):
    """Some system calls on some files take a second each: there is time to send signals."""
    server_flags = ("--seed", "61")

    def slowed(self, calls, path, words, delay=1000000):
        """The command, itself the child, with the tracer beside it."""
        trace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", "trace=" + calls,
                 "-e", "inject=%s:delay_enter=%d" % (calls, delay)]
        process = self.start([*trace, *words], environment={"ASAN_OPTIONS": "detect_leaks=0"})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def leaves_at_once(self, process, number=signal.SIGTERM, code=143):
        process.send_signal(number)
        time.sleep(0.3)
        self.assertIsNone(process.poll(), "the first signal asks for a good order, which takes long here")
        process.send_signal(number)
        begin = time.monotonic()
        self.assertEqual(process.wait(timeout=20), code)
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_second_signal_leaves_the_check_of_the_pages(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 1000, prefix="quick-check")
        self.apply(path)
        process = self.slowed("pread64", self.ledger, self.words("apply", path))
        wait_for(lambda: size(self.ledger + ".lock") > 0 and catches(process, signal.SIGINT), "an opened ledger")
        time.sleep(1)
        self.leaves_at_once(process, signal.SIGINT, 130)
        self.apply(path)
        self.assert_created_once(keys)

    def test_a_second_signal_leaves_the_pruning(self):
        path, other, results = self.path("rows.csv"), self.path("other.csv"), self.path("results.csv")
        keys = write_rows(path, 1000, prefix="prune") + write_rows(other, 2, prefix="prune-other")
        self.apply(path)
        self.apply(other)
        process = self.slowed("pwrite64", self.ledger + "-wal", self.words("apply", other, "--keep-runs", "1", "--results", results))
        wait_for(lambda: os.path.exists(results), "the results", 60)
        time.sleep(1)
        self.leaves_at_once(process)
        done = self.apply(other, "--keep-runs", "1").summary
        self.assertEqual((done["exit_code"], done["calls"], done["warnings"]), (0, 0, []))
        self.assert_created_once(keys)

    def test_a_second_signal_leaves_the_checkpoint_at_the_end(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 300, prefix="checkpoint")
        process = self.slowed("pwrite64", self.ledger, self.words("apply", path, *FAST, "--results", results))
        wait_for(lambda: os.path.exists(results), "the results", 60)
        time.sleep(1)
        self.leaves_at_once(process)
        self.assertEqual(self.apply(path).summary["calls"], 0)
        self.assert_created_once(keys)

    def test_a_second_signal_leaves_the_look_up_of_a_name(self):
        path = self.path("rows.csv")
        write_rows(path, 3, prefix="look-up")
        process = self.slowed("openat", "/etc/hosts", self.words("apply", path, *FAST), delay=60000000)
        wait_for(lambda: os.path.exists(self.ledger) and catches(process, signal.SIGTERM), "a ledger")
        time.sleep(1)
        tracers = traced_by(process.pid)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: is_zombie(process.pid), "the end, which the tracer alone holds up now")
        for tracer in tracers:
            os.kill(tracer, signal.SIGKILL)
        self.assertEqual(process.wait(timeout=20), 143)

    def test_a_signal_while_the_process_exits_changes_nothing(self):
        path = self.path("rows.csv")
        write_rows(path, 20, prefix="exiting")
        # Each change of a signal's action takes time too, so that a signal hits a process that would restore them before it exits.
        trace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rt_sigaction,exit_group",
                 "-e", "inject=rt_sigaction:delay_exit=200000", "-e", "inject=exit_group:delay_enter=1000000"]
        for command in ("check", "plan", "apply"):
            process = self.start([*trace, *self.words(command, path, *(FAST if command == "apply" else []))],
                                 environment={"ASAN_OPTIONS": "detect_leaks=0"})
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            first = process.stdout.readline()  # the summary is the last thing that a command prints
            time.sleep(0.3)
            self.assertIsNone(process.poll(), "the process exits slowly here")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 0, (command, first, out, err))

    def test_interrupted_writes_to_standard_output_are_made_again(self):
        path, out, err = self.path("rows.csv"), self.path("out.json"), self.path("err.txt")
        keys = write_rows(path, 20, prefix="eintr")
        for words in (["-o", "json"], ["--results", "-"]):
            trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", out, "-P", err, "-e", "trace=write",
                     "-e", "inject=write:error=EINTR:when=1+2"]
            with open(out, "wb") as to, open(err, "wb") as log:
                process = self.start([*trace, *self.words("apply", path, *FAST, *words)], stdout=to, stderr=log,
                                     environment={"ASAN_OPTIONS": "detect_leaks=0"})
                self.assertEqual(process.wait(timeout=60), 0, self.content(err).decode())
            text = self.content(out).decode()
            self.assertEqual(text.count("\n"), 21 if "--results" in words else 1)
            self.assertIn("Run 1: 20 rows", self.content(err).decode() if "json" in words else "Run 1: 20 rows")
        self.assert_created_once(keys)


class Signals(Case):
    server_flags = ("--seed", "62", "--latency", "50ms")

    def start_slow(self, path, **more):
        before = self.server.stats()["requests"]
        process = self.start(self.words("apply", path, "--rate", "100", "--fixed-rate"), **more)
        wait_for(lambda: self.server.stats()["requests"] > before + 20, "the first calls")
        return process

    def test_sighup_drains(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 500, prefix="hup")
        process = self.start_slow(path)
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 129, err.decode())
        self.assertIn("same command", (out + err).decode())
        self.apply(path)
        self.assert_created_once(keys)
        made = self.server.by_key()
        self.assertEqual(sum(made[key]["gets"] for key in keys), 0)

    def test_a_sighup_that_is_ignored_stays_ignored(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 150, prefix="nohup")
        process = self.start_slow(path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err.decode())
        self.assert_created_once(keys)

    def test_sighup_ends_planning(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        for command in ("check", "plan", "apply"):
            process = self.start(self.words(command, pipe))
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            wait_for(lambda: catches(process, signal.SIGHUP), "a handler")
            process.send_signal(signal.SIGHUP)
            _, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 129, err.decode())

    def test_signals_at_any_time_of_a_plan(self):
        """Wherever it is: the right code, soon, and nothing is kept of the plan."""
        path = self.path("rows.csv")
        write_rows(path, scaled(20000, 100000, 200000), prefix="any-time")
        for n in range(12):
            process = self.start(self.words("plan", path))
            self.addCleanup(process.kill)
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
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
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


class Housekeeping(Case):
    server_flags = ("--seed", "63")

    def test_pruning_that_fails_is_a_warning_and_the_report_is_printed(self):
        path, other, results = self.path("rows.csv"), self.path("other.csv"), self.path("results.csv")
        write_rows(path, 20, prefix="warned")
        write_rows(other, 10, prefix="warned-other")
        self.apply(path)
        self.apply(other)
        holder = sqlite3.connect(self.ledger, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            done = self.apply(other, "--keep-runs", "1", "--results", results).summary
            self.assertEqual((done["exit_code"], done["outcomes"]["created"], done["results"]), (0, 10, results))
            self.assertEqual(len(done["warnings"]), 1)
            self.assertIn("could not be pruned", done["warnings"][0])
            self.assertIn("locked", done["warnings"][0])
            text = self.convoke("apply", other, "--keep-runs", "1").out
            self.assertIn("Warning: Old runs could not be pruned", text)
            self.assertIn("Done: all 10 rows have their meeting.", text)
        finally:
            holder.close()
        self.assertEqual(self.apply(other, "--keep-runs", "1").summary["warnings"], [])

    def test_a_full_disk_while_pruning_hides_nothing(self):
        need_tracing()
        path, other = self.path("rows.csv"), self.path("other.csv")
        write_rows(path, 20, prefix="full")
        write_rows(other, 10, prefix="full-other")
        self.apply(path)
        self.apply(other)
        trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", self.ledger + "-wal", "-e", "trace=pwrite64",
                 "-e", "inject=pwrite64:error=ENOSPC"]
        done = self.run_words([*trace, *self.words("apply", other, "--keep-runs", "1", "-o", "json")],
                              environment={"ASAN_OPTIONS": "detect_leaks=0"}).summary
        self.assertEqual((done["exit_code"], done["outcomes"]["created"]), (0, 10))
        self.assertIn("full", done["warnings"][0])
        self.apply(other, "--keep-runs", "1")

    def test_a_rehearsal_and_a_check_write_no_failed_file(self):
        path = self.write("rows.csv", "organizer,external_id,start\n8f1d3c52-6d2f-4f4e-9f0a-3f6a5b1c2d10,d-1,never\n")
        before = sorted(os.listdir(self.folder))
        for words in (["check", path], ["apply", path, "--dry-run"], ["apply", path, "--dry-run", "--skip-invalid"],
                      ["check", path, "--failed", self.path("mine.csv")]):
            done = self.convoke(*words, expect=3 if "--skip-invalid" in words else 8)
            self.assertIn("line 2", done.err)
            self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.convoke("plan", path, expect=8)
        self.assertTrue(os.path.exists(path + ".failed.csv"))


class Descriptors(Case):
    server_flags = ("--seed", "64")

    def shell(self, redirections, words, expect, **more):
        return self.run_words(["sh", "-c", 'exec "$@" ' + redirections, "sh", *words], expect, timeout=60, **more)

    def test_no_standard_input(self):
        for command in ("check", "plan", "apply"):
            for name in ("-", "/dev/stdin", "/dev/fd/0"):
                done = self.shell("<&-", self.words(command, name), 2)
                self.assertIn("no standard input", done.err)
        path = self.path("rows.csv")
        keys = write_rows(path, 5, prefix="closed-stdin")
        self.shell("<&-", [EXECUTABLE, "apply", path, "--config", "/dev/stdin"], 2)
        self.shell("<&-", self.words("apply", path, *FAST), 0)
        self.assert_created_once(keys)

    def test_no_standard_descriptors_at_all(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 20, prefix="closed-all")
        self.shell("<&- >&- 2>&-", self.words("apply", path, "--results", results, *FAST), 9)
        self.assert_created_once(keys)
        self.assert_one_outcome_a_row(self.read_csv(results), 20)
        self.assertEqual(self.content(self.ledger)[:15], b"SQLite format 3")

    def test_standard_input_may_be_a_terminal(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="terminal")
        main_end, other_end = os.openpty()
        try:
            process = self.start(self.words("check", "-"), stdin=other_end)
            os.write(main_end, self.content(path).replace(b"\r\n", b"\n") + b"\x04")
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err.decode())
        finally:
            os.close(main_end)
            os.close(other_end)

    def test_a_pipe_that_does_not_block_takes_everything(self):
        path = self.path("rows.csv")
        write_rows(path, 1500, prefix="nonblocking")
        self.apply(path)
        read, write = os.pipe()
        os.set_blocking(write, False)  # a property of the pipe's end, which the child shares
        process = self.start(self.words("apply", path, "--results", "-"), stdout=write)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            time.sleep(0.5)
            content = pipe.read()
        self.assertEqual(process.wait(timeout=60), 0, process.communicate()[1].decode())
        self.assertEqual(len(self.parse_csv(content.decode())), 1500)

    @NEEDS_DESCRIPTORS
    def test_few_descriptors(self):
        """However few: it works, or says what could not be opened and what the limit is."""
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="few")
        worked = []
        for limit in [*range(8, 31), 40, 48, 64]:
            ledger = self.path("few-%d.db" % limit)
            done = self.run_words(self.words("apply", path, *FAST, "--max-duration", "4s", ledger=ledger), None, timeout=60,
                                  preexec_fn=lambda n=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)))
            self.assertIn(done.code, (0, 5, 6), "%d: %s" % (limit, done))
            self.assertNotIn("internal error", done.err)
            if done.code == 0:
                worked.append(limit)
            else:
                self.assertIn("ulimit -n", done.err + done.out, "%d: %s" % (limit, done))
                self.assertIn("only %d files open" % limit, done.err + done.out)
        # The token's request does not lose its descriptor to connections that only wait.
        self.assertIn(18, worked)
        self.assertEqual(worked[-12:], [21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 40, 48, 64][-12:])
        self.assertEqual(self.server.stats()["duplicates"], 0)

    def test_the_limit_of_descriptors_is_raised_where_it_may_be(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="soft")
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.run_words(self.words("apply", path, *FAST), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, hard)))


class ShortTokens(Case):
    server_flags = ("--seed", "65", "--token-lifetime", "3")

    @NEEDS_DESCRIPTORS
    def test_calls_leave_a_renewed_token_its_descriptor(self):
        """Connections hold every descriptor there is when the token ends."""
        path = self.path("rows.csv")
        keys = write_rows(path, 160, prefix="renewed")
        before = self.server.stats()["tokens"]
        self.run_words(self.words("apply", path, "--rate", "20", "--fixed-rate", "--max-duration", "60s"), 0,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
        self.assertGreater(self.server.stats()["tokens"], before + 1)
        self.assert_created_once(keys)


if __name__ == "__main__":
    main()
