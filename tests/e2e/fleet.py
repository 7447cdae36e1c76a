"""The base of the tests with several workers: a PostgreSQL cluster, workers as child processes, and what the server's journal says."""
import collections
import itertools
import json
import os
import random
import signal
import sys
import time
import unittest

from configuration import write_config
from generate import write_rows
from harness import EXECUTABLE, HERE, Case, simulator, wait_for

sys.path.insert(0, os.path.join(HERE, "..", "tools"))

from postgres_cluster import Cluster, binary  # noqa: E402
from tcp_proxy import Proxy  # noqa: E402

LEASE = 60          # seconds
TAKEN_BACK = 75     # seconds until the rows of a dead worker are done: the lease, one attempt timeout, and the time to find them
SERVICE = "127.0.0.2"


def seed():
    """CONVOKE_E2E_SEED, or a random one. It is printed, so that a failed run can be repeated."""
    value = int(os.environ.get("CONVOKE_E2E_SEED") or random.SystemRandom().randrange(1, 1 << 31))
    print("  seed %d" % value, flush=True)
    return value


class Worker:
    """A `convoke work`, or another command beside it. What it prints goes to files."""

    def __init__(self, case, number, words, expect=(0,)):
        self.case, self.number, self.expect = case, number, expect
        self.out_path, self.err_path = case.path("worker-%d.out" % number), case.path("worker-%d.err" % number)
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = case.start(words, stdout=out, stderr=err)
        self.started = time.monotonic()
        self.killed = False

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.killed = True
        self.process.kill()
        self.process.wait(timeout=60)

    def wait(self, timeout, expect=None):
        """Its exit code, which has to be one of those that are expected."""
        try:
            code = self.process.wait(timeout=timeout)
        except Exception as reason:
            raise AssertionError("worker %d still runs after %.0f s\n%s" % (self.number, timeout, self.text())) from reason
        if not self.killed:
            self.case.assertIn(code, expect or self.expect, "worker %d\n%s" % (self.number, self.text()))
        return code

    def text(self):
        out = []
        for path in (self.out_path, self.err_path):
            with open(path, encoding="utf-8", errors="replace") as file:
                out.append(file.read()[-3000:])
        return "\n---\n".join(out)

    def summary(self):
        with open(self.out_path, encoding="utf-8") as file:
            return json.load(file)


@unittest.skipUnless(binary("initdb"), "PostgreSQL is not installed")
class FleetCase(Case):
    """A cluster for the tests of a class, and a database for each. `proxied`: the service is reached through a proxy at 127.0.0.2."""

    server_flags = ("--calls", "400000", "--latency", "5ms")
    proxied = False
    # Small pages, so that even a short run is shared; a short timeout, because claimed rows of a dead worker wait for one.
    work_flags = ("--rate", "400", "--fixed-rate", "--connections", "8", "--organizer-concurrency", "16", "--attempt-timeout", "3s",
                  "--progress", "plain")
    cluster_settings = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(settings=cls.cluster_settings)
        cls.service = None
        try:
            cls.cluster.start()
            super().setUpClass()
        except BaseException:
            cls.cluster.close()
            raise

    @classmethod
    def start_server(cls, folder):
        if not cls.proxied:
            return super().start_server(folder)
        # The Graph root is part of a meeting's identity, and the simulator knows its own port only: so the proxy has the same port.
        server = simulator(folder, *cls.server_flags, "--certificate-host", SERVICE)
        try:
            port = int(server.root.rsplit(":", 1)[1])
            cls.service = Proxy(port, listen=(SERVICE, port))
            server.config = os.path.join(folder, "proxied.toml")
            write_config(server.config, "https://%s:%d" % (SERVICE, port), server.setting("ca_file"), server.setting("tenant"),
                         server.setting("client_id"), server.secret)
        except BaseException:
            server.stop()
            raise
        return server

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if cls.service:
            cls.service.close()
        cls.cluster.close()

    def setUp(self):
        super().setUp()
        self.database = self._testMethodName
        self.ledger = self.cluster.create_database(self.database)
        self.workers = []
        self.requests_before = self.server.stats()["requests"]

    def tearDown(self):
        for one in self.workers:
            if one.running:
                one.process.kill()
                one.process.wait()
            self.assertNotIn(self.cluster.password, one.text())
        super().tearDown()

    def ledger_url(self, ledger):
        return ledger

    # --- commands

    def plan(self, name, rows, first=0, organizers=20, prefix=None, ledger=None, batch="a"):
        """Plans and opens a run of so many rows. Returns its keys."""
        path = self.path(name + ".csv")
        keys = write_rows(path, rows, organizers=organizers, prefix=prefix or self.prefix, first=first, batch=batch)
        self.convoke("plan", path, "--open", ledger=ledger)
        return keys

    @property
    def prefix(self):
        """Of the external ids of this test; the server is shared."""
        return self._testMethodName.replace("test_", "").replace("_", "")[:20]

    def work(self, *words, ledger=None, expect=(0,), command="work", flags=None):
        flags = self.work_flags if flags is None else flags
        worker = Worker(self, len(self.workers), self.words(command, *words, *flags, ledger=ledger), expect)
        self.workers.append(worker)
        return worker

    def wait_all(self, timeout=120, expect=None):
        end = time.monotonic() + timeout
        return [one.wait(max(1.0, end - time.monotonic()), expect) for one in self.workers]

    # --- the ledger, past convoke

    def value(self, statement):
        return self.cluster.value(statement, self.database)

    def count(self, what):
        return int(self.value("SELECT count(*) FROM convoke." + what))

    def done(self):
        return self.count("outcome")

    def wait_done(self, rows, seconds=60):
        wait_for(lambda: self.done() >= rows, "%d outcomes" % rows, seconds)

    def outcomes(self, database=None):
        """Every outcome, to compare later: none may change."""
        return {row[0]: row for row in self.cluster.sql("SELECT id, outcome, finished_at, token FROM convoke.outcome", database or self.database)}

    # --- the server's record

    def requests(self):
        """Calls to the service since the test began."""
        return self.server.stats()["requests"] - self.requests_before

    def journal(self):
        """The calls of this test, oldest first. A call that was not read to its end has no external id: it is this test's if one of its
        own came before."""
        calls = [json.loads(line) for line in self.server.get("calls").splitlines() if line]
        own = itertools.dropwhile(lambda one: not one["external_id"].startswith(self.prefix + "-"), calls)
        return [one for one in own if one["external_id"].startswith(self.prefix + "-") or one["external_id"] == ""]

    def own_meetings(self):
        return {key: one for key, one in self.server.by_key().items() if key[1].startswith(self.prefix + "-")}

    def carried_out(self):
        """For each key of this test, how often the service answered 200 or 201, or carried a call out without an answer."""
        return collections.Counter((one["organizer"], one["external_id"]) for one in self.journal() if one["status"] in (0, 200, 201))

    def assert_all_done(self, keys, rows=None, ledger=None):
        """I1-I5 over the open runs of this test: the server's meetings are the keys, each made once; each row has one outcome, a satisfied
        one that names the meeting the server has; nothing is owed."""
        distinct = set(keys)
        meetings = self.own_meetings()
        self.assertEqual(set(meetings) - distinct, set(), "meetings that no row asked for")
        self.assert_created_once(distinct, meetings)
        self.assertEqual(self.server.stats()["duplicates"], 0)
        if rows is not None:
            self.assert_results(rows, meetings, ledger)

    def assert_results(self, rows, meetings, ledger=None):
        """The results of the last run."""
        out = self.convoke("export", "--format", "csv", ledger=ledger).out
        results = self.parse_csv(out)
        self.assert_one_outcome_a_row(results, rows)
        self.assertEqual({row["outcome"] for row in results} - {"created", "existing", "unchanged"}, set())
        wrong = [row["external_id"] for row in results
                 if row["meeting_id"] != meetings[(row["organizer"], row["external_id"])]["id"]]
        self.assertEqual(wrong[:3], [], "%d rows with the meeting of another key" % len(wrong))

    def assert_unchanged_since(self, before):
        """No outcome that was there has changed or gone (I5, I15)."""
        now = self.outcomes()
        changed = [(old, now.get(key)) for key, old in before.items() if now.get(key) != old]
        self.assertEqual(changed[:3], [], "%d outcomes changed" % len(changed))

    def assert_no_key_twice_at_once(self):
        """I17, by the server's record. Only for tests in which no lease expires."""
        self.assertLessEqual(self.server.stats()["max_in_flight_per_key"], 1)

    @staticmethod
    def stop_process(worker):
        worker.signal(signal.SIGSTOP)

    @staticmethod
    def continue_process(worker):
        worker.signal(signal.SIGCONT)
