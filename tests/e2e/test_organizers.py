"""Organizers by UPN: they are looked up before the plan is committed, remembered for a week, and the object id is the key."""
import json
import os
import sqlite3
import urllib.request
import uuid

from credentials import write_private
from harness import Case, main, simulator
from organizer_rows import write_rows

ADA, BEN, EVE = (str(uuid.UUID(int=0xADA0 + n, version=4)) for n in range(3))
WEEK = 7 * 24 * 3600 * 10_000_000  # in the ledger's unit of time


class Directory(Case):
    """A directory of three users."""

    @classmethod
    def start_server(cls, folder):
        os.makedirs(folder)
        users = os.path.join(folder, "users.csv")
        with open(users, "w", encoding="utf-8") as out:
            out.write("upn,id\nada@uni.example,%s\nben@uni.example,%s\nEve@Uni.example,%s\n" % (ADA, BEN, EVE))
        return simulator(folder, "--users", users, *cls.server_flags)

    def setUp(self):
        super().setUp()
        self.before = self.server.stats()

    def since(self, name):
        return self.server.stats()[name] - self.before[name]

    def change_users(self, server=None, **body):
        server = server or self.server
        request = urllib.request.Request(server.root + "/_sim/users", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, context=server.context, timeout=20) as answer:
            self.assertEqual(answer.status, 200)

    def keys(self, prefix):
        """The meetings whose external id begins so: (organizer, external id) -> creates."""
        return {(one["organizer"], one["external_id"]): one["creates"] for one in self.server.meetings()
                if one["external_id"].startswith(prefix)}


class Organizers(Directory):
    def test_upns_are_looked_up_once_and_meetings_are_made_for_their_object_ids(self):
        path = write_rows(self.path("rows.csv"), (" ADA@uni.example ", "once-1"), ("ben@uni.example", "once-2"),
                          ("eve@uni.example", "once-3"), ("ada@Uni.Example", "once-4"), (ADA.upper(), "once-5"))
        results = self.path("results.csv")
        done = self.apply(path, "--results", results)
        self.assertEqual(self.keys("once-"), {(ADA, "once-1"): 1, (BEN, "once-2"): 1, (EVE, "once-3"): 1, (ADA, "once-4"): 1,
                                              (ADA, "once-5"): 1})
        self.assertEqual((self.since("look_ups"), self.since("batches")), (3, 1))
        self.assertEqual(done.summary["plan"]["look_ups"], {"names": 3, "from_cache": 0, "looked_up": 3, "unknown": 0})
        self.assertIn("Looking up 3 organizers.", done.err)
        # Results show the row's own name of the organizer.
        rows = self.read_csv(results)
        self.assertEqual([one["organizer"] for one in rows], ["ADA@uni.example", "ben@uni.example", "eve@uni.example", "ada@Uni.Example", ADA])
        self.assertEqual({one["outcome"] for one in rows}, {"created"})
        # The same command again: nothing is read of the service, and the bytes are the same.
        before, first = self.server.stats()["requests"], self.content(results)
        self.apply(path, "--results", results)
        self.assertEqual((self.server.stats()["requests"], self.content(results)), (before, first))

    def test_plan_with_remembered_names_calls_nothing_and_needs_no_credentials(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "plan-1"))
        planned = self.convoke("plan", path, "-o", "json")
        self.assertEqual(self.since("look_ups"), 1)
        self.assertEqual(planned.summary["look_ups"]["looked_up"], 1)
        requests = self.server.stats()
        config = self.write("none.toml", "".join(line + "\n" for line in self.content(self.server.config).decode().splitlines()
                                                 if "client_secret_file" not in line))
        words = [word if word != self.server.config else config for word in self.words("plan", path, "-o", "json")]
        again = self.run_words(words)
        self.assertEqual(again.summary["look_ups"], {"names": 1, "from_cache": 1, "looked_up": 0, "unknown": 0})
        text = self.run_words([word for word in words if word not in ("-o", "json")])
        self.assertIn("1 organizer by UPN: 0 looked up, 1 known from before.", text.out)
        after = self.server.stats()
        self.assertEqual((after["requests"], after["token_requests"]), (requests["requests"], requests["token_requests"]))
        # A name that is not remembered needs a credential: the message counts the names and has the first one.
        write_rows(path, ("ada@uni.example", "plan-1"), ("ben@uni.example", "plan-2"), ("eve@uni.example", "plan-3"))
        refused = self.run_words(words, expect=2)
        self.assertIn("2 organizers must be looked up (the first one is ben@uni.example), which needs a credential. No credential is given",
                      refused.summary["error"])
        self.assertEqual(self.server.stats()["requests"], requests["requests"])

    def test_without_upns_plan_needs_no_credentials(self):
        path = write_rows(self.path("rows.csv"), (ADA, "plain-1"))
        config = self.write("none.toml", "".join(line + "\n" for line in self.content(self.server.config).decode().splitlines()
                                                 if "client_secret_file" not in line))
        self.run_words([word if word != self.server.config else config for word in self.words("plan", path)])
        self.assertEqual(self.since("requests"), 0)

    def test_check_looks_nothing_up_and_counts_the_names(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "a"), ("ADA@uni.example", "a"), ("stranger@uni.example", "b"), (BEN, "c"))
        done = self.convoke("check", path)
        self.assertIn("2 organizers are named by UPN: a plan looks up those that it does not know from before.", done.out)
        self.assertIn("of 3 organizers, 1 the same as an earlier row", done.out)
        summary = self.convoke("check", path, "-o", "json").summary
        self.assertEqual(summary["look_ups"]["names"], 2)
        self.assertEqual({one["organizer"] for one in summary["organizers"]}, {"ada@uni.example", "stranger@uni.example", BEN})
        self.assertEqual(self.since("requests"), 0)
        self.assertFalse(os.path.exists(self.ledger))

    def test_an_unknown_user_is_a_wrong_row_with_the_nearest_known_name(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "near-1"), ("aad@uni.example", "near-2"),
                          ("someone.else@uni.example", "near-3"), ("evelyn@@x", "near-4"))
        refused = self.apply(path, expect=8)
        wrong = {one["line"]: one["error"] for one in refused.summary["wrong_rows"]}
        tenant = self.server.setting("tenant")
        self.assertEqual(wrong[3], "column 'organizer': 'aad@uni.example': no such user in tenant %s; the nearest known name is "
                                   "ada@uni.example" % tenant)
        self.assertEqual(wrong[4], "column 'organizer': 'someone.else@uni.example': no such user in tenant %s" % tenant)
        self.assertIn("one UPN (name@domain)", wrong[5])
        self.assertEqual(self.keys("near-"), {})
        self.assertEqual(self.since("look_ups"), 3)
        done = self.apply(path, "--skip-invalid", expect=3)
        self.assertEqual(self.keys("near-"), {(ADA, "near-1"): 1})
        self.assertEqual(done.summary["outcomes"]["rejected"], 3)
        # What was found is remembered; what was not is asked again.
        self.assertEqual(self.since("look_ups"), 5)
        # Once the user is there, the same command makes its meeting.
        someone = str(uuid.uuid4())
        self.change_users(users={"someone.else@uni.example": someone})
        self.apply(path, "--skip-invalid", expect=3)
        self.assertEqual(self.keys("near-"), {(ADA, "near-1"): 1, (someone, "near-3"): 1})
        # The failed file is fed back once its rows are corrected.
        failed = self.content(path + ".failed.csv").decode().replace("aad@", "ben@").replace("evelyn@@x", "eve@uni.example")
        again = self.write("again.csv", failed)
        self.apply(again)
        self.assertEqual(self.keys("near-"), {(ADA, "near-1"): 1, (BEN, "near-2"): 1, (someone, "near-3"): 1, (EVE, "near-4"): 1})

    def test_the_nearest_name_is_searched_once_for_a_upn_and_for_a_hundred_at_most(self):
        self.change_users(users={"maria.longname@uni.example": str(uuid.uuid4())})
        letters = "abcdfghijkno"
        typos = ["maria.longna%s%s@uni.example" % (one, two) for one in letters for two in letters][:130]
        path = write_rows(self.path("rows.csv"), ("maria.longname@uni.example", "typo"),
                          *((upn, "%s-%d" % (upn, n)) for n in range(2) for upn in typos))
        self.apply(path, expect=8)
        rows = self.read_csv(path + ".failed.csv")
        self.assertEqual(len(rows), 260)
        named = [one["organizer"] for one in rows if "; the nearest known name is maria.longname@uni.example" in one["convoke_error"]]
        self.assertEqual(sorted(named), sorted(2 * typos[:100]))
        self.assertTrue(all("no such user in tenant" in one["convoke_error"] for one in rows))

    def test_a_renamed_user_keeps_its_meetings(self):
        one = str(uuid.uuid4())
        self.change_users(users={"maria.smith@uni.example": one})
        path = write_rows(self.path("rows.csv"), ("maria.smith@uni.example", "name-1"))
        self.apply(path)
        self.change_users(users={"maria.jones@uni.example": one})
        write_rows(path, ("maria.jones@uni.example", "name-1"))
        done = self.apply(path)
        self.assertEqual(done.summary["outcomes"]["unchanged"], 1)
        self.assertEqual(done.summary["plan"]["vanished"], 0)
        self.assertEqual(done.summary["plan"]["moved"], 0)
        self.assertEqual(self.keys("name-"), {(one, "name-1"): 1})
        # The old name is no user's any more once it is not remembered.
        write_rows(path, ("maria.smith@uni.example", "name-1"))
        self.assertIn("no such user", self.apply(path, ledger=self.path("other.db"), expect=8).out)

    def test_names_are_remembered_for_seven_days(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "week-1"), ("ben@uni.example", "week-2"))
        self.convoke("plan", path)
        self.assertEqual(self.since("look_ups"), 2)
        with sqlite3.connect(self.ledger) as db:
            db.execute("UPDATE known_user SET looked_up_at = looked_up_at - ? WHERE upn = 'ada@uni.example'", (WEEK + 600_000_000,))
            db.execute("UPDATE known_user SET looked_up_at = looked_up_at - ? WHERE upn = 'ben@uni.example'", (WEEK - 600_000_000,))
        done = self.convoke("plan", path, "-o", "json")
        self.assertEqual(done.summary["look_ups"], {"names": 2, "from_cache": 1, "looked_up": 1, "unknown": 0})
        self.assertEqual(self.since("look_ups"), 3)

    def test_a_plan_keeps_the_organizers_that_it_was_made_with(self):
        one, two = str(uuid.uuid4()), str(uuid.uuid4())
        self.change_users(users={"role@uni.example": one})
        path = write_rows(self.path("rows.csv"), ("role@uni.example", "kept-1"))
        self.convoke("plan", path)
        self.change_users(users={"role@uni.example": two})
        with sqlite3.connect(self.ledger) as db:
            db.execute("DELETE FROM known_user")
        before = self.server.stats()["look_ups"]
        done = self.apply(path)
        self.assertEqual(self.server.stats()["look_ups"], before)
        self.assertEqual(done.summary["outcomes"]["created"], 1)
        self.assertEqual(self.keys("kept-"), {(one, "kept-1"): 1})

    def test_a_upn_and_the_object_id_of_one_user_are_one_key(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "same-1"), (ADA, "same-1"), ("ben@uni.example", "same-2"))
        with open(path, "a", encoding="utf-8") as out:
            out.write("%s,same-2,Another subject,2027-03-01T08:00:00Z\n" % BEN)
        refused = self.apply(path, expect=8)
        wrong = {one["line"]: one["error"] for one in refused.summary["wrong_rows"]}
        self.assertEqual(set(wrong), {4, 5})
        self.assertIn("line 5", wrong[4])
        self.apply(path, "--skip-invalid", expect=3)
        self.assertEqual(self.keys("same-"), {(ADA, "same-1"): 1})

    def test_meetings_that_repeat_and_columns_of_results(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "rep", "weekly 3 times"), columns=",repeat", zone="")
        results = self.path("results.jsonl")
        self.apply(path, "--time-zone", "UTC", "--results", results)
        self.assertEqual(self.keys("rep-"), {(ADA, "rep-" + day): 1 for day in ("20270301", "20270308", "20270315")})
        with open(results, encoding="utf-8") as lines:
            self.assertEqual({json.loads(line)["organizer"] for line in lines}, {"ada@uni.example"})

    def test_a_dry_run_looks_up_and_writes_nothing(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "dry-1"), ("stranger@uni.example", "dry-2"))
        refused = self.convoke("apply", path, "--dry-run", "-o", "json", expect=8)
        self.assertEqual(len(refused.summary["wrong_rows"]), 1)
        self.assertEqual(self.since("look_ups"), 2)
        self.assertFalse(os.path.exists(self.ledger))
        self.convoke("plan", write_rows(path, (BEN, "dry-0")))
        before = self.content(self.ledger)
        write_rows(path, ("ada@uni.example", "dry-1"))
        for _ in range(2):
            done = self.convoke("apply", path, "--dry-run", "-o", "json")
            self.assertEqual(done.summary["look_ups"]["looked_up"], 1)
        self.assertEqual(self.content(self.ledger), before)

    def test_a_wrong_row_of_a_known_organizer_counts_as_present(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "here-1"), ("ben@uni.example", "here-2"))
        self.apply(path)
        with open(path, "w", encoding="utf-8") as out:
            out.write("organizer,external_id,subject,start\nada@uni.example,here-1,Algebra,01/09/2027\n"
                      "ben@uni.example,here-2,Algebra,2027-03-01T08:00:00Z\n")
        done = self.apply(path, "--skip-invalid", expect=3)
        self.assertEqual(done.summary["plan"]["vanished"], 0)

    def test_the_meetings_of_a_renamed_user_do_not_vanish_while_the_file_has_the_old_name(self):
        one = str(uuid.uuid4())
        self.change_users(users={"old.name@uni.example": one})
        path = write_rows(self.path("rows.csv"), ("old.name@uni.example", "gone-1"), ("old.name@uni.example", "gone-2"), (ADA, "gone-3"))
        self.apply(path)
        # Renamed, and not remembered any more.
        self.change_users(users={"new.name@uni.example": one, "old.name@uni.example": None})
        with sqlite3.connect(self.ledger) as db:
            db.execute("DELETE FROM known_user")
        write_rows(path, ("old.name@uni.example", "gone-1"), ("", "gone-2"), (BEN, "gone-4"))
        done = self.apply(path, "--skip-invalid", expect=3)
        self.assertEqual(done.summary["outcomes"]["rejected"], 2)
        plan = done.summary["plan"]
        self.assertEqual(plan["vanished"], 1, plan)
        self.assertEqual([key["external_id"] for key in plan["vanished_sample"]], ["gone-3"])

    def test_a_upn_in_the_path_of_a_meeting_still_fails(self):
        # What convoke would meet if it sent names: graph-api, section 6.
        calls = [json.loads(line) for line in self.server.get("calls").splitlines()]
        self.assertTrue(all("@" not in one["organizer"] for one in calls if one["operation"] == "create_or_get"))


class Anew(Directory):
    """Teams knows only these."""

    OLD, NEW = (str(uuid.UUID(int=0xA2E0 + n, version=4)) for n in range(2))
    MANY = [str(uuid.UUID(int=0xB2E0 + n, version=4)) for n in range(25)]
    server_flags = ("--organizers", ",".join((NEW, ADA, *MANY)))

    def test_a_user_who_was_made_anew_is_looked_up_again_once_the_service_did_not_know_the_old_one(self):
        self.change_users(users={"anew@uni.example": self.OLD})
        path = write_rows(self.path("rows.csv"), ("anew@uni.example", "anew-1"), ("anew@uni.example", "anew-2"), (ADA, "anew-3"))
        failed = self.apply(path, expect=3)
        self.assertEqual(failed.summary["outcomes"]["failed"], 2)
        self.assertIn("looks the UPN up again", failed.summary["reasons"][0]["remedy"])
        self.change_users(users={"anew@uni.example": self.NEW})
        before = self.server.stats()["look_ups"]
        done = self.apply(path)
        self.assertEqual(self.server.stats()["look_ups"], before + 1)
        self.assertEqual(done.summary["outcomes"]["created"], 2)
        self.assertEqual(self.keys("anew-"), {(self.NEW, "anew-1"): 1, (self.NEW, "anew-2"): 1, (ADA, "anew-3"): 1})

    def test_users_who_were_all_made_anew_are_looked_up_again_once_the_run_is_discarded(self):
        names = ["all-%d@uni.example" % n for n in range(25)]
        self.change_users(users={name: str(uuid.UUID(int=0xC2E0 + n, version=4)) for n, name in enumerate(names)})
        path = write_rows(self.path("rows.csv"), *((name, "all-%d" % n) for n, name in enumerate(names)))
        stopped = self.apply(path, expect=4)
        self.assertIn("close the run with `convoke discard RUN`", stopped.summary["detail"])
        self.change_users(users=dict(zip(names, self.MANY)))
        self.convoke("discard", str(stopped.summary["run"]))
        before = self.server.stats()["look_ups"]
        self.apply(path, expect=None)
        # Those whom the service was not asked about yet are known from before.
        self.assertGreaterEqual(self.server.stats()["look_ups"], before + 20)
        self.assertEqual({key: 1 for key in self.keys("all-")}, self.keys("all-"))
        self.assertGreaterEqual(len(self.keys("all-")), 20)


class Permission(Case):
    server_flags = ("--no-user-read",)

    def test_a_missing_permission_is_named_with_the_alternative(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "no-1"))
        for command in ("plan", "apply"):
            done = self.convoke(command, path, "-o", "json", expect=4)
            self.assertIn("The app may not look up users (HTTP 403 Authorization_RequestDenied: Insufficient privileges to complete the "
                          "operation.). Grant it the application permission User.Read.All", done.summary["error"])
            self.assertIn("object ids", done.summary["error"])
        self.assertEqual(self.server.meetings(), [])
        self.assertEqual(self.convoke("runs").out.count("classes"), 0)

    def test_object_ids_need_no_permission(self):
        self.apply(write_rows(self.path("rows.csv"), (ADA, "yes-1")))


class Tenants(Case):
    FIRST, SECOND = (str(uuid.UUID(int=0x7E0 + n, version=4)) for n in range(2))

    @classmethod
    def start_server(cls, folder):
        os.makedirs(folder)
        for n, who in enumerate((ADA, BEN)):
            with open(os.path.join(folder, "users-%d" % n), "w", encoding="utf-8") as out:
                out.write("ada@uni.example,%s\n" % who)
        return simulator(folder, "--tenant", cls.FIRST, "--users", os.path.join(folder, "users-0"),
                         "--another-tenant", cls.SECOND, "--users", os.path.join(folder, "users-1"))

    def test_a_name_is_looked_up_in_the_tenant_of_its_row(self):
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "a", "t1"), ("ada@uni.example", "a", self.SECOND),
                          (ADA, "b", "t1"), columns=",tenant")
        done = self.apply(path)
        self.assertEqual({(one["tenant"], one["organizer"], one["external_id"]) for one in self.server.meetings()},
                         {(self.FIRST, ADA, "a"), (self.SECOND, BEN, "a"), (self.FIRST, ADA, "b")})
        self.assertEqual({name: one["look_ups"] for name, one in self.server.stats()["tenants"].items()}, {self.FIRST: 1, self.SECOND: 1})
        self.assertEqual(done.summary["plan"]["look_ups"]["names"], 2)
        write_rows(path, ("ada@uni.example", "a", "t1"), ("ben@uni.example", "c", "t2"), columns=",tenant")
        refused = self.apply(path, expect=8)
        self.assertIn("no such user in tenant t2", refused.summary["wrong_rows"][0]["error"])
        # Of one tenant alone only its names are looked up, and its secret is the only one that is needed.
        secret = self.server.settings["tenants"]["t1"]["client_secret_file"]
        right = self.content(secret)
        write_private(secret, "wrong-secret-canary\n")
        try:
            self.apply(write_rows(path, ("zoe@uni.example", "a", "t1"), ("ada@uni.example", "d", "t2"), columns=",tenant"), "--tenant", "t2",
                       ledger=self.path("second.db"))
            stopped = self.apply(path, ledger=self.path("both.db"), expect=4)
            self.assertIn("Tenant t1: ", stopped.summary["error"])
            self.assertNotIn("wrong-secret-canary", stopped.out + stopped.err)
            self.assertIn("--tenant NAME plans the rows of another tenant alone", stopped.summary["error"])
            # Why there is no token is said once.
            self.assertEqual(len([line for line in stopped.err.splitlines() if "7000215" in line]), 1, stopped.err)
        finally:
            write_private(secret, right)

    def test_a_row_whose_tenant_is_not_known_is_looked_up_in_no_tenant(self):
        before = {name: one["look_ups"] for name, one in self.server.stats()["tenants"].items()}
        path = write_rows(self.path("rows.csv"), ("ada@uni.example", "typo-1", "t2"), ("only.in.two@uni.example", "typo-2", "t22"),
                          ("only.in.two@uni.example", "typo-3", ""), columns=",tenant")
        with open(path, "a", encoding="utf-8") as out:
            out.write("only.in.two@uni.example,typo-4\n")
        done = self.apply(path, "--skip-invalid", ledger=self.path("typo.db"), expect=3)
        after = {name: one["look_ups"] for name, one in self.server.stats()["tenants"].items()}
        self.assertEqual({name: after[name] - before[name] for name in after}, {self.FIRST: 0, self.SECOND: 1})
        self.assertEqual(done.summary["outcomes"]["rejected"], 3)
        self.assertNotIn("no such user", done.out + done.err)


if __name__ == "__main__":
    main()
