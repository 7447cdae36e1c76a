"""Meetings that vanish from a feed: what --on-vanished remove deletes, after what, and when it deletes nothing. What the server saw counts."""
import datetime
import json
import os
import random
import shutil
import subprocess

from generate import organizer_ids
from harness import FAST, Case, kill, main, scaled, wait_for

ANNA, BEN, CARLA = organizer_ids(3)
HEADER = "organizer,external_id,subject,start\n"
NEXT_YEAR = "%d-10-05T08:00:00Z" % (datetime.date.today().year + 1)
REMOVE = ("--on-vanished", "remove", "--max-remove")


class Vanished(Case):
    server_flags = ("--seed", "71", "--calls", "20000", "--policy", "%s,%s" % (ANNA, BEN))

    def key(self, name):
        """The external id: the tests of a class share a server, so it is the test's own."""
        return "%s-%s" % (self._testMethodName[5:35], name)

    def row(self, name, organizer=ANNA, subject=None, start=NEXT_YEAR):
        """A line of the input."""
        return "%s,%s,%s,%s\n" % (organizer, self.key(name), subject or "Course %s" % name, start)

    def rows(self, *numbers, **more):
        return [self.row(number, **more) for number in numbers]

    def provision(self, rows, *words, expect=0, name="classes.csv", **more):
        """Applies a file with these rows. Keeps what the server saw of it in `self.seen`: [(operation, id without the test's name)]."""
        path = self.write(name, HEADER + "".join(rows))
        before = self.server.stats()["requests"]
        done = self.apply(path, "--results", self.path("results.csv"), *words, expect=expect, **more)
        self.look(before)
        return done

    def look(self, before):
        calls = [json.loads(line) for line in self.server.get("calls").splitlines()]
        own = self.key("")
        self.seen = [(call["operation"], call["external_id"][len(own):]) for call in calls
                     if call["call"] > before and call["external_id"].startswith(own)]

    def removed(self):
        return sorted(key for operation, key in self.seen if operation == "remove")

    def assert_removed_last(self):
        """No call but a removal came after the first removal."""
        operations = [operation for operation, _ in self.seen]
        self.assertIn("remove", operations)
        self.assertEqual(set(operations[operations.index("remove"):]), {"remove"}, self.seen)

    def stored(self):
        """The meetings of this test that exist: {(organizer, id without the test's name)}."""
        own = self.key("")
        return {(one["organizer"], one["external_id"][len(own):]) for one in self.server.meetings() if one["external_id"].startswith(own)}

    def outcomes(self, done):
        return {word: count for word, count in done.summary["outcomes"].items() if count}

    def states(self):
        own = self.key("")
        return {row["external_id"][len(own):]: row["state"] for row in self.parse_csv(self.convoke("export", "--inventory").out)}


class Removed(Vanished):
    def test_what_the_feed_lacks_is_deleted_after_everything_else(self):
        self.provision(self.rows(*range(20)), *REMOVE, "5")
        done = self.provision(self.rows(*range(15), "new-1", "new-2"), *REMOVE, "5")
        self.assertEqual(self.outcomes(done), {"unchanged": 15, "created": 2, "removed": 5})
        self.assertEqual(self.removed(), ["15", "16", "17", "18", "19"])
        self.assertEqual(len(self.seen), 7)
        self.assert_removed_last()
        self.assertEqual(self.stored(), {(ANNA, str(n)) for n in range(15)} | {(ANNA, "new-1"), (ANNA, "new-2")})

        plan = done.summary["plan"]
        self.assertEqual((plan["vanished"], plan["removals"], plan["removals_barred"]), (5, 5, "none"))
        self.assertEqual(len(plan["removals_sample"]), 5)
        self.assertIn("5 meetings that vanished are removed", done.summary["summary"])
        # The rows of the input come first; a removed meeting has no line.
        results = self.read_csv(self.path("results.csv"))
        self.assertEqual(len(results), 22)
        self.assertTrue(all(row["line"] for row in results[:17]))
        for row in results[17:]:
            self.assertEqual((row["line"], row["outcome"], row["organizer"], row["http_status"]), ("", "removed", ANNA, "204"))
            self.assertIn(row["external_id"], [self.key(n) for n in range(15, 20)])
            self.assertEqual(row["subject"][:7], "Course ")
        self.assertEqual({state for key, state in self.states().items() if key in ("15", "19")}, {"removed"})

        # Nothing is left to do; and what comes back is made again.
        again = self.provision(self.rows(*range(15), "new-1", "new-2"), *REMOVE, "0")
        self.assertEqual((self.outcomes(again), self.seen), (self.outcomes(done), []))
        back = self.provision(self.rows(*range(16), "new-1", "new-2"), *REMOVE, "0")
        self.assertEqual((self.outcomes(back), self.seen), ({"unchanged": 17, "created": 1}, [("createOrGet", "15")]))

    def test_without_the_flag_it_is_only_reported(self):
        self.provision(self.rows(1, 2, 3))
        done = self.provision(self.rows(1), "--max-remove", "9")
        self.assertEqual((self.outcomes(done), self.seen), ({"unchanged": 1}, []))
        self.assertEqual((done.summary["plan"]["vanished"], done.summary["plan"]["removals"]), (2, 0))
        self.assertTrue([one for one in done.summary["plan"]["warnings"] if "--on-vanished remove" in one])
        # The same file under another setting is another run.
        self.provision(self.rows(1), *REMOVE, "2")
        self.assertEqual(self.removed(), ["2", "3"])

    def test_a_plan_names_what_would_be_removed(self):
        self.provision(self.rows(*range(8)), *REMOVE, "0")
        path = self.write("classes.csv", HEADER + "".join(self.rows(0)))
        before = self.server.stats()["requests"]
        planned = self.convoke("plan", path, *REMOVE, "7")
        text = planned.out + planned.err
        for part in ("7 to remove", "7 meetings of the feed 'classes.csv'", self.key(1), "and 4 more"):
            self.assertIn(part, text)
        self.assertEqual(len(self.stored()), 8)
        dry = self.convoke("apply", path, "--dry-run", "-o", "json", *REMOVE, "7").summary
        self.assertEqual((dry["removals"], dry["calls"]), (7, 7))
        self.assertEqual(self.server.stats()["requests"], before)
        # The plan is opened: it removes what it finds then.
        done = self.apply(path, *REMOVE, "7")
        self.assertEqual(self.outcomes(done), {"unchanged": 1, "removed": 7})
        self.assertEqual(len(self.stored()), 1)

    def test_a_worker_carries_out_the_removals_of_an_open_run(self):
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        path = self.write("classes.csv", HEADER + "".join(self.rows(1, "new")))
        self.convoke("plan", path, "--open", *REMOVE, "2")
        before = self.server.stats()["requests"]
        done = self.convoke("work", "-o", "json", *FAST)
        self.look(before)
        self.assertEqual(self.removed(), ["2", "3"])
        self.assert_removed_last()
        self.assertEqual(done.summary["finished"][0]["outcomes"]["removed"], 2)

    def test_what_is_gone_already_counts_as_removed(self):
        """Two ledgers know the meetings; one of them removes what the other one has removed."""
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        other = self.path("other.db")
        shutil.copy(self.ledger, other)
        self.provision(self.rows(1), *REMOVE, "2")
        done = self.provision(self.rows(1), *REMOVE, "2", ledger=other)
        self.assertEqual(self.outcomes(done), {"unchanged": 1, "removed": 2})
        self.assertEqual({row["http_status"] for row in self.read_csv(self.path("results.csv")) if row["outcome"] == "removed"}, {"404"})

    def test_meetings_that_have_ended_and_other_feeds_stay(self):
        last_year = "%d-03-01T08:00:00Z" % (datetime.date.today().year - 1)
        self.provision([self.row("ended", start=last_year), *self.rows(1, 2)], *REMOVE, "0")
        self.provision(self.rows("webinar"), *REMOVE, "0", name="webinars.csv")
        done = self.provision(self.rows(1), *REMOVE, "9")
        self.assertEqual((self.removed(), done.summary["plan"]["vanished"]), (["2"], 1))
        self.assertEqual(self.stored(), {(ANNA, "1"), (ANNA, "ended"), (ANNA, "webinar")})

    def test_an_older_file_of_the_feed_removes_what_a_newer_one_brought(self):
        self.provision(self.rows(1, 2), *REMOVE, "1")
        self.provision(self.rows(8), "--feed", "classes.csv", name="report.csv")
        done = self.provision(self.rows(1, 2), *REMOVE, "1")
        self.assertEqual((self.outcomes(done), self.removed()), ({"unchanged": 2, "removed": 1}, ["8"]))


class Moves(Vanished):
    def test_the_new_meeting_is_made_before_the_old_one_is_removed(self):
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        done = self.provision([self.row(1), self.row(2, BEN), self.row(3, BEN)], expect=0)
        plan = done.summary["plan"]
        self.assertEqual((plan["moved"], plan["moved_removed"], plan["removals"]), (2, 0, 0))
        self.assertEqual(self.stored(), {(ANNA, "1"), (ANNA, "2"), (ANNA, "3"), (BEN, "2"), (BEN, "3")})
        # A move counts against --max-remove like any other removal.
        self.provision([self.row(1), self.row(2, BEN), self.row(3, BEN)], *REMOVE, "1", expect=8)
        self.provision([self.row(1), self.row(2, BEN), self.row(3, BEN)], *REMOVE, "2")
        self.assertEqual((self.removed(), len(self.seen)), (["2", "3"], 2))
        self.assertEqual(self.stored(), {(ANNA, "1"), (BEN, "2"), (BEN, "3")})

    def test_a_move_in_one_run(self):
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        done = self.provision([self.row(1, BEN), *self.rows(2, 3)], *REMOVE, "1")
        self.assertEqual(self.seen, [("createOrGet", "1"), ("remove", "1")])
        self.assertEqual(self.stored(), {(BEN, "1"), (ANNA, "2"), (ANNA, "3")})
        plan = done.summary["plan"]
        self.assertEqual((plan["moved"], plan["moved_removed"], plan["removals"], plan["new"]), (1, 1, 1, 1))
        self.assertTrue([one for one in plan["warnings"] if "moved to another organizer" in one and "is removed once" in one], plan["warnings"])

    def test_the_old_meeting_stays_where_the_new_one_cannot_be_made(self):
        """CARLA has no policy: her meeting is refused."""
        self.provision(self.rows(1, 2), *REMOVE, "0")
        done = self.provision([self.row(1, CARLA), self.row(2)], *REMOVE, "1", expect=3)
        self.assertEqual(self.removed(), [])
        self.assertEqual(self.stored(), {(ANNA, "1"), (ANNA, "2")})
        self.assertEqual(self.outcomes(done), {"unchanged": 1, "failed": 2})


class NotRemoved(Vanished):
    def test_a_row_that_fails_keeps_everything(self):
        self.provision(self.rows(*range(6)), *REMOVE, "0")
        path = self.path("classes.csv.failed.csv")
        done = self.provision(self.rows(0, 1, "new") + [self.row("refused", CARLA)], *REMOVE, "4", expect=3)
        self.assertEqual(self.removed(), [])
        self.assertEqual(self.stored(), {(ANNA, str(n)) for n in range(6)} | {(ANNA, "new")})
        self.assertEqual(self.outcomes(done), {"unchanged": 2, "created": 1, "failed": 5})
        reasons = {one["code"]: one for one in done.summary["reasons"]}
        self.assertEqual(reasons["not_removed"]["rows"], 4)
        self.assertIn("every other row", reasons["not_removed"]["remedy"])
        # The failed file has the row of the input only.
        with open(path, encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 2)
        self.assertEqual({state for key, state in self.states().items() if key in "2345"}, {"satisfied"})
        # The next run decides again.
        self.provision(self.rows(0, 1, "new"), *REMOVE, "4")
        self.assertEqual(self.removed(), ["2", "3", "4", "5"])

    def test_wrong_rows_keep_everything(self):
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        wrong = self.row("wrong").replace(NEXT_YEAR, "soon")
        self.provision(self.rows(1) + [wrong], *REMOVE, "9", expect=8)
        done = self.provision(self.rows(1, "new") + [wrong], *REMOVE, "9", "--skip-invalid", expect=3)
        self.assertEqual(self.seen, [("createOrGet", "new")])
        plan = done.summary["plan"]
        self.assertEqual((plan["vanished"], plan["removals"], plan["removals_barred"]), (2, 0, "wrong_rows"))
        self.assertEqual(len(self.stored()), 4)

    def test_drift_that_fails_keeps_everything(self):
        self.provision(self.rows(1, 2), *REMOVE, "0")
        changed = [self.row(1, subject="Geometry")]
        self.provision(changed, *REMOVE, "1", "--on-drift", "fail", expect=3)
        self.assertEqual((self.removed(), len(self.stored())), ([], 2))
        self.provision(changed, *REMOVE, "1", "--on-drift", "report")
        self.assertEqual(self.removed(), ["2"])

    def test_more_than_the_limit_is_refused_before_the_first_call(self):
        self.provision(self.rows(*range(6)), *REMOVE, "0")
        runs = self.convoke("runs").out
        for words, most in ((REMOVE[:2], "0"), ((*REMOVE, "4"), "4")):
            path = self.write("classes.csv", HEADER + "".join(self.rows(0, "new")))
            before = self.server.stats()["requests"]
            refused = self.convoke("apply", path, *FAST, *words, expect=8)
            for part in ("5 meetings", "--max-remove allows " + most, self.key(1), self.key(2), self.key(3), "and 2 more", "raise --max-remove to 5"):
                self.assertIn(part, refused.err)
            self.assertEqual(self.server.stats()["requests"], before)
            self.convoke("plan", path, *words, expect=8)
        self.assertEqual(self.convoke("runs").out, runs, "nothing is planned")
        self.assertEqual({state for state in self.states().values()}, {"satisfied"})
        self.provision(self.rows(0, "new"), *REMOVE, "5")
        self.assertEqual(len(self.removed()), 5)

    def test_an_empty_file_removes_nothing(self):
        self.provision(self.rows(1, 2), *REMOVE, "0")
        for content, words in ((HEADER, ()), (HEADER, ("--expect-rows", "0")), (HEADER + ",,,\n", ("--expect-rows", "0")), ("", ())):
            path = self.write("classes.csv", content)
            before = self.server.stats()["requests"]
            done = self.convoke("apply", path, *FAST, *REMOVE, "9", *words, expect=None)
            self.assertEqual(done.code, 8, (content, words, str(done)))
            self.assertEqual(self.server.stats()["requests"], before)
        self.assertEqual(len(self.stored()), 2)

    def test_a_cut_file_removes_nothing(self):
        rows = [self.row(n, subject='"Algebra, %d"' % n) for n in range(30)]
        self.provision(rows, *REMOVE, "0")
        whole = HEADER + "".join(rows)
        # Within a quoted cell, within a record, and between two records.
        quote = whole.rindex('"Algebra, 20') + 4
        record = whole.index(",", whole.index(self.key(20)))
        between = whole.index("\n", record) + 1
        for cut in (quote, record, between):
            path = self.write("classes.csv", whole[:cut])
            before = self.server.stats()["requests"]
            self.convoke("apply", path, *FAST, *REMOVE, "3", expect=8)
            self.assertEqual(self.server.stats()["requests"], before)
        # With --skip-invalid a record that was cut is a wrong row, and nothing is removed for it.
        path = self.write("classes.csv", whole[:record])
        self.convoke("apply", path, *FAST, *REMOVE, "30", "--skip-invalid", expect=3)
        self.assertEqual(len(self.stored()), 30)

    def test_a_part_of_the_rows_removes_nothing(self):
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        for words in (("--limit", "1"), ("--only", "external_id=" + self.key(1))):
            done = self.provision(self.rows(1, 3), *REMOVE, "9", *words)
            self.assertEqual(self.seen, [])
            self.assertEqual((done.summary["plan"]["removals"], done.summary["plan"]["removals_barred"]), (0, "part_of_input"))
            self.assertTrue([one for one in done.summary["plan"]["warnings"] if "Nothing is removed" in one])
        failed = "organizer,external_id,subject,start,convoke_line,convoke_error\n" + self.row(1).replace("\n", ",2,why\n")
        path = self.write("classes.csv.failed.csv", failed)
        done = self.apply(path, *REMOVE, "9")
        self.assertEqual((done.summary["plan"]["feed"], done.summary["plan"]["removals_barred"]), ("classes.csv", "part_of_input"))
        self.assertEqual(len(self.stored()), 3)

    def test_an_input_of_no_feed_removes_nothing(self):
        self.provision(self.rows(1, 2), *REMOVE, "0")
        text = (HEADER + self.row(1)).encode()

        def piped(*words):
            process = self.start(self.words("apply", "-", "-o", "json", *FAST, *REMOVE, "9", *words), stdin=subprocess.PIPE)
            out, err = process.communicate(text, timeout=60)
            self.assertEqual(process.returncode, 0, err.decode())
            return json.loads(out)["plan"]

        plan = piped()
        self.assertEqual((plan["feed"], plan["removals"], plan["removals_barred"]), (None, 0, "no_feed"))
        self.assertEqual(len(self.stored()), 2)
        self.assertEqual(piped("--feed", "classes.csv")["removals"], 1)
        self.assertEqual(self.stored(), {(ANNA, "1")})


class Killed(Vanished):
    SLOW = ("--rate", "40", "--fixed-rate", "--connections", "4", "--attempt-timeout", "300ms")

    def kill_after(self, operation, calls, path, *words):
        """Kills a slow `apply` once the server has seen so many of these calls."""
        before = self.server.stats()
        process = self.start(self.words("apply", path, *self.SLOW, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.server.stats()["operations"][operation] >= before["operations"][operation] + calls, "%d calls" % calls)
        self.assertNotEqual(kill(process), 0)
        self.look(before["requests"])

    def test_a_run_that_is_killed_removes_the_rest_when_it_is_resumed(self):
        self.provision(self.rows(*range(30)), *REMOVE, "0")
        path = self.write("classes.csv", HEADER + "".join(self.rows(*range(10), *("new-%d" % n for n in range(12)))))
        # Before the last row has its meeting: nothing was deleted.
        self.kill_after("createOrGet", 4, path, *REMOVE, "20")
        self.assertEqual(self.removed(), [])
        # While it removes.
        self.kill_after("remove", 5, path, *REMOVE, "20")
        self.assert_removed_last()
        gone = self.removed()
        self.assertGreaterEqual(len(gone), 5)
        self.assertLess(len(gone), 20)
        before = self.server.stats()["requests"]
        done = self.apply(path, *REMOVE, "20", "--attempt-timeout", "300ms")
        self.look(before)
        self.assertEqual(self.outcomes(done)["removed"], 20)
        self.assertEqual({operation for operation, _ in self.seen}, {"remove"})
        self.assertEqual(set(self.removed()) | set(gone), {str(n) for n in range(10, 30)})
        # At most those that were in flight are sent twice.
        self.assertLessEqual(len(self.seen) + len(gone), 20 + 8)
        self.assertEqual(self.stored(), {(ANNA, str(n)) for n in range(10)} | {(ANNA, "new-%d" % n) for n in range(12)})

    def one_updating_run(self, number, draw):
        """Kills a run that makes, updates and removes ten meetings each, until it ends before the next kill. Returns the number of kills."""
        def name(n):
            return "%d-%s" % (number, n)

        self.ledger = self.path("ledger-%d.db" % number)
        file = "classes-%d.csv" % number
        self.provision(self.rows(*map(name, range(30))), *REMOVE, "0", name=file)
        rows = [self.row(name(n), subject="Changed %d" % n) for n in range(10)] + self.rows(*map(name, [*range(10, 20), *range(40, 50)]))
        path = self.write(file, HEADER + "".join(rows))
        command = self.words("apply", path, *REMOVE, "10", "--on-drift", "update", "--rate", "100", "--fixed-rate", "--connections", "4",
                             "--attempt-timeout", "300ms")
        before, kills = self.server.stats()["requests"], 0
        while True:
            process = self.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                # A program that is slow, such as a sanitized one, must not be killed for ever before its first call.
                _, err = process.communicate(timeout=draw.uniform(0.0, 0.8 + 0.1 * kills))
                break
            except subprocess.TimeoutExpired:
                kill(process)
                process.stderr.close()
                kills += 1
        self.assertEqual(process.returncode, 0, err.decode())
        self.look(before)
        self.assertEqual(set(self.removed()), {name(n) for n in range(20, 30)})
        self.assert_removed_last()
        meetings = {key[1]: one for key, one in self.server.by_key().items()}
        own = {external_id for external_id in meetings if external_id.startswith(self.key("%d-" % number))}
        self.assertEqual(own, {self.key(name(n)) for n in [*range(20), *range(40, 50)]})
        updates = [meetings[self.key(name(n))]["updates"] for n in range(10)]
        self.assertGreaterEqual(min(updates), 1)
        # Sent again is at most what was in flight, or not yet saved, when the process was killed.
        self.assertLessEqual(sum(updates) - 10, kills * 14)
        self.assertEqual(sum(meetings[external_id]["updates"] for external_id in own) - sum(updates), 0, "only what differs is updated")
        return kills

    def test_random_instants_of_an_updating_and_removing_run(self):
        draw = random.Random(20261201)
        wanted, kills, number = scaled(6, 15, 200), 0, 0
        while kills < wanted:
            number += 1
            kills += self.one_updating_run(number, draw)
        print("  %d runs, %d kills" % (number, kills), flush=True)

    def test_a_row_that_comes_back_while_its_removal_may_be_under_way_is_called(self):
        self.provision(self.rows(*range(24)), *REMOVE, "0")
        path = self.write("classes.csv", HEADER + "".join(self.rows(0)))
        self.kill_after("remove", 5, path, *REMOVE, "23")
        # The whole timetable again: whatever was deleted by now is made again, and nothing else is removed.
        done = self.provision(self.rows(*range(24), "more"), *REMOVE, "0", "--attempt-timeout", "300ms")
        self.assertEqual(self.removed(), [])
        self.assertEqual(self.stored(), {(ANNA, str(n)) for n in range(24)} | {(ANNA, "more")})
        self.assertEqual(set(self.outcomes(done)), {"unchanged", "created", "existing"})
        results = {row["external_id"]: row["meeting_id"] for row in self.read_csv(self.path("results.csv"))}
        stored = {one["external_id"]: one["id"] for one in self.server.meetings()}
        self.assertEqual({key: stored[key] for key in results}, results)

    def test_an_older_copy_of_the_ledger_is_harmless(self):
        self.provision(self.rows(1, 2, 3), *REMOVE, "0")
        saved = self.path("saved.db")
        shutil.copy(self.ledger, saved)
        self.provision(self.rows(1), *REMOVE, "2")
        for left in ("", "-wal", "-shm"):
            if os.path.exists(self.ledger + left):
                os.unlink(self.ledger + left)
        shutil.copy(saved, self.ledger)
        # The ledger does not know of the removals any more: they are made once more, and found to be done.
        done = self.provision(self.rows(1), *REMOVE, "2")
        self.assertEqual((self.outcomes(done), self.stored()), ({"unchanged": 1, "removed": 2}, {(ANNA, "1")}))


if __name__ == "__main__":
    main()
