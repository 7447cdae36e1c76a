#!/usr/bin/env python3
"""Checks that the files and names in README.md and docs/*.md exist, so that a rename cannot leave them behind.

usage: check_docs.py [ROOT]      prints FILE:LINE: REASON; exit 1 if there is one

Checked are relative links, `paths` that begin with a folder of this tree, and in docs/architecture.md also every path and every
`identifier` in backticks. A path there may leave out src/, include/ or tests/, and the ending of the file: `engine/lane` stands for
src/engine/lane.hpp and src/engine/lane.cpp. An identifier must occur in the sources.
"""
import re
import sys
from pathlib import Path

FOLDERS = ("src", "include", "tests", "docs", "bench", "cmake", "config", ".ci")
SOURCES = {".hpp", ".cpp", ".py", ".cmake", ".txt", ".sql"}
ALL_NAMES = "docs/architecture.md"

LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.*{},/-]*(?:/|\.(?:hpp|cpp|py|md|cmake|txt|svg|sql|toml|json)\Z)[\w.*{},/-]*")
IDENTIFIER = re.compile(r"(?:[A-Za-z_]\w*::)*~?([A-Za-z_]\w*)(?:\(\))?")
BLOCK = re.compile(r"^```.*?^```", re.S | re.M)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def exists(root, path, short):
    """`short`: src/, include/ or tests/ and the ending may be left out."""
    for folder in ("", "src/", "include/", "tests/") if short else ("",):
        if (root / (folder + path)).exists() or (path.strip("*/") and any(root.glob(folder + path.rstrip("/") + ("*" if short else "")))):
            return True
    return False


def words_of(root):
    """Every word of the sources, and the names of their files and folders."""
    out = set()
    for folder in FOLDERS:
        for file in (root / folder).rglob("*"):
            out.add(file.stem)
            if file.suffix in SOURCES and file.is_file():
                out.update(re.findall(r"\w+", file.read_text(encoding="utf-8", errors="replace")))
    return out


def check_file(root, name, words):
    text = BLOCK.sub(blank, (root / name).read_text(encoding="utf-8"))
    everything = name == ALL_NAMES
    for match in LINK.finditer(text):
        if not (root / name).parent.joinpath(match.group(1)).exists():
            yield text.count("\n", 0, match.start()) + 1, f"the link to {match.group(1)} leads nowhere"
    for match in QUOTED.finditer(text):
        quoted, line = match.group(1), text.count("\n", 0, match.start()) + 1
        if PATH.fullmatch(quoted):
            if (everything or quoted.split("/")[0] in FOLDERS) and not exists(root, quoted, everything):
                yield line, f"there is no file `{quoted}`"
        elif everything and (identifier := IDENTIFIER.fullmatch(quoted)) and identifier.group(1) not in words:
            yield line, f"the sources have no `{quoted}`"


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parent.parent)
    names = [name for name in ("README.md", *sorted(f"docs/{file.name}" for file in (root / "docs").glob("*.md"))) if (root / name).is_file()]
    if not names:
        print(f"{root}: no texts there", file=sys.stderr)
        return 2
    words = words_of(root) if ALL_NAMES in names else set()
    wrong = 0
    for name in names:
        for line, reason in check_file(root, name, words):
            print(f"{name}:{line}: {reason}")
            wrong += 1
    print(f"docs: {len(names)} files, {wrong} names that do not exist")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
