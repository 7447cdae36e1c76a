"""Connections to a PostgreSQL ledger as people deploy them: TLS with an own certificate authority, passwords from files and services, PgBouncer
in transaction mode, servers that are down or read-only. Whatever happens, no password is printed or stored."""
import os
import sys
import unittest
import urllib.parse

from certificates import make_certificates
from fleet import Cluster, binary
from generate import write_rows
from harness import FAST, HERE, Case, main

sys.path.insert(0, os.path.join(HERE, "..", "tools"))

from pgbouncer import PgBouncer, executable as pgbouncer  # noqa: E402
from postgres_cluster import account, free_port  # noqa: E402

CREDENTIALS, STORAGE = 4, 6  # exit codes
WRONG = "not-the-password-5d1f"


@unittest.skipUnless(binary("initdb"), "PostgreSQL is not installed")
class Connections(Case):
    """The server takes TLS only. Its certificate is for 127.0.0.1 only."""

    server_flags = ("--calls", "400000")

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        try:
            cls.ca, certificate, key = make_certificates(cls.cluster.folder, "IP:127.0.0.1")
            for path in (certificate, key, cls.ca):
                os.chmod(path, 0o644 if path == cls.ca else 0o600)
                if account():
                    os.chown(path, account().pw_uid, account().pw_gid)
            os.chmod(cls.cluster.folder, 0o755)
            cls.cluster.settings.update(ssl="on", ssl_cert_file=certificate, ssl_key_file=key)
            cls.cluster.create()
            hba = os.path.join(cls.cluster.data, "pg_hba.conf")
            with open(hba, "w", encoding="ascii") as out:
                out.write("hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl replication all 127.0.0.1/32 scram-sha-256\n")
            cls.cluster.start()
            cls.cluster.create_database("ledger")
            super().setUpClass()
        except BaseException:
            cls.cluster.close()
            raise

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.cluster.close()

    def ledger_url(self, ledger):
        return ledger

    def setUp(self):
        super().setUp()
        self.rows = self.path("rows.csv")
        write_rows(self.rows, 20, organizers=2, prefix=self._testMethodName.replace("test_", "").replace("_", "")[:20])

    # --- commands

    def url(self, password=True, host="127.0.0.1", database="ledger", port=None, **parameters):
        secret = ":" + (self.cluster.password if password is True else password) if password else ""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return "postgresql://convoke%s@%s:%d/%s%s" % (secret, host, port or self.cluster.port, database, query)

    def checked(self, done):
        """No password is in what was printed."""
        for secret in (self.cluster.password, WRONG):
            self.assertNotIn(secret, done.out + done.err)
        return done

    def works(self, url, environment=None):
        """A whole run, and a command that only reads."""
        done = self.checked(self.convoke("apply", self.rows, "-o", "json", *FAST, ledger=url, environment=environment or {}))
        self.assertEqual(sum(done.summary["outcomes"][word] for word in ("created", "existing", "unchanged")), 20, done)
        self.checked(self.convoke("status", ledger=url, environment=environment or {}))

    def refused(self, url, code, *parts, environment=None):
        """Both a command that writes and one that reads end with this exit code and name the reason."""
        for command in (("apply", self.rows), ("runs",)):
            done = self.checked(self.convoke(*command, ledger=url, environment=environment or {}, expect=code))
            for part in parts:
                self.assertIn(part, done.err)
        return done

    # --- TLS

    def test_full_verification_with_the_right_authority(self):
        self.works(self.url(sslmode="verify-full", sslrootcert=self.ca))

    def test_another_authority(self):
        folder = self.path("other")
        os.makedirs(folder)
        other = make_certificates(folder)[0]
        self.refused(self.url(sslmode="verify-full", sslrootcert=other), STORAGE, "certificate verify failed")

    def test_a_name_that_the_certificate_does_not_have(self):
        self.refused(self.url(sslmode="verify-full", sslrootcert=self.ca, host="localhost"), STORAGE, "does not match host name", "localhost")

    def test_an_authority_file_that_does_not_exist(self):
        self.refused(self.url(sslmode="verify-full", sslrootcert=self.path("none.pem")), STORAGE, "none.pem")

    def test_a_connection_without_tls_is_refused_by_the_server(self):
        self.refused(self.url(sslmode="disable"), CREDENTIALS, "no encryption")

    # --- passwords

    def pass_file(self, password, mode=0o600):
        path = self.write("pgpass", "127.0.0.1:%d:*:convoke:%s\n" % (self.cluster.port, password))
        os.chmod(path, mode)
        return {"PGPASSFILE": path}

    def service_file(self, password):
        path = self.write("services", "[fleet]\nhost=127.0.0.1\nport=%d\ndbname=ledger\nuser=convoke\npassword=%s\n"
                          % (self.cluster.port, password))
        return {"PGSERVICEFILE": path}

    def test_a_password_in_the_url(self):
        self.works(self.url())
        self.refused(self.url(password=WRONG), CREDENTIALS, "password authentication failed")

    def test_a_password_file(self):
        self.works(self.url(password=None), self.pass_file(self.cluster.password))
        self.refused(self.url(password=None), CREDENTIALS, "password authentication failed", environment=self.pass_file(WRONG))

    def test_a_service(self):
        self.works("postgresql:///?service=fleet", self.service_file(self.cluster.password))
        self.works("postgresql:///", dict(self.service_file(self.cluster.password), PGSERVICE="fleet"))
        self.refused("postgresql:///?service=fleet", CREDENTIALS, "password authentication failed", environment=self.service_file(WRONG))

    def test_a_password_in_the_environment(self):
        self.works(self.url(password=None), {"PGPASSWORD": self.cluster.password})
        self.refused(self.url(password=None), CREDENTIALS, "password authentication failed", environment={"PGPASSWORD": WRONG})

    def test_no_password(self):
        self.refused(self.url(password=None), CREDENTIALS, "PGPASSFILE")

    def test_the_configuration_is_shown_without_the_password(self):
        for environment, words in (({}, ["--ledger", self.url()]), ({"CONVOKE_LEDGER": self.url()}, [])):
            done = self.run_words([*self.words("runs")[:2], "--show-config", *words], environment=environment)
            self.checked(done)
            self.assertIn("127.0.0.1:%d/ledger" % self.cluster.port, done.out)

    def test_the_ledger_holds_no_password(self):
        self.works(self.url())
        dump = self.cluster.run("pg_dump", "-d", self.cluster.url("ledger"))
        self.assertIn("convoke", dump)
        self.assertNotIn(self.cluster.password, dump)

    # --- servers

    def test_a_server_that_is_down(self):
        self.refused(self.url(port=free_port()), STORAGE, "Connection refused")

    def test_a_database_that_does_not_exist(self):
        self.refused(self.url(database="nowhere"), STORAGE, "nowhere", "does not exist", "CREATE DATABASE")

    def test_a_host_that_does_not_exist(self):
        self.refused(self.url(host="no-such-host.invalid"), STORAGE, "no-such-host.invalid")

    def test_a_standby_is_refused(self):
        self.works(self.url())
        standby = self.cluster.base_backup(standby=True)
        self.addCleanup(standby.close)
        standby.start()
        done = self.checked(self.convoke("apply", self.rows, ledger=self.url(port=standby.port), expect=STORAGE))
        self.assertIn("read-only", done.err)
        self.assertIn("target_session_attrs=read-write", done.err)
        # Of several hosts the one that takes writes is used.
        self.works("postgresql://convoke:%s@127.0.0.1:%d,127.0.0.1:%d/ledger" % (self.cluster.password, standby.port, self.cluster.port))

    # --- PgBouncer

    @unittest.skipUnless(pgbouncer(), "PgBouncer is not installed")
    def test_a_pool_of_transactions(self):
        for pool in (2, 4):
            bouncer = PgBouncer(self.cluster, pool=pool, more={"server_tls_sslmode": "verify-full", "server_tls_ca_file": self.ca})
            self.addCleanup(bouncer.close)
            url = "postgresql://convoke:%s@127.0.0.1:%d/ledger" % (self.cluster.password, bouncer.port)
            for _ in range(2):
                self.works(url)
            exported = self.checked(self.convoke("export", "--format", "csv", ledger=url))
            self.assertEqual(len(self.parse_csv(exported.out)), 20)
            wrong = url.replace(self.cluster.password, WRONG)
            done = self.checked(self.convoke("runs", ledger=wrong, expect=CREDENTIALS))
            self.assertIn("authentication failed", done.err)


if __name__ == "__main__":
    main()
