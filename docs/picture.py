#!/usr/bin/env python3
"""Draws what a command prints on a terminal as an SVG: picture.py OUTPUT.svg COMMAND [ARG ...]

README.md shows docs/demo.svg. `docs/picture.py docs/demo.svg build/release/convoke demo` draws it again.
"""
import html
import os
import pty
import re
import subprocess
import sys

WIDTH, LINE, CHARACTER, MARGIN = 112, 19, 8.43, 16


def lines(text):
    """Each line as (bold, text), cut to the width. A line that was overwritten shows its last text."""
    for line in text.split("\n"):
        line = re.sub(r"\x1b\[K", "", line.split("\r")[-1])
        bold = "\x1b[1m" in line
        plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
        yield bold, plain if len(plain) <= WIDTH else plain[: WIDTH - 1] + "…"


def draw(rows):
    width, height = WIDTH * CHARACTER + 2 * MARGIN, len(rows) * LINE + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}">',
        '<rect width="100%" height="100%" rx="8" fill="#16181d"/>',
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14" fill="#d6dae2">',
    ]
    for number, (bold, text) in enumerate(rows):
        style = ' font-weight="bold" fill="#8fd3a6"' if bold else ""
        y = MARGIN + LINE * number + 14
        out.append(f'<text x="{MARGIN}" y="{y}" xml:space="preserve"{style}>{html.escape(text)}</text>')
    return "\n".join(out + ["</g>", "</svg>", ""])


def run(command):
    """What the command prints on a terminal."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    own_end, command_end = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=command_end, stderr=command_end, env={**environment, "TMPDIR": "/tmp"})
    os.close(command_end)
    printed = b""
    while True:
        try:
            piece = os.read(own_end, 65536)
        except OSError:  # EIO: no process has the other end open any more
            piece = b""
        if not piece:
            break
        printed += piece
    os.close(own_end)
    if process.wait() != 0:
        sys.exit("%s ended with %d" % (" ".join(command), process.returncode))
    return printed.decode().replace("\r\n", "\n")


def main():
    target, command = sys.argv[1], sys.argv[2:]
    rows = list(lines(run(command)))
    while rows and not rows[-1][1].strip():
        rows.pop()
    with open(target, "w", encoding="utf-8") as to:
        to.write(draw(rows))


if __name__ == "__main__":
    main()
