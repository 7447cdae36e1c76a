#!/usr/bin/env python3
"""Shows a fleet on one machine: starts PostgreSQL, PgBouncer, a simulated Graph and four workers in a temporary folder, disturbs them, and
compares what the service counted with what the ledger says. Everything is stopped and deleted at the end.

usage: fleet_tour.py --convoke FILE [--rows N] [--rate N] [--keep-output]
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
os.environ.setdefault("CONVOKE_EXECUTABLE", "")

from pgbouncer import PgBouncer  # noqa: E402
from postgres_cluster import Cluster  # noqa: E402

DATABASE = "convoke"


class Failed(Exception):
    """What was shown is not what was promised."""


class Tour:
    def __init__(self, options):
        self.options = options
        self.begin = time.monotonic()
        self.folder = tempfile.mkdtemp(prefix="convoke-fleet-")
        self.parts = []  # what is to be stopped, in the order of its start
        self.workers = {}

    def say(self, text):
        print("%6.1f s  %s" % (time.monotonic() - self.begin, text), flush=True)

    # --- the parts

    def start(self):
        import harness
        harness.EXECUTABLE = os.path.abspath(self.options.convoke)
        self.environment = harness.clean_environment(self.folder)
        self.cluster = Cluster()
        self.parts.append(self.cluster.close)
        self.cluster.start()
        self.cluster.create_database(DATABASE)
        self.say("PostgreSQL is running, port %d, its data in %s" % (self.cluster.port, self.cluster.data))
        pooler = PgBouncer(self.cluster)
        self.parts.append(pooler.close)
        self.environment["CONVOKE_LEDGER"] = pooler.url(DATABASE)
        self.say("PgBouncer is running in transaction mode, port %d: all commands use it" % pooler.port)
        self.server = harness.simulator(os.path.join(self.folder, "service"), "--latency", "20ms", "--calls", "100000")
        self.parts.append(self.server.stop)
        self.say("the simulated Graph is running: %s" % self.server.root)

    def command(self, *words):
        return [os.path.abspath(self.options.convoke), *words, "--config", self.server.config, "--ledger", self.environment["CONVOKE_LEDGER"]]

    def run(self, *words):
        done = subprocess.run(self.command(*words), env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise Failed("convoke %s: exit %d\n%s" % (words[0], done.returncode, done.stderr[-2000:]))
        return done.stdout

    def work(self, name):
        log = os.path.join(self.folder, name + ".log")
        with open(log, "wb") as out:
            self.workers[name] = subprocess.Popen(
                self.command("work", "--rate", str(self.options.rate), "--fixed-rate", "--attempt-timeout", "5s", "--progress", "plain"),
                env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.say("worker %s is running, process %d" % (name, self.workers[name].pid))

    def value(self, statement):
        return int(self.cluster.value(statement, DATABASE))

    def outcomes(self):
        return self.value("SELECT count(*) FROM convoke.outcome")

    def wait_outcomes(self, count, seconds=120):
        end = time.monotonic() + seconds
        while self.outcomes() < count:
            if time.monotonic() > end:
                raise Failed("%d of %d outcomes after %d s" % (self.outcomes(), count, seconds))
            time.sleep(0.2)

    # --- what it shows

    def show(self):
        from generate import write_rows
        rows = self.options.rows
        path = os.path.join(self.folder, "classes.csv")
        keys = write_rows(path, rows, organizers=50)
        self.run("plan", path, "--open")
        self.say("planned and opened: %d rows of 50 organizers; no call was made: the service counts %d" % (
            rows, self.server.stats()["requests"]))
        for name in ("A", "B", "C", "D"):
            self.work(name)
        self.wait_outcomes(rows // 5)
        self.say("%d rows have an outcome. `convoke status`:" % self.outcomes())
        print("\n" + "\n".join("            " + line for line in self.run("status").split("\nOrganizers:")[0].splitlines()) + "\n", flush=True)
        self.disturb()
        self.wait_outcomes(rows, 240)
        self.say("all %d rows have an outcome" % rows)
        for name, process in self.workers.items():
            code = process.wait(timeout=120)
            self.say("worker %s ended with exit %d%s" % (name, code, " (killed)" if code == -9 else " (terminated)" if code == 143 else ""))
            if code not in {"B": (-9,), "C": (143,)}.get(name, (0,)):
                raise Failed("worker %s: exit %d\n%s" % (name, code, self.log(name)))
        self.prove(keys)

    def log(self, name):
        with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def disturb(self):
        claimed = self.value("SELECT count(*) FROM convoke.owed WHERE token <> 0")
        self.workers["B"].kill()
        self.workers["B"].wait()
        self.say("killed worker B (SIGKILL). %d rows were claimed, by all workers; those of B come back when its lease ends, within 60 s" % claimed)
        self.workers["C"].terminate()
        self.workers["C"].wait(timeout=40)
        self.say("terminated worker C (SIGTERM): it finished its calls and gave its other rows back at once")
        before = self.outcomes()
        self.cluster.kill()
        self.say("killed the PostgreSQL server (SIGKILL): %d outcomes were acknowledged at least" % before)
        time.sleep(2)
        self.cluster.start()
        if self.outcomes() < before:
            raise Failed("PostgreSQL lost outcomes")
        self.say("PostgreSQL is running again with %d outcomes; the workers reconnect by themselves" % self.outcomes())
        self.work("E")

    def prove(self, keys):
        """By the service's own count and by the ledger."""
        meetings = self.server.by_key()
        calls = [json.loads(line) for line in self.server.get("calls").splitlines() if line]
        sent = collections.Counter((one["organizer"], one["external_id"]) for one in calls)
        results = [json.loads(line) for line in self.run("export", "--format", "jsonl").splitlines() if line]
        once = sum(one["creates"] == 1 for one in meetings.values())
        repeated = sum(count - 1 for count in sent.values())
        print()
        facts = [
            ("rows of the input", len(keys), len(keys)),
            ("meetings that the service has", len(meetings), len(set(keys))),
            ("of them, made exactly once", once, len(set(keys))),
            ("meetings that no row asked for", len(set(meetings) - set(keys)), 0),
            ("rows with exactly one outcome", len({one["line"] for one in results if one["outcome"] in ("created", "existing")}), len(keys)),
            ("rows that are still owed", self.value("SELECT count(*) FROM convoke.owed"), 0),
        ]
        for what, found, wanted in facts:
            print("  %-36s %8d   %s" % (what, found, "as expected" if found == wanted else "EXPECTED %d" % wanted))
        print("  %-36s %8d   a repeated call found the meeting (200) and made none" % ("calls, of all workers", sum(sent.values())))
        print("  %-36s %8d   in flight or not committed when B and PostgreSQL were killed" % ("of them, repeated", repeated), flush=True)
        if any(found != wanted for _, found, wanted in facts):
            raise Failed("the counts are not as expected")

    def close(self):
        for process in self.workers.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        for stop in reversed(self.parts):
            stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--convoke", required=True)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--rate", type=int, default=200, help="calls per second of all workers together")
    tour = Tour(parser.parse_args())
    try:
        tour.start()
        tour.show()
        tour.say("done: everything is stopped and deleted")
    except Failed as reason:
        print("\nFAILED: %s" % reason, file=sys.stderr)
        return 1
    finally:
        tour.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
