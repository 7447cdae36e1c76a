#!/usr/bin/env python3
"""The same number of rows of few and of very many organizers: at full speed, and at 500 calls a second on a slow disk.

    small_organizers.py --convoke build/release/convoke [--rows N] [--rounds N] [--sync-ms N] [--json FILE]

Each claim of rows is a durable commit, and an organizer with four rows has no more to claim than those. The slow disk is a small library
(slow_sync.c), compiled here and preloaded into convoke, which makes every fsync and fdatasync call slower and counts them.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from clients import Convoke, Failed
from servers import HERE, Nginx

FEW, EACH = 20, 4  # organizers of the one file, rows of an organizer of the other
RATE = 500
GOAL = 1.3


def build_library(folder):
    compiler = next((name for name in ("cc", "clang-19", "clang", "gcc") if shutil.which(name)), None)
    if not compiler:
        raise Failed("no C compiler for the slow disk")
    library = os.path.join(folder, "slow_sync.so")
    done = subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "slow_sync.c"), "-ldl"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed("slow_sync.c: " + done.stderr.strip())
    return library


class Disk:
    """The disk of a run: the environment for convoke, and the number of its syncs."""

    def __init__(self, folder, sync_ms):
        self.count = os.path.join(folder, "syncs")
        self.environment = {"LD_PRELOAD": build_library(folder), "SLOW_SYNC_MS": str(sync_ms), "SLOW_SYNC_COUNT": self.count}

    def syncs(self):
        with open(self.count, encoding="ascii") as made:
            return int(made.read())


def carry_out(convoke, disk, path, rows, slow):
    ledger = convoke.ledger("small")
    run = convoke.apply_as_is if slow else convoke.apply
    summary = run(path, ledger, *(("--rate", str(RATE), "--fixed-rate") if slow else ()))
    if summary["calls"] != rows:
        raise Failed("convoke made %d calls for %d rows" % (summary["calls"], rows))
    return {"call_s": summary["phases"]["call_s"], "calls_per_s": rows / summary["phases"]["call_s"], "syncs": disk.syncs()}


def one_case(convoke, disk, rows, many, rounds, slow):
    """Alternates the two files. Returns the medians."""
    few_path = convoke.rows("few", rows, organizers=FEW)
    many_path = convoke.rows("many", rows, organizers=many)
    few, much = [], []
    for _ in range(rounds):
        few.append(carry_out(convoke, disk, few_path, rows, slow))
        much.append(carry_out(convoke, disk, many_path, rows, slow))
    middle = lambda samples, name: statistics.median(one[name] for one in samples)
    names = ("call_s", "calls_per_s", "syncs")
    return {"rows": rows, "few": FEW, "many": many, "of_few": {name: middle(few, name) for name in names},
            "of_many": {name: middle(much, name) for name in names},
            "ratio": statistics.median(b["call_s"] / a["call_s"] for a, b in zip(few, much))}


def compare(executable, server, connections, cpus, folder, rows=20000, rounds=3, sync_ms=50):
    os.makedirs(folder, exist_ok=True)
    fast, slow = Disk(folder, 0), Disk(folder, sync_ms)
    convoke = Convoke(executable, server, connections, cpus, folder, fast.environment)
    at_speed = one_case(convoke, fast, rows, rows // EACH, rounds, False)
    convoke.more_environment = slow.environment
    paced, rounds = rows // 5, min(rounds, 3)
    return {"sync_ms": sync_ms, "at_speed": at_speed, "paced": one_case(convoke, slow, paced, paced // EACH, rounds, True),
            "paced_single": one_case(convoke, slow, paced // 2, paced // 2, rounds, True)}


def report(measured):
    print()
    print("  Many small organizers: the call phase (first send to last commit) over that of as many rows of %d organizers, goal <= %.1f x" % (FEW, GOAL))
    print("  %-56s %10s %10s %9s %9s" % ("", "call phase", "calls/s", "syncs", "ratio"))
    slow = "--rate %d, fsync + %d ms" % (RATE, measured["sync_ms"])
    for how, case in (("full speed", measured["at_speed"]), (slow, measured["paced"]), (slow, measured["paced_single"])):
        for name, organizers in (("few", case["few"]), ("many", case["many"])):
            one = case["of_" + name]
            print(("  %-56s %8.2f s %10s %9d   %s" % (
                "%s rows of %s organizers, %s" % (format(case["rows"], ","), format(organizers, ","), how), one["call_s"],
                format(round(one["calls_per_s"]), ","), one["syncs"], "%5.2f x" % case["ratio"] if name == "many" else "")).rstrip())
    print("  syncs: fsync and fdatasync calls of the whole command. slow_sync.c, compiled and preloaded (LD_PRELOAD), makes them slower.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--convoke", required=True, help="the executable (release build)")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sync-ms", type=int, default=50)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as folder:
        server = Nginx(os.path.join(folder, "nginx"))
        try:
            measured = compare(os.path.abspath(options.convoke), server, options.connections, None, os.path.join(folder, "small"), options.rows,
                               options.rounds, options.sync_ms)
        except Failed as reason:
            sys.exit("bench: %s" % reason)
        finally:
            server.stop()
    report(measured)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(measured, out, indent=1)


if __name__ == "__main__":
    main()
