"""nginx in the place of Graph: a private instance in a folder of its own."""
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "e2e"))

from certificates import make_certificates  # noqa: E402
from configuration import write_config  # noqa: E402

MODULES = "/usr/lib/nginx/modules"
TENANT = "6f8b1a52-3c7d-4e19-a0f4-5b2d9c8e7f01"
CLIENT_ID = "b41c7f2e-95d3-4a86-8e10-7d6c5f4e3b02"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """`folder` gets its configuration, certificates and logs. `cpu`: the processor of its only worker, or None for any."""

    words = {"@LOG@": "off", "@ZONE@": "", "@LIMIT@": ""}

    def __init__(self, folder, cpu=None):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.ca, _, _ = make_certificates(folder)
        self.port = free_port()
        self.root = "https://localhost:%d" % self.port
        words = {**self.words, "@PORT@": str(self.port), "@HERE@": HERE, "@MODULES@": MODULES,
                 "@AFFINITY@": "" if cpu is None else "worker_cpu_affinity %s;" % format(1 << cpu, "b")}
        with open(os.path.join(HERE, "nginx.conf.in"), encoding="utf-8") as source:
            text = source.read()
        for word, value in words.items():
            text = text.replace(word, value)
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(text)
        self.process = subprocess.Popen(["nginx", "-p", folder + "/", "-c", config, "-e", os.path.join(folder, "error.log")])
        self.wait_until_ready()
        self.token = self.fetch_token()

    def wait_until_ready(self):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not start; see %s/error.log" % self.folder)

    def fetch_token(self):
        url = "%s/%s/oauth2/v2.0/token" % (self.root, TENANT)
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": "x",
                                       "scope": self.root + "/.default"}).encode()
        with urllib.request.urlopen(url, form, context=ssl.create_default_context(cafile=self.ca)) as answer:
            return json.load(answer)["access_token"]

    def worker_cpu_seconds(self):
        """The CPU time that the worker has used so far."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True)
        used = 0
        for pid in children.stdout.split():
            with open("/proc/%s/stat" % pid, encoding="ascii") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")

    def write_config(self, path):
        """A configuration with which convoke reaches this server. nginx does not check the secret."""
        write_config(path, self.root, self.ca, TENANT, CLIENT_ID, "unchecked")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class LimitedNginx(Nginx):
    """Accepts `rate` calls per second and a burst of 5, and answers all others with 429 and `Retry-After: 1`. Logs every call."""

    def __init__(self, folder, rate=50):
        self.rate = rate
        self.log = os.path.join(folder, "calls.log")
        self.words = {"@LOG@": "calls.log calls", "@ZONE@": "limit_req_zone $server_port zone=app:1m rate=%dr/s;" % rate,
                      "@LIMIT@": "limit_req zone=app burst=5 nodelay; limit_req_status 429; error_page 429 @throttled;"}
        super().__init__(folder)
