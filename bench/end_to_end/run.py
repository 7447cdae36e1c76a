#!/usr/bin/env python3
"""Compares convoke with wrk and Microsoft's Graph client for JavaScript, against one nginx, in one run.

    run.py --convoke build/release/convoke [--build-folder DIR] [--quick] [--rows N] [--million N] [--rounds N] [--small N] [--limited N]
           [--json FILE]

At the end it measures rows of very many organizers (small_organizers.py) and the clients under a limit (limited.py).

Needs nginx with its Lua module, lua-cjson, wrk and openssl (Debian: nginx-light libnginx-mod-http-lua lua-cjson wrk openssl procps);
with npm, the JavaScript client is compared too. All three make the same calls over TLS 1.3 to the same Lua location of the same
nginx, which echoes the request, so the server does the same work for each; only wrk repeats one fixed request.
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

import limited
import small_organizers
from clients import Convoke, Failed, GraphClient, Wrk
from servers import Nginx


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def machine(executable):
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    return {
        "processor": "%d x %s" % (os.cpu_count(), model), "kernel": platform.release(), "convoke": first_line(executable, "version"),
        "nginx": first_line("nginx", "-v"), "wrk": first_line("wrk", "-v").split(" Copyright")[0], "openssl": first_line("openssl", "version"),
        "node": first_line("node", "--version") if shutil.which("node") else "none",
    }


def say(text=""):
    print(text, flush=True)


def call_phase(summary):
    """The call phase, first send to last commit, from the summary of the run."""
    phases = summary["phases"]
    return {"calls": summary["calls"], "seconds": phases["call_s"], "cpu_s": summary["cpu_s"], "wall_s": summary["wall_s"],
            "plan_s": phases["plan_s"], "results_s": phases["results_s"], "rss_kib": summary["rss_kib"]}


def one_apply(convoke, path, rows, folder, *words):
    summary = convoke.apply(path, convoke.ledger("compare"), "--results", os.path.join(folder, "results.csv"), *words)
    if summary["calls"] != rows:
        raise Failed("convoke made %d calls for %d rows" % (summary["calls"], rows))
    return call_phase(summary)


def with_server_cpu(server, run):
    """A sample with the CPU time that nginx used for it."""
    before = server.worker_cpu_seconds()
    sample = run()
    return dict(sample, server_cpu_s=server.worker_cpu_seconds() - before)


def compare(options, server, cpus, folder):
    """Alternates the clients; medians over the rounds."""
    convoke = Convoke(options.convoke, server, options.connections, cpus, folder)
    wrk = Wrk(server, options.connections, cpus)
    script = None
    try:
        script = GraphClient(server, options.connections, cpus, os.path.join(options.build_folder, "graph-client"))
    except Failed as reason:
        say("  left out: the Graph client for JavaScript (%s)" % reason)
    rows = convoke.rows("compare", options.rows)
    wrk.run(1)  # a warm-up of the server
    samples = {"wrk": [], "convoke": [], "batch": [], "script": [], "plan_cpu": []}
    for number in range(options.rounds):
        samples["wrk"].append(with_server_cpu(server, lambda: wrk.run(options.seconds)))
        plan = convoke.plan(rows, convoke.ledger("plan-only"))
        samples["convoke"].append(with_server_cpu(server, lambda: one_apply(convoke, rows, options.rows, folder)))
        samples["plan_cpu"].append(plan["cpu_s"])
        samples["batch"].append(with_server_cpu(server, lambda: one_apply(convoke, rows, options.rows, folder, "--batch-size", "20")))
        if script:
            samples["script"].append(script.run(options.script_rows))
        say("  round %d: wrk %s/s, convoke %s/s, in batches of 20 %s/s%s" % (
            number + 1, rate(samples["wrk"][-1]), rate(samples["convoke"][-1]), rate(samples["batch"][-1]),
            ", JavaScript %s/s" % rate(samples["script"][-1]) if script else ""))
    return samples, script.version if script else None


def rate(sample):
    return format(round(sample["calls"] / sample["seconds"]), ",")


def median(samples, value):
    return statistics.median(value(one) for one in samples)


def figures(samples, rows):
    """The ratios of one comparison."""
    per_second = lambda one: one["calls"] / one["seconds"]
    per_call = lambda one: one["cpu_s"] / one["calls"] * 1e6
    per_call_of_server = lambda one: one["server_cpu_s"] / one["calls"] * 1e6
    plan_cpu = statistics.median(samples["plan_cpu"]) / rows * 1e6
    out = {
        "wrk_calls_per_s": median(samples["wrk"], per_second), "wrk_cpu_us": median(samples["wrk"], per_call),
        "convoke_calls_per_s": median(samples["convoke"], per_second), "convoke_cpu_us": median(samples["convoke"], per_call),
        "nginx_cpu_us_with_wrk": median(samples["wrk"], per_call_of_server),
        "nginx_cpu_us_with_convoke": median(samples["convoke"], per_call_of_server),
        "convoke_plan_cpu_us": plan_cpu,
        "convoke_wall_rows_per_s": median(samples["convoke"], lambda one: one["calls"] / one["wall_s"]),
    }
    # The ratio is taken within each round, because the other load of the machine changes from minute to minute.
    shares = [per_second(own) / per_second(other) for own, other in zip(samples["convoke"], samples["wrk"])]
    out["call_phase_share_of_wrk"] = statistics.median(shares)
    out["call_phase_shares_of_wrk"] = shares
    shares = [per_second(own) / per_second(other) for own, other in zip(samples["batch"], samples["wrk"])]
    out["batch_calls_per_s"] = median(samples["batch"], per_second)
    out["batch_cpu_us"] = median(samples["batch"], per_call)
    out["batch_share_of_wrk"] = statistics.median(shares)
    out["batch_shares_of_wrk"] = shares
    out["nginx_cpu_us_with_batch"] = median(samples["batch"], per_call_of_server)
    out["cpu_over_wrk"] = (out["convoke_cpu_us"] - plan_cpu) / out["wrk_cpu_us"]
    if samples["script"]:
        out["script_calls_per_s"] = median(samples["script"], per_second)
        out["script_cpu_us"] = median(samples["script"], per_call)
        out["script_cpu_over_convoke"] = out["script_cpu_us"] / out["convoke_cpu_us"]
    return out


def big_files(options, server, cpus, folder):
    """A million rows: planned, applied, applied again as known rows, exported."""
    convoke = Convoke(options.convoke, server, options.connections, cpus, folder)
    count = options.million
    path = convoke.rows("million", count)
    small = convoke.rows("tenth", count // 10)
    tenth = convoke.plan(small, convoke.ledger("tenth"))
    plan = convoke.plan(path, convoke.ledger("million"))
    say("  planned %s new rows in %.1f s, peak %.0f MiB" % (format(count, ","), plan["wall_s"], plan["rss_kib"] / 1024))
    ledger = "sqlite:" + os.path.join(folder, "million.db")
    first = convoke.apply(path, ledger)
    say("  carried them out in %.1f s (call phase %.1f s), peak %.0f MiB" % (first["wall_s"], first["phases"]["call_s"], first["rss_kib"] / 1024))
    again = convoke.apply(convoke.rows("million-again", count, batch="b"), ledger)
    if again["calls"] != 0:
        raise Failed("%d calls for rows that are known" % again["calls"])
    say("  the same rows in a new file, all known: %.1f s, no call, peak %.0f MiB" % (again["wall_s"], again["rss_kib"] / 1024))
    _, _, _, export, _, rss = convoke.command("export", "--config", convoke.config, "--ledger", ledger, "--format", "csv", discard_stdout=True)
    say("  results written in %.1f s" % export)
    return {
        "rows": count, "plan_rows_per_s": count / plan["wall_s"], "plan_rss_mib": plan["rss_kib"] / 1024,
        "plan_tenth_rss_mib": tenth["rss_kib"] / 1024, "plan_time_for_tenfold": plan["wall_s"] / tenth["wall_s"],
        "apply_wall_s": first["wall_s"], "apply_rss_mib": first["rss_kib"] / 1024,
        "apply_calls_per_s": first["calls"] / first["phases"]["call_s"], "known_s": again["wall_s"], "known_rows_per_s": count / again["wall_s"],
        "known_rss_mib": again["rss_kib"] / 1024, "results_rows_per_s": count / export, "results_rss_mib": rss / 1024,
    }


def report(about, ratios, big):
    say()
    for name, value in about.items():
        say("  %-14s %s" % (name, value))
    say()
    row = "  %-52s %14s   %s"
    say(row % ("", "measured", "goal"))

    def line(what, value, goal=""):
        say((row % (what, value, goal)).rstrip())

    line("wrk, calls/s (CPU per call)", "%s (%.1f µs)" % (format(round(ratios["wrk_calls_per_s"]), ","), ratios["wrk_cpu_us"]))
    line("CPU of nginx per call, with wrk; with convoke", "%.1f; %.1f µs" % (ratios["nginx_cpu_us_with_wrk"], ratios["nginx_cpu_us_with_convoke"]))
    line("convoke, call phase, calls/s", format(round(ratios["convoke_calls_per_s"]), ","))
    line("convoke, whole job, CPU per meeting", "%.1f µs" % ratios["convoke_cpu_us"])
    line("convoke, whole job, rows/s of wall time", format(round(ratios["convoke_wall_rows_per_s"]), ","))
    shares = ratios["call_phase_shares_of_wrk"]
    line("call phase, share of wrk's rate, round by round", "%.2f (%.2f-%.2f)" % (ratios["call_phase_share_of_wrk"], min(shares), max(shares)), ">= 0.7")
    shares = ratios["batch_shares_of_wrk"]
    line("in batches of 20: call phase, calls/s", format(round(ratios["batch_calls_per_s"]), ","))
    line("  share of wrk's rate of single calls, round by round", "%.2f (%.2f-%.2f)" % (ratios["batch_share_of_wrk"], min(shares), max(shares)), ">= 1.5")
    line("  whole job, CPU per meeting; of nginx", "%.1f; %.1f µs" % (ratios["batch_cpu_us"], ratios["nginx_cpu_us_with_batch"]))
    line("CPU per meeting without planning, over wrk's per call", "%.2f x" % ratios["cpu_over_wrk"], "<= 2 x")
    if "script_cpu_us" in ratios:
        line("JavaScript client, calls/s (CPU per call)", "%s (%.0f µs)" % (format(round(ratios["script_calls_per_s"]), ","), ratios["script_cpu_us"]))
        line("JavaScript client's CPU over convoke's", "%.0f x" % ratios["script_cpu_over_convoke"], ">= 40 x")
    if not big:
        return
    rows = format(big["rows"], ",")
    line("planning %s new rows, rows/s" % rows, format(round(big["plan_rows_per_s"]), ","), ">= 150,000")
    line("  peak memory (for a tenth of the rows)", "%.0f (%.0f) MiB" % (big["plan_rss_mib"], big["plan_tenth_rss_mib"]), "<= 128 MiB")
    line("  time for ten times the rows", "%.1f x" % big["plan_time_for_tenfold"], "<= 10.5 x")
    line("call phase of %s rows, calls/s" % rows, format(round(big["apply_calls_per_s"]), ","))
    line("  peak memory", "%.0f MiB" % big["apply_rss_mib"])
    line("%s known rows, no call: rows/s" % rows, format(round(big["known_rows_per_s"]), ","), ">= 300,000")
    line("  peak memory", "%.0f MiB" % big["known_rss_mib"])
    line("writing results, rows/s", format(round(big["results_rows_per_s"]), ","), ">= 300,000")
    say()
    say("  All clients called the same Lua location of one nginx over TLS 1.3; wrk sent one fixed request, the others one per row.")
    say("  On two processors the server and a client share the CPU time: see the CPU of nginx per call.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--convoke", required=True, help="the executable (release build)")
    parser.add_argument("--build-folder", default=os.path.join(tempfile.gettempdir(), "convoke-bench"), help="folder for the JavaScript client")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that the benchmark works; the figures mean nothing")
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--million", type=int, default=1000000, help="rows of the big file; 0 leaves that part out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=8, help="of each run of wrk")
    parser.add_argument("--script-rows", type=int, default=8000, help="rows for the JavaScript client")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--small", type=int, default=20000, help="rows of few and of very many organizers; 0 leaves that part out")
    parser.add_argument("--limited", type=int, default=1000, help="rows against nginx's limit; 0 leaves that part out")
    parser.add_argument("--pin", action="store_true", help="nginx on processor 0, the clients on the others")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.million, options.rounds, options.seconds, options.script_rows, options.limited = 5000, 20000, 1, 1, 500, 100
        options.small = min(options.small, 2000)
    options.convoke, options.build_folder = os.path.abspath(options.convoke), os.path.abspath(options.build_folder)
    missing = [name for name in ("nginx", "wrk", "openssl") if not shutil.which(name)]
    if missing:
        sys.exit("not installed: %s. apt-get install nginx-light libnginx-mod-http-lua lua-cjson wrk openssl" % ", ".join(missing))
    cpus = set(range(1, os.cpu_count())) if options.pin and os.cpu_count() > 1 else None
    about = machine(options.convoke)
    with tempfile.TemporaryDirectory(prefix="convoke-bench-") as folder:
        server = Nginx(os.path.join(folder, "nginx"), 0 if cpus else None)
        try:
            say("%d connections, %s rows, %d rounds:" % (options.connections, format(options.rows, ","), options.rounds))
            samples, version = compare(options, server, cpus, os.path.join(folder, "compare"))
            if version:
                about["graph client"] = version
            big = None
            if options.million:
                say("A file of %s rows:" % format(options.million, ","))
                big = big_files(options, server, cpus, os.path.join(folder, "big"))
            small = None
            if options.small:
                say("%s rows of %d organizers and of very many:" % (format(options.small, ","), small_organizers.FEW))
                small = small_organizers.compare(options.convoke, server, options.connections, cpus, os.path.join(folder, "small"), options.small,
                                                 options.rounds)
            limits = None
            if options.limited:
                say("%s rows against an undocumented limit of %d calls/s:" % (format(options.limited, ","), limited.RATE))
                limits = [one for one, _ in limited.compare(options.convoke, options.build_folder, os.path.join(folder, "limits"), options.limited)]
        except Failed as reason:
            sys.exit("bench: %s" % reason)
        finally:
            server.stop()
    ratios = figures(samples, options.rows)
    report(about, ratios, big)
    if small:
        small_organizers.report(small)
    if limits:
        limited.report(limits)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"machine": about, "ratios": ratios, "big": big, "small_organizers": small, "limited": limits, "samples": samples}, out, indent=1)


if __name__ == "__main__":
    main()
