#!/usr/bin/env python3
"""Checks that the texts and names of this tree use the terms of the field and none of the old metaphors.

usage: check_words.py [PATH...]   default: the sources, tests, texts and tools of this tree; prints FILE:LINE: WORD: use ...;
                                  exit 1 if any

A word counts wherever it stands alone: between blanks, in snake_case and in CamelCase. File names are checked too.
"""
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("include", "src", "tests", "docs", "bench", "config", "cmake", ".ci", "README.md", "CMakeLists.txt", "CMakePresets.json", "dev")
SUFFIXES = {"", ".c", ".cmake", ".cpp", ".hpp", ".in", ".json", ".lua", ".md", ".mjs", ".py", ".svg", ".toml", ".txt"}
# Data that tests read byte for byte, and this list.
EXEMPT = ("tests/fuzz/corpus/", "cmake/check_words.py")
# Tables and columns of older ledgers cannot change their names any more.
OLD_LEDGERS = re.compile(r"(?:src|tests)/ledger/.*(?:schema|upgrade)")
OLD_NAMES = {"fence", "twin", "twins", "lapse"}


class Rule(NamedTuple):
    words: str    # a pattern, lower case
    instead: str  # the term to use
    example: str  # a text that breaks the rule: the test uses it


RULES = [
    Rule(r"(?<!memory )(?<!thread )(?<!code )(?<!markdown )fence[ds]?", "cooldown", "the lane's fence"),
    Rule(r"desks?", "run_context", "class desk"),
    Rule(r"convict\w*", "attribute", "convicted_organizers"),
    Rule(r"exonerat\w*", "clear", "an exoneration"),
    Rule(r"judg(?:e[ds]?|ing|e?ments?)", "decide, check or attribute", "JudgedRow"),
    Rule(r"withh(?:old\w*|eld)", "redact", "withheld"),
    Rule(r"twins?", "duplicate", "twin_rows"),
    Rule(r"lapse[ds]?", "last_failure, expire or time out", "the lapse of a row"),
    Rule(r"telling|tells|told", "report, state, say or announce", "it was told"),
    Rule(r"calm\w*", "steady, idle or no throttle", "since_calm"),
    Rule(r"naps?", "pause or wait", "a nap"),
    Rule(r"in[\s/#*]+vain", "without success, or the condition that was not met", "waited_in_vain"),
    Rule(r"unless it looks up", "the condition itself", "unless_it_looks_up"),
    Rule(r"mend(?:s|ed|ing)?", "fix or correct", "MendedFile"),
    Rule(r"spelt", "written", "spelt otherwise"),
    Rule(r"dice", "seeded, random or draw", "by the dice"),
    Rule(r"lessons?", "throttle that changes the pace", "pace_lessons"),
    Rule(r"nobody", "no process, no reader, or not documented", "nobody reads"),
    Rule(r"nights?", "run", "the first night"),
    Rule(r"heard", "received or reported", "last_heard"),
    Rule(r"rous(?:e[ds]?|ing)", "wake or resume", "roused"),
]
# Names of groups say which rule a match belongs to. One pattern keeps the check fast.
PATTERN = re.compile("|".join(rf"(?P<r{number}>\b(?:{rule.words})\b)" for number, rule in enumerate(RULES)))


def separated(text):
    """The text in lower case, with blanks between the parts of identifiers; line breaks stay where they are."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[_-]", " ", text).lower()


def check(text):
    """(line, the word as it was found, the term to use) for each word that a rule refuses."""
    plain = separated(text)
    for match in PATTERN.finditer(plain):
        yield plain.count("\n", 0, match.start()) + 1, match.group(), RULES[int(match.lastgroup[1:])].instead


def files(paths):
    """(name, path) of the text files at these paths that are not exempt."""
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            name = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.as_posix()
            if file.is_file() and file.suffix in SUFFIXES and not name.startswith(EXEMPT):
                yield name, file


def main(arguments):
    found = count = 0
    for name, file in files([Path(a).resolve() for a in arguments] or [ROOT / place for place in PLACES]):
        count += 1
        text = file.read_text(encoding="utf-8", errors="replace")
        for line, word, instead in check(text):
            if word in OLD_NAMES and OLD_LEDGERS.match(name):
                continue
            print(f"{name}:{line}: {word}: use {instead}")
            found += 1
        for _, word, instead in check(file.stem):
            print(f"{name}:1: {word} in the file's name: use {instead}")
            found += 1
    if count == 0:
        print("no files there", file=sys.stderr)
        return 2
    print(f"words: {count} files, {found} words to replace")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
