"""`convoke doctor`: every broken set-up is found and named with its remedy, and nothing is made."""
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import doctor_outputs
from credentials import write_private
from generate import organizer_ids, write_rows
from harness import EXECUTABLE, HERE, Case, main, simulator, wait_for
from test_proxies import PROGRAM, Proxy, Refusing

ORGANIZERS = organizer_ids(5)
OTHER_USER = 65534
PERMISSION = "OnlineMeetings.ReadWrite.All"


class Doctor(Case):
    def own(self, *flags, **more):
        """A simulator of this test."""
        server = simulator(self.path("own"), *flags, **more)
        self.addCleanup(server.stop)
        return server

    def doctor(self, *words, expect=0, server=None, **more):
        """Its checks as objects. Whatever happened, it made nothing and showed no secret."""
        server = server or self.server
        command = [EXECUTABLE, "doctor", *words, "--config", server.config, "-o", "json"]
        if not any(word.startswith("--ledger") for word in words):
            command += ["--ledger", "sqlite:" + self.ledger]
        before = server.stats()
        done = self.run_words(command, expect, timeout=120, **more)
        after = server.stats()
        self.assertEqual(after["operations"], before["operations"], "an operation on meetings")
        self.assertEqual(server.meetings(), [])
        self.assertNotIn(server.secret, done.out + done.err)
        self.assertNotIn("eyJ", done.out + done.err, "a part of a token")
        self.assertEqual(done.summary["exit_code"], done.code)
        self.last = done
        return done.summary["checks"]

    def only(self, checks, check, subject="", **wanted):
        """The only finding of this check about this subject, with these members."""
        found = [one for one in checks if one["check"] == check and subject in (one["subject"] or "")
                 and all(one[name] == value for name, value in wanted.items())]
        self.assertEqual(len(found), 1, "%s %s %s: %s\n%s" % (check, subject, wanted, found, self.last))
        return found[0]

    def of(self, checks, check):
        return [one for one in checks if one["check"] == check]

    def app(self, server=None):
        return (server or self.server).setting("client_id")


class AllWell(Doctor):
    def test_every_check_is_ok(self):
        path = self.path("rows.csv")
        write_rows(path, 20, organizers=5)
        before = self.server.stats()["searches"]
        checks = self.doctor(path)
        self.assertEqual({one["status"] for one in checks}, {"ok"}, self.last)
        self.assertEqual({one["check"] for one in checks},
                         {"configuration", "file", "ledger", "input", "proxy", "dns", "address", "tls", "clock", "token", "permission",
                          "organizer", "access-policy", "licence"})
        self.assertEqual(self.server.stats()["searches"] - before, 5)
        self.assertEqual(sorted(one["subject"] for one in self.of(checks, "organizer")), sorted(ORGANIZERS))
        self.assertIn("agrees", self.only(checks, "clock")["seen"])
        self.assertIn("TLSv1.3", self.only(checks, "tls")["seen"])
        self.assertIn("convoke simulator CA", self.only(checks, "tls")["seen"])
        self.assertFalse(os.path.exists(self.ledger), "a ledger was made")

    def test_the_shape_of_the_object(self):
        checks = self.doctor("--organizer", ORGANIZERS[0])
        summary = self.last.summary
        self.assertEqual(set(summary), {"checks", "counts", "exit_code", "summary"})
        self.assertEqual(summary["counts"], {"ok": len(checks), "warning": 0, "failed": 0, "skipped": 0})
        for one in checks:
            self.assertEqual(set(one), {"check", "tenant", "subject", "status", "seen", "advice", "commands", "exit_code"})
            self.assertTrue(one["seen"] or one["subject"], one)
            self.assertIsInstance(one["commands"], list)

    def test_the_table(self):
        done = self.convoke("doctor", "--organizer", ORGANIZERS[0])
        lines = done.out.splitlines()
        self.assertRegex(lines[0], r"^ok       configuration  .*server.toml: it can be read$")
        self.assertIn("Tenant " + self.server.setting("tenant"), lines)
        self.assertRegex(lines[-1], r"^\d+ ok, 0 warnings, 0 failed, 0 skipped. Exit code 0: a run can begin.$")
        self.assertTrue(all(len(line) <= 100 for line in lines), done)
        self.assertNotIn("\x1b", done.out)

    def test_without_organizers_their_checks_are_skipped(self):
        checks = self.doctor()
        self.assertEqual([one["status"] for one in self.of(checks, "access-policy") + self.of(checks, "licence")], ["skipped"] * 2)

    def test_not_more_organizers_than_wanted(self):
        path = self.path("rows.csv")
        write_rows(path, 20, organizers=5)
        checks = self.doctor(path, "--most-organizers", "2")
        self.assertEqual(len(self.of(checks, "organizer")), 2)
        self.assertIn("3 more were not read", self.only(checks, "access-policy")["seen"])
        self.convoke("doctor", "--most-organizers", "0", expect=2)

    def test_a_wrong_row_does_not_stop_it(self):
        path = self.path("rows.csv")
        write_rows(path, 5, organizers=5)
        with open(path, "a", encoding="utf-8") as out:
            out.write("unknown,x,Seminar,2026-10-01T08:00:00Z,30,,\n")
        checks = self.doctor(path, "--skip-invalid")
        self.assertIn("1 row is wrong", self.only(checks, "input", status="warning")["seen"])
        # A run of this file ends with exit 8.
        checks = self.doctor(path, expect=8)
        self.assertIn("1 row is wrong", self.only(checks, "input", status="failed")["seen"])
        self.assertEqual(len(self.of(checks, "organizer")), 5)
        checks = self.doctor(self.path("missing.csv"), expect=2)
        self.assertEqual(self.only(checks, "input")["status"], "failed")
        self.assertEqual(self.only(checks, "token")["status"], "ok")

    def test_a_name_is_looked_up_first(self):
        users = self.path("users.csv")
        with open(users, "w", encoding="utf-8") as out:
            out.write("upn,id\nada@example.org,%s\n" % ORGANIZERS[0])
        server = self.own("--users", users)
        path = self.path("rows.csv")
        with open(path, "w", encoding="utf-8") as out:
            out.write("organizer,external_id,subject,start\nAda@example.org,x,Seminar,2027-10-01T08:00:00Z\n")
        checks = self.doctor(path, server=server)
        self.assertEqual(self.only(checks, "organizer", "ada@example.org")["status"], "ok")
        self.assertEqual((server.stats()["look_ups"], server.stats()["searches"]), (1, 1))
        checks = self.doctor("--organizer", "eve@example.org", "--organizer", "not a name", server=server, expect=8)
        for name in ("eve@example.org", "not a name"):
            self.assertIn("Check how the name is written", self.only(checks, "organizer", name, status="failed")["advice"])
        self.assertEqual(self.only(checks, "organizer", "not a name")["seen"], "this is neither an object id nor a UPN; nothing was sent")
        self.assertIn("the tenant has no such user", self.only(checks, "organizer", "eve@example.org")["seen"])
        self.assertEqual(self.only(checks, "organizer", "eve@example.org")["seen"].count("HTTP 404"), 1)
        self.assertNotIn("credentials", self.last.summary["summary"])
        self.assertEqual((server.stats()["look_ups"], server.stats()["searches"]), (2, 1))

    def test_the_permission_to_look_up_names_is_missing(self):
        server = self.own("--no-user-read")
        checks = self.doctor("--organizer", "ada@example.org", server=server, expect=4)
        failed = self.only(checks, "permission", "ada@example.org", status="failed")
        self.assertIn("User.Read.All", failed["advice"])
        self.assertTrue(any("df021288-bdef-4463-88db-98f22de89214=Role" in one for one in failed["commands"]), failed)

    def test_a_proxy_that_refuses(self):
        if not os.access(PROGRAM, os.X_OK):
            self.skipTest("tinyproxy is not installed")
        narrow = Proxy(self.path("narrow"), "ConnectPort 443")
        self.addCleanup(narrow.stop)
        checks = self.doctor("--proxy", narrow.url(), expect=5)
        failed = self.only(checks, "proxy", status="failed")
        self.assertIn("does not allow this connection", failed["seen"])
        self.assertIn("through the proxy 127.0.0.1:%d" % narrow.port, self.only(checks, "proxy", status="ok")["seen"])
        self.assertEqual(self.only(checks, "token")["status"], "skipped")
        guarded = Proxy(self.path("guarded"), "BasicAuth convoke canary-of-the-proxy")
        self.addCleanup(guarded.stop)
        checks = self.doctor("--proxy", guarded.url(), expect=4)
        self.assertIn("requires a user name and a password", self.only(checks, "proxy", status="failed")["seen"])
        self.assertEqual(self.only(checks, "token")["status"], "skipped")
        login = write_private(self.path("login"), "convoke:canary-of-the-proxy\n")
        checks = self.doctor("--proxy", guarded.url(), "--proxy-credentials-file", login, "--organizer", ORGANIZERS[0])
        self.assertNotIn("canary-of-the-proxy", self.last.out + self.last.err)
        self.assertEqual({one["status"] for one in checks}, {"ok"})

    def test_a_login_that_the_proxy_refuses_is_tried_once(self):
        other = self.server.root.replace("localhost", "127.0.0.1")
        for status in ("407 Proxy Authentication Required", "401 Unauthorized"):
            with Refusing(status, 'Proxy-Authenticate: Basic realm="x"') as proxy:
                checks = self.doctor("--authority-url", other, "--organizer", ORGANIZERS[0], expect=4,
                                     environment={"CONVOKE_PROXY": proxy.url("convoke:canary-of-the-proxy")})
            self.assertNotIn("canary-of-the-proxy", self.last.out + self.last.err)
            self.assertEqual(self.only(checks, "proxy", status="failed")["exit_code"], 4)
            self.assertIn("not tried", self.only(checks, "address", status="skipped")["seen"])
            self.assertEqual(self.only(checks, "organizer")["status"], "skipped")
            self.assertEqual(proxy.requests, 1)

    def test_a_proxy_that_cannot_be_used_is_not_left_out(self):
        before = self.server.stats()["requests"]
        login = self.write("open.login", "convoke:canary-of-the-proxy\n")
        os.chmod(login, 0o644)
        checks = self.doctor("--proxy", "http://127.0.0.1:1", "--proxy-credentials-file", login, "--organizer", ORGANIZERS[0], expect=4)
        self.assertEqual([one["status"] for one in self.of(checks, "proxy")], ["skipped"], self.last)
        self.assertEqual(self.of(checks, "address") + self.of(checks, "token"), [])
        checks = self.doctor("--proxy", "ftp://127.0.0.1:1", expect=2)
        self.only(checks, "configuration", status="failed")
        self.assertEqual([one["status"] for one in self.of(checks, "proxy")], ["skipped"], self.last)
        self.assertEqual(self.server.stats()["requests"], before, "requests although the proxy is not known")

    def test_an_interrupt_ends_it(self):
        slow = self.own("--latency", "20s")
        process = self.start([EXECUTABLE, "doctor", "--organizer", ORGANIZERS[0], "--config", slow.config, "--ledger", "sqlite:" + self.ledger])
        wait_for(lambda: slow.stats()["requests"] > 0, "the first request")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=5), 130)


class BrokenNetwork(Doctor):
    def test_a_name_that_does_not_exist(self):
        dead = "https://login.no-such-host.invalid"
        checks = self.doctor("--authority-url", dead, "--organizer", ORGANIZERS[0], expect=5)
        self.assertIn("getent ahosts", self.only(checks, "dns", "no-such-host", status="failed")["advice"])
        # What does not need that host goes on.
        self.assertEqual(self.only(checks, "dns", "localhost")["status"], "ok")
        self.assertEqual(self.only(checks, "organizer")["status"], "skipped")

    def test_no_server_listens(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = "https://127.0.0.1:%d" % port
        checks = self.doctor("--graph-url", url, "--authority-url", url, expect=5)
        failed = self.only(checks, "address", status="failed")
        self.assertIn("refused", failed["seen"])
        self.assertIn("firewall", failed["advice"])
        self.assertEqual(self.only(checks, "token")["status"], "skipped")

    def test_one_bad_address_among_several(self):
        if len({one[4][0] for one in socket.getaddrinfo("localhost", 1)}) < 2:
            self.skipTest("localhost has one address here")
        with socket.socket(socket.AF_INET6) as stranger:
            stranger.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                stranger.bind(("::1", 0))
            except OSError:
                self.skipTest("this machine has no IPv6")
            # Bound and not listening: connections to it are refused. The simulator has the port at 127.0.0.1 only.
            server = self.own("--port", str(stranger.getsockname()[1]))
            checks = self.doctor("--organizer", ORGANIZERS[0], server=server)
            self.assertIn("fall back to another address", self.only(checks, "address", "::1", status="warning")["advice"])
            self.only(checks, "address", "127.0.0.1", status="ok")

    def test_an_authority_that_is_not_trusted(self):
        other = self.own()
        checks = self.doctor("--ca-file", other.setting("ca_file"), expect=5)
        failed = self.of(checks, "tls")[0]
        self.assertEqual(failed["status"], "failed")
        self.assertIn("convoke simulator CA", failed["advice"])
        self.assertIn("--ca-file", failed["advice"])
        self.assertEqual(self.only(checks, "token")["status"], "skipped")

    def test_an_expired_certificate(self):
        server = self.own("--certificate-days", "-2", verify=False)
        checks = self.doctor(server=server, expect=5)
        self.assertIn("expired on", self.of(checks, "tls")[0]["seen"])
        self.assertIn("clock", self.of(checks, "tls")[0]["advice"])

    def test_a_certificate_that_expires_soon(self):
        server = self.own("--certificate-days", "5")
        checks = self.doctor("--organizer", ORGANIZERS[0], server=server)
        self.assertIn("(in 4 days)", self.only(checks, "tls", status="warning")["seen"])

    def test_a_certificate_for_another_host(self):
        server = self.own("--certificate-host", "graph.example")
        checks = self.doctor(server=server, expect=5)
        self.assertIn("is for graph.example, not for localhost", self.of(checks, "tls")[0]["seen"])

    def test_clocks(self):
        for offset, status, code in (("-90", "warning", 0), ("1000", "failed", 2)):
            server = simulator(self.path("clock" + offset), "--clock-offset", offset)
            self.addCleanup(server.stop)
            checks = self.doctor("--organizer", ORGANIZERS[0], server=server, expect=code)
            clock = self.only(checks, "clock", status=status)
            self.assertRegex(clock["seen"], r"(90|89) s ahead of" if code == 0 else r"(1000|999) s behind")
            self.assertIn("timedatectl status", clock["commands"])


class BrokenAccess(Doctor):
    @classmethod
    def start_server(cls, folder):
        # The policies of the first one only; the last two exist and cannot organize.
        return simulator(folder, "--policy", ",".join([ORGANIZERS[0], *ORGANIZERS[2:]]), "--policy-delay", "2", "--unlicensed", ORGANIZERS[3],
                         "--guests", ORGANIZERS[4], "--organizers", ",".join(ORGANIZERS))

    def test_no_policy_and_a_grant_that_takes_effect_later(self):
        words = ["--organizer", ORGANIZERS[0], "--organizer", ORGANIZERS[1]]
        checks = self.doctor(*words, expect=4)
        self.only(checks, "organizer", ORGANIZERS[0], status="ok")
        self.only(checks, "access-policy", ORGANIZERS[1], status="failed")
        policy = next(one for one in self.of(checks, "access-policy") if not one["subject"])
        self.assertIn("missing for 1 of 2 organizers", policy["seen"])
        self.assertIn("30 minutes", policy["advice"])
        commands = policy["commands"]
        self.assertEqual(commands[1], "Get-CsOnlineUser -Identity %s | Select-Object UserPrincipalName, ApplicationAccessPolicy" % ORGANIZERS[1])
        self.assertTrue(any('@{Add="%s"}' % self.app() in one for one in commands), commands)
        grant = next(n for n, one in enumerate(commands) if one.startswith("Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity"))
        self.assertGreater(grant, 1, "the present policy is shown before another one is granted")
        begin = time.monotonic()
        self.assertEqual(self.server.post("policies", {"grant": [ORGANIZERS[1]]}), {"granted": 1, "revoked": 0})
        if time.monotonic() - begin < 1:
            self.doctor(*words, expect=4)
        wait_for(lambda: time.monotonic() > begin + 2.1, "the change to take effect")
        checks = self.doctor(*words)
        self.assertEqual({one["status"] for one in checks}, {"ok"}, self.last)

    def test_users_who_cannot_organize(self):
        unknown = organizer_ids(1, seed=99)[0]
        checks = self.doctor(*[word for one in (ORGANIZERS[2], ORGANIZERS[3], ORGANIZERS[4], unknown) for word in ("--organizer", one)],
                             expect=4)
        self.only(checks, "organizer", ORGANIZERS[2], status="ok")
        for one in (ORGANIZERS[3], ORGANIZERS[4]):
            self.assertIn("licence", self.only(checks, "licence", one, status="failed")["advice"])
        self.assertIn("az ad user show --id " + unknown, self.only(checks, "organizer", unknown, status="failed")["advice"])
        self.assertIn("2 of 4 organizers", next(one for one in self.of(checks, "licence") if not one["subject"])["seen"])

    def test_a_missing_role(self):
        server = self.own("--token-roles", "User.Read.All")
        checks = self.doctor("--organizer", ORGANIZERS[0], server=server, expect=4)
        failed = self.only(checks, "permission", PERMISSION, status="failed")
        self.assertIn("it has: User.Read.All", failed["seen"])
        self.assertIn("az ad app permission admin-consent --id " + self.app(server), failed["commands"])
        self.assertIn("Authorization_RequestDenied", self.only(checks, "permission", ORGANIZERS[0], status="failed")["seen"])

    def test_wrong_tokens(self):
        for flags, part in ((["--token-tenant", ORGANIZERS[0]], "it is of the tenant " + ORGANIZERS[0]),
                            (["--token-audience", "https://graph.microsoft.us"], "it is for https://graph.microsoft.us")):
            server = simulator(self.path(flags[0]), *flags)
            self.addCleanup(server.stop)
            self.assertIn(part, self.only(self.doctor(server=server, expect=4), "token", status="failed")["seen"])
        server = self.own("--opaque-tokens")
        checks = self.doctor("--organizer", ORGANIZERS[0], server=server)
        self.assertIn("cannot be looked into", self.only(checks, "token", status="ok")["seen"])
        self.assertEqual(self.only(checks, "permission")["status"], "skipped")

    def test_a_wrong_secret(self):
        checks = self.doctor("--organizer", ORGANIZERS[0], expect=4, environment={"AZURE_CLIENT_SECRET": "canary-of-a-wrong-secret"})
        # The file of the configuration is farther than the variable.
        failed = self.only(checks, "token", "client-secret", status="failed")
        self.assertNotIn("canary-of-a-wrong-secret", self.last.out + self.last.err)
        self.assertIn("AADSTS7000215", failed["seen"])
        self.assertTrue(any("az ad app credential reset --id %s --append" % self.app() in one for one in failed["commands"]), failed)
        self.assertEqual(self.only(checks, "organizer")["status"], "skipped")

    def test_a_throttle_is_waited_for_or_shown(self):
        server = self.own("--lane-rate", "1", "--lane-burst", "2", "--retry-after-form", "constant:1200")
        checks = self.doctor(*[word for one in ORGANIZERS for word in ("--organizer", one)], server=server, expect=5)
        throttled = next(one for one in self.of(checks, "organizer") if "throttled" in one["seen"])
        self.assertEqual((throttled["status"], throttled["exit_code"]), ("skipped", 5))
        self.assertIn("1200 s", throttled["seen"])
        policy = self.only(checks, "access-policy")["seen"]
        self.assertRegex(policy, "; [12] more were not read, because of what the last read met$")
        self.assertEqual(server.stats()["early"], 0)
        patient = simulator(self.path("patient"), "--lane-rate", "1", "--lane-burst", "3")
        self.addCleanup(patient.stop)
        checks = self.doctor(*[word for one in ORGANIZERS for word in ("--organizer", one)], server=patient)
        self.assertEqual({one["status"] for one in checks}, {"ok"}, self.last)
        self.assertTrue(any("throttled first" in one["seen"] for one in self.of(checks, "organizer")), self.last)
        self.assertEqual(patient.stats()["early"], 0)


class BrokenFiles(Doctor):
    def config(self, *lines):
        """The configuration of the server with other lines in place of those of the same keys."""
        keys = {line.split(" = ")[0] for line in lines}
        with open(self.server.config, encoding="utf-8") as file:
            kept = [line for line in file.read().splitlines() if line.split(" = ")[0] not in keys]
        return self.write("own.toml", "\n".join([*kept, *lines]) + "\n")

    def check(self, config, *words, expect):
        done = self.run_words([EXECUTABLE, "doctor", *words, "--config", config, "--ledger", "sqlite:" + self.ledger, "-o", "json"], expect)
        self.last = done
        return done.summary["checks"]

    def test_a_key_that_does_not_exist(self):
        checks = self.check(self.config('client_idd = "x"'), expect=2)
        self.assertEqual(len(checks), 1)
        self.assertIn("client_idd", checks[0]["seen"])

    def test_a_value_that_is_wrong_leaves_the_rest_to_be_checked(self):
        checks = self.check(self.config('time_zone = "Europe/Berlin"', 'connect_timeout = "soon"'), expect=2)
        self.assertIn("connect_timeout", self.only(checks, "configuration", status="failed")["seen"])
        self.assertEqual(self.only(checks, "token")["status"], "ok")

    def test_settings_that_stop_a_run_are_found(self):
        for line, part in (("keep_runs = -1", "keep_runs"), ('results_dialect = "excel"', "results_dialect"), ('wait_lock = "x"', "wait_lock"),
                           ('date_format = "%Q"', "%Q"), ('time_zone = "Europe/Berln"', "Europe/Berln"),
                           ('results = "/nonexistent/x.csv"', "/nonexistent"), ('skip_dates = "nosuch"', "nosuch"),
                           ('external_id = "{"', "{")):
            with self.subTest(line):
                checks = self.check(self.config(line), expect=2)
                self.assertIn(part, self.only(checks, "configuration", status="failed")["seen"])
                self.assertEqual(self.only(checks, "token")["status"], "ok")
        # All at once, and each by itself.
        checks = self.check(self.config("keep_runs = -1", 'wait_lock = "x"', 'time_zone = "Europe/Berln"'), expect=2)
        self.assertEqual(len([one for one in self.of(checks, "configuration") if one["status"] == "failed"]), 3)

    def test_a_secret_that_others_can_read(self):
        secret = self.write("open.secret", self.server.secret + "\n")
        os.chmod(secret, 0o644)
        checks = self.check(self.config('client_secret_file = "%s"' % secret), expect=4)
        self.assertEqual(self.only(checks, "file", "open.secret", status="failed")["commands"], ["chmod 600 '%s'" % secret])
        self.assertEqual(self.only(checks, "token")["status"], "skipped")
        self.assertEqual(self.only(checks, "tls")["status"], "ok")
        os.remove(secret)
        checks = self.check(self.config('client_secret_file = "%s"' % secret), expect=4)
        self.assertIn("No such file", self.only(checks, "file", "open.secret", status="failed")["seen"])

    def test_a_configuration_that_others_can_write(self):
        config = self.config()
        os.chmod(config, 0o666)
        self.only(self.check(config, "--organizer", ORGANIZERS[0], expect=0), "file", "own.toml", status="warning")

    def test_a_tenant_and_an_address_that_are_none(self):
        checks = self.check(self.config('tenant = "campus"'), expect=2)
        self.assertIn("is not an Entra tenant id", self.only(checks, "configuration", status="failed")["seen"])
        checks = self.check(self.config('graph_url = "ftp://x"'), expect=2)
        self.assertEqual(self.only(checks, "configuration", status="failed")["tenant"], self.server.setting("tenant"))
        self.assertEqual(self.only(checks, "tls")["status"], "skipped")


class BrokenLedger(Doctor):
    def plan(self):
        path = self.path("rows.csv")
        write_rows(path, 5, organizers=5)
        self.convoke("plan", path)
        return path

    def ledger_check(self, expect):
        return self.of(self.doctor("--organizer", ORGANIZERS[0], expect=expect), "ledger")[0]

    def test_a_sound_one(self):
        self.plan()
        before = {name: self.content(self.path(name)) for name in os.listdir(self.folder) if name.startswith("ledger.db")}
        self.assertIn("quick_check finds no damage in all pages; it can be written", self.ledger_check(0)["seen"])
        after = {name: self.content(self.path(name)) for name in os.listdir(self.folder) if name.startswith("ledger.db")}
        self.assertEqual(before, after)

    def test_damaged(self):
        self.plan()
        with open(self.ledger, "r+b") as file:
            file.seek(4096)
            size = os.path.getsize(self.ledger)
            file.write(b"\xA5" * (size - 4096))
        found = self.ledger_check(6)
        self.assertEqual(found["status"], "failed")
        self.assertRegex(found["seen"], "damaged|malformed|not a database")
        # The other checks go on.
        self.assertEqual(self.only(self.last.summary["checks"], "token")["status"], "ok")

    def test_of_a_newer_version(self):
        self.plan()
        with sqlite3.connect(self.ledger) as db:
            db.execute("PRAGMA user_version = 999")
        db.close()
        self.assertIn("was written by a newer convoke (schema 999", self.ledger_check(6)["seen"])

    def test_no_ledger_at_all(self):
        self.write("ledger.db", b"this is a text and no database, and it is long enough to be looked at " * 100)
        self.assertEqual(self.ledger_check(6)["status"], "failed")

    def test_not_writable(self):
        self.plan()
        other = {}
        os.chmod(self.ledger, stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        if os.geteuid() == 0:
            # Root may write whatever the mode is.
            os.chmod(self.class_folder, 0o755)
            self.addCleanup(os.chmod, self.class_folder, 0o700)
            other = {"user": OTHER_USER, "group": OTHER_USER, "extra_groups": []}
            try:
                subprocess.run([EXECUTABLE, "version"], capture_output=True, timeout=60, check=True, **other)
            except (OSError, subprocess.CalledProcessError):
                self.skipTest("the program cannot be run by another user here")
        ca = self.write("ca.pem", self.content(self.server.setting("ca_file")))
        os.chmod(ca, 0o644)
        done = self.run_words([EXECUTABLE, "doctor", "--ledger", "sqlite:" + self.ledger, "--graph-url", self.server.root, "--authority-url",
                               self.server.root, "--tenant", self.server.setting("tenant"), "--client-id", self.app(), "--ca-file", ca,
                               "--organizer", ORGANIZERS[0], "-o", "json"], 6,
                              environment={"AZURE_CLIENT_SECRET": self.server.secret}, **other)
        self.last = done
        found = self.only(done.summary["checks"], "ledger", status="failed")
        self.assertIn("cannot be written", found["seen"])
        self.assertRegex(found["seen"], "chown|chmod")
        self.assertEqual(self.only(done.summary["checks"], "organizer")["status"], "ok")

    def test_in_use_by_a_run(self):
        path = self.path("rows.csv")
        write_rows(path, 300, organizers=5)
        server = self.own()
        running = self.start([EXECUTABLE, "apply", path, "--config", server.config, "--ledger", "sqlite:" + self.ledger, "--rate", "20",
                              "--fixed-rate"])
        wait_for(lambda: server.stats()["created"] > 10, "the first meetings")
        found = self.ledger_check(0)
        self.assertEqual(found["status"], "warning")
        self.assertIn("pid %d" % running.pid, found["seen"])
        self.assertIsNone(running.poll())
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(timeout=30), 143)


class SeveralTenants(Doctor):
    TENANTS = ["00000000-0000-4000-8000-00000000abc%d" % n for n in range(3)]

    @classmethod
    def start_server(cls, folder):
        return simulator(folder, "--tenant", cls.TENANTS[0], "--another-tenant", cls.TENANTS[1], "--policy", "none",
                         "--another-tenant", cls.TENANTS[2], "--token-roles", "none")

    def test_each_tenant_has_its_checks(self):
        path = self.path("rows.csv")
        with open(path, "w", encoding="utf-8") as out:
            out.write("organizer,external_id,subject,start,tenant\n")
            for n, tenant in enumerate(self.TENANTS):
                out.write("%s,x-%d,Seminar,2026-10-01T08:00:00Z,%s\n" % (ORGANIZERS[n], n, tenant))
        checks = self.doctor(path, expect=4)
        self.assertEqual({one["tenant"] for one in checks}, {None, "t1", "t2", "t3"})
        self.only(checks, "organizer", ORGANIZERS[0], status="ok", tenant="t1")
        self.only(checks, "access-policy", ORGANIZERS[1], status="failed", tenant="t2")
        self.only(checks, "permission", PERMISSION, status="failed", tenant="t3")
        for name in ("t1", "t2", "t3"):
            self.only(checks, "token", status="ok", tenant=name)
        self.server.post("policies", {"tenant": self.TENANTS[1], "grant": [ORGANIZERS[1]], "delay": 0})
        checks = self.doctor(path, "--tenant", "t2", expect=0)
        self.assertEqual({one["tenant"] for one in checks}, {None, "t2"})

    def test_a_wrong_secret_in_one_of_them(self):
        file = self.server.settings["tenants"]["t1"]["client_secret_file"]
        right = self.content(file)
        write_private(file, "canary-of-a-wrong-secret\n")
        try:
            checks = self.doctor("--organizer", ORGANIZERS[0], expect=4)
        finally:
            write_private(file, right)
        self.only(checks, "token", status="failed", tenant="t1")
        self.only(checks, "token", status="ok", tenant="t2")


class Documentation(Case):
    server_flags = None

    def test_the_page_on_setting_up_shows_parts_of_the_same_outputs(self):
        docs = os.path.join(HERE, "..", "..", "docs")
        with open(os.path.join(docs, "doctor.md"), encoding="utf-8") as page, open(os.path.join(docs, "setup.md"), encoding="utf-8") as other:
            whole, parts = page.read(), re.findall(r"^```\n(failed .*?)^```", other.read(), re.M | re.S)
        self.assertEqual(len(parts), 3)
        for part in parts:
            self.assertIn(part, whole)

    def test_the_page_shows_what_the_program_prints(self):
        for name in doctor_outputs.SET_UPS:
            with self.subTest(name):
                shown, begin, end = doctor_outputs.page_block(name)
                out, code = doctor_outputs.output_of(name)
                self.assertEqual(code, 4)
                # Where the lines break depends on the names of folders.
                self.assertEqual(shown[begin:end].split(), out.split(), "run tests/e2e/doctor_outputs.py --update")


if __name__ == "__main__":
    main()
