#!/usr/bin/env python3
"""Checks that every co_await is a statement of its own, with named arguments.

usage: check_awaits.py [PATH...]   default: src include tests bench of this tree; prints FILE:LINE: REASON; exit 1 if any

Allowed is   co_await X;   TARGET = co_await X;   TYPE NAME = co_await X;   co_return co_await X;
where X holds no second await, no braces (a braced temporary, or a lambda), no ?:, and no && or || around it. A branch or the
body of a loop that awaits has braces: `if (x) co_await f();` reads like a condition that awaits.
g++ 12 miscompiles most of what is refused here; clang 19 does not, but other people read and build this code too.
"""
import re
import sys
from pathlib import Path

from source_text import code_of

AWAIT = re.compile(r"\bco_await\b")
OPEN, CLOSE = "([{", ")]}"

# What may stand before the await in its statement: nothing, `co_return`, or something that ends in `=`.
LABEL = re.compile(r"^(?:case\b(?:::|[^;?:])*:(?!:)|default\s*:)\s*")
DECLARED = re.compile(r"(?:(?:static|const|constexpr|auto|[\w:]+(?:<[^;(){}]*>)?)[\s*&]+)+(?:\w+|\[[\w\s,]+\])\s*=")
ASSIGNED = re.compile(r"[\w:.\[\]*]+(?:->[\w:.\[\]]+)*\s*=")


def skip_back(code, position):
    """Index of the bracket that the closing one at `position` belongs to."""
    depth = 0
    while position >= 0:
        if code[position] in CLOSE:
            depth += 1
        elif code[position] in OPEN:
            depth -= 1
            if depth == 0:
                return position
        position -= 1
    return 0


def opens_initialiser(before):
    """Whether a brace after this text begins an initialiser and not a block."""
    if re.search(r"(?:[=(,]|\breturn|\bco_return)\s*$", before):
        return True
    named = re.search(r"(\w+|>)\s*$", before)
    if not named or named.group(1) in ("else", "do", "try", "const", "noexcept", "override", "final", "mutable"):
        return False
    return not re.search(r"(?:->[\w:<>,\s*&]+|\b(?:namespace|class|struct|union|enum)\b[^;{}()]*)$", before)


def inside_parentheses(code, position):
    """Whether the innermost bracket around this position is a parenthesis: a `;` there belongs to the head of a `for`."""
    while position >= 0:
        if code[position] in CLOSE:
            position = skip_back(code, position)
        elif code[position] in OPEN:
            return code[position] == "("
        position -= 1
    return False


def statement_start(code, position):
    """(index where the statement begins, the unmatched bracket it lies in or None)."""
    position -= 1
    while position >= 0:
        character = code[position]
        if character in ";{}":
            if character == "{" and opens_initialiser(code[max(0, position - 200):position]):
                return position + 1, "{"
            if character == ";" and inside_parentheses(code, position - 1):
                return code.rfind("(", 0, position) + 1, "("
            return position + 1, None
        if character in ")]":
            position = skip_back(code, position)
        elif character in "([":
            return position + 1, character
        position -= 1
    return 0, None


def statement_end(code, position):
    depth = 0
    while position < len(code):
        character = code[position]
        if character in OPEN:
            depth += 1
        elif character in CLOSE:
            depth -= 1
            if depth < 0:
                return position
        elif character == ";" and depth == 0:
            return position
        position += 1
    return len(code)


CONTROL = re.compile(r"(?:else\s+)?(?:if|for|while|switch)\b|else\b|do\b")


def without_labels(before):
    """Drops the `case` and `default` labels before a statement."""
    before = before.strip()
    while (rest := LABEL.sub("", before)) != before:
        before = rest
    return before


def breach(code, match):
    """The reason why this await breaks the rule, or None."""
    start, bracket = statement_start(code, match.start())
    if bracket:
        lead = code[:start - 1].rstrip()
        word = re.search(r"\b(if|while|switch|for)\s*(?:constexpr)?$", lead)
        where = f"inside the head of `{word.group(1)}`" if word else "inside another expression"
        return f"co_await {where}: give its result a name in a statement of its own first"
    before = without_labels(code[start:match.start()])
    if control := CONTROL.match(before):
        return f"co_await in a branch of `{' '.join(control.group().split())}` without braces: put braces around the statement"
    if before and before != "co_return" and not DECLARED.fullmatch(before) and not ASSIGNED.fullmatch(before):
        return f"co_await after `{' '.join(before.split())[-40:]}`: give its result a name in a statement of its own first"
    operand = code[match.end():statement_end(code, match.end())]
    if AWAIT.search(operand):
        return "two awaits in one statement"
    if "{" in operand:
        return "a braced temporary or a lambda in an awaited expression: name it in a statement before"
    if "?" in operand:
        return "co_await with ?: in one expression: name the argument in a statement before, or use if and else"
    depth = 0
    for index, character in enumerate(operand):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and operand[index:index + 2] in ("&&", "||", "==", "!="):
            return "an operator around co_await: give its result a name in a statement of its own first"
    return None


def check(text):
    code = code_of(text)
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.M)
    for match in AWAIT.finditer(code):
        reason = breach(code, match)
        if reason:
            yield code.count("\n", 0, match.start()) + 1, reason


def main(arguments):
    root = Path(__file__).resolve().parent.parent
    paths = [Path(a) for a in arguments] or [root / folder for folder in ("include", "src", "tests", "bench")]
    files = sorted(f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.suffix in (".hpp", ".cpp", ".ipp"))
    if not files:
        print("no sources there", file=sys.stderr)
        return 2
    found = awaits = 0
    for path in files:
        text = path.read_text(encoding="utf-8")
        awaits += len(AWAIT.findall(code_of(text)))
        for line, reason in check(text):
            print(f"{path.relative_to(root) if path.is_relative_to(root) else path}:{line}: {reason}")
            found += 1
    print(f"awaits: {awaits} in {len(files)} files, {found} not statements of their own")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
