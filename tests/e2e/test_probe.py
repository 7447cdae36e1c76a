"""convoke probe: every finding, whichever way the service behaves; it removes what it made, also after it was killed; probe.toml."""
import json
import os
import re
import stat
import tomllib
import urllib.request

from generate import organizer_ids
from harness import EXECUTABLE, Case, kill, main, scaled, simulator, wait_for

ORGANIZER = organizer_ids(1, seed=77)[0]
ATTENDEE = "ada.lovelace@students.example.org"

# What a service answers that behaves as Microsoft's documentation suggests, and as the simulator does by itself.
USUAL = {"new_status": "201", "found_status": "200", "repeat_changes": "nothing", "expiry_shown": "yes", "join_information_shown": "yes",
         "patch_answer": "meeting", "deleted_key": "new", "letter_case": "counts", "longest_external_id": "at least 256",
         "simultaneous": "one", "role_presenter": None, "role_coorganizer": None, "options_kept": "no", "batch": "yes",
         "inner_blanks": "kept", "outer_blanks": "kept", "other_letters": "kept", "unknown_meeting": "404", "throttle": None,
         "expired_key": None}

# Settings of the simulator, and the findings that differ from the usual ones. Together they have every setting both ways.
SERVICES = [
    ({}, {}),
    ({"show_roles": True}, {"role_presenter": "kept", "role_coorganizer": "kept"}),
    ({"new_status": 200, "found_status": 201, "repeat_changes": "both", "hide_expiry": True, "hide_join_information": True,
      "patch_answer": "nothing", "deleted_key": "restored", "letter_case": "ignored", "longest_external_id": 100, "simultaneous": "two",
      "show_roles": True, "lose_presenters": True, "lose_coorganizers": True, "keep_options": True, "no_batch": True,
      "inner_blanks": "refused", "outer_blanks": "trimmed", "other_letters": "refused", "unknown_meeting": "403"},
     {"new_status": "200", "found_status": "201", "repeat_changes": "both", "expiry_shown": "no", "join_information_shown": "no",
      "patch_answer": "nothing", "deleted_key": "restored", "letter_case": "ignored", "longest_external_id": "100", "simultaneous": "two",
      "role_presenter": "lost", "role_coorganizer": "lost", "options_kept": "yes", "batch": "no", "inner_blanks": "refused",
      "outer_blanks": "trimmed", "other_letters": "refused", "unknown_meeting": "403"}),
    ({"repeat_changes": "subject", "deleted_key": "refused", "outer_blanks": "refused", "longest_external_id": 255, "unknown_meeting": "400",
      "show_roles": True, "lose_presenters": True},
     {"repeat_changes": "subject", "deleted_key": "refused", "outer_blanks": "refused", "longest_external_id": "255",
      "unknown_meeting": "400", "role_presenter": "lost", "role_coorganizer": "kept"}),
    ({"repeat_changes": "times", "longest_external_id": 64}, {"repeat_changes": "times", "longest_external_id": "64"}),
]


class Probe(Case):
    # Two calls meet only where an answer takes time.
    server_flags = ("--seed", "77", "--latency", "10ms")

    def setUp(self):
        super().setUp()
        self.out = self.path("probe.toml")
        self.control("POST", "reset", {"keep": []})

    def control(self, method, what, value):
        request = urllib.request.Request(self.server.root + "/_sim/" + what, json.dumps(value).encode(),
                                         {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, context=self.server.context, timeout=60) as answer:
            return answer.read()

    def behave(self, **settings):
        self.control("PATCH", "behaviour", settings)

    def line(self, *words, interval="0s", server=None):
        return [EXECUTABLE, "probe", "--config", (server or self.server).config, "--organizer", ORGANIZER, "--attendee", ATTENDEE,
                "--out", self.out, "--interval", interval, *words]

    def probe(self, *words, expect=0, **more):
        return self.run_words(self.line("-o", "json", *words, **more), expect).summary

    def values(self, done):
        return {one["name"]: one["value"] for one in done["findings"]}

    def assert_clean(self, server=None):
        self.assertEqual((server or self.server).stats()["meetings"], 0)
        self.assertFalse(os.path.exists(self.out + ".journal"))


class Findings(Probe):
    def test_every_setting_is_found_out_both_ways_and_taken_over(self):
        for number, (settings, other) in enumerate(SERVICES):
            with self.subTest(**settings):
                self.control("POST", "reset", {"keep": []})
                self.behave(**settings)
                before = self.server.stats()["requests"]
                done = self.probe()
                self.assertEqual(self.values(done), {**USUAL, **other})
                self.assert_clean()
                self.assertLessEqual(done["calls"], 60)
                self.assertEqual(self.server.stats()["requests"] - before, done["calls"])
                self.assertGreater(done["removed"], 5)
                self.assertEqual((done["end"], done["left"], done["simulated"]), ("done", [], True))
                if number not in (0, 2):
                    continue
                same = simulator(self.path("server%d" % number), "--as", self.out, "--latency", "10ms")
                self.addCleanup(same.stop)
                again = self.probe(server=same)
                self.assertEqual(self.values(again), self.values(done))
                self.assert_clean(same)

    def test_the_text_has_questions_answers_and_evidence_and_no_ids(self):
        done = self.run_words(self.line())
        for part in ("Are external ids that differ only in the case of letters two keys?", "letter_case: counts",
                     "expired_key: unsettled", "meetings removed"):
            self.assertIn(part, done.out)
        with open(self.out, encoding="utf-8") as file:
            written = file.read()
        for text in (done.out, written):
            for secret in (ORGANIZER, ATTENDEE, "meetup-join", "passcode", self.server.setting("tenant"), "convoke-probe-"):
                self.assertNotIn(secret, text)
        self.assertEqual(stat.S_IMODE(os.stat(self.out).st_mode), 0o600)
        found = tomllib.loads(written)
        self.assertEqual(found["format"], 1)
        self.assertTrue(found["simulated"])
        self.assertRegex(found["tenant_sha256"], "^[0-9a-f]{64}$")
        self.assertEqual(found["findings"]["letter_case"]["value"], "counts")
        self.assertIn("60 days", found["findings"]["expired_key"]["unsettled"])
        self.assert_clean()

    def test_a_throttle_is_obeyed_and_its_form_is_a_finding(self):
        self.behave(script=[{"call": 4, "fault": "throttle"}], throttle_wait=0.3, retry_after_form="decimal")
        done = self.probe()
        self.assertEqual(self.values(done), {**USUAL, "throttle": "decimal"})
        self.assertEqual(self.server.stats()["early"], 0)
        self.assert_clean()

    def test_without_an_attendee_and_with_a_upn(self):
        line = self.line("-o", "json")
        at = line.index("--attendee")
        del line[at:at + 2]
        line[line.index(ORGANIZER)] = "grace@uni.example"
        done = self.run_words(line).summary
        unsettled = {one["name"]: one["unsettled"] for one in done["findings"] if one["value"] is None}
        self.assertEqual(set(unsettled), {"role_presenter", "role_coorganizer", "throttle", "expired_key"})
        self.assertIn("--attendee", unsettled["role_presenter"])
        self.assert_clean()

    def test_a_plan_refuses_what_the_service_refuses(self):
        self.behave(longest_external_id=64)
        self.probe()
        rows = "organizer,external_id,subject,start\n%s,%s,Algebra,2027-10-19T08:00:00Z\n" % (ORGANIZER, "x" * 65)
        path = self.write("long.csv", rows)
        self.convoke("check", path)
        refused = self.convoke("check", path, "--probed", self.out, expect=8)
        self.assertIn("has 65 bytes, and the service takes 64", refused.err)
        good = self.write("good.csv", rows.replace("x" * 65, "x" * 64))
        self.convoke("check", good, "--probed", self.out)
        before = self.server.stats()["requests"]
        self.apply(path, "--probed", self.out, expect=8)
        self.assertEqual(self.server.stats()["requests"], before)


class Ends(Probe):
    def test_killed_at_any_call_it_removes_what_it_made(self):
        self.behave(simultaneous="two")
        total = self.probe()["calls"]
        step = scaled(13, 6, 1)
        for at in range(1, total + 1, step):
            with self.subTest(call=at):
                self.control("POST", "reset", {"keep": ["behaviour"]})
                process = self.start(self.line(interval="5ms"))
                wait_for(lambda at=at: self.server.stats()["requests"] >= at or process.poll() is not None, "call %d" % at)
                kill(process)
                journal = self.out + ".journal"
                if os.path.exists(journal):
                    self.assertEqual(stat.S_IMODE(os.stat(journal).st_mode), 0o600)
                again = self.probe()
                self.assertEqual(self.values(again)["simultaneous"], "two")
                self.assertEqual(self.values(again)["new_status"], "201")
                self.assert_clean()

    def test_a_signal_ends_it_and_the_same_command_continues(self):
        process = self.start(self.line("-o", "json", interval="100ms"))
        wait_for(lambda: self.server.stats()["requests"] >= 3, "three calls")
        process.terminate()
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)
        self.assertEqual(json.loads(out)["end"], "interrupted")
        self.assertFalse(os.path.exists(self.out))
        done = self.probe()
        self.assertEqual(self.values(done), USUAL)
        self.assert_clean()

    def test_a_long_retry_after_ends_it_and_is_obeyed_by_the_next_process(self):
        self.behave(script=[{"call": 3, "fault": "throttle"}], throttle_wait=100000)
        ended = self.probe("--patience", "1s", expect=5)
        self.assertEqual(ended["end"], "unavailable")
        self.assertEqual(len(ended["left"]), 1)
        self.assertGreater(ended["come_back_s"], 1)
        before = self.server.stats()["requests"]
        refused = self.run_words(self.line("--patience", "1s"), expect=5)
        self.assertIn("said to wait until", refused.err)
        self.assertEqual(self.server.stats()["requests"], before)

    def test_findings_that_could_not_be_written_are_kept_for_the_next_process(self):
        process = self.start(self.line("-o", "json", interval="20ms"))
        wait_for(lambda: self.server.stats()["requests"] >= 3, "three calls")
        os.mkdir(self.out)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 9)
        self.assertTrue(os.path.exists(self.out + ".journal"))
        os.rmdir(self.out)
        before = self.server.stats()["requests"]
        self.assertEqual(self.values(self.probe()), USUAL)
        self.assertEqual(self.server.stats()["requests"], before)
        self.assertTrue(os.path.isfile(self.out))
        self.assert_clean()

    def test_a_permission_that_is_missing_ends_it_at_the_first_call(self):
        self.behave(policy="none")
        ended = self.run_words(self.line(), expect=4)
        self.assertIn("403", ended.out)
        self.assertIn("convoke doctor", ended.out)
        self.assertEqual(self.server.stats()["requests"], 1)
        self.control("POST", "reset", {"keep": ["meetings"]})
        self.assertEqual(self.values(self.probe()), USUAL)
        self.assert_clean()

    def test_a_service_that_is_not_on_this_machine_needs_permission(self):
        away = ["--graph-url", "https://graph.invalid", "--authority-url", "https://login.invalid"]
        refused = self.run_words(self.line(*away), expect=2)
        self.assertIn("add --allow-real-tenant ", refused.err)
        wrong = self.run_words(self.line(*away, "--allow-real-tenant", ORGANIZER), expect=2)
        self.assertIn("the tenant is", wrong.err)
        self.assertFalse(os.path.exists(self.out + ".journal"))
        self.probe("--allow-real-tenant", self.server.setting("tenant"))

    def test_wrong_use(self):
        line = self.line()
        at = line.index("--organizer")
        without = self.run_words(line[:at] + line[at + 2:], expect=2)
        self.assertIn("--organizer ID", without.err)
        for words, why in ((["--organizer", "someone"], "once"), (["--interval", "soon"], "--interval"), (["--out", "-"], "name a file")):
            self.assertIn(why, self.run_words(self.line(*words), expect=2).err)
        self.write("other.toml", "format = 1\n[findings.batch]\nvalue = 3\n")
        broken = self.run_words([EXECUTABLE, "simulate", "--as", self.path("other.toml")], expect=2)
        self.assertTrue(re.search(r"other\.toml, line 3, column \d+", broken.err), broken.err)

    def test_the_journal_of_another_probe_is_not_continued(self):
        process = self.start(self.line(interval="100ms"))
        wait_for(lambda: self.server.stats()["requests"] >= 2, "two calls")
        kill(process)
        line = self.line()
        line[line.index(ORGANIZER)] = organizer_ids(2, seed=78)[1]
        refused = self.run_words(line, expect=2)
        self.assertIn("journal of another probe", refused.err)
        self.probe()
        self.assert_clean()


if __name__ == "__main__":
    main()
