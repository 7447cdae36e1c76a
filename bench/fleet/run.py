#!/usr/bin/env python3
"""Measures several workers on one PostgreSQL ledger, against one nginx without a limit.

    run.py --convoke build/release/convoke [--build-folder DIR] [--quick] [--rows N] [--rounds N] [--snapshot SECONDS] [--only PART]

PART: `speed` (calls/s of 1, 2 and 4 workers as ratios to the call phase with SQLite), `cost` (what a row costs the database),
`snapshot` (claims while another client holds a snapshot for so many seconds). Clients, server and database share the processors of this
machine, so only the ratios mean anything elsewhere.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "end_to_end"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "tools"))

from clients import Convoke, Failed  # noqa: E402
from servers import Nginx  # noqa: E402
from generate import write_rows  # noqa: E402
from harness import clean_environment  # noqa: E402
from postgres_cluster import Cluster  # noqa: E402

from database import HeldSnapshot, Spent  # noqa: E402

TICKS_PER_SECOND = 10_000_000  # of the times in a ledger
FULL_SPEED = ("--rate", "1000000", "--fixed-rate", "--connections", "64", "--organizer-concurrency", "64", "--progress", "none")


def say(text=""):
    print(text, flush=True)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.server = Nginx(os.path.join(folder, "nginx"))
        # A commit is durable, as it is in a SQLite ledger.
        self.cluster = Cluster(fsync=True, settings={"shared_buffers": "256MB", "shared_preload_libraries": "pg_stat_statements",
                                                     "pg_stat_statements.track": "top", "synchronous_commit": "on"})
        self.convoke = Convoke(os.path.abspath(options.convoke), self.server, 64, None, os.path.join(folder, "convoke"))
        self.number = 0

    def start(self):
        self.cluster.start()

    def close(self):
        self.server.stop()
        self.cluster.close()

    # --- steps

    def new_database(self):
        self.number += 1
        name = "bench%d" % self.number
        self.cluster.create_database(name)
        self.cluster.sql("CREATE EXTENSION pg_stat_statements", name)
        return name

    def plan(self, database, name, rows, first=0):
        path = os.path.join(self.folder, name + ".csv")
        write_rows(path, rows, organizers=1000, prefix=name, first=first)
        begin = time.monotonic()
        self.convoke.command("plan", path, "--open", "--config", self.convoke.config, "--ledger", self.cluster.url(database),
                             "--progress", "none")
        os.unlink(path)
        self.cluster.sql("CHECKPOINT")
        return time.monotonic() - begin

    def work(self, database, count, flags=FULL_SPEED):
        """Runs so many workers until nothing is owed. Returns the seconds from the first to the last outcome of the last run: workers need
        some more to find that nothing is left."""
        words = [self.convoke.executable, "work", "--config", self.convoke.config, "--ledger", self.cluster.url(database), *flags]
        started = [subprocess.Popen(words, env=clean_environment(self.folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, text=True) for _ in range(count)]
        for one in started:
            _, err = one.communicate()
            if one.returncode != 0:
                raise Failed("convoke work: exit %d: %s" % (one.returncode, err[-800:]))
        return float(self.cluster.value("SELECT (max(finished_at) - min(finished_at)) / %d.0 FROM convoke.outcome WHERE id >> 32 = "
                                        "(SELECT max(id) FROM convoke.run)" % TICKS_PER_SECOND, database))

    def burst(self, database, name, rows, workers=1, statements=False):
        """Plans so many rows and carries them out at full speed. Returns rows/s and what the database spent on them."""
        self.plan(database, name, rows)
        before = Spent(self.cluster, database, statements)
        seconds = self.work(database, workers)
        spent = Spent(self.cluster, database, statements) - before
        done = int(self.cluster.value("SELECT count(*) FROM convoke.owed", database))
        if done:
            raise Failed("%d rows are still owed" % done)
        return rows / seconds, spent

    # --- parts

    def speed(self):
        rows = self.options.rows
        say("calls/s from the first to the last outcome, %d rows of 1,000 organizers, %d rounds" % (
            rows, self.options.rounds))
        path = self.convoke.rows("sqlite", rows)
        samples = {"SQLite": [], 1: [], 2: [], 4: []}
        for number in range(self.options.rounds):
            summary = self.convoke.apply(path, self.convoke.ledger("sqlite"))
            samples["SQLite"].append(summary["calls"] / summary["phases"]["call_s"])
            for workers in (1, 2, 4):
                rate, _ = self.burst(self.new_database(), "speed%d-%d" % (number, workers), rows, workers)
                samples[workers].append(rate)
            say("  round %d: %s" % (number + 1, ", ".join("%s %.0f/s" % (name, values[-1]) for name, values in samples.items())))
        say()
        say("  %-28s %12s %22s %22s" % ("", "calls/s", "over SQLite", "over one worker"))
        for name, values in samples.items():
            def ratio(other):
                parts = [own / base for own, base in zip(values, samples[other])]
                return "%.2f (%.2f-%.2f)" % (statistics.median(parts), min(parts), max(parts))
            what = "SQLite, apply, call phase" if name == "SQLite" else "%d worker%s" % (name, "" if name == 1 else "s")
            say("  %-28s %12.0f %22s %22s" % (what, statistics.median(values), ratio("SQLite"), ratio(1)))

    def cost(self):
        rows = self.options.rows
        say("what one row costs the database, %d rows of 1,000 organizers" % rows)
        say("  %-14s %14s %14s %14s %14s" % ("workers", "statements", "transactions", "WAL bytes", "CPU µs"))
        for workers in (1, 4):
            _, spent = self.burst(self.new_database(), "cost%d" % workers, rows, workers, statements=True)
            say("  %-14d %14.3f %14.4f %14.0f %14.1f" % (workers, spent.statements / rows, spent.commits / rows, spent.wal_bytes / rows,
                                                         spent.cpu_s / rows * 1e6))
        database = self.new_database()
        before = Spent(self.cluster, database)
        seconds = self.plan(database, "planned", rows)
        spent = Spent(self.cluster, database) - before
        say("  %-14s %14s %14.4f %14.0f %14.1f   %.0f rows/s" % ("planning", "", spent.commits / rows, spent.wal_bytes / rows,
                                                                 spent.cpu_s / rows * 1e6, rows / seconds))

    def snapshot(self):
        rows, seconds = self.options.rows, self.options.snapshot
        rate = self.options.churn
        say("a burst of %d rows before and after %d s at %d calls/s, without and with a snapshot that another client holds since the first burst"
            % (rows, seconds, rate))
        say("  %-10s %18s %18s %8s %14s %14s %16s" % ("snapshot", "rows/s before", "rows/s after", "ratio", "µs/row before", "µs/row after",
                                                      "dead tuples"))
        for held in (False, True):
            database = self.new_database()
            before, spent_before = self.burst(database, "before", rows)
            holder = HeldSnapshot(self.cluster, database) if held else None
            try:
                self.plan(database, "churn", rate * seconds)
                self.work(database, 2, ("--rate", str(rate), "--fixed-rate", "--connections", "64", "--organizer-concurrency", "64",
                                        "--progress", "none"))
                after, spent_after = self.burst(database, "after", rows)
                dead = self.cluster.value("SELECT sum(n_dead_tup) FROM pg_stat_user_tables", database)
            finally:
                if holder:
                    holder.close()
            say("  %-10s %18.0f %18.0f %8.2f %14.1f %14.1f %16s" % (
                "held" if held else "none", before, after, after / before, spent_before.cpu_s / rows * 1e6, spent_after.cpu_s / rows * 1e6, dead))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--convoke", required=True, help="the executable (release build)")
    parser.add_argument("--build-folder", default=tempfile.gettempdir())
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that the benchmark works; the figures mean nothing")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--snapshot", type=int, default=600, help="seconds")
    parser.add_argument("--churn", type=int, default=500, help="calls/s while the snapshot is held")
    parser.add_argument("--only", choices=("speed", "cost", "snapshot"))
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds, options.snapshot = 5000, 1, 10
    os.makedirs(options.build_folder, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="fleet-", dir=os.path.abspath(options.build_folder))
    bench = Bench(options, folder)
    try:
        bench.start()
        for part in ("speed", "cost", "snapshot"):
            if options.only in (None, part):
                getattr(bench, part)()
                say()
    except Failed as reason:
        sys.exit("bench: %s" % reason)
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
