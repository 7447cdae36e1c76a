"""Secrets of every kind stay in memory: no output, log, file, core file or environment of a child process shows one."""
import base64
import contextlib
import http.server
import json
import os
import resource
import signal
import sqlite3
import ssl
import subprocess
import threading
import urllib.parse
import urllib.request

from credentials import write_private
from generate import write_rows
from harness import EXECUTABLE, FAST, main, wait_for
from test_credentials import HEADER, Credentials
from test_proxies import PASSWORD, USER, Proxy


def forms(value):
    """The bytes that show this secret: as it is, or as programs write it elsewhere. In base64 at each of the three alignments."""
    raw = value.encode()
    yield raw
    yield urllib.parse.quote_plus(value).encode()
    yield json.dumps(value)[1:-1].encode()
    yield raw.hex().encode()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw + b"\0" * 2)
        # The first and the last characters depend on what is beside the secret.
        yield text[4:(len(raw) + shift) // 3 * 4]


def shown(canaries, content):
    """The names of the secrets that these bytes show."""
    return sorted(name for name, value in canaries.items() if any(form in content for form in forms(value)))


def files_of(folder):
    """[(path, bytes)], and of a ledger also each of its rows, whose cells may lie on several pages."""
    ledgers = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                content = file.read()
            yield path, content
            if content.startswith(b"SQLite format 3"):
                ledgers.append(path)
    # Only now: to open a ledger writes its log into it and removes the log.
    for path in ledgers:
        with contextlib.closing(sqlite3.connect(path)) as ledger:
            for (table,) in ledger.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                for row in ledger.execute('SELECT * FROM "%s"' % table):
                    yield path + ", " + table, b" ".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)


def leaks(canaries, folder, *texts):
    found = [(name, path) for path, content in files_of(folder) for name in shown(canaries, content)]
    return found + [(name, "output") for text in texts for name in shown(canaries, text.encode())]


class Quoting(http.server.ThreadingHTTPServer):
    """An endpoint of a managed identity that quotes the header it got in answers of this status."""

    def __init__(self, status):
        super().__init__(("127.0.0.1", 0), Quote)
        self.status, self.requests = status, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return "http://127.0.0.1:%d/msi/token" % self.server_address[1]


class Quote(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests += 1
        header = self.headers["X-IDENTITY-HEADER"]
        said = json.dumps({"error": "invalid " + header, "error_description": "X-IDENTITY-HEADER: " + header, "message": header,
                           "access_token": "t", "expires_in": 60, "token_type": header}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


class Secrets(Credentials):
    @classmethod
    def start_server(cls, folder):
        cls.proxy = Proxy(folder + "-proxy", "BasicAuth %s %s" % (USER, PASSWORD))
        return super().start_server(folder)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.stop()
        super().tearDownClass()

    def ready_token(self):
        """As an operator gets one for CONVOKE_TOKEN."""
        form = {"client_id": self.server.setting("client_id"), "client_secret": self.server.secret, "grant_type": "client_credentials",
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.setting("authority_url").rstrip("/"), self.server.setting("tenant"))
        context = ssl.create_default_context(cafile=self.server.setting("ca_file"))
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=context, timeout=30) as answer:
            return json.load(answer)["access_token"]

    def canaries(self):
        key = self.content(self.app.key).decode().splitlines()
        return {
            "client secret": self.server.secret, "identity header": HEADER, "passphrase": self.app.passphrase,
            "proxy password": PASSWORD, "proxy login": base64.b64encode((USER + ":" + PASSWORD).encode()).decode(),
            "private key": key[len(key) // 2], "federated token": self.federated.rsplit(".", 1)[1], "ready token": self.token,
        }

    def test_no_output_and_no_file_shows_a_secret(self):
        self.token, kinds = self.ready_token(), self.kinds()
        self.federated = self.content(self.path("federated-token")).decode()
        kinds["ready token"] = ([], {"CONVOKE_TOKEN": self.token})
        through = write_private(os.path.join(self.class_folder, "login"), "%s:%s\n" % (USER, PASSWORD))
        kinds["through a proxy"] = (["--proxy", self.proxy.url(), "--proxy-credentials-file", through], {"NO_PROXY": ""})
        os.remove(self.path("federated-token"))
        elsewhere = write_private(os.path.join(self.class_folder, "federated-token"), self.federated)
        kinds["workload identity"] = ([], {"AZURE_FEDERATED_TOKEN_FILE": elsewhere})
        canaries = self.canaries()
        for number, (kind, (flags, environment)) in enumerate(kinds.items()):
            with self.subTest(kind):
                path = self.path("rows-%d.csv" % number)
                write_rows(path, 5, prefix="s%d" % number)
                self.ledger = self.path("ledger-%d.db" % number)
                files = ["--results", self.path("results-%d.csv" % number), "--failed", self.path("failed-%d.csv" % number)]
                shown_config = self.convoke("apply", path, "--show-config", *flags, environment=environment)
                done = self.convoke("apply", path, "-v", *FAST, *files, *flags, environment=environment)
                status = self.convoke("status", "-o", "json")
                self.assertEqual(leaks(canaries, self.folder, shown_config.out, shown_config.err, done.out, done.err, status.out), [])

    def test_refused_secrets_are_not_shown_either(self):
        wrong = "wrong-canary+of/the secret=&%"
        canaries = {"wrong secret": wrong, "wrong token": "eyJ3cm9uZyI6MX0.eyJjYW5hcnkiOjF9.d3JvbmctY2FuYXJ5", "passphrase": "wrong-canary-passphrase"}
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="w")
        federated = write_private(os.path.join(self.class_folder, "wrong-token"), canaries["wrong token"])
        for code, flags, environment in (
                (4, [], {"AZURE_CLIENT_SECRET": wrong}),
                (4, [], {"AZURE_FEDERATED_TOKEN_FILE": federated}),
                (4, ["--client-certificate-file", self.app.pfx], {"AZURE_CLIENT_CERTIFICATE_PASSWORD": canaries["passphrase"]}),
                (4, [], {"CONVOKE_TOKEN": canaries["wrong token"]}),
                (2, ["--proxy", "http://user:%s@127.0.0.1:no" % urllib.parse.quote_plus(wrong)], {})):
            done = self.convoke("apply", path, "-v", *flags, expect=None, environment=environment)
            self.assertIn(done.code, (code, 2), done)
            self.assertNotEqual(done.code, 0)
            self.assertEqual(leaks(canaries, self.folder, done.out, done.err), [], (flags, list(environment)))

    def test_an_identity_header_that_the_endpoint_quotes_is_not_shown(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="q")
        for status in (200, 400, 500):
            with self.subTest(status):
                endpoint = Quoting(status)
                self.addCleanup(endpoint.server_close)
                self.addCleanup(endpoint.shutdown)
                done = self.convoke("apply", path, "-v", "--credential", "managed-identity", "--max-outage", "2s", expect=None,
                                    environment={"IDENTITY_ENDPOINT": endpoint.url(), "IDENTITY_HEADER": HEADER})
                self.assertIn(done.code, (4, 5), done)
                self.assertGreater(endpoint.requests, 0)
                self.assertIn("***", done.out + done.err)
                self.assertEqual(leaks({"identity header": HEADER}, self.folder, done.out, done.err), [])

    def test_a_planted_leak_is_found(self):
        canaries = {"planted": "planted-canary+of/the secret=&%1234567890"}
        for number, form in enumerate(forms(canaries["planted"])):
            with self.subTest(form):
                self.assertEqual(leaks(canaries, self.folder, "log: " + form.decode() + "."), [("planted", "output")])
                place = self.write("planted-%d" % number, b"\0\1" + form + b"\2")
                self.assertEqual(leaks(canaries, self.folder), [("planted", place)])
                os.remove(place)
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="p")
        self.apply(path)
        self.assertEqual(leaks(canaries, self.folder), [])
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger, ledger:
            ledger.execute("CREATE TABLE note (text TEXT)")
            ledger.execute("INSERT INTO note VALUES (?)", ("x" * 9000 + canaries["planted"] + "x" * 9000,))
        self.assertIn(("planted", self.ledger + ", note"), leaks(canaries, self.folder))

    def test_a_crash_leaves_no_core_file(self):
        def cores_allowed():
            _, most = resource.getrlimit(resource.RLIMIT_CORE)
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))
        path = self.path("rows.csv")
        write_rows(path, 2000, prefix="c")
        process = self.start_slow(path, preexec_fn=cores_allowed)
        with open("/proc/%d/limits" % process.pid, encoding="ascii") as limits:
            self.assertRegex(limits.read(), r"Max core file size +0 +0 ")
        process.send_signal(signal.SIGQUIT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGQUIT
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status))

    def test_children_get_no_secret_in_their_environment_or_arguments(self):
        secrets = {name: "canary-of-" + name for name in (
            "AZURE_CLIENT_SECRET", "CONVOKE_TOKEN", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "IDENTITY_HEADER", "PGPASSWORD")}
        secrets["HTTPS_PROXY"] = "http://user:canary-of-HTTPS_PROXY@127.0.0.1:1"
        secrets["https_proxy"] = "http://user:canary-of-https_proxy@127.0.0.1:1"
        demo = self.start([EXECUTABLE, "demo"], environment=secrets, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = {}
        wait_for(lambda: self.look_at_children(demo, seen), "the end of the tour", seconds=180)
        self.assertEqual(demo.returncode, 0)
        self.assertGreaterEqual(len(seen), 2, "the tour starts two runs")
        for text in seen.values():
            self.assertNotIn(b"canary-of-", text)
            self.assertIn(b"apply", text)

    def look_at_children(self, parent, seen):
        """Keeps the environment and the arguments of the children of this process. Returns whether it has ended."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % name, encoding="utf-8") as stat:
                    if int(stat.read().rsplit(")", 1)[1].split()[1]) != parent.pid:
                        continue
                with open("/proc/%s/environ" % name, "rb") as environ, open("/proc/%s/cmdline" % name, "rb") as arguments:
                    text = environ.read() + arguments.read()
                if b"apply" in text:
                    seen[name] = text
            except (OSError, ValueError):
                continue
        return parent.poll() is not None


if __name__ == "__main__":
    main()
