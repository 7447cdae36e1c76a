"""One run over several tenants: healthy lanes are not held up by those that are throttled, refused or cannot sign in."""
import json
import os
import signal
import uuid
from datetime import datetime

from credentials import write_private
from generate import HEADER, organizer_ids, row
from harness import EXECUTABLE, FAST, Case, main, scaled, simulator, wait_for

TENANTS = [str(uuid.UUID(int=0xABC0 + n, version=4)) for n in range(5)]
ORGANIZERS = [organizer_ids(10, seed=100 + n) for n in range(5)]
# At full size: 4,000 rows of a tenant at 50 calls/s take 80 s.
RATES = scaled((100, 60), (100, 60), (50, 40))


def write_tenants(path, rows, prefix):
    """`rows` rows of each tenant, in turns, with ids that begin with `prefix`. Returns the keys by tenant."""
    keys = {tenant: [] for tenant in TENANTS}
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(HEADER.strip() + ",tenant\n")
        for n in range(rows):
            for which, tenant in enumerate(TENANTS):
                out.write(row(n, ORGANIZERS[which], prefix, "a").rstrip("\n") + "," + ("t%d" % (which + 1) if n % 2 else tenant) + "\n")
                keys[tenant].append((ORGANIZERS[which][n % 10], "%s-%07d" % (prefix, n)))
    return keys


def write_counted(path, counts, prefix):
    """`counts`: how many rows each of these tenants has, by its number from 0. Returns the keys: (tenant, organizer, external id)."""
    keys = []
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(HEADER.strip() + ",tenant\n")
        for which, count in counts.items():
            for n in range(count):
                out.write(row(n, ORGANIZERS[which], prefix, "a").rstrip("\n") + ",t%d\n" % (which + 1))
                keys.append((TENANTS[which], ORGANIZERS[which][n % 10], "%s-%07d" % (prefix, n)))
    return keys


class Tenants(Case):
    @classmethod
    def start_server(cls, folder):
        os.makedirs(folder)
        no_policy = os.path.join(folder, "no-policy")
        with open(no_policy, "w", encoding="ascii") as out:
            out.write("\n".join(ORGANIZERS[2]))
        return simulator(
            folder, "--tenant", TENANTS[0], "--lane-rate", str(RATES[0]),
            "--another-tenant", TENANTS[1], "--lane-rate", str(RATES[1]),
            "--another-tenant", TENANTS[2], "--no-policy", no_policy,
            # Closed for 20 minutes after its first calls.
            "--another-tenant", TENANTS[3], "--lane-rate", "5", "--lane-burst", "10", "--retry-after-form",
            "constant:1200",
            "--another-tenant", TENANTS[4], "--lane-rate", "0", "--retry-after-form", "integer")

    def secret_of(self, name):
        return self.server.settings["tenants"][name]["client_secret_file"]

    def break_secret(self):
        right = self.content(self.secret_of("t5"))
        write_private(self.secret_of("t5"), "wrong-secret-canary\n")
        return right

    def lanes(self, done):
        return {lane["name"]: lane for lane in done.summary["lanes"]}

    def test_healthy_lanes_finish_and_the_next_run_owes_what_is_left(self):
        rows = scaled(150, 400, 4000)
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_tenants(path, rows, "healthy")
        right = self.break_secret()
        done = self.convoke("apply", path, "-o", "json", "--results", results, expect=4, timeout=1200)
        self.assertNotIn("wrong-secret-canary", done.out + done.err)
        lanes = self.lanes(done)
        self.assertEqual(lanes["t1"]["outcomes"]["created"], rows)
        self.assertEqual(lanes["t2"]["outcomes"]["created"], rows)
        self.assertEqual((lanes["t1"]["end"], lanes["t2"]["end"]), ("finished", "finished"))
        self.assertEqual((lanes["t4"]["end"], lanes["t5"]["end"]), ("deferred", "credentials"))
        self.assertIn("AADSTS7000215", lanes["t5"]["detail"])
        self.assertEqual(lanes["t5"]["outcomes"]["deferred"], rows)
        self.assertIn(lanes["t3"]["end"], ("permission", "finished"))
        self.assertEqual(lanes["t3"]["outcomes"]["created"], 0)
        meetings = {(one["tenant"], one["organizer"], one["external_id"]): one for one in self.server.meetings()}
        for tenant in TENANTS[:2]:
            for organizer, external_id in keys[tenant]:
                self.assertEqual(meetings[tenant, organizer, external_id]["creates"], 1)
        written = self.read_csv(results)
        self.assertEqual({one["tenant"] for one in written}, set(TENANTS))
        for which in (0, 1):
            self.report_time(which, [one for one in written if one["tenant"] == TENANTS[which]])
        owed = {name: lane["outcomes"]["deferred"] for name, lane in lanes.items()}

        write_private(self.secret_of("t5"), right)
        before = self.server.stats()["tenants"]
        again = self.convoke("apply", path, "-o", "json", expect=None, timeout=1200)
        after = self.server.stats()["tenants"]
        self.assertIn(again.code, (4, 5), "t3 lacks permission, or t4 is still closed")
        lanes = self.lanes(again)
        self.assertEqual(lanes["t5"]["outcomes"]["created"], rows)
        for which in (0, 1):
            self.assertEqual(after[TENANTS[which]]["requests"], before[TENANTS[which]]["requests"], "nothing was owed")
        self.assertEqual(after[TENANTS[4]]["requests"] - before[TENANTS[4]]["requests"], owed["t5"])
        self.assertEqual(after[TENANTS[3]]["requests"], before[TENANTS[3]]["requests"], "the cooldown is obeyed")
        self.assertEqual(after[TENANTS[3]]["early"], 0)

    def report_time(self, which, rows):
        times = [datetime.fromisoformat(one["finished_at"].replace("Z", "+00:00")) for one in rows]
        took, ideal = (max(times) - min(times)).total_seconds(), len(rows) / RATES[which]
        print("  tenant %d: %.1f s, %.2f of the ideal time" % (which + 1, took, took / ideal), flush=True)

    def test_a_run_is_limited_to_one_tenant(self):
        path = self.path("rows.csv")
        write_tenants(path, 20, "limited")
        before = self.server.stats()["tenants"]
        done = self.apply(path, "--tenant", "t2", "--ledger", "sqlite:" + self.path("one.db"))
        after = self.server.stats()["tenants"]
        self.assertEqual(done.summary["rows"], 20)
        for which, tenant in enumerate(TENANTS):
            self.assertEqual(after[tenant]["requests"] - before[tenant]["requests"], 20 if which == 1 else 0)

    def requests_of(self, action):
        """What the action returns, and how many requests each tenant got meanwhile."""
        before = self.server.stats()["tenants"]
        done = action()
        after = self.server.stats()["tenants"]
        return done, [after[tenant]["requests"] - before[tenant]["requests"] for tenant in TENANTS]

    def assert_each_created_once(self, keys):
        meetings = {(one["tenant"], one["organizer"], one["external_id"]): one["creates"] for one in self.server.meetings()}
        self.assertEqual([key for key in keys if meetings.get(key) != 1], [])

    # Slower than the service permits, so that each request is a row.
    steady = ("-o", "json", "--rate", "30", "--fixed-rate")

    def test_a_worker_is_limited_to_one_tenant_and_the_run_stays_open_for_the_others(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_counted(path, {0: 10, 1: 10, 4: 10}, "worked")
        self.convoke("plan", path, "--open")
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady, "--tenant", "t2"))
        self.assertEqual(made, [0, 10, 0, 0, 0])
        self.assertIn("Run 1 is resumed: 10 of 10 rows are left.", done.err)
        self.assertEqual((done.summary["end"], done.summary["rows"], done.summary["calls"]), ("finished", 10, 10))
        self.assertEqual(done.summary["finished"], [])
        self.assertEqual([(one["run"], one["outcomes"]["created"], one["outcomes"]["deferred"]) for one in done.summary["left"]],
                         [(1, 10, 20)])
        self.assertIn("1 open run with rows of other lanes is left", done.summary["summary"])
        # Nothing is left for this tenant.
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady, "--tenant", "t2"))
        self.assertEqual((made, done.summary["calls"]), ([0, 0, 0, 0, 0], 0))
        self.check_status_of_two_lanes_that_are_left()
        # A run without --tenant makes exactly the calls that were left, and has all results.
        done, made = self.requests_of(lambda: self.convoke("apply", path, *self.steady, "--results", results))
        self.assertEqual(made, [10, 0, 0, 0, 10])
        self.assertEqual((done.summary["run"], done.summary["outcomes"]["created"]), (1, 30))
        self.assertEqual([lane["outcomes"]["created"] for lane in done.summary["lanes"]], [10, 10, 0, 0, 10])
        self.assertEqual([(one["tenant"], one["organizer"], one["external_id"], one["outcome"]) for one in self.read_csv(results)],
                         [(*key, "created") for key in keys])
        self.assert_each_created_once(keys)

    def check_status_of_two_lanes_that_are_left(self):
        run = json.loads(self.convoke("status", "-o", "json").out)["run"]
        self.assertEqual((run["state"], run["calls_left"]), ("open", 20))
        self.assertEqual([(lane["tenant"], lane["calls_left"], lane["forecast"]) for lane in run["lanes"]],
                         [(tenant, 10 if which in (0, 4) else 0, None) for which, tenant in enumerate(TENANTS)])
        text = self.convoke("status").out
        self.assertEqual(text.count("\n    Forecast: 10 calls are left; the rate that the service takes is not known yet.\n"), 2)
        self.assertEqual(text.count("\n    Forecast: no call is owed.\n"), 3)
        self.assertIn("\nForecast: 20 calls are left;", text)

    def test_workers_of_one_tenant_each_finish_the_run_together(self):
        path = self.path("rows.csv")
        keys = write_counted(path, {0: 5, 4: 5}, "apart")
        self.convoke("plan", path, "--open")
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady, "--tenant", "t1"))
        self.assertEqual((made, done.summary["finished"]), ([5, 0, 0, 0, 0], []))
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady, "--tenant", "t5"))
        self.assertEqual(made, [0, 0, 0, 0, 5])
        self.assertEqual([(one["run"], one["outcomes"]["created"]) for one in done.summary["finished"]], [(1, 10)])
        self.assertEqual(done.summary["left"], [])
        self.assert_each_created_once(keys)

    def test_a_tenant_that_is_refused_does_not_keep_a_worker_from_later_runs(self):
        right = self.break_secret()
        self.addCleanup(write_private, self.secret_of("t5"), right)
        keys = []
        for name, counts in (("first", {0: 5, 4: 4}), ("second", {0: 6}), ("third", {1: 3, 4: 2})):
            path = self.path(name + ".csv")
            keys += write_counted(path, counts, "refused-" + name)
            self.convoke("plan", path, "--open")
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady, expect=4))
        self.assertEqual(made, [11, 3, 0, 0, 0])
        self.assertEqual([(one["run"], one["outcomes"]["created"]) for one in done.summary["finished"]], [(2, 6)])
        self.assertEqual([(one["run"], one["outcomes"]["deferred"]) for one in done.summary["left"]], [(1, 4), (3, 2)])
        self.assertEqual([(lane["name"], lane["end"], lane["calls"]) for lane in done.summary["lanes"]],
                         [("t1", "finished", 11), ("t2", "finished", 3), ("t3", "finished", 0), ("t4", "finished", 0),
                          ("t5", "credentials", 0)])
        write_private(self.secret_of("t5"), right)
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady))
        self.assertEqual(made, [0, 0, 0, 0, 6])
        self.assertEqual((done.summary["end"], done.summary["left"]), ("finished", []))
        self.assert_each_created_once(keys)

    def test_rows_that_failed_are_reported_by_each_worker_and_are_the_exit_code_of_the_last(self):
        path = self.path("rows.csv")
        write_counted(path, {1: 1, 2: 2}, "failed")
        self.convoke("plan", path, "--open")
        why = ("2 rows do not have the meeting that the input wants: `convoke status --run 1` says why, "
               "`convoke export --run 1 --failed FILE` writes them.\n")
        done, made = self.requests_of(lambda: self.convoke("work", "--rate", "30", "--fixed-rate", "--tenant", "t3"))
        self.assertEqual(made, [0, 0, 2, 0, 0])
        self.assertIn("Run 1: 1 of 3 rows are left.\n  " + why, done.out)
        failed = self.path("failed.csv")
        self.convoke("export", "--run", "1", "--failed", failed)
        self.assertEqual(len(self.read_csv(failed)), 2)
        done, made = self.requests_of(lambda: self.convoke("work", *self.steady, "--tenant", "t2", expect=3))
        self.assertEqual(made, [0, 1, 0, 0, 0])
        self.assertEqual([(one["run"], one["unsatisfied"], one["outcomes"]["created"]) for one in done.summary["finished"]], [(1, 2, 1)])
        self.assertEqual((done.summary["end"], done.summary["exit_code"]), ("finished", 3))
        self.assertIn("but 2 rows do not have the meeting that the input wants", done.summary["summary"])
        # No run is open any more.
        self.convoke("work", "--tenant", "t2")

    def test_a_tenant_that_has_done_everything_is_finished_where_the_run_is_interrupted(self):
        path = self.path("rows.csv")
        keys = write_counted(path, {0: 120, 4: 4}, "stopped")
        before = self.server.stats()["tenants"]

        def under_way():
            made = self.server.stats()["tenants"]
            least = ((TENANTS[0], 10), (TENANTS[4], 4))
            return all(made[tenant]["requests"] >= before[tenant]["requests"] + count for tenant, count in least)

        process = self.start(self.words("apply", path, *self.steady))
        wait_for(under_way, "the last call of t5")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err.decode())
        summary = json.loads(out)
        lanes = {lane["name"]: lane for lane in summary["lanes"]}
        self.assertEqual((summary["end"], lanes["t1"]["end"], lanes["t5"]["end"]), ("interrupted", "interrupted", "finished"))
        self.assertEqual(lanes["t5"]["outcomes"]["created"], 4)
        left = lanes["t1"]["outcomes"]["deferred"]
        self.assertGreater(left, 0)
        _, made = self.requests_of(lambda: self.convoke("apply", path, *self.steady))
        self.assertEqual(made, [left, 0, 0, 0, 0])
        self.assert_each_created_once(keys)

    def test_rows_of_other_tenants_are_counted(self):
        path = self.path("rows.csv")
        write_tenants(path, 3, "counted")
        for words in (("--limit", "3"), ()):
            done = self.convoke("plan", path, "-o", "json", "--tenant", "t2", *words)
            self.assertEqual((done.summary["rows"], done.summary["calls"]), (3, 3))
        self.assertEqual(done.summary["other_tenants"], 12)
        self.assertIn("12 rows of other tenants are left out (--tenant t2).\n", self.convoke("plan", path, "--tenant", "t2").out)
        self.assertEqual(self.convoke("plan", path, "-o", "json").summary["other_tenants"], 0)
        # A plan that was made before has not counted them.
        done = self.convoke("apply", path, *FAST, "--tenant", "t2", ledger=self.path("new.db"))
        self.assertIn("12 rows of other tenants are left out (--tenant t2).\n", done.out)

    def test_what_a_limited_run_leaves_to_an_older_one_is_named(self):
        path = self.path("rows.csv")
        keys = write_counted(path, {0: 3, 1: 3}, "older")
        self.convoke("plan", path, "--open")
        done = self.convoke("apply", path, *FAST, "--tenant", "t2")
        self.assertIn("3 keys that older runs still owe are not planned here", done.err)
        self.assertIn("the same command without --tenant plans them too", done.err)
        self.assertNotIn("not in this input", done.err)
        status = self.convoke("status").out
        self.assertIn("\nRun 2 (finished), ", status)
        self.assertRegex(status, r"\n1 other run is open and owes 3 rows: run 1 \(.*rows\.csv \(feed rows\.csv\)\)\. `convoke runs` lists all runs\.\n")
        other = json.loads(self.convoke("status", "-o", "json").out)["other_open_runs"]
        self.assertEqual([(one["run"], one["owed"]) for one in other], [(1, 3)])
        self.convoke("apply", path, *FAST)
        self.assertEqual(json.loads(self.convoke("status", "-o", "json").out)["other_open_runs"], [])
        self.assert_each_created_once(keys)

    def test_a_variable_of_azure_does_not_limit_a_run(self):
        path = self.path("rows.csv")
        keys = write_tenants(path, 5, "azure")
        lines = self.content(path).splitlines(keepends=True)
        path = self.write("two.csv", b"".join(line for n, line in enumerate(lines) if n == 0 or (n - 1) % 5 < 2))
        done = self.apply(path, expect=None, environment={"AZURE_TENANT_ID": TENANTS[1]})
        self.assertIn("AZURE_TENANT_ID does not limit the run", done.err)
        meetings = {(one["tenant"], one["organizer"], one["external_id"]) for one in self.server.meetings()}
        for tenant in TENANTS[:2]:
            for key in keys[tenant]:
                self.assertIn((tenant, *key), meetings)

    def test_an_id_at_the_top_of_the_file_is_refused_beside_several_tables(self):
        path = self.path("rows.csv")
        write_tenants(path, 1, "top")
        before = self.server.stats()["requests"]
        config = write_private(os.path.join(os.path.dirname(self.server.config), "top.toml"),
                               b'tenant = "%s"\n' % TENANTS[1].encode() + self.content(self.server.config))
        done = self.run_words([EXECUTABLE, "apply", path, "--config", config, "--ledger", self.ledger_url(self.ledger)], 2)
        self.assertIn("line 1: tenant: '%s' stands beside 5 tables" % TENANTS[1], done.err)
        self.assertEqual(self.server.stats()["requests"], before)

    def test_show_config_names_the_credential_of_each_tenant(self):
        shown = self.convoke("apply", "rows.csv", "--show-config").out
        for name in ("t1", "t5"):
            self.assertRegex(shown, r"(?m)^tenants\.%s\.credential = client-secret  # chosen by: .*: client_secret_file$" % name)
        self.assertNotIn("none is given", shown)

    def test_what_is_of_one_tenant_is_refused_for_several(self):
        path = self.path("rows.csv")
        write_tenants(path, 1, "refused")
        for name, value in (("AZURE_CLIENT_SECRET", "x"), ("CONVOKE_TOKEN", "x"), ("CONVOKE_CLIENT_ID", "x")):
            done = self.apply(path, expect=2, environment={name: value})
            self.assertIn(name + " is of one tenant, and the configuration has 5", done.out + done.err)

    def test_check_and_plan_name_the_lanes(self):
        path = self.path("rows.csv")
        write_tenants(path, 3, "planned")
        self.convoke("check", path)
        planned = self.convoke("plan", path, "-o", "json").summary
        self.assertEqual([(lane["name"], lane["tenant"], lane["calls"]) for lane in planned["lanes"]],
                         [("t%d" % (n + 1), TENANTS[n], 3) for n in range(5)])
        text = self.convoke("plan", path).out
        self.assertIn("Tenant t3 (%s): 3 calls owed (3 new)." % TENANTS[2], text)


class OneApp(Case):
    """Two tenants with one app, and a third with another."""

    @classmethod
    def start_server(cls, folder):
        return simulator(
            folder, "--tenant", TENANTS[0], "--throttle", "1", "--throttle-scope", "app", "--throttle-scope-header", "--retry-after-form",
            "constant:1200", "--another-tenant", TENANTS[1], "--throttle", "0",
            "--another-tenant", TENANTS[2], "--client-id", str(uuid.UUID(int=0xDEF, version=4)))

    def requests(self):
        return [self.server.stats()["tenants"][tenant]["requests"] for tenant in TENANTS[:3]]

    def test_a_cooldown_of_the_app_is_obeyed_by_later_runs_of_its_other_tenants(self):
        path = self.write("rows.csv", HEADER.strip() + ",tenant\n" + "".join(
            row(n, ORGANIZERS[which], "one-app", "a").rstrip("\n") + ",t%d\n" % (which + 1) for n in range(3) for which in range(3)))
        self.convoke("plan", path)  # the lanes of all three are known from now on
        closed = self.apply(path, "--tenant", "t1", expect=5)
        self.assertGreaterEqual(closed.summary["come_back_s"], 1190)
        before = self.requests()
        self.assertGreaterEqual(before[0], 1)
        waiting = self.apply(path, "--tenant", "t2", expect=5)
        self.assertEqual(self.requests(), before)
        self.assertGreaterEqual(waiting.summary["come_back_s"], 1100)
        self.apply(path, "--tenant", "t3")
        self.assertEqual(self.requests()[2] - before[2], 3)
        self.assertEqual([self.server.stats()["tenants"][tenant]["early"] for tenant in TENANTS[:3]], [0, 0, 0])
        # The service would have refused it.
        self.apply(path, "--tenant", "t2", "--forget-cooldowns", expect=5)
        self.assertGreater(self.server.stats()["tenants"][TENANTS[1]]["early"], 0)


if __name__ == "__main__":
    main()
