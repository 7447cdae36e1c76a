"""How fast the simulator answers over plain HTTP, and how much memory its meetings take: `python3 bench/simulator/run.py [build/release/convoke]`.

Needs wrk. The simulator and wrk have a core each where the machine has two. Prints calls per second for createOrGet of keys that exist and
of new keys, and the resident memory before and after them.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

TENANT = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001"
APP = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002"
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "create.lua")
MEETINGS = 1_000_000


def resident(process):
    with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


def run(root, token, keys, seconds, first=0):
    command = ["wrk", "-t1", "-c16", "-d%ds" % seconds, "-s", SCRIPT, root]
    if os.cpu_count() > 1:
        command = ["taskset", "-c", "1", *command]
    environment = dict(os.environ, BENCH_TOKEN=token, BENCH_KEYS=str(keys), BENCH_FIRST=str(first))
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def stats(root):
    with urllib.request.urlopen(root + "/_sim/stats") as answer:
        return json.loads(answer.read())


def main():
    executable = sys.argv[1] if len(sys.argv) > 1 else "build/release/convoke"
    with tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write("hush")
        os.chmod(secret, 0o600)
        command = [executable, "simulate", "--plain", "--secret-file", secret, "--small-answers"]
        if os.cpu_count() > 1:
            command = ["taskset", "-c", "0", *command]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            root = process.stdout.readline().split()[-1].replace("localhost", "127.0.0.1")
            form = {"grant_type": "client_credentials", "client_id": APP, "client_secret": "hush", "scope": root + "/.default"}
            with urllib.request.urlopen("%s/%s/oauth2/v2.0/token" % (root, TENANT), urllib.parse.urlencode(form).encode()) as answer:
                token = json.loads(answer.read())["access_token"]
            run(root, token, 1000, 1)
            print("keys that exist: %.0f calls/s" % run(root, token, 1000, 10))
            before = resident(process)
            made = stats(root)["meetings"]
            while made < MEETINGS:
                # A new wrk begins where the one before ended.
                rate = run(root, token, MEETINGS, 10, made)
                made = stats(root)["meetings"]
                print("new keys:        %.0f calls/s, %d meetings" % (rate, made))
            print("memory:          %.0f MiB with few meetings, %.0f MiB with %d" % (before, resident(process), stats(root)["meetings"]))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
