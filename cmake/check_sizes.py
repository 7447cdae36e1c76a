#!/usr/bin/env python3
"""Lists files of more than 400 lines and functions of more than 60. These are hints: the exit code is always 0.

usage: check_sizes.py [PATH...]
"""
import re
import sys
from pathlib import Path

from source_text import code_of

FILE_LINES = 400
FUNCTION_LINES = 60
# A brace that initialises a member before a constructor's body.
MEMBER = re.compile(r"\)\s*(?:noexcept\s*)?:\s[^;]*[\w>]\s*$")
# A brace that opens a body: after a parameter list with what may follow it.
BODY = re.compile(r"\)\s*(?:const\b|noexcept\b(?:\([^)]*\))?|override\b|final\b|mutable\b|&&?|->\s*[\w:<>,\s*&]+|:\s[^;{}]*(?:\{[^{}]*\}[^;{}]*)*|\s)*$")


def functions(code):
    """(line, length, text before the brace) of every outermost body that follows a parameter list."""
    stack = []
    inside = None
    previous = skip = 0
    for index, character in enumerate(code):
        if index < skip:
            continue
        if character == "{":
            head = code[previous:index]
            if inside is None and MEMBER.search(head):
                skip = code.find("}", index) + 1
                continue
            if inside is None and BODY.search(head):
                first = re.search(r"\S", head)
                inside = (len(stack), previous + (first.start() if first else 0))
            stack.append(index)
            previous = index + 1
        elif character == "}":
            if stack:
                stack.pop()
            if inside and len(stack) == inside[0]:
                start = code.count("\n", 0, inside[1]) + 1
                yield start, code.count("\n", 0, index) + 2 - start, " ".join(code[inside[1]:code.find("{", inside[1])].split())
                inside = None
            previous = index + 1
        elif character == ";":
            previous = index + 1


def main(arguments):
    root = Path(__file__).resolve().parent.parent
    paths = [Path(a) for a in arguments] or [root / folder for folder in ("include", "src", "tests", "bench")]
    files = sorted(f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.suffix in (".hpp", ".cpp"))
    for path in files:
        name = path.relative_to(root) if path.is_relative_to(root) else path
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > FILE_LINES:
            print(f"{name}:1: warning: {lines} lines, more than {FILE_LINES}")
        for line, length, head in functions(code_of(text)):
            if length > FUNCTION_LINES:
                print(f"{name}:{line}: warning: {length} lines, more than {FUNCTION_LINES}: {head[:80]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
