"""A person signs in with a code in a browser and organizes every meeting: what the service saw of it, and what is kept."""
import glob
import json
import os
import re
import stat
import time
import urllib.error
import urllib.request

from harness import Case, kill, main, scaled, simulator, wait_for

USER, OTHER = "5d3c1f0e-8a2b-4c6d-9e7f-0a1b2c3d4e05", "6e4d2a1f-9b3c-4d7e-8f80-1b2c3d4e5f06"
DEVICE = ["--credential", "device-code"]
# What the tokens of the simulator begin with: of an app or a person, and for a renewal.
CANARIES = ("eyJ0eXAiOiJKV1Qi", "0.refresh-")


def meetings(first, count):
    return ["m-%04d,Seminar %d,2027-10-%02dT%02d:00:00Z,60" % (n, n, 1 + n % 28, 8 + n % 10) for n in range(first, first + count)]


class Delegated(Case):
    """The first request for the token finds the sign-in approved."""

    server_flags = ("--device-interval", "1", "--device-approval", "0", "--signed-in-user", USER)

    def setUp(self):
        super().setUp()
        self.number = 0

    def tearDown(self):
        for path in glob.glob(self.folder + "/**", recursive=True):
            if not os.path.isfile(path) or "/sign-in-" in path:
                continue
            content = self.content(path)
            for canary in CANARIES:
                self.assertNotIn(canary.encode(), content, path)
        super().tearDown()

    def rows(self, count, prefix="", header="external_id,subject,start,duration", cells=None):
        self.number += 1
        name = "rows-%d.csv" % self.number
        lines = [prefix + line for line in meetings(0, count)]
        if cells:
            header, lines = "organizer," + header, [cell + "," + line for cell, line in zip(cells, lines)]
        return self.write(name, header + "\n" + "\n".join(lines) + "\n")

    def signed_in(self, path, *flags, **more):
        done = self.apply(path, *DEVICE, *flags, **more)
        for canary in CANARIES:
            self.assertNotIn(canary, done.out + done.err)
        return done

    def prompts(self, done):
        return re.findall(r"^To sign in to tenant \S+, open (\S+) in a browser on any machine and enter the code (\S+)\.", done.err, re.M)

    def sign_ins(self, before=None):
        now = self.server.stats()["sign_in"]
        return {name: value - (before[name] if before else 0) for name, value in now.items()}

    def saved(self):
        return glob.glob(self.folder + "/state/convoke/sign-in-*.json")

    def device(self, **body):
        request = urllib.request.Request(self.server.root + "/_sim/device", json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request, context=self.server.context, timeout=30) as answer:
            return json.loads(answer.read())

    def calls(self):
        return [json.loads(line) for line in self.server.get("calls").splitlines()]


class SigningIn(Delegated):
    def test_every_meeting_is_the_users_and_is_made_once(self):
        path, results = self.rows(7, "once-"), self.path("results.csv")
        before, calls = self.sign_ins(), len(self.calls())
        done = self.signed_in(path, "--results", results)
        self.assertEqual([url for url, _ in self.prompts(done)], [self.server.root + "/devicelogin"])
        keys = [(USER, "once-m-%04d" % n) for n in range(7)]
        self.assert_created_once(keys)
        self.assertEqual({row["organizer"] for row in self.read_csv(results)}, {USER})
        self.assertEqual(self.sign_ins(before), {"codes": 1, "polls": 1, "early_polls": 0, "slow_downs": 0, "granted": 1, "refreshes": 0,
                                                 "refused_refreshes": 0})
        own = self.calls()[calls:]
        self.assertEqual(len(own), 7)
        self.assertTrue(all(call["me"] and call["organizer"] == USER for call in own), own[:2])
        self.assertEqual(self.saved(), [], "the sign-in is only saved on request")
        # The same command again makes no call to Graph.
        requests = self.server.stats()["requests"]
        again = self.signed_in(path)
        self.assertEqual(again.summary["outcomes"]["created"], 7)
        self.assertEqual(self.server.stats()["requests"], requests)
        self.assert_created_once(keys)

    def test_the_organizer_may_be_empty_me_or_the_users_own_id(self):
        path = self.rows(4, "who-", cells=["", "me", USER.upper(), " Me "])
        self.signed_in(path)
        made = {key for key in self.server.by_key() if key[1].endswith(tuple("who-m-%04d" % n for n in range(4)))}
        self.assertEqual({organizer for organizer, _ in made}, {USER})
        self.assertEqual(len(made), 4)

    def test_doctor_signs_in_and_reads_for_that_person(self):
        path, before, calls = self.rows(3, "checked-"), self.server.stats(), len(self.calls())
        done = self.convoke("doctor", path, *DEVICE, "--save-sign-in", "--organizer", OTHER, "-o", "json")
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertEqual(self.saved(), [], "doctor makes no file")
        checks = {(one["check"], one["subject"]): one for one in done.summary["checks"]}
        self.assertEqual(checks["organizer", USER]["status"], "ok")
        self.assertEqual(checks["organizer", OTHER]["status"], "skipped")
        self.assertIn("a person signs in", checks["organizer", OTHER]["seen"])
        self.assertEqual(checks["access-policy", None]["status"], "skipped")
        after = self.server.stats()
        self.assertEqual(after["searches"] - before["searches"], 1)
        self.assertEqual(after["operations"]["createOrGet"], before["operations"]["createOrGet"])
        self.assertTrue(all(call["me"] for call in self.calls()[calls:]))
        self.assertNotIn(CANARIES[0], done.out + done.err)

    def test_doctor_does_not_ask_where_the_authority_cannot_be_reached(self):
        before = self.sign_ins()
        other = simulator(self.path("other"))
        self.addCleanup(other.stop)
        for more in (("--authority-url", "https://127.0.0.1:1"), ("--ca-file", other.setting("ca_file"))):
            done = self.convoke("doctor", *DEVICE, *more, "-o", "json", expect=5, timeout=120)
            self.assertEqual(self.prompts(done), [])
            checks = [(one["check"], one["status"]) for one in done.summary["checks"]]
            self.assertIn(("ledger", "ok"), checks)
            self.assertIn(("token", "skipped"), checks)
        self.assertEqual(sum(self.sign_ins(before).values()), 0)

    def test_no_person_is_asked_for_a_job_that_cannot_be_done(self):
        before, path = self.sign_ins(), self.rows(2, "vain-")
        self.signed_in(path, "--expect-rows", "9", expect=8)
        self.signed_in(path, "--results", self.path("none/results.csv"), expect=2)
        self.signed_in(self.rows(2, "vain-", header="external_id,subject,colour,duration"), expect=8)
        with open(self.path("none.db"), "w", encoding="ascii") as out:
            out.write("not a ledger, but a text of some length\n" * 100)
        self.signed_in(path, ledger=self.path("none.db"), expect=6)
        self.assertEqual(sum(self.sign_ins(before).values()), 0)

    def test_a_worker_without_anything_to_do_asks_no_person(self):
        before = self.sign_ins()
        done = self.convoke("work", *DEVICE, ledger=self.path("none.db"), expect=6)
        self.assertIn("there is no ledger at", done.err)
        self.assertEqual(self.prompts(done), [])
        self.assertFalse(os.path.exists(self.path("none.db")))
        done = self.convoke("work", *DEVICE, "--follow", expect=2)
        self.assertIn("--follow needs a PostgreSQL ledger", done.err)
        self.convoke("plan", self.rows(2, "idle-", cells=[OTHER] * 2), "--open")
        done = self.convoke("work", *DEVICE, "-o", "json")
        self.assertEqual(self.prompts(done), [])
        self.assertEqual(sum(self.sign_ins(before).values()), 0)
        self.assertEqual([one for one in self.server.meetings() if one["external_id"].startswith("idle-")], [])

    def test_a_sign_in_is_saved_for_a_person_only(self):
        done = self.apply(self.rows(1, "app-only-"), "--save-sign-in", expect=2)
        self.assertIn("--save-sign-in keeps the sign-in of a person", done.err)

    def test_another_organizer_is_a_wrong_row(self):
        path = self.rows(4, "wrong-", cells=["me", OTHER, "someone@example.org", ""])
        requests = self.server.stats()["requests"]
        done = self.signed_in(path, expect=8)
        for line, why in ((3, "is not the user who has signed in"), (4, "is a user principal name, which is not compared")):
            self.assertRegex(done.err, r"line %d: column 'organizer'.*%s" % (line, why))
        self.assertNotRegex(done.err, r"line [25]:")
        self.assertEqual(self.server.stats()["requests"], requests)

    def test_meetings_that_the_app_has_made_have_the_same_keys(self):
        path = self.rows(5, "same-", cells=[USER] * 5)
        self.apply(path)
        plain = self.write("me.csv", self.content(path).replace((USER + ",").encode(), b"").replace(b"organizer,", b""))
        calls = len(self.calls())
        done = self.signed_in(plain)
        self.assertEqual(done.summary["outcomes"]["unchanged"], 5)
        self.assertEqual(len(self.calls()), calls)
        self.assert_created_once([(USER, "same-m-%04d" % n) for n in range(5)])

    def test_check_does_not_sign_in(self):
        before = self.sign_ins()
        path = self.rows(3, "check-", cells=["", "me", OTHER])
        self.convoke("check", path, *DEVICE)
        self.assertEqual(sum(self.sign_ins(before).values()), 0)
        # Without the flag the organizer is required.
        self.assertIn("an organizer is required", self.convoke("check", path, expect=8).err)

    def test_a_plan_and_a_dry_run_ask_who_the_organizer_is(self):
        path, before = self.rows(3, "plan-"), self.sign_ins()
        done = self.convoke("apply", path, *DEVICE, "--dry-run", "--save-sign-in")
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertEqual(os.listdir(self.folder), [os.path.basename(path)])
        done = self.convoke("plan", path, *DEVICE, "--save-sign-in")
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertEqual(self.sign_ins(before)["granted"], 2)
        # The saved sign-in says who it is: nothing is requested.
        before = self.sign_ins()
        done = self.convoke("plan", path, *DEVICE, "--save-sign-in")
        self.assertEqual(self.prompts(done), [])
        self.assertEqual(sum(self.sign_ins(before).values()), 0)
        self.assertEqual([one for one in self.server.meetings() if one["external_id"].startswith("plan-")], [])

    def test_quiet_and_json_show_the_code_too(self):
        done = self.signed_in(self.rows(1, "quiet-"), "-q")
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertEqual(done.err.count("\n"), 1, done.err)
        done = self.signed_in(self.rows(1, "json-"), "--log-format", "json")
        shown = [json.loads(line) for line in done.err.splitlines()]
        code = next(one["message"] for one in shown if "enter the code" in one["message"])
        self.assertNotIn(re.search(r"code (\S+)\. It", code).group(1), done.out)

    def test_a_run_that_was_killed_is_resumed_for_the_same_user(self):
        count = scaled(300, 300, 2000)
        path = self.rows(count, "kill-")
        before = self.server.stats()["requests"]
        process = self.start(self.words("apply", path, *DEVICE, "--save-sign-in", "--rate", "100", "--fixed-rate"))
        wait_for(lambda: self.server.stats()["requests"] > before + 40, "the first calls")
        kill(process)
        # Rows that were claimed wait for as long as an attempt may last.
        done = self.signed_in(path, "--save-sign-in", "--attempt-timeout", "4s")
        self.assertIn("is resumed", done.err)
        self.assertEqual(self.prompts(done), [])
        self.assert_created_once([(USER, "kill-m-%04d" % n) for n in range(count)])


class SavedSignIn(Delegated):
    server_flags = (*Delegated.server_flags, "--single-use-refresh-tokens")

    def test_it_is_used_without_a_question_and_replaced(self):
        self.signed_in(self.rows(2, "a-"), "--save-sign-in")
        (file,) = self.saved()
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(file)).st_mode), 0o700)
        first, before = json.loads(self.content(file)), self.sign_ins()
        self.assertEqual(first["user"], USER)
        done = self.signed_in(self.rows(2, "b-"), "--save-sign-in")
        self.assertEqual(self.prompts(done), [])
        self.assertEqual(self.sign_ins(before), {"codes": 0, "polls": 0, "early_polls": 0, "slow_downs": 0, "granted": 0, "refreshes": 1,
                                                 "refused_refreshes": 0})
        second = json.loads(self.content(file))
        self.assertNotEqual(first["refresh_token"], second["refresh_token"])
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertEqual(len(os.listdir(os.path.dirname(file))), 1)
        # Without the flag it is neither read nor written.
        done = self.signed_in(self.rows(1, "c-"))
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertEqual(json.loads(self.content(file)), second)

    def test_what_others_can_read_or_replace_is_refused(self):
        self.signed_in(self.rows(1, "d-"), "--save-sign-in")
        (file,) = self.saved()
        folder, before, again = os.path.dirname(file), self.sign_ins(), self.rows(1, "e-")
        for path, mode, right, said in ((file, 0o640, 0o600, "chmod 600"), (file, 0o604, 0o600, "chmod 600"),
                                        (folder, 0o770, 0o700, "chmod 700"), (folder, 0o707, 0o700, "chmod 700")):
            os.chmod(path, mode)
            done = self.signed_in(again, "--save-sign-in", expect=4)
            self.assertIn(said, done.err)
            os.chmod(path, right)
        self.assertEqual(sum(self.sign_ins(before).values()), 0)
        self.signed_in(again, "--save-sign-in")

    def test_a_revoked_sign_in_is_deleted_and_asked_for(self):
        self.signed_in(self.rows(1, "f-"), "--save-sign-in")
        (file,) = self.saved()
        old = json.loads(self.content(file))["refresh_token"]
        self.device(action="revoke")
        done = self.signed_in(self.rows(1, "g-"), "--save-sign-in")
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertNotEqual(json.loads(self.content(file))["refresh_token"], old)

    def test_a_revoked_sign_in_does_not_ask_for_a_job_that_cannot_be_done(self):
        self.signed_in(self.rows(1, "m-"), "--save-sign-in")
        self.device(action="revoke")
        before = self.sign_ins()
        done = self.signed_in(self.rows(1, "n-", header="external_id,subject,colour,duration"), "--save-sign-in", expect=8)
        self.assertEqual(self.prompts(done), [])
        self.assertEqual(self.sign_ins(before), {"codes": 0, "polls": 0, "early_polls": 0, "slow_downs": 0, "granted": 0, "refreshes": 0,
                                                 "refused_refreshes": 1})
        self.assertEqual(len(self.prompts(self.signed_in(self.rows(1, "o-"), "--save-sign-in"))), 1)

    def test_doctor_replaces_it_and_neither_makes_nor_deletes_one(self):
        words = ("doctor", *DEVICE, "--save-sign-in", "-o", "json")
        self.signed_in(self.rows(1, "l-"), "--save-sign-in")
        (file,) = self.saved()
        first, before = json.loads(self.content(file)), self.sign_ins()
        done = self.convoke(*words)
        self.assertEqual(self.prompts(done), [])
        self.assertEqual(self.sign_ins(before)["refreshes"], 1)
        # The old token would be refused now.
        second = self.content(file)
        self.assertNotEqual(json.loads(second)["refresh_token"], first["refresh_token"])
        self.device(action="revoke")
        done = self.convoke(*words)
        self.assertEqual(len(self.prompts(done)), 1)
        self.assertEqual(self.content(file), second)
        os.chmod(file, 0o644)
        done = self.convoke(*words, expect=4)
        checks = [one for one in done.summary["checks"] if one["check"] == "file" and one["subject"] == file]
        self.assertEqual([one["commands"] for one in checks], [["chmod 600 '%s'" % file]], done)
        os.remove(file)
        self.convoke(*words)
        self.assertEqual(self.saved(), [])

    def test_two_processes_at_once_do_not_destroy_it(self):
        self.signed_in(self.rows(1, "h-"), "--save-sign-in")
        before, running = self.sign_ins(), []
        for number in range(6):
            words = self.words("apply", self.rows(1, "i%d-" % number), *DEVICE, "--save-sign-in", ledger=self.path("l%d.db" % number))
            running.append(self.start(words))
        for process in running:
            _, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, err)
            self.assertNotIn(b"To sign in", err)
        self.assertEqual(self.sign_ins(before), {"codes": 0, "polls": 0, "early_polls": 0, "slow_downs": 0, "granted": 0, "refreshes": 6,
                                                 "refused_refreshes": 0})
        done = self.signed_in(self.rows(1, "j-"), "--save-sign-in")
        self.assertEqual(self.prompts(done), [])

    def test_workers_carry_out_the_runs_of_their_user_only(self):
        path = self.rows(5, "work-")
        self.apply(self.rows(1, "app-", cells=[OTHER]))
        self.convoke("plan", path, *DEVICE, "--save-sign-in", "--open")
        calls = len(self.calls())
        done = self.convoke("work", *DEVICE, "--save-sign-in", "-o", "json")
        self.assertEqual(self.prompts(done), [])
        self.assert_created_once([(USER, "work-m-%04d" % n) for n in range(5)])
        self.assertTrue(all(call["me"] for call in self.calls()[calls:]))
        # The app itself is another lane: it has nothing to do with what a user owes.
        self.convoke("plan", self.rows(1, "more-"), *DEVICE, "--save-sign-in", "--open")
        calls = len(self.calls())
        self.convoke("work", "-o", "json", expect=None)
        self.assertEqual(len(self.calls()), calls)

    def test_show_config_says_whether_it_would_be_used(self):
        def shown():
            done = self.convoke("apply", "rows.csv", "--show-config", *DEVICE, "--save-sign-in")
            return next(line for line in done.out.splitlines() if line.startswith("sign_in_file = "))
        self.assertIn("no sign-in is saved yet", shown())
        self.signed_in(self.rows(1, "k-"), "--save-sign-in")
        self.assertIn(self.saved()[0] + "  # a saved sign-in, which is used", shown())


class Asked(Delegated):
    """A sign-in is complete once the test approves it."""

    server_flags = ("--device-interval", "1", "--device-approval", "ask", "--signed-in-user", USER)

    def new_code(self, known):
        fresh = wait_for(lambda: [code for code in self.device()["codes"] if code["user_code"] not in known], "a code")
        return fresh[0]["user_code"]

    def state(self, user_code):
        return next(code for code in self.device()["codes"] if code["user_code"] == user_code)


class SlowDown(Asked):
    server_flags = (*Asked.server_flags, "--device-slow-down", "1")

    def test_no_request_comes_earlier_than_the_service_allows(self):
        before = self.sign_ins()
        known = {code["user_code"] for code in self.device()["codes"]}
        process = self.start(self.words("apply", self.rows(2, "slow-"), *DEVICE))
        code = self.new_code(known)
        wait_for(lambda: self.state(code)["polls"] >= 2, "a second request", 30)
        self.device(action="approve", user_code=code)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        seen = self.sign_ins(before)
        self.assertEqual((seen["slow_downs"], seen["early_polls"], seen["granted"]), (1, 0, 1))
        gaps = self.state(code)["gaps_ms"]
        self.assertGreaterEqual(gaps[0], 1000)
        # One slow_down: 5 s more between all further requests.
        self.assertGreaterEqual(min(gaps[1:]), 6000, gaps)
        self.assert_created_once([(USER, "slow-m-0000"), (USER, "slow-m-0001")])


class Waiting(Asked):
    def test_a_denied_sign_in_ends_the_command(self):
        known = {code["user_code"] for code in self.device()["codes"]}
        process = self.start(self.words("apply", self.rows(1, "denied-"), *DEVICE, "--save-sign-in"))
        self.device(action="deny", user_code=self.new_code(known))
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, err)
        self.assertIn(b"The sign-in was declined. Run the same command again to sign in.", err)
        self.assertEqual(self.saved(), [])

    def test_a_signal_ends_the_wait(self):
        known = {code["user_code"] for code in self.device()["codes"]}
        process = self.start(self.words("apply", self.rows(1, "signal-"), *DEVICE))
        self.new_code(known)
        begin = time.monotonic()
        process.terminate()
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143, err)
        self.assertIn(b"Interrupted before the sign-in was complete", err)
        self.assertLess(time.monotonic() - begin, 5)

    def test_another_user_gets_meetings_of_their_own(self):
        path = self.rows(2, "other-")
        for user in (USER, OTHER):
            known = {code["user_code"] for code in self.device()["codes"]}
            process = self.start(self.words("apply", path, *DEVICE))
            self.device(action="approve", user_code=self.new_code(known), user=user)
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err)
        self.assert_created_once([(user, "other-m-000%d" % n) for user in (USER, OTHER) for n in (0, 1)])


class Expired(Asked):
    server_flags = (*Asked.server_flags, "--device-code-lifetime", "5")

    def test_a_code_that_expires_ends_the_command(self):
        process = self.start(self.words("apply", self.rows(1, "expired-"), *DEVICE))
        begin = time.monotonic()
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, err)
        self.assertIn(b"Run the same command again, and enter the new code.", err)
        self.assertLess(time.monotonic() - begin, 25)


class ShortTokens(Delegated):
    """Tokens live for 3 s, each refresh token is accepted once, and the endpoint throttles and fails every third request."""

    server_flags = (*Delegated.server_flags, "--token-lifetime", "3", "--token-faults", "0.3", "--token-retry-after", "1",
                    "--single-use-refresh-tokens")

    def test_a_run_longer_than_its_token_loses_no_row(self):
        count = scaled(300, 300, 1500)
        path, before = self.rows(count, "short-"), self.sign_ins()
        done = self.convoke("apply", path, *DEVICE, "--save-sign-in", "-o", "json", "--rate", "40", "--fixed-rate")
        self.assertEqual(done.summary["outcomes"]["created"] + done.summary["outcomes"]["existing"], count)
        self.assert_created_once([(USER, "short-m-%04d" % n) for n in range(count)])
        seen = self.sign_ins(before)
        self.assertEqual((seen["granted"], seen["refused_refreshes"]), (1, 0))
        self.assertGreater(seen["refreshes"], 2)
        self.assertEqual(len(self.prompts(done)), 1)

    def test_a_sign_in_that_ends_during_a_run_is_not_asked_for(self):
        path = self.rows(400, "ends-")
        before = self.server.stats()["requests"]
        process = self.start(self.words("apply", path, *DEVICE, "--save-sign-in", "--rate", "40", "--fixed-rate"))
        wait_for(lambda: self.server.stats()["requests"] > before + 10, "the first calls")
        self.device(action="revoke")
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, err)
        self.assertEqual(err.count(b"To sign in"), 1)
        self.assertIn(b"Run the same command again to sign in; what is left is done then.", err)
        self.assertEqual(self.saved(), [])
        done = self.signed_in(path, "--save-sign-in")
        self.assertIn("is resumed", done.err)
        self.assert_created_once([(USER, "ends-m-%04d" % n) for n in range(400)])


class Refusals(Case):
    def test_each_refusal_says_what_to_do(self):
        for number, said in ((7000218, "Allow public client flows"), (65001, "OnlineMeetings.ReadWrite"),
                             (53003, "Conditional Access"), (50020, "work or school account"), (90094, "administrators alone")):
            with self.subTest(number):
                server = self.start_another("--device-interval", "1", "--device-approval", "0", "--device-refusal", str(number))
                path = self.write("rows.csv", "external_id,subject,start\nx,y,2027-01-01T08:00:00Z\n")
                done = self.convoke("apply", path, *DEVICE, expect=4)
                self.assertIn(said, done.err)
                self.assertIn("AADSTS%d" % number, done.err)
                self.assertEqual(self.server.stats()["requests"], 0)
                server.stop()

    def start_another(self, *flags):
        type(self).server.stop()
        type(self).server = simulator(os.path.join(self.class_folder, "server-%s" % flags[-1]), *flags)
        return self.server


class Simulator(Delegated):
    def get(self, path, token=None, method="GET", body=None):
        headers = {"Authorization": "Bearer " + token} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json" if isinstance(body, dict) else "application/x-www-form-urlencoded"
            body = json.dumps(body).encode() if isinstance(body, dict) else body.encode()
        request = urllib.request.Request(self.server.root + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self.server.context, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"{}")

    def test_me_is_for_people_and_users_are_for_apps(self):
        tenant, app = self.server.setting("tenant"), self.server.setting("client_id")
        _, found = self.get("/%s/v2.0/.well-known/openid-configuration" % tenant)
        for member in ("issuer", "token_endpoint", "device_authorization_endpoint", "jwks_uri", "msgraph_host"):
            self.assertIn(member, found)
        self.assertEqual(self.get(found["jwks_uri"].replace(self.server.root, "")), (200, {"keys": []}))
        own = found["token_endpoint"].replace(self.server.root, "")
        scope = urllib.request.quote(self.server.root + "/OnlineMeetings.ReadWrite openid profile offline_access")
        _, offer = self.get(found["device_authorization_endpoint"].replace(self.server.root, ""), method="POST",
                            body="client_id=%s&scope=%s" % (app, scope))
        poll = "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=%s&device_code=%s" % (app, offer["device_code"])
        begin = time.monotonic()
        wait_for(lambda: time.monotonic() > begin + 1.05, "the end of the interval")
        status, granted = self.get(own, method="POST", body=poll)
        self.assertEqual(status, 200, granted)
        self.assertEqual(self.get(own, method="POST", body=poll)[1]["error"], "bad_verification_code")
        person = granted["access_token"]
        _, of_app = self.get(own, method="POST", body="grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s" % (
            app, self.server.secret, urllib.request.quote(self.server.root + "/.default")))
        self.assertEqual(self.get("/v1.0/me?$select=id", person)[1]["id"], USER)
        status, refused = self.get("/v1.0/me?$select=id", of_app["access_token"])
        self.assertEqual((status, refused["error"]["message"]), (400, "/me request is only valid with delegated authentication flow."))
        body = {"externalId": "sim-1", "startDateTime": "2027-01-01T08:00:00Z"}
        create = "/onlineMeetings/createOrGet"
        self.assertEqual(self.get("/v1.0/me" + create, of_app["access_token"], "POST", body)[0], 400)
        self.assertEqual(self.get("/v1.0/users/" + OTHER + create, person, "POST", body)[0], 403)
        self.assertEqual(self.get("/v1.0/me" + create, person, "POST", body)[0], 201)
        self.assertEqual(self.get("/v1.0/users/" + USER + create, person, "POST", body)[0], 200)
        self.assertEqual(self.get(own, method="POST", body="grant_type=refresh_token&client_id=%s&scope=%s&refresh_token=%s" % (
            app, scope, granted["refresh_token"]))[0], 200)


if __name__ == "__main__":
    main()
