#!/usr/bin/env python3
"""Checks the architecture: every #include in src/ and include/ may only point down.

usage: check_layers.py [ROOT]      prints FILE:LINE: REASON for each breach; exit 1 if there is one

The rules are the tables below. A folder under src/ is a module. include/convoke belongs to layer 0, except for the headers in API,
which are the library's interface and belong to layer 4.
"""
import re
import sys
from pathlib import Path

from source_text import code_of

LAYER = {
    "core": 0,
    "csv": 1, "spec": 1, "pacing": 1, "wire": 1, "token": 1,
    "engine": 2, "diagnosis": 2, "experiments": 2,
    "os": 3, "net": 3, "auth": 3, "graph": 3, "ledger": 3, "files": 3, "sim": 3,
    "api": 4, "run": 4, "load": 4, "report": 4,
    "cli": 5,
}

# Modules of one layer see each other only where named.
SIDEWAYS = {
    "net": {"os"},
    "auth": {"os", "net", "files"},
    "graph": {"os", "net", "auth"},
    "ledger": {"os"},
    "files": {"os"},
    "sim": {"net"},
    "run": {"api", "report"},
    "load": {"api"},
    "report": {"api"},
}

# Client and simulator must not share mistakes: the simulator may include core and net only, and only the command line may include it.
ONLY_BELOW = {"sim": {"core", "net"}, "sim/service": {"core"}}
ONLY_ABOVE = {"sim": {"cli"}}

# Public headers that declare the functions of the library. The other public headers are plain types and belong to layer 0.
API = {"convoke/doctor.hpp", "convoke/export.hpp", "convoke/job.hpp", "convoke/ledger.hpp", "convoke/probe.hpp"}

# (prefix of a header, its library, the layers that may use the library)
LIBRARIES = [
    ("boost/system/", "Boost.System", {0, 1, 2, 3, 4, 5}),
    ("fmt/", "fmt", {0, 1, 2, 3, 4, 5}),
    ("simdjson", "simdjson", {1, 3, 4, 5}),
    ("boost/json", "Boost.JSON", {1, 3, 4, 5}),
    ("boost/url", "Boost.URL", {1, 3, 4, 5}),
    ("date/tz.h", "date with time zones", {3}),
    ("date/", "date", {1, 3, 4, 5}),
    ("libical/", "libical (recurrence)", {1}),
    ("boost/asio", "Boost.Asio", {3, 4, 5}),
    ("boost/beast", "Boost.Beast", {3}),
    ("openssl/", "OpenSSL", {3}),
    ("sqlite3.h", "SQLite", {3}),
    ("libpq-fe.h", "libpq", {3}),
    ("spdlog/", "spdlog", {3, 4, 5}),
    ("prometheus/", "prometheus-cpp", {4}),
    ("CLI/", "CLI11", {5}),
    ("toml++/", "toml++", {5}),
    ("toml.hpp", "toml++", {5}),
]

# Layers 0 to 2 and sim/service are pure: no socket, file, thread or clock.
IMPURE_HEADERS = {
    "atomic", "condition_variable", "filesystem", "fstream", "future", "iostream", "mutex", "semaphore", "shared_mutex",
    "stop_token", "syncstream", "thread", "latch", "barrier",
}
IMPURE_WORDS = re.compile(
    r"\b(?:(?:system|steady|high_resolution|utc|file)_clock::now|random_device|getenv|setenv|fopen|std::time\s*\(|gettimeofday|clock_gettime)\b")

SYSTEM = re.compile(
    r"(?:sys|netinet|arpa|linux|net|bits)/[\w/.-]+|(?:unistd|fcntl|poll|signal|termios|dirent|netdb|errno|pthread|sched|dlfcn|"
    r"pwd|grp|ifaddrs|semaphore|spawn|syslog|stdlib|stdio|time)\.h")
# <string.h> is allowed for explicit_bzero, which <cstring> does not promise. The last group belongs to the compiler.
STANDARD = re.compile(r"[a-z_0-9]+|(?:string|limits)\.h|(?:[a-z]+intrin|arm_neon)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]*)"|<([^>]*)>|(\S.*))')


def module_of(path):
    """(module, part) of a file below the root; part is `sim/service` where the folder has rules of its own."""
    parts = path.parts
    if parts[0] == "include":
        return "api" if "/".join(parts[1:]) in API else "core", None
    if len(parts) < 3:
        return None, None
    name = parts[1]
    part = f"{name}/{parts[2]}" if len(parts) > 3 else f"{name}/{Path(parts[2]).stem}"
    return name, part if part in ONLY_BELOW else None


def target_of(root, written):
    """(module, part) an include points to, or None where it is not a header of this project."""
    if written.startswith("convoke/"):
        return "api" if written in API else "core", None
    if (root / "src" / written).is_file() or written.split("/")[0] in LAYER:
        return module_of(Path("src") / written)
    return None


def own_breach(module, part, target, target_part):
    if target not in LAYER:
        return f"{target} is not a module of the architecture"
    if target in ONLY_ABOVE and module != target and module not in ONLY_ABOVE[target]:
        return f"{module} must not include {target}: only {', '.join(sorted(ONLY_ABOVE[target]))} may"
    if part and target_part != part and target not in ONLY_BELOW[part]:
        return f"{part} must not include {target}: it is pure and may only see {', '.join(sorted(ONLY_BELOW[part]))}"
    if module == target:
        return None
    if module in ONLY_BELOW and target not in ONLY_BELOW[module]:
        return f"{module} must not include {target}: it may only see {', '.join(sorted(ONLY_BELOW[module]))}"
    if LAYER[target] > LAYER[module]:
        return f"{module} (layer {LAYER[module]}) includes upward: {target} is layer {LAYER[target]}"
    if LAYER[target] == LAYER[module] and target not in SIDEWAYS.get(module, set()):
        return f"{module} includes sideways: {target} is of the same layer {LAYER[module]} and not named for it"
    return None


def foreign_breach(module, part, written):
    layer = 1 if part == "sim/service" else LAYER[module]
    if STANDARD.fullmatch(written):
        if layer <= 2 and written in IMPURE_HEADERS:
            return f"<{written}> in {part or module}: layers 0 to 2 are pure, without file, thread, lock or clock"
        return None
    for prefix, library, layers in LIBRARIES:
        if written.startswith(prefix):
            if layer in layers:
                return None
            return f"{library} in {part or module}: it is for layer {', '.join(map(str, sorted(layers)))}, this is layer {layer}"
    if SYSTEM.fullmatch(written):
        return f"<{written}> in {part or module}: layers 0 to 2 are pure, without the operating system" if layer <= 2 else None
    return f"<{written}> belongs to no library this project uses"


def check_file(root, path):
    module, part = module_of(path)
    if module is None or module not in LAYER:
        yield 1, f"{path.parts[1]} is not a module of the architecture: name its layer in cmake/check_layers.py"
        return
    pure = LAYER[module] <= 2 or part == "sim/service"
    text = code_of((root / path).read_text(encoding="utf-8"))
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if not match:
            if pure and (word := IMPURE_WORDS.search(line)):
                yield number, f"{word.group().strip()} in {part or module}: time, randomness and environment are arguments here"
            continue
        quoted, angled, other = match.groups()
        if other is not None:
            yield number, "an #include must name its file"
            continue
        written = quoted if quoted is not None else angled
        target = target_of(root, written)
        if target is not None:
            reason = own_breach(module, part, *target)
        elif quoted is not None and re.fullmatch(r"\w+\.inc", written):
            reason = None  # generated by the module's CMakeLists.txt
        elif quoted is not None:
            reason = f'"{written}" is not written as "module/header.hpp"'
        else:
            reason = foreign_breach(module, part, written)
        if reason:
            yield number, reason


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parent.parent)
    files = sorted(p.relative_to(root) for folder in ("include", "src") for p in (root / folder).rglob("*")
                   if p.suffix in (".hpp", ".cpp", ".h", ".ipp", ".inc"))
    if not files:
        print(f"{root}: no sources there", file=sys.stderr)
        return 2
    breaches = 0
    for path in files:
        for number, reason in check_file(root, path):
            print(f"{path}:{number}: {reason}")
            breaches += 1
    print(f"layers: {len(files)} files, {breaches} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
