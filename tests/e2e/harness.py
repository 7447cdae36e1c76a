"""The base of all end-to-end tests: servers and convoke as child processes, and what the server counted.

Environment: CONVOKE_EXECUTABLE (required), CONVOKE_E2E_SCALE (`small` for sanitized builds, `ci`, `full`).
"""
import contextlib
import csv
import glob
import io
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
EXECUTABLE = os.environ.get("CONVOKE_EXECUTABLE", "")
DEFAULT_SCALE = os.environ.get("CONVOKE_E2E_DEFAULT_SCALE", "ci")
SCALE = os.environ.get("CONVOKE_E2E_SCALE") or DEFAULT_SCALE
SANITIZED = DEFAULT_SCALE == "small"

# As fast as possible and constant, so that no test waits for the pace or depends on it.
FAST = ["--rate", "100000", "--fixed-rate", "--connections", "16", "--organizer-concurrency", "16"]


def scaled(small, ci, full):
    """The size of a test at the scale of this run."""
    return {"small": small, "ci": ci, "full": full}[SCALE]


class Result:
    """How a command ended."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    @property
    def summary(self):
        """The object of `-o json`."""
        return json.loads(self.out)

    def __str__(self):
        return "exit %d\n--- stdout\n%s\n--- stderr\n%s" % (self.code, self.out[-2000:], self.err[-4000:])


def clean_environment(home):
    """The environment without any configuration of the caller, and with this home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONVOKE_", "AZURE_", "XDG_", "PG"))}
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "CREDENTIALS_DIRECTORY"):
        kept.pop(name, None)
    kept.update(HOME=home, XDG_STATE_HOME=os.path.join(home, "state"), XDG_CONFIG_HOME=os.path.join(home, "config"), NO_COLOR="1")
    return kept


def wait_for(condition, what, seconds=20):
    """Polls until the condition holds. Returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("not within %d s: %s" % (seconds, what))


class Server:
    """A child process that simulates Graph. `prefix`: the path of its statistics."""

    def __init__(self, folder, command, prefix, verify=True):
        os.makedirs(folder, exist_ok=True)
        self.prefix = prefix
        self.config = os.path.join(folder, "server.toml")
        self.log_path = os.path.join(folder, "server.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*command, "--write-config", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=clean_environment(folder), cwd=folder)
        try:
            wait_for(lambda: os.path.exists(self.config) or self.process.poll() is not None, "the configuration file of the server")
            if self.process.poll() is not None:
                raise AssertionError("the server ended at once:\n" + self.log())
            with open(self.config, "rb") as file:
                self.settings = tomllib.load(file)
            # Some tests are about the names in the certificate. This context only reads the statistics.
            self.context = ssl.create_default_context(cafile=self.setting("ca_file"))
            self.context.check_hostname = False
            if not verify:
                self.context.verify_mode = ssl.CERT_NONE
            wait_for(self.answers, "an answer of the server")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def setting(self, name):
        """A value of the configuration, or of its only lane."""
        if name in self.settings:
            return self.settings[name]
        return next(iter(self.settings["tenants"].values()))[name]

    @property
    def root(self):
        return self.setting("graph_url").rstrip("/")

    @property
    def secret(self):
        with open(self.setting("client_secret_file"), encoding="utf-8") as file:
            return file.read().strip()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def get(self, what):
        with urllib.request.urlopen(self.root + self.prefix + what, context=self.context, timeout=60) as answer:
            return answer.read().decode("utf-8")

    def post(self, what, value):
        """Sends an object to a control of the server. Returns its answer."""
        request = urllib.request.Request(self.root + self.prefix + what, json.dumps(value).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
            return json.loads(answer.read())

    def answers(self):
        try:
            return self.stats() is not None
        except OSError:
            return False

    def stats(self):
        return json.loads(self.get("stats"))

    def meetings(self):
        """[{tenant, organizer, external_id, id, creates, gets}]"""
        return [json.loads(line) for line in self.get("meetings").splitlines() if line]

    def by_key(self):
        return {(one["organizer"], one["external_id"]): one for one in self.meetings()}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def simulator(folder, *flags, verify=True):
    """`verify` false: the certificate of the server is wrong on purpose."""
    # The meetings of most tests have fixed dates: they must not expire as time goes by.
    return Server(folder, [EXECUTABLE, "simulate", "--meeting-lifetime", "3650d", *flags], "/_sim/", verify)


def foreign(folder, *flags):
    return Server(folder, [sys.executable, os.path.join(HERE, "foreign_server.py"), *flags], "/_test/")


class Case(unittest.TestCase):
    """A test with a folder of its own. `server_flags`: the flags of the simulator that the tests of a class share; None: no server."""

    server_flags = ()
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        if not os.access(EXECUTABLE, os.X_OK):
            raise AssertionError("CONVOKE_EXECUTABLE does not name an executable: %r" % EXECUTABLE)
        cls.class_folder = tempfile.mkdtemp(prefix="convoke-e2e-")
        cls.server = None
        try:
            if cls.server_flags is not None:
                cls.server = cls.start_server(os.path.join(cls.class_folder, "server"))
        except BaseException:
            shutil.rmtree(cls.class_folder, ignore_errors=True)
            raise

    @classmethod
    def start_server(cls, folder):
        return simulator(folder, *cls.server_flags)

    @classmethod
    def tearDownClass(cls):
        if cls.server:
            cls.server.stop()
        shutil.rmtree(cls.class_folder, ignore_errors=True)

    def setUp(self):
        self.folder = os.path.join(self.class_folder, self._testMethodName)
        os.makedirs(self.folder)
        self.ledger = self.path("ledger.db")

    def tearDown(self):
        """No file that convoke wrote may hold the secret or a token."""
        if not self.server:
            return
        secret = self.server.secret.encode()
        for path in glob.glob(self.folder + "/**", recursive=True):
            if os.path.isfile(path) and not path.endswith((".secret", ".toml")):
                with open(path, "rb") as file:
                    content = file.read()
                self.assertNotIn(secret, content, path)
                self.assertNotIn(b"Bearer ", content, path)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def write(self, name, content):
        path = self.path(name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def words(self, command, *words, ledger=None):
        """The command line, with this test's configuration and ledger."""
        line = [EXECUTABLE, command, *words, "--config", self.server.config]
        if command not in ("check", "version"):
            line += ["--ledger", self.ledger_url(ledger or self.ledger)]
        return line

    def ledger_url(self, ledger):
        return "sqlite:" + ledger

    def start(self, command, **more):
        """Starts a command line. The process is killed at the end of the test if it still runs."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        environment = dict(clean_environment(self.folder), **more.pop("environment", {}))
        process = subprocess.Popen(command, stdin=more.pop("stdin", subprocess.DEVNULL), env=environment, cwd=self.folder, **more)
        self.addCleanup(end, process)
        return process

    def start_slow(self, path, *words, **more):
        """Starts a run at 100 calls/s. Returns once its first calls have been answered."""
        before = self.server.stats()["requests"]
        process = self.start(self.words("apply", path, "--rate", "100", "--fixed-rate", *words), **more)
        wait_for(lambda: self.server.stats()["requests"] > before + 20, "the first calls")
        return process

    def peak_mib(self, command, expect, out, err):
        """Runs it with these files as its output. Returns its peak resident memory in MiB."""
        with open(out, "wb") as to, open(err, "wb") as log:
            process = self.start(command, stdout=to, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, expect, self.content(err).decode())
        return usage.ru_maxrss / 1024

    def run_words(self, command, expect=0, timeout=600, **more):
        """Runs a whole command line. Checks its exit code (`expect`; None: any), and that it does not print the secret."""
        begin = time.monotonic()
        process = self.start(command, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            end(process)
            raise
        done = Result(process.returncode, (out or b"").decode("utf-8"), (err or b"").decode("utf-8"), time.monotonic() - begin)
        if expect is not None:
            self.assertEqual(done.code, expect, "%s: %s" % (" ".join(command), done))
        if self.server:
            self.assertNotIn(self.server.secret, done.out + done.err)
            self.assertNotIn("Bearer ", done.out + done.err)
        return done

    def convoke(self, command, *words, expect=0, ledger=None, **more):
        return self.run_words(self.words(command, *words, ledger=ledger), expect, **more)

    def apply(self, path, *words, expect=0, **more):
        """`apply` at full speed, with its summary as an object."""
        return self.convoke("apply", path, "-o", "json", *FAST, *words, expect=expect, **more)

    def read_csv(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def parse_csv(self, text):
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def assert_created_once(self, keys, meetings=None):
        """The server created a meeting for each of these keys exactly once."""
        meetings = self.server.by_key() if meetings is None else meetings
        missing = [key for key in keys if key not in meetings]
        self.assertEqual(missing[:5], [], "%d keys without a meeting" % len(missing))
        more = [(key, meetings[key]["creates"]) for key in keys if meetings[key]["creates"] != 1]
        self.assertEqual(more[:5], [], "%d keys not created exactly once" % len(more))

    def assert_own_meetings(self, path, rows):
        """The results at `path` have one created or existing meeting per row: the one that the server stored for its key."""
        results = self.read_csv(path)
        self.assert_one_outcome_a_row(results, rows)
        self.assertEqual({row["outcome"] for row in results} - {"created", "existing"}, set())
        stored = self.server.by_key()
        wrong = []
        for row in results:
            meeting = stored[(row["organizer"], row["external_id"])]
            if (row["meeting_id"], row["join_web_url"]) != (meeting["id"], meeting["join_url"]):
                wrong.append((row["organizer"], row["external_id"], row["meeting_id"]))
        self.assertEqual(wrong[:3], [], "%d rows with the meeting of another key" % len(wrong))

    def assert_one_outcome_a_row(self, results, rows):
        """`results`: the rows of a results file. There are `rows` of them, each of another line and with an outcome."""
        self.assertEqual(len(results), rows)
        lines = [one["line"] for one in results]
        self.assertEqual(len(set(lines)), rows, "a line has two results")
        without = [one for one in results if one["outcome"] in ("", "deferred")]
        self.assertEqual(without[:3], [])


def kill(process):
    process.send_signal(signal.SIGKILL)
    return process.wait(timeout=60)


def end(process):
    """Kills the process if it still runs, and closes its pipes."""
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def main():
    unittest.main(verbosity=2)
