#!/usr/bin/env python3
"""Runs the commands of README.md as they are written there.

usage: readme.py [--readme FILE] [--build DIR] [--list]

Every ```sh block is executed, in order, by one shell in a fresh copy of the tree, with the built `convoke` first on PATH
and a home directory of its own. Special cases:

  <!-- not executed: REASON -->   on the line before a block: the block is left out, and the reason is printed
  COMMAND  # exit N               the command must end with exit code N instead of 0
  ./dev demo                      runs in the tree itself, where the build is
  ./dev OTHER                     is only looked up in `./dev help`: it would build, or run this test again
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKER = re.compile(r"^(`{3,})(\S*)\s*$")
LEFT_OUT = re.compile(r"<!--\s*not executed:\s*(.+?)\s*-->")
EXIT = re.compile(r"^(?P<command>.*\S)\s+#\s*exit\s+(?P<code>\d+)\b.*$", re.S)


class Block:
    def __init__(self, line, lines, reason):
        self.line, self.lines, self.reason = line, lines, reason


def blocks(text):
    """Every ```sh block of a Markdown text."""
    found, inside, reason = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        marker = MARKER.match(line)
        if inside is None and marker:
            inside = (marker.group(1), marker.group(2), number, [])
        elif inside is not None and marker and marker.group(1) == inside[0] and not marker.group(2):
            if inside[1] == "sh":
                found.append(Block(inside[2], inside[3], reason))
            inside = reason = None
        elif inside is not None:
            inside[3].append(line)
        elif left_out := LEFT_OUT.search(line):
            reason = left_out.group(1)
        elif line.strip():
            reason = None
    if inside is not None:
        raise ValueError(f"line {inside[2]}: the block has no end")
    return found


def complete(command):
    """Whether bash would run this now. It would wait for more in a loop, in a here-document or after a backslash."""
    checked = subprocess.run(["bash", "-n"], input=command + "\n", capture_output=True, text=True)
    return not command.endswith("\\") and checked.returncode == 0 and not checked.stderr


def script(found):
    """The blocks as one bash script that stops at the first command with an unexpected exit code."""
    out = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for block in found:
        if block.reason:
            continue
        command = []
        for offset, line in enumerate(block.lines, 1):
            command.append(line)
            if not complete("\n".join(command)):
                continue
            whole, where, command = "\n".join(command), block.line + offset, []
            if not whole.strip():
                continue
            out.append(f"echo 'README.md:{where}' >&9")
            expected = EXIT.match(whole)
            if expected:
                code = expected.group("code")
                out += ["code=0", f"{expected.group('command')} || code=$?",
                        f"[ $code -eq {code} ] || {{ echo \"README.md:{where}: exit $code, not {code}\" >&2; exit 1; }}"]
            else:
                out.append(whole)
        if command:
            raise ValueError(f"line {block.line}: the last command of the block does not end")
    return "\n".join(out) + "\n"


DEV = """#!/bin/bash
# Stands for ./dev while the README is tested.
set -eu
if [ "${1:-}" = demo ]; then cd "$CONVOKE_TREE" && exec ./dev "$@"; fi
"$CONVOKE_TREE"/dev help | grep -qE "^ +${1:?}( |$)" || { echo "./dev help does not know '$1'" >&2; exit 1; }
echo "./dev $*: not run here"
"""


def copy_tree(target):
    """Copies what a fresh clone would hold, with the changes that are not committed yet."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / "dev").write_text(DEV)
    (target / "dev").chmod(0o755)


def execute(text, build, tree_copy=copy_tree, timeout=900):
    """Runs a README's blocks. Returns (exit code, the last place reached)."""
    with tempfile.TemporaryDirectory(prefix="convoke-readme-") as folder:
        tree = Path(folder) / "convoke"
        home = Path(folder) / "home"
        tree.mkdir()
        home.mkdir()
        tree_copy(tree)
        if not (tree / "build").exists():
            (tree / "build").symlink_to(build.parent, target_is_directory=True)
        environment = {k: v for k, v in os.environ.items() if not re.match(r"(CONVOKE|AZURE|XDG)_|CREDENTIALS_DIRECTORY$", k)}
        environment |= {"PATH": f"{build}:{os.environ['PATH']}", "HOME": str(home), "CONVOKE_TREE": str(ROOT)}
        reader, writer = os.pipe()
        shell = subprocess.Popen(["bash", "-c", f"exec 9>&{writer}\n" + script(blocks(text))], cwd=tree, env=environment,
                                 stdin=subprocess.DEVNULL, pass_fds=[writer], start_new_session=True)
        os.close(writer)
        try:
            code = shell.wait(timeout)
        except subprocess.TimeoutExpired:
            code = 124
        finally:
            # A simulator that still runs in the background would outlive its files.
            try:
                os.killpg(shell.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shell.wait()
        with os.fdopen(reader) as progress:
            reached = progress.read().split()
        return code, reached[-1] if reached else "the beginning"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    text = options.readme.read_text(encoding="utf-8")
    found = blocks(text)
    for block in found:
        print(f"README.md:{block.line}: {len(block.lines)} lines, " + (f"not executed: {block.reason}" if block.reason else "executed"))
    if options.list:
        return 0
    if not any(not block.reason for block in found):
        print(f"{options.readme}: no ```sh block to execute")
        return 1
    if not (options.build / "convoke").is_file():
        print(f"{options.build}/convoke does not exist: run ./dev build")
        return 1
    code, reached = execute(text, options.build.resolve())
    print(f"readme: {'all commands ended as expected' if code == 0 else f'exit {code} at {reached}'}")
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
