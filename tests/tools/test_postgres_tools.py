"""The tools of the PostgreSQL tests themselves: the cluster, PgBouncer and the proxy."""
import os
import select
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from pgbouncer import PgBouncer, executable
from postgres_cluster import Cluster, binary
from tcp_proxy import Proxy


def psql(url, *statements):
    """Exit code, standard output and errors of psql, which sends each statement by itself. It does not wait for an answer for ever."""
    words = [binary("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url + "?connect_timeout=3"]
    for one in statements:
        words += ["-c", one]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3, check=False)
        return done.returncode, done.stdout.strip(), done.stderr
    except subprocess.TimeoutExpired:
        return None, "", ""


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster().start()
        cls.cluster.create_database("tools")
        cls.cluster.sql("CREATE TABLE kept(n int)", "tools")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.close()

    def setUp(self):
        self.cluster.sql("TRUNCATE kept", "tools")

    def kept(self, cluster=None):
        return [int(row[0]) for row in (cluster or self.cluster).sql("SELECT n FROM kept ORDER BY n", "tools")]

    def test_commits_survive_a_kill_of_the_postmaster(self):
        self.cluster.sql("INSERT INTO kept VALUES (1)", "tools")
        self.cluster.kill()
        self.cluster.start()
        self.assertEqual(self.kept(), [1])

    def test_backup_and_standby(self):
        self.cluster.sql("INSERT INTO kept VALUES (1)", "tools")
        backup, standby = self.cluster.base_backup(), self.cluster.base_backup(standby=True)
        try:
            backup.start()
            standby.start()
            self.cluster.sql("INSERT INTO kept VALUES (2)", "tools")
            self.assertEqual(self.kept(backup), [1])
            end = time.monotonic() + 20
            while self.kept(standby) != [1, 2] and time.monotonic() < end:
                time.sleep(0.05)
            standby.promote()
            standby.sql("INSERT INTO kept VALUES (3)", "tools")
            self.assertEqual(self.kept(standby), [1, 2, 3])
            self.assertEqual(self.kept(), [1, 2])
        finally:
            backup.close()
            standby.close()

    @unittest.skipUnless(executable(), "PgBouncer is not installed")
    def test_pgbouncer(self):
        pooler = PgBouncer(self.cluster)
        try:
            self.assertEqual(psql(pooler.url("tools"), "SELECT 7")[1], "7")
        finally:
            pooler.close()

    def test_proxy_passes_refuses_and_holds(self):
        proxy = Proxy(self.cluster.port)
        try:
            url = self.cluster.url("tools", port=proxy.port)
            self.assertEqual(psql(url, "SELECT repeat('x', 300000) || 'y'")[1][-1], "y")
            proxy.refuse()
            self.assertEqual(psql(url, "SELECT 1")[0], 2)
            proxy.heal()
            self.assertEqual(psql(url, "SELECT 1")[0], 0)
            for hold in (proxy.hold, lambda: proxy.hold("down"), lambda: proxy.drop("down")):
                hold()
                self.assertNotEqual(psql(url, "SELECT 1")[0], 0)
                proxy.heal()
                self.assertEqual(psql(url, "SELECT 1")[0], 0)
        finally:
            proxy.close()

    def test_proxy_isolates_one_process(self):
        proxy = Proxy(self.cluster.port)
        try:
            url = self.cluster.url("tools", port=proxy.port)
            words = [binary("psql"), "-X", "-q", "-A", "-t", "-d", url]
            clients = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
            for one in clients:
                one.stdin.write("SELECT 1;\n")
                one.stdin.flush()
                self.assertEqual(one.stdout.readline(), "1\n")
            proxy.isolate(clients[0].pid)
            for one in clients:
                one.stdin.write("SELECT 2;\n")
                one.stdin.flush()
            self.assertEqual(clients[1].stdout.readline(), "2\n")
            self.assertEqual(select.select([clients[0].stdout], [], [], 0.5)[0], [])
            proxy.heal()
            self.assertEqual(clients[0].stdout.readline(), "2\n")
            for one in clients:
                one.communicate("\\q\n")
        finally:
            proxy.close()

    def test_proxy_cuts_around_a_commit(self):
        proxy = Proxy(self.cluster.port)
        try:
            url = self.cluster.url("tools", port=proxy.port)
            for what, kept in (("request", []), ("answer", [5])):
                proxy.lose_commits(what, count=1)
                code, _, errors = psql(url, "BEGIN", "INSERT INTO kept VALUES (5)", "COMMIT")
                self.assertEqual(code, 2, errors)
                self.assertEqual(self.kept(), kept, what)
                self.assertEqual(psql(url, "BEGIN", "COMMIT")[0], 0)
            self.assertEqual(proxy.cut_commits, 2)
        finally:
            proxy.close()


class CommandLine(unittest.TestCase):
    def test_start_and_stop(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "postgres.url")
            tool = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "postgres_cluster.py")]
            for _ in range(2):  # the second one stops the first
                subprocess.run([*tool, "start", path], check=True)
                with open(path, encoding="utf-8") as file:
                    url = file.read().strip()
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
                self.assertEqual(psql(url, "SELECT 1")[1], "1")
            subprocess.run([*tool, "stop", path], check=True)
            self.assertEqual(os.listdir(folder), [])
            self.assertEqual(psql(url, "SELECT 1")[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
