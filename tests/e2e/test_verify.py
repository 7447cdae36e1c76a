"""convoke verify: what it reads, what it finds, what it repairs, and what it attests. What the server saw counts."""
import datetime
import hashlib
import json
import os
import re
import subprocess
import urllib.request

from fleet import FleetCase
from harness import FAST, Case, main
from known_meetings import HEADER, ORGANIZERS, SLOW, KnownMeetings

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class VerifyTests(KnownMeetings):
    def verify(self, *words, expect=0, **more):
        return self.run_command("verify", *words, "--results", self.path("results.csv"), expect=expect, **more)

    def test_every_known_meeting_is_read_and_attested(self):
        self.make(range(12))
        before = self.stored()
        done = self.verify()
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 12}, {"get": 12}))
        self.assertEqual(self.stored(), before, "nothing was changed")
        self.assertEqual({(number, row["outcome"], row["line"], row["meeting_id"]) for number, row in self.results().items()},
                         {(number, "unchanged", "", one["id"]) for number, one in before.items()})

        found = done.summary["verified"]
        self.assertEqual((found["inventory"], found["rows"], found["unchanged"], found["drifted"], found["expired"], found["lost"]),
                         (True, 12, 12, 0, 0, 0))
        self.assertEqual(found["results_sha256"], hashlib.sha256(self.content(self.path("results.csv"))).hexdigest())
        for when in ("from", "to"):
            self.assertRegex(found[when], UTC)
        times = sorted((row["finished_at"] for row in self.results().values()), key=datetime.datetime.fromisoformat)
        self.assertEqual((found["from"], found["to"]), (times[0], times[-1]))
        self.assertEqual(done.summary["kind"], "verify")

        # What was found once says nothing of now: it is read again, by another run.
        again = self.verify()
        self.assertEqual((self.outcomes(again), self.seen), ({"unchanged": 12}, {"get": 12}))
        self.assertNotEqual(again.summary["run"], done.summary["run"])

    def test_the_text_attests_the_inventory(self):
        self.make(range(3))
        self.delete_elsewhere([2])
        done = self.convoke("verify", *FAST, *self.more, "--results", self.path("results.jsonl"), expect=3)
        self.assertRegex(done.out, r"Verified: 3 meetings, (at|between) \S+Z( and \S+Z)?: 2 unchanged, 1 lost\.")
        self.assertIn("SHA-256 of the results: " + hashlib.sha256(self.content(self.path("results.jsonl"))).hexdigest(), done.out)
        self.assertIn("convoke verify --repair", done.out)
        self.assertEqual(done.out.splitlines()[-1], "Finished: 2 of 3 known meetings exist; 1 is lost.")

    def test_drift_and_losses_are_found_and_repaired(self):
        self.make(range(12))
        self.change_elsewhere([1, 2], "Geometry")
        self.delete_elsewhere([3, 4])
        done = self.verify(expect=3)
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 8, "drifted": 2, "lost": 2}, {"get": 12}))
        rows = self.results()
        self.assertEqual({number: (row["outcome"], row["drift"]) for number, row in rows.items() if row["outcome"] != "unchanged"},
                         {1: ("drifted", "subject"), 2: ("drifted", "subject"), 3: ("lost", ""), 4: ("lost", "")})
        self.assertEqual({row["http_status"] for number, row in rows.items() if number in (3, 4)}, {"404"})
        self.assertEqual({number: state for number, state in self.states().items() if state != "satisfied"},
                         {1: "drifted", 2: "drifted", 3: "lost", 4: "lost"})
        self.assertEqual((done.summary["verified"]["drifted"], done.summary["verified"]["lost"]), (2, 2))

        # What is known to be lost is made at once. What differs is only reported.
        done = self.verify("--repair")
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 8, "drifted": 2, "created": 2}, {"get": 10, "createOrGet": 2}))
        self.assertEqual(set(self.stored()), set(range(12)))
        done = self.verify("--repair", "--on-drift", "update")
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 10, "updated": 2}, {"get": 12, "update": 2}))
        self.assertEqual(self.outcomes(self.verify()), {"unchanged": 12})
        self.assertEqual(set(self.states().values()), {"satisfied"})

    def test_a_loss_that_is_found_is_repaired_by_the_same_run(self):
        self.make(range(6))
        self.delete_elsewhere([0, 5])
        done = self.verify("--repair")
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 4, "created": 2}, {"get": 6, "createOrGet": 2}))
        stored = self.stored()
        self.assertEqual({number: row["meeting_id"] for number, row in self.results().items()},
                         {number: one["id"] for number, one in stored.items()})

    def test_drift_that_fails(self):
        self.make(range(4))
        self.change_elsewhere([1], "Geometry")
        self.assertEqual(self.outcomes(self.verify()), {"unchanged": 3, "drifted": 1})
        self.assertEqual(self.outcomes(self.verify("--on-drift", "fail", expect=3)), {"unchanged": 3, "drifted": 1})
        self.assertEqual(self.seen, {"get": 4})

    def test_only_the_meetings_of_a_file(self):
        self.make(range(8))
        path = self.file("some.csv", [1, 2, 3, 99])
        done = self.verify(path, expect=3)
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 3, "failed": 1}, {"get": 3}))
        self.assertFalse(done.summary["verified"]["inventory"])
        self.assertEqual(done.summary["verified"]["rows"], 3)
        self.assertEqual(self.results()[99]["error_code"], "unknown_meeting")
        self.assertEqual(done.summary["summary"], "Finished: 3 of the 4 rows have their meeting; 1 is not known to this ledger.")
        self.assertEqual([done.summary["verified"][name] for name in ("failed", "unread", "unknown")], [1, 0, 1])
        failed = self.read_csv(path + ".verify.failed.csv")
        self.assertEqual([row["external_id"] for row in failed], [self.name(99)])
        self.assertNotIn(99, self.stored())
        # A part of them.
        self.verify(path, "--only", "external_id=" + self.name(2))
        self.assertEqual(self.seen, {"get": 1})
        self.verify(path, "--limit", "2")
        self.assertEqual(self.seen, {"get": 2})

    def test_a_run_of_a_file_is_not_the_run_that_makes_its_meetings(self):
        path = self.make(range(5))
        self.verify(path)
        self.assertEqual(self.seen, {"get": 5})
        done = self.run_command("apply", path)
        self.assertEqual((self.seen, done.code), ({}, 0))
        self.assertEqual(self.runs()[:2], [("provision", "finished"), ("verify", "finished")])

    def test_what_other_meetings_want_does_not_matter(self):
        """A file of keys with other subjects: the inventory says what is wanted."""
        self.make(range(3))
        done = self.verify(self.file("others.csv", range(3), "Anything"))
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 3}, {"get": 3}))

    def test_removed_meetings_are_not_read(self):
        path = self.make(range(4))
        self.run_command("remove", self.file("removed.csv", [0, 1]), "--yes")
        self.assertEqual(self.outcomes(self.verify()), {"unchanged": 2})
        self.assertEqual(self.seen, {"get": 2})
        done = self.verify(path)
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 2, "removed": 2}, {"get": 2}))


class Verify(VerifyTests, Case):
    server_flags = ("--seed", "91", "--calls", "20000")

    def test_a_run_that_is_killed_goes_on_where_it_was(self):
        self.make(range(60))
        seen = self.kill_after("get", 10, "verify")
        self.assertLess(seen, 60)
        self.assertEqual(self.runs()[-1], ("verify", "open"))
        done = self.verify("--attempt-timeout", "300ms")
        self.assertEqual(self.outcomes(done), {"unchanged": 60})
        self.assertIsNone(done.summary["plan"], "the run was resumed")
        # Those in flight are sent twice, and those of the last moment, whose answers were not committed.
        self.assertLessEqual(seen + self.seen["get"], 60 + 4 + 8)
        self.assertEqual(done.summary["verified"]["rows"], 60)
        self.assertEqual(len(self.results()), 60)

    def test_it_is_paced(self):
        self.make(range(30))
        done = self.convoke("verify", "-o", "json", "--rate", "40", "--fixed-rate")
        self.assertGreater(done.seconds, 0.6)

    def test_nothing_is_known(self):
        done = self.verify()
        self.assertEqual((self.outcomes(done), self.seen), ({}, {}))
        self.assertEqual(done.summary["verified"]["rows"], 0)
        self.assertIn("knows no meeting", done.summary["summary"])

    def test_what_is_refused(self):
        self.make(range(2))
        for words in (["--limit", "1"], ["--only", "subject=x"], ["--expect-rows", "2"], ["", "--repair"], ["--dry-run"], ["--yes"],
                      ["--on-vanished", "remove"], ["--keep-alive", "30d"], ["one.csv", "two.csv"], ["--on-drift", "repair"]):
            self.run_command("verify", *words, expect=2)
            self.assertEqual(self.seen, {})
        self.run_command("apply", self.path("classes.csv"), "--repair", expect=2)
        self.run_command("verify", self.write("empty.csv", HEADER), expect=8)

    def test_settings_of_apply_in_a_configuration_do_not_matter(self):
        self.make(range(3))
        environment = {"CONVOKE_ON_VANISHED": "remove", "CONVOKE_MAX_REMOVE": "9", "CONVOKE_MAX_NEW": "0", "CONVOKE_KEEP_ALIVE": "30d",
                       "CONVOKE_ROLES": "enforce", "CONVOKE_FEED": "other", "CONVOKE_EXPECT_ROWS": "40", "CONVOKE_LIMIT": "1",
                       "CONVOKE_ONLY": "room=none", "CONVOKE_FAILED": self.path("of-apply.csv")}
        self.verify(environment=environment)
        self.assertEqual(self.seen, {"get": 3})
        path = self.file("more.csv", [0, 1, 2, 99])
        self.verify(path, environment=environment, expect=3)
        self.assertEqual(self.seen, {"get": 3})
        self.assertTrue(os.path.exists(path + ".verify.failed.csv"))
        self.assertFalse(os.path.exists(self.path("of-apply.csv")))
        self.verify(path, "--limit", "2", environment=environment)
        self.assertEqual(self.seen, {"get": 2})

    def test_a_worker_carries_a_run_out(self):
        self.make(range(40))
        self.kill_after("get", 3, "verify")
        before = self.server.stats()["operations"]["get"]
        worked = self.convoke("work", "-o", "json", *FAST, "--attempt-timeout", "300ms")
        self.assertEqual(json.loads(worked.out)["end"], "finished")
        self.assertGreater(self.server.stats()["operations"]["get"], before)
        self.assertEqual(self.runs()[-1], ("verify", "finished"))

    def test_results_on_standard_output(self):
        self.make(range(3))
        done = self.convoke("verify", *FAST, "--results", "-")
        self.assertEqual([row["outcome"] for row in self.parse_csv(done.out)], ["unchanged"] * 3)
        self.assertIn("SHA-256 of the results: " + hashlib.sha256(done.out.encode()).hexdigest(), done.err)

    def test_an_interrupted_run_says_how_it_goes_on(self):
        self.make(range(60))
        process = self.start(self.words("verify", *SLOW), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        before = self.server.stats()["operations"].get("get", 0)
        while self.server.stats()["operations"].get("get", 0) < before + 5:
            self.assertIsNone(process.poll())
        process.terminate()
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)
        self.assertIn("Run the same command again", out.decode())
        self.assertEqual(self.outcomes(self.verify()), {"unchanged": 60})


class VerifyInBatches(VerifyTests, Case):
    server_flags = ("--seed", "92", "--calls", "20000")
    more = ("--batch-size", "20")


class VerifyOnPostgres(VerifyTests, FleetCase):
    server_flags = ("--seed", "93", "--calls", "20000")


class Expired(KnownMeetings, Case):
    """Meetings that the service has let expire, although they begin later."""

    server_flags = ("--seed", "94", "--meeting-lifetime", "-3600d")

    def test_an_expired_meeting_is_never_unchanged(self):
        self.make(range(3))
        done = self.run_command("verify", "--results", self.path("results.csv"))
        self.assertEqual((self.outcomes(done), self.seen), ({"drifted": 3}, {"get": 3}))
        self.assertEqual(done.summary["verified"]["expired"], 3)
        self.assertEqual({row["drift"] for row in self.results().values()}, {"expiry"})
        self.run_command("verify", "--on-drift", "fail", expect=3)
        text = self.convoke("verify", *FAST).out
        self.assertIn("3 drifted (3 of them expired)", text)


class OrganizerWhoLeft(KnownMeetings, Case):
    server_flags = ("--seed", "95",)

    def test_the_meetings_of_an_organizer_who_left_the_tenant_are_lost(self):
        self.make(range(12))
        stay = json.dumps({"organizers": ORGANIZERS[1:]}).encode()
        request = urllib.request.Request(self.server.root + "/_sim/behaviour", stay, {"Content-Type": "application/json"}, method="PATCH")
        with urllib.request.urlopen(request, context=self.server.context, timeout=60) as answer:
            self.assertEqual(answer.status, 200)
        done = self.run_command("verify", "--results", self.path("results.csv"), expect=3)
        self.assertEqual(self.outcomes(done), {"unchanged": 10, "lost": 2})
        self.assertEqual({number for number, row in self.results().items() if row["outcome"] == "lost"}, {0, 6})


if __name__ == "__main__":
    main()
