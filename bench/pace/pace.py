#!/usr/bin/env python3
"""Draws the pace: offered and accepted rate, the hidden limit and the cooldowns over time, as one SVG.

    pace.py --convoke build/release/convoke --simulate-engine build/release/tests/simulation/simulate_engine --output pace.svg

The upper panels show real time: convoke and Microsoft's Graph client for JavaScript under the same limit of an nginx, from its access log.
The lower panels show virtual time: the engine in the main scenarios of its simulation.
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "end_to_end"))

import access_log  # noqa: E402
import limited  # noqa: E402
from chart import Panel, draw  # noqa: E402
from clients import Failed  # noqa: E402
from traces import from_access_log, read_simulation  # noqa: E402

SCENARIOS = [
    ("steady-bucket", "A token bucket"),
    ("steady-fixed", "A fixed window, where throttled calls count too"),
    ("steady-sliding", "A sliding window, where throttled calls count too"),
    ("second-run", "The second run: the pace is saved"),
    ("halves", "The limit halves"),
    ("doubles", "The limit doubles"),
    ("disappears", "The limit disappears: up to convoke's own ceiling"),
    ("one-organizer", "One organizer of 100 is limited, and no header says so"),
]


def say(text=""):
    print(text, flush=True)


def real_time(options, folder):
    """The panels of both clients, with the same axes. The second run is only in the table."""
    measured = limited.compare(options.convoke, options.build_folder, folder, options.rows, (limited.CONCURRENCY,))
    limited.report([one for one, _ in measured])
    shown = [measured[0], *measured[2:]]
    titles = ["convoke, the first run", "Microsoft's Graph client for JavaScript, %d calls at a time" % limited.CONCURRENCY]
    traces = [from_access_log(calls, limited.RATE, access_log.cooldowns(calls)) for _, calls in shown]
    end = max(trace.end for trace in traces)
    panels = []
    for title, trace, (one, _) in zip(titles, traces, shown):
        caption = "%s of %s rows in %.1f s (ideal: %.0f s), %.1f %% of %s calls throttled, %s early" % (
            format(one["succeeded"], ","), format(one["rows"], ","), one["seconds"], one["ideal_s"], 100 * one["throttled_share"],
            format(one["calls"], ","), format(one["early"], ","))
        panels.append(Panel(trace, title, caption, 190, end=end, most=2.5 * limited.RATE, smooth=0.5))
    return panels


def simulated(executable, folder):
    panels = []
    for name, title in SCENARIOS:
        path = os.path.join(folder, name + ".csv")
        ran = subprocess.run([executable, "--scenario", name, "--trace", path], capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise Failed("%s: exit %d: %s%s" % (name, ran.returncode, ran.stdout, ran.stderr))
        trace = read_simulation(path)
        share = trace.share_of_limit()
        caption = "%.1f %% of the calls throttled" % (100 * trace.throttled_share())
        if share is not None:
            caption = "%.1f %% of the limit used, %s" % (100 * share, caption)
        say("  %-18s %s" % (name, caption))
        most = 1.25 * max(max((rate for _, rate in trace.limit), default=0), 500 if name == "disappears" else 0)
        panels.append(Panel(trace, title, caption, 150, most=most))
    return panels


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--convoke", required=True, help="the executable (release build)")
    parser.add_argument("--simulate-engine", required=True, help="the simulation's executable")
    parser.add_argument("--build-folder", default=os.path.join(tempfile.gettempdir(), "convoke-bench"), help="folder for the JavaScript client")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--output", required=True, metavar="FILE")
    options = parser.parse_args()
    options.convoke, options.build_folder = os.path.abspath(options.convoke), os.path.abspath(options.build_folder)
    with tempfile.TemporaryDirectory(prefix="convoke-pace-") as folder:
        try:
            below = simulated(os.path.abspath(options.simulate_engine), folder)
            above = real_time(options, folder)
        except Failed as reason:
            sys.exit("pace: %s" % reason)
    sections = [("In real time: nginx accepts 50 calls/s and a burst of 5, and answers all others with 429 and Retry-After: 1", above),
                ("In virtual time: the engine against a simulated service and its hidden limit", below)]
    with open(options.output, "w", encoding="utf-8") as out:
        out.write(draw(sections))
    say("  drawn: %s" % options.output)


if __name__ == "__main__":
    main()
