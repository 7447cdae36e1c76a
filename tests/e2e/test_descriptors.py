"""Closed, scarce and unusual file descriptors."""
import os
import resource
import time
import unittest

from generate import write_rows
from harness import EXECUTABLE, FAST, SANITIZED, Case, main

# The undefined-behaviour sanitizer reads the memory of an object through a pipe. Without descriptors its reports are wrong.
NEEDS_DESCRIPTORS = unittest.skipIf(SANITIZED, "a sanitizer needs descriptors of its own")


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

    def test_a_nonblocking_pipe_gets_everything(self):
        path = self.path("rows.csv")
        write_rows(path, 1500, prefix="nonblocking")
        self.apply(path)
        read, write = os.pipe()
        os.set_blocking(write, False)  # a property of the open end, which the child process shares
        process = self.start(self.words("apply", path, "--results", "-"), stdout=write)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            time.sleep(0.5)
            content = pipe.read()
        self.assertEqual(process.wait(timeout=60), 0, process.communicate()[1].decode())
        self.assertEqual(len(self.parse_csv(content.decode())), 1500)

    @NEEDS_DESCRIPTORS
    def test_few_descriptors(self):
        """With any number of descriptors a run works, or it names the file that it could not open and the limit."""
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
        # Idle connections leave a descriptor for the token request.
        self.assertIn(18, worked)
        self.assertEqual(worked[-12:], [21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 40, 48, 64][-12:])
        self.assertEqual(self.server.stats()["duplicates"], 0)

    def test_the_soft_limit_of_descriptors_is_raised(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="soft")
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.run_words(self.words("apply", path, *FAST), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, hard)))


class ShortTokens(Case):
    server_flags = ("--seed", "65", "--token-lifetime", "3")

    @NEEDS_DESCRIPTORS
    def test_calls_leave_a_descriptor_for_the_token_request(self):
        """Connections have every descriptor in use when the token expires."""
        path = self.path("rows.csv")
        keys = write_rows(path, 160, prefix="renewed")
        before = self.server.stats()["tokens"]
        self.run_words(self.words("apply", path, "--rate", "20", "--fixed-rate", "--max-duration", "60s"), 0,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
        self.assertGreater(self.server.stats()["tokens"], before + 1)
        self.assert_created_once(keys)


if __name__ == "__main__":
    main()
