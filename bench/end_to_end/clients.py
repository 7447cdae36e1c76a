"""The clients of the comparison: convoke, wrk, and Microsoft's Graph client for JavaScript. Each `run` returns a dictionary with
`calls`, `seconds` and `cpu_s`."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from servers import HERE
from generate import organizer_ids, request, write_rows
from harness import clean_environment


class Failed(Exception):
    """A client could not run; the message has the reason."""


def run_measured(command, cpus=None, env=None, stdout=subprocess.PIPE):
    """Runs a command. Returns (exit code, stdout, stderr, wall seconds, CPU seconds, peak resident KiB)."""
    def bind():
        if cpus:
            os.sched_setaffinity(0, cpus)

    start = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=stdout, stderr=errors, stdin=subprocess.DEVNULL, env=env, preexec_fn=bind)
        output = process.stdout.read().decode("utf-8") if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read()
    return process.returncode, output, text, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


class Wrk:
    """One thread repeats one fixed request, of the shape of convoke's requests, as fast as possible."""

    name = "wrk"

    def __init__(self, server, connections, cpus):
        organizer, body = request(12, organizer_ids(1000), "m")
        self.environment = dict(os.environ, BENCH_TOKEN=server.token, BENCH_BODY=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
                                BENCH_PATH="/v1.0/users/%s/onlineMeetings/createOrGet" % organizer, SSL_CERT_FILE=server.ca)
        self.server, self.connections, self.cpus = server, connections, cpus

    def run(self, seconds):
        command = ["wrk", "-t1", "-c%d" % self.connections, "-d%ds" % seconds, "--timeout", "20s", "-s", os.path.join(HERE, "post.lua"),
                   self.server.root]
        code, output, errors, _, cpu, _ = run_measured(command, self.cpus, self.environment)
        figures = re.search(r"calls=(\d+) seconds=([\d.]+) errors=(\d+)", output)
        if code != 0 or not figures or figures.group(3) != "0":
            raise Failed("wrk: exit %d: %s%s" % (code, output, errors))
        return {"calls": int(figures.group(1)), "seconds": float(figures.group(2)), "cpu_s": cpu}


class GraphClient:
    """Microsoft's client for JavaScript, installed by npm into `folder`."""

    name = "Graph client for JavaScript"

    def __init__(self, server, connections, cpus, folder):
        self.server, self.connections, self.cpus, self.folder = server, connections, cpus, folder
        if not shutil.which("npm") or not shutil.which("node"):
            raise Failed("npm or node is not installed")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(HERE, "package.json"), folder)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed("npm install: " + done.stderr.strip()[-300:])
        with open(os.path.join(folder, "node_modules/@microsoft/microsoft-graph-client/package.json"), encoding="utf-8") as package:
            self.version = json.load(package)["version"]

    def run(self, rows, organizers=1000):
        """One createOrGet call a row. Raises Failed if a row fails."""
        figures = self.run_limited(rows, organizers)
        if figures["failed"]:
            raise Failed("the Graph client failed %d rows: %s" % (figures["failed"], figures["firstFailure"]))
        return figures

    def run_limited(self, rows, organizers):
        """The same, but rows may fail; `failed` counts them. Has `wall_s` and `rss_kib` of the process too."""
        path = os.path.join(self.folder, "rows.jsonl")
        ids = organizer_ids(organizers)
        with open(path, "w", encoding="utf-8") as out:
            for number in range(rows):
                organizer, body = request(number, ids, "m")
                out.write(json.dumps({"organizer": organizer, "body": body}) + "\n")
        environment = dict(os.environ, BENCH_ROOT=self.server.root, BENCH_TOKEN=self.server.token, BENCH_MODULES=self.folder,
                           BENCH_CONCURRENCY=str(self.connections), NODE_EXTRA_CA_CERTS=self.server.ca)
        code, output, errors, wall, _, rss = run_measured(["node", os.path.join(HERE, "graph_client.mjs"), path], self.cpus, environment)
        if code != 0:
            raise Failed("the Graph client: exit %d: %s" % (code, errors[-500:]))
        figures = json.loads(output)
        if figures["errors"]:
            raise Failed("the Graph client received %d wrong answers" % figures["errors"])
        return dict(figures, wall_s=wall, rss_kib=rss)


class Convoke:
    """The whole program: plan, ledger, calls, results."""

    name = "convoke"

    def __init__(self, executable, server, connections, cpus, folder, more_environment=None):
        self.executable, self.server, self.connections, self.cpus, self.folder = executable, server, connections, cpus, folder
        self.more_environment = more_environment or {}
        self.config = os.path.join(folder, "convoke.toml")
        os.makedirs(folder, exist_ok=True)
        server.write_config(self.config)

    def command(self, *words, expect=0, discard_stdout=False):
        environment = clean_environment(self.folder) | self.more_environment
        if discard_stdout:
            with open(os.devnull, "wb") as null:
                done = run_measured([self.executable, *words], self.cpus, environment, null)
        else:
            done = run_measured([self.executable, *words], self.cpus, environment)
        if done[0] != expect:
            raise Failed("%s: exit %d: %s" % (" ".join(words), done[0], done[2][-800:]))
        return done

    def ledger(self, name):
        """The URL of a new ledger; an old one of this name is deleted."""
        path = os.path.join(self.folder, name + ".db")
        for left in os.listdir(self.folder):
            if left.startswith(name + ".db"):
                os.unlink(os.path.join(self.folder, left))
        return "sqlite:" + path

    def rows(self, name, count, organizers=1000, **more):
        path = os.path.join(self.folder, name + ".csv")
        write_rows(path, count, organizers=organizers, **more)
        return path

    def apply(self, path, ledger, *words):
        """Applies at full speed. Returns the summary object, with `wall_s`, `cpu_s` and `rss_kib` of the process."""
        return self.apply_as_is(path, ledger, "--rate", "1000000", "--fixed-rate", "--connections", str(self.connections),
                                "--organizer-concurrency", "64", *words)

    def apply_as_is(self, path, ledger, *words):
        """The same with the defaults of pace and connections."""
        _, output, _, wall, cpu, rss = self.command(
            "apply", path, "--config", self.config, "--ledger", ledger, "-o", "json", "--progress", "none", *words)
        return dict(json.loads(output), wall_s=wall, cpu_s=cpu, rss_kib=rss)

    def plan(self, path, ledger):
        _, _, _, wall, cpu, rss = self.command("plan", path, "--config", self.config, "--ledger", ledger, "--progress", "none")
        return {"wall_s": wall, "cpu_s": cpu, "rss_kib": rss}
