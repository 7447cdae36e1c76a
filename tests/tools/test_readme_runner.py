#!/usr/bin/env python3
"""Tests of readme.py: which lines it runs as commands, and that it reports a command that fails."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from readme import blocks, execute  # noqa: E402


def sh(*lines):
    return "Text.\n\n```sh\n" + "\n".join(lines) + "\n```\n"


class Blocks(unittest.TestCase):
    def test_only_sh(self):
        found = blocks(sh("a", "b") + "```\nc\n```\n```toml\nd\n```\n" + sh("e"))
        self.assertEqual([(b.line, b.lines, b.reason) for b in found], [(3, ["a", "b"], None), (15, ["e"], None)])

    def test_left_out(self):
        text = "<!-- not executed: needs a tenant -->\n\n```sh\na\n```\n" + sh("b")
        self.assertEqual([b.reason for b in blocks(text)], ["needs a tenant", None])

    def test_reason_belongs_to_the_next_block_only(self):
        self.assertEqual([b.reason for b in blocks("<!-- not executed: x -->\nText.\n```sh\na\n```\n")], [None])

    def test_no_end(self):
        with self.assertRaises(ValueError):
            blocks("```sh\na\n")


class Executed(unittest.TestCase):
    def run_text(self, text):
        with tempfile.TemporaryDirectory() as folder:
            build = Path(folder) / "build/release"
            build.mkdir(parents=True)
            program = build / "convoke"
            program.write_text('#!/bin/sh\necho "$@" >> "$HOME/calls"\nexit "${2:-0}"\n')
            program.chmod(0o755)
            return execute(text, build.resolve(), tree_copy=lambda tree: (tree / "sample.csv").write_text("x\n"), timeout=20)

    def test_success(self):
        self.assertEqual(self.run_text(sh("convoke version", "test -f sample.csv", "convoke a \\", "  0", 'grep -c . "$HOME/calls"'))[0], 0)

    def test_failure_is_named(self):
        code, reached = self.run_text(sh("true", "convoke apply 5", "true"))
        self.assertEqual((code, reached), (5, "README.md:5"))

    def test_expected_exit(self):
        self.assertEqual(self.run_text(sh("convoke plan 8  # exit 8"))[0], 0)
        self.assertEqual(self.run_text(sh("convoke plan 8 \\", "  more  # exit 8: a wrong row"))[0], 0)
        self.assertNotEqual(self.run_text(sh("convoke plan 0  # exit 8"))[0], 0)
        self.assertNotEqual(self.run_text(sh("convoke plan 3  # exit 8"))[0], 0)

    def test_blocks_share_one_shell(self):
        self.assertEqual(self.run_text(sh("here=1", "cd /") + sh('test "$here" = 1', 'test "$PWD" = /'))[0], 0)

    def test_pipe(self):
        self.assertNotEqual(self.run_text(sh("convoke x 3 | cat"))[0], 0)

    def test_commands_of_several_lines(self):
        self.assertEqual(self.run_text(sh("cat > f <<'END'", "a", "", "b", "END", "for i in 1 2; do", "  echo $i >> f", "done", "test $(grep -c '' f) = 5"))[0], 0)

    def test_background_processes_are_ended(self):
        self.assertEqual(self.run_text(sh("sleep 1000 &", "convoke version"))[0], 0)

    def test_left_out_block_does_not_run(self):
        self.assertEqual(self.run_text("<!-- not executed: x -->\n" + sh("false").removeprefix("Text.\n\n") + sh("true"))[0], 0)


if __name__ == "__main__":
    unittest.main()
