"""The same command again, changed files, other files, older ledgers: what a run owes, and what the service receives."""
import datetime
import json
import os
import shutil
import subprocess

from generate import organizer_ids, write_rows
from harness import FAST, Case, main, wait_for


class RepeatedRuns(Case):
    server_flags = ("--seed", "21")

    def requests(self):
        return self.server.stats()["requests"]

    def write_lines(self, name, lines):
        return self.write(name, "organizer,external_id,subject,start,duration,attendees,batch\n" + "".join(lines))

    def read_lines(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            return file.readlines()[1:]

    def outcomes(self, done):
        return {word: count for word, count in done.summary["outcomes"].items() if count}

    def test_a_finished_run_makes_no_call_and_writes_the_same_bytes(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        write_rows(path, 300, prefix="finished")
        self.assertEqual(self.outcomes(self.apply(path, "--results", results)), {"created": 300})
        first, requests = self.content(results), self.requests()
        for _ in range(2):
            os.unlink(results)
            again = self.apply(path, "--results", results)
            self.assertEqual(again.summary["calls"], 0)
            self.assertEqual(self.content(results), first)
            self.assertEqual(self.requests(), requests)
        exported = self.convoke("export", "--format", "csv")
        self.assertEqual(exported.out.encode(), first)

    def test_an_older_ledger_costs_calls_but_creates_no_second_meeting(self):
        first, second = self.path("first.csv"), self.path("second.csv")
        keys = write_rows(first, 100, prefix="older")
        self.apply(first)
        saved = self.path("saved.db")
        shutil.copy(self.ledger, saved)
        keys += write_rows(second, 100, prefix="older", first=100)
        self.apply(second)
        for left in ("", "-wal", "-shm"):
            if os.path.exists(self.ledger + left):
                os.unlink(self.ledger + left)
        shutil.copy(saved, self.ledger)
        before = self.requests()
        self.assertEqual(self.outcomes(self.apply(second)), {"existing": 100})
        self.assertEqual(self.requests(), before + 100)
        self.assert_created_once(keys)

    def test_a_lost_ledger_costs_calls_but_creates_no_second_meeting(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 100, prefix="lost")
        self.apply(path)
        self.assertEqual(self.outcomes(self.apply(path, ledger=self.path("new.db"))), {"existing": 100})
        self.assert_created_once(keys)

    def test_a_changed_file_owes_what_changed(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 50, prefix="changed")
        # Only meetings that have not ended vanish, whatever the clock shows.
        next_year = "%d-10-" % (datetime.date.today().year + 1)
        self.write_lines("rows.csv", [line.replace("2026-10-", next_year) for line in self.read_lines(path)])
        self.apply(path, "--results", results)
        urls = {(row["organizer"], row["external_id"]): row["join_web_url"] for row in self.read_csv(results)}
        lines = self.read_lines(path)
        for number in (0, 10, 20):  # plain subjects
            lines[number] = lines[number].replace("Seminar", "Changed seminar")
        vanished = keys[49]
        fresh_path = self.path("fresh.csv")
        fresh_keys = write_rows(fresh_path, 2, prefix="changed-fresh")
        self.write_lines("rows.csv", lines[:49] + self.read_lines(fresh_path))
        before = self.requests()
        done = self.apply(path, "--results", results)
        self.assertEqual(self.outcomes(done), {"unchanged": 46, "drifted": 3, "created": 2})
        self.assertEqual(self.requests(), before + 5)
        self.assertIn(vanished[1], done.err, "the key that is missing from the file is named")
        rows = {(row["organizer"], row["external_id"]): row for row in self.read_csv(results)}
        self.assertEqual({row["drift"] for row in rows.values() if row["outcome"] == "drifted"}, {"subject"})
        for key in keys[:49]:
            self.assertEqual(rows[key]["join_web_url"], urls[key])
        self.assert_created_once(keys + fresh_keys)
        # The drift is known: no other change of the rows costs a call.
        lines = [line.replace(",a\n", ",b\n") for line in self.read_lines(path)]
        self.write_lines("rows.csv", lines)
        before = self.requests()
        self.assertEqual(self.outcomes(self.apply(path)), {"unchanged": 48, "drifted": 3})
        self.assertEqual(self.requests(), before)
        self.assertEqual(self.outcomes(self.apply(path, "--on-drift", "fail", expect=3)), {"unchanged": 48, "drifted": 3})

    def test_an_id_in_another_case_is_sent_as_it_was_first_sent(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 20, prefix="Case")
        self.apply(path)
        before = self.requests()
        text = self.content(path).decode().replace("Case-", "cASE-").replace("Seminar", "Another seminar")
        self.write("rows.csv", text)
        done = self.apply(path, "--results", results)
        owed = done.summary["calls"]
        self.assertGreater(owed, 0)
        called = [json.loads(line) for line in self.server.get("calls").splitlines() if json.loads(line)["call"] > before]
        self.assertEqual(len(called), owed)
        self.assertLessEqual({call["external_id"] for call in called}, {external_id for _, external_id in keys})
        self.assertEqual([row["external_id"] for row in self.read_csv(results)], [key[1].replace("Case", "cASE") for key in keys])
        self.assert_created_once(keys)

    def test_two_files_share_a_ledger(self):
        left, right = self.path("left.csv"), self.path("right.csv")
        keys = write_rows(left, 60, prefix="left")
        keys += write_rows(right, 60, prefix="right")
        self.assertEqual(self.outcomes(self.apply(left)), {"created": 60})
        self.assertEqual(self.outcomes(self.apply(right)), {"created": 60})
        before = self.requests()
        self.assertEqual(self.outcomes(self.apply(left)), {"created": 60})
        self.assertEqual(self.requests(), before)
        inventory = self.parse_csv(self.convoke("export", "--inventory", "--format", "csv").out)
        self.assertEqual({(row["organizer"], row["external_id"]) for row in inventory}, set(keys))

    def test_a_later_plan_takes_keys_over_and_leaves_the_others_owed(self):
        """A run stops half-way; then another file has some of its keys."""
        older, newer = self.path("older.csv"), self.path("newer.csv")
        keys = write_rows(older, 100, prefix="takeover")
        # The time limit leaves most rows owed at any speed of the machine.
        stopped = self.convoke("apply", older, "-o", "json", "--rate", "20", "--fixed-rate", "--max-duration", "1s", expect=5)
        left = stopped.summary["outcomes"]["deferred"]
        self.assertGreater(left, 50)
        self.write_lines("newer.csv", [line.replace(",a\n", ",b\n") for line in self.read_lines(older)[:90]])
        done = self.apply(newer)
        self.assertEqual(sum(self.outcomes(done).values()), 90)
        made = self.server.by_key()
        runs = json.loads(self.convoke("runs", "-o", "json").out)
        by_id = sorted(runs, key=lambda run: run["run"])
        self.assertGreater(by_id[0]["outcomes"]["superseded"], 0)
        owed = by_id[0]["outcomes"]["deferred"]
        self.assertGreater(owed, 0)
        self.assertIn("takeover-", done.err)  # the keys that are still owed are named
        self.assertEqual(len([key for key in keys if key in made]), 100 - owed)
        again = self.convoke("apply", older, "-o", "json", *FAST, expect=None)
        self.assertIn(again.code, (0, 3), str(again))
        self.assert_created_once(keys)

    def test_a_corrected_failed_file_is_applied(self):
        path, failed = self.path("rows.csv"), self.path("rows.csv.failed.csv")
        keys = write_rows(path, 40, prefix="corrected")
        lines = self.read_lines(path)
        lines[5] = lines[5].replace("2026-10-", "2026-13-")
        lines[16] = lines[16].replace("corrected-0000016", "")
        self.write_lines("rows.csv", lines)
        refused = self.convoke("apply", path, expect=8)
        self.assertIn("line 7", refused.err)
        self.assertIn("line 18", refused.err)
        self.assertEqual([key for key in keys if key in self.server.by_key()], [])
        done = self.apply(path, "--skip-invalid", expect=3)
        self.assertEqual(self.outcomes(done), {"created": 38, "rejected": 2})
        rows = self.read_csv(failed)
        self.assertEqual([row["convoke_line"] for row in rows], ["7", "18"])
        self.assertTrue(all(row["convoke_error"] for row in rows))
        content = self.content(failed).decode()
        corrected = content.replace("2026-13-", "2026-10-").replace(keys[16][0] + ",,", keys[16][0] + ",corrected-0000016,")
        self.write("corrected.csv", corrected)
        results = self.path("results.csv")
        self.assertEqual(self.outcomes(self.apply(self.path("corrected.csv"), "--results", results)), {"created": 2})
        self.assertNotIn("convoke_error", self.read_csv(results)[0])
        self.assert_created_once(keys)

    def test_a_plan_of_the_wrong_file_sends_nothing(self):
        wrong, right = self.path("wrong.csv"), self.path("right.csv")
        wrong_keys = write_rows(wrong, 50, prefix="wrong")
        right_keys = write_rows(right, 50, prefix="right-one")
        before = self.requests()
        self.convoke("plan", wrong)
        self.assertEqual(self.requests(), before)
        self.assertEqual(self.outcomes(self.apply(right)), {"created": 50})
        made = self.server.by_key()
        self.assertEqual([key for key in wrong_keys if key in made], [])
        self.assert_created_once(right_keys)
        runs = json.loads(self.convoke("runs", "-o", "json").out)
        self.assertEqual(sorted(run["state"] for run in runs), ["finished", "planned"])
        # An apply of a planned file opens its run.
        self.assertEqual(self.outcomes(self.apply(wrong)), {"created": 50})
        self.assertEqual(len(json.loads(self.convoke("runs", "-o", "json").out)), 2)

    def test_discard_closes_a_run(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 80, prefix="discarded")
        self.convoke("apply", path, "--rate", "20", "--fixed-rate", "--max-duration", "1s", expect=5)
        run = json.loads(self.convoke("runs", "-o", "json").out)[0]
        self.assertEqual(run["state"], "open")
        self.convoke("discard", str(run["run"]))
        self.assertEqual(json.loads(self.convoke("runs", "-o", "json").out)[0]["state"], "discarded")
        before = self.requests()
        nonsense = self.convoke("discard", "4711", expect=None)
        self.assertNotEqual(nonsense.code, 0)
        self.assertIn("4711", nonsense.err)
        self.assertEqual(self.requests(), before)
        # The same file is a new run that owes the missing meetings.
        self.apply(path)
        self.assert_created_once(keys)

    def test_status_and_export_during_a_run(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 600, prefix="during")
        process = self.start(self.words("apply", path, "--results", results, "--rate", "200", "--fixed-rate"), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)

        def in_progress():
            done = self.convoke("status", "-o", "json", expect=None)
            if done.code != 0:  # the ledger does not exist yet
                return None
            run = json.loads(done.out)["run"]
            return run if run and 0 < run["outcomes"]["created"] < 600 else None

        run = wait_for(in_progress, "a run in progress")
        self.assertEqual(sum(run["outcomes"].values()), 600)
        self.assertIn("created", self.convoke("status").out)
        rows = self.parse_csv(self.convoke("export", "--format", "csv").out)
        self.assertEqual(len(rows), 600)
        self.assertEqual({row["outcome"] for row in rows}, {"created", "deferred"})
        self.assertEqual(process.wait(timeout=60), 0)
        self.assert_one_outcome_a_row(self.read_csv(results), 600)
        self.assert_created_once(keys)

    def test_a_dry_run_writes_nothing(self):
        path = self.path("rows.csv")
        write_rows(path, 30, prefix="dry")
        before = self.requests()
        done = self.convoke("apply", path, "--dry-run", "-o", "json")
        self.assertEqual(json.loads(done.out)["calls"], 30)
        self.assertFalse(os.path.exists(self.ledger))
        self.assertEqual(self.requests(), before)

    def test_a_pilot_then_the_rest(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 100, prefix="pilot")
        self.assertEqual(self.outcomes(self.apply(path, "--limit", "5")), {"created": 5})
        self.assertEqual(self.outcomes(self.apply(path, "--only", "external_id=pilot-0000050")), {"created": 1})
        self.assertEqual(self.outcomes(self.apply(path)), {"created": 94, "unchanged": 6})
        self.assert_created_once(keys)

    def test_guards_refuse_before_the_first_call(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 30, prefix="guard")
        self.assertIn("30", self.apply(path, "--expect-rows", "31", expect=8).err)
        self.assertIn("29", self.apply(path, "--max-new", "29", expect=8).err)
        made = self.server.by_key()
        self.assertEqual([key for key in keys if key in made], [])
        self.assertEqual(self.outcomes(self.apply(path, "--expect-rows", "30", "--max-new", "30")), {"created": 30})


class EveryCallFails(Case):
    server_flags = ("--seed", "3", "--fault-503-before", "1")

    def test_a_deferred_row_names_its_last_failure(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        write_rows(path, 5, prefix="failed_last")
        done = self.apply(path, "--results", results, "--max-attempts", "2", expect=5)
        self.assertEqual(done.summary["outcomes"]["deferred"], 5)
        sent = {json.loads(line)["client_request_id"] for line in self.server.get("calls").splitlines()}
        for row in self.read_csv(results):
            self.assertEqual((row["outcome"], row["http_status"], row["attempts"], row["finished_at"]), ("deferred", "503", "2", ""))
            self.assertIn("temporarily", row["error_message"])
            self.assertIn(row["client_request_id"], sent)
        self.assertEqual(self.convoke("export", "--format", "csv").out.encode(), self.content(results))


class OneOrganizerFails(Case):
    """One organizer lacks the application access policy."""

    refused = organizer_ids(20)[3]
    server_flags = ("--seed", "22", "--no-policy", refused)

    def test_the_same_command_owes_exactly_what_failed(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        keys = write_rows(path, 400, prefix="refused")
        good = [key for key in keys if key[0] != self.refused]
        done = self.apply(path, "--results", results, expect=3)
        self.assertEqual((done.summary["outcomes"]["created"], done.summary["outcomes"]["failed"]), (380, 20))
        # One refusal of the organizer ends its other rows without a call.
        self.assertLess(self.server.stats()["requests"], 380 + 20)
        self.assert_created_once(good)
        failed = [row for row in self.read_csv(results) if row["outcome"] == "failed"]
        self.assertEqual({row["organizer"] for row in failed}, {self.refused})
        self.assertEqual({row["http_status"] for row in failed}, {"403"})
        self.assertIn("CsApplicationAccessPolicy", done.err + failed[0]["error_message"])
        self.assertEqual(len(self.read_csv(path + ".failed.csv")), 20)
        before = self.server.stats()["requests"]
        again = self.apply(path, "--results", results, expect=3)
        self.assertEqual((again.summary["outcomes"]["unchanged"], again.summary["outcomes"]["failed"]), (380, 20))
        self.assertGreater(self.server.stats()["requests"], before)
        self.assertLess(self.server.stats()["requests"], before + 20)
        self.assert_one_outcome_a_row(self.read_csv(results), 400)
        status = self.convoke("status")
        self.assertIn(self.refused, status.out)


if __name__ == "__main__":
    main()
