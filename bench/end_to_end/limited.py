#!/usr/bin/env python3
"""convoke and Microsoft's Graph client for JavaScript against an nginx with an undocumented limit of 50 calls a second.

    limited.py --convoke build/release/convoke [--build-folder DIR] [--rows N] [--json FILE]

The limit is nginx's `limit_req` (burst 5, no delay); calls above it are answered with 429 and `Retry-After: 1`. Both clients run with
their defaults: convoke twice, the second time with the ledger of the first run and a new file; the Graph client with its retry handler,
as applications use it. The application chooses how many calls that client has in flight, and the result depends on it, so it runs with few and with
as many as convoke has connections. All figures come from nginx's access log.
"""
import argparse
import json
import os
import sys
import tempfile

from access_log import figures, read_calls
from clients import Convoke, Failed, GraphClient
from servers import LimitedNginx

RATE, ORGANIZERS = 50, 100
CONCURRENCY = 16  # convoke's own default
FEW = 4


def say(text=""):
    print(text, flush=True)


class Runs:
    """Runs clients one after the other against one server. Returns figures from the log for each, with the calls."""

    def __init__(self, server, rows):
        self.server, self.rows, self.offset = server, rows, 0
        _, self.offset = read_calls(server.log)

    def measure(self, name, run):
        ran = run()
        calls, self.offset = read_calls(self.server.log, self.offset)
        ideal = self.rows / self.server.rate
        return dict(figures(calls), inferred=ran.get("early_by_inference", 0), name=name, rows=self.rows, succeeded=ran["succeeded"], seconds=ran["wall_s"], ideal_s=ideal,
                    over_ideal=ran["wall_s"] / ideal, cpu_s=ran["cpu_s"], rss_mib=ran["rss_kib"] / 1024), calls


def convoke_run(convoke, name, rows, ledger):
    """Applies a file of new rows."""
    path = convoke.rows("limited-" + name, rows, organizers=ORGANIZERS, prefix=name)
    summary = convoke.apply_as_is(path, ledger)
    return dict(summary, succeeded=sum(summary["outcomes"].get(word, 0) for word in ("created", "existing", "updated", "unchanged")))


def script_run(script, rows):
    ran = script.run_limited(rows, ORGANIZERS)
    return dict(ran, succeeded=rows - ran["failed"])


def compare(executable, build_folder, folder, rows=1000, at_a_time=(FEW, CONCURRENCY)):
    """[(figures, calls)]: the first run of convoke, its second run, and the Graph client once for each of `at_a_time` if npm is installed."""
    server = LimitedNginx(os.path.join(folder, "nginx"), RATE)
    try:
        runs = Runs(server, rows)
        convoke = Convoke(executable, server, CONCURRENCY, None, os.path.join(folder, "limited"))
        ledger = convoke.ledger("runs")
        measured = [runs.measure("convoke, first run", lambda: convoke_run(convoke, "a", rows, ledger)),
                    runs.measure("convoke, second run", lambda: convoke_run(convoke, "b", rows, ledger))]
        for calls in at_a_time:
            try:
                script = GraphClient(server, calls, None, os.path.join(build_folder, "graph-client"))
            except Failed as reason:
                say("  left out: the Graph client for JavaScript (%s)" % reason)
                break
            measured.append(runs.measure("Graph client, %d at a time" % calls, lambda: script_run(script, rows)))
        return measured
    finally:
        server.stop()


def report(measured):
    say()
    say("  nginx accepts %d calls/s (limit_req, burst 5), 429 with Retry-After: 1; %d rows; counted in its access log:"
        % (RATE, measured[0]["rows"]))
    say("  %-27s %9s %16s %7s %10s %7s %8s %9s" % ("", "succeeded", "seconds", "calls", "throttled", "early", "CPU", "memory"))
    for one in measured:
        say("  %-27s %9d %7.1f = %5.2f x %7d %9.1f%% %7d %6.2f s %5.0f MiB" % (
            one["name"], one["succeeded"], one["seconds"], one["over_ideal"], one["calls"], 100 * one["throttled_share"], one["early"],
            one["cpu_s"], one["rss_mib"]))
    say("  seconds: of the whole command, and over the ideal %.0f s. early: calls that arrived before the Retry-After of a 429 was over,"
        % measured[0]["ideal_s"])
    say("  without the calls of the first 50 ms, which may have been in flight.")
    for one in measured:
        if one["inferred"]:
            say("  %s: %d of these, by its own count, because the 429 was attributed to one organizer." % (one["name"], one["inferred"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--convoke", required=True, help="the executable (release build)")
    parser.add_argument("--build-folder", default=os.path.join(tempfile.gettempdir(), "convoke-bench"), help="folder for the JavaScript client")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as folder:
        try:
            measured = [one for one, _ in compare(os.path.abspath(options.convoke), os.path.abspath(options.build_folder), folder, options.rows)]
        except Failed as reason:
            sys.exit("bench: %s" % reason)
    report(measured)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(measured, out, indent=1)


if __name__ == "__main__":
    main()
