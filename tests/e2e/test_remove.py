"""convoke remove: what it asks, what it deletes, and when it deletes nothing. What the server saw counts."""
import os
import signal
import subprocess

from fleet import FleetCase
from harness import FAST, Case, main
from known_meetings import HEADER, ORGANIZERS, START, KnownMeetings

PROMPT = b"Only the answer yes does it: "


class RemoveTests(KnownMeetings):
    def remove(self, path, *words, expect=0, **more):
        return self.run_command("remove", path, *words, "--results", self.path("results.csv"), expect=expect, **more)

    def test_the_meetings_of_the_rows_are_deleted_and_no_others(self):
        whole = self.make(range(12))
        path = self.file("cancelled.csv", [1, 4, 5, 9])
        done = self.remove(path, "--yes")
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 4}, {"remove": 4}))
        self.assertEqual(set(self.stored()), set(range(12)) - {1, 4, 5, 9})
        self.assertEqual({number: (row["outcome"], row["http_status"]) for number, row in self.results().items()},
                         {number: ("removed", "204") for number in (1, 4, 5, 9)})
        self.assertEqual({number for number, state in self.states().items() if state == "removed"}, {1, 4, 5, 9})
        self.assertEqual(done.summary["kind"], "remove")
        self.assertEqual(done.summary["summary"], "Done: 4 meetings are removed.")
        self.assertEqual(done.summary["plan"]["removals"], 4)
        # The same command again: no call, the same bytes, and no question.
        written = self.content(self.path("results.csv"))
        again = self.remove(path)
        self.assertEqual((self.seen, again.summary["run"]), ({}, done.summary["run"]))
        self.assertEqual(self.content(self.path("results.csv")), written)
        # What is wanted after all is made again.
        back = self.run_command("apply", whole)
        self.assertEqual((self.outcomes(back), self.seen), ({"unchanged": 8, "created": 4}, {"createOrGet": 4}))
        self.assertEqual(set(self.stored()), set(range(12)))
        # And can be removed again.
        self.assertEqual(self.outcomes(self.remove(path, "--yes")), {"removed": 4})
        self.assertEqual(self.seen, {"remove": 4})

    def test_without_a_terminal_and_without_yes_nothing_is_deleted(self):
        self.make(range(8))
        path = self.file("cancelled.csv", range(5))
        runs = self.convoke("runs").out
        done = self.convoke("remove", path, *FAST, *self.more, expect=8)
        for part in ("5 meetings would be deleted", "of 5 organizers", self.name(0), self.name(1), self.name(2), ORGANIZERS[0], "Course 0",
                     START, "and 2 more", "--yes", "Nothing is deleted"):
            self.assertIn(part, done.err)
        self.assertNotIn(self.name(3), done.err)
        done = self.remove(path, expect=8)
        self.assertEqual((self.seen, done.summary["exit_code"]), ({}, 8))
        self.assertEqual(self.convoke("runs").out, runs, "nothing is planned")
        self.assertEqual(set(self.stored()), set(range(8)))
        self.assertEqual(set(self.states().values()), {"satisfied"})

    def test_what_is_gone_already_is_removed(self):
        self.make(range(6))
        path = self.file("cancelled.csv", range(4))
        self.delete_elsewhere([0, 1])
        done = self.remove(path, "--yes")
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 4}, {"remove": 4}))
        self.assertEqual({row["http_status"] for number, row in self.results().items() if number < 2}, {"404"})
        self.assertEqual(set(self.stored()), {4, 5})
        # What this ledger has removed is not called for again.
        more = self.file("cancelled.csv", range(5))
        done = self.remove(more, "--yes")
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 5}, {"remove": 1}))
        self.assertEqual(done.summary["plan"]["gone"], 4)

    def test_meetings_that_the_ledger_does_not_know_are_reported(self):
        self.make(range(3))
        # Of somebody else: the service has it, and the key is right.
        self.run_command("apply", self.file("other.csv", [50]), ledger=self.another_ledger())
        path = self.file("cancelled.csv", [0, 50, 99])
        done = self.remove(path, "--yes", expect=3)
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 1, "failed": 2}, {"remove": 1}))
        self.assertEqual(set(self.stored()), {1, 2, 50})
        self.assertEqual({self.results()[number]["error_code"] for number in (50, 99)}, {"unknown_meeting"})
        self.assertEqual([row["external_id"] for row in self.read_csv(path + ".remove.failed.csv")], [self.name(50), self.name(99)])
        self.assertEqual(done.summary["plan"]["unknown"], 2)
        # No meeting is left to delete: nothing is asked.
        self.remove(path, expect=3)
        self.assertEqual(self.seen, {})

    def test_a_feed_keeps_the_meetings_of_others(self):
        self.make(range(4))
        self.make([10, 11], name="labs.csv")
        path = self.file("cancelled.csv", [0, 10])
        done = self.remove(path, "--yes", "--feed", "labs.csv", expect=3)
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 1, "failed": 1}, {"remove": 1}))
        self.assertEqual(self.results()[0]["error_code"], "other_feed")
        self.assertEqual(set(self.stored()), {0, 1, 2, 3, 11})
        self.remove(path, "--yes")
        self.assertEqual(set(self.stored()), {1, 2, 3, 11})

    def test_the_help_says_that_a_feed_restricts(self):
        text = " ".join(self.convoke("remove", "--help").out.split())
        self.assertIn("Of remove: delete only meetings of this series (default: of any)", text)

    def test_results_of_a_removal_make_no_meeting_again(self):
        whole = self.make(range(4))
        self.run_command("apply", self.file("classes.csv", range(3)), "--on-vanished", "remove", "--max-remove", "1", "--results",
                         self.path("results.csv"))
        self.assertEqual(self.seen, {"remove": 1})
        done = self.run_command("apply", self.path("results.csv"))
        self.assertEqual((self.outcomes(done), self.seen, done.summary["plan"]["removed_before"]), ({"unchanged": 3}, {}, 1))
        self.assertIn("1 row is left out, because it is of convoke's results", self.convoke("check", self.path("results.csv")).out)
        self.assertEqual(set(self.stored()), {0, 1, 2})
        self.remove(whole, "--yes")
        done = self.run_command("apply", self.path("results.csv"), expect=8)
        self.assertIn("column 'outcome'", done.summary["error"])
        self.assertEqual((self.seen, self.stored()), ({}, {}))

    def test_wrong_cut_and_empty_files_delete_nothing(self):
        self.make(range(6))
        rows = "".join(self.row(number, '"Algebra, %d"' % number) for number in range(4))
        quote, record = (HEADER + rows).rindex('"Algebra') + 4, (HEADER + rows).rindex(self.name(3)) + 3
        wrong = HEADER + rows + "%s,%s,Course,soon\n" % (ORGANIZERS[0], self.name(5))
        for content, words in ((HEADER, ()), (HEADER + ",,,\n", ()), (HEADER, ("--expect-rows", "0")), ("", ()), ((HEADER + rows)[:quote], ()),
                               ((HEADER + rows)[:record], ()), (wrong, ()), (HEADER + rows, ("--expect-rows", "5"))):
            path = self.write("cancelled.csv", content)
            self.remove(path, "--yes", *words, expect=8)
            self.assertEqual(self.seen, {}, (content, words))
        self.assertEqual(set(self.stored()), set(range(6)))
        path = self.write("cancelled.csv", wrong)
        done = self.remove(path, "--yes", "--skip-invalid", expect=3)
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 4, "rejected": 1}, {"remove": 4}))
        self.assertEqual(set(self.stored()), {4, 5})

    def test_rows_of_one_meeting_are_one_call(self):
        self.make(range(3))
        path = self.write("cancelled.csv", HEADER + self.row(1) + self.row(1, "Another subject"))
        done = self.remove(path, "--yes")
        self.assertEqual((self.outcomes(done), self.seen), ({"removed": 2}, {"remove": 1}))
        self.assertEqual(set(self.stored()), {0, 2})

    def test_a_pilot(self):
        self.make(range(5))
        path = self.file("cancelled.csv", range(5))
        self.remove(path, "--yes", "--only", "external_id=" + self.name(3))
        self.remove(path, "--yes", "--limit", "1")
        self.assertEqual(set(self.stored()), {1, 2, 4})


class Remove(RemoveTests, Case):
    server_flags = ("--seed", "101", "--calls", "20000")

    def at_terminal(self, words, answer, expect):
        """Runs a command at a terminal, and answers its question; None: a signal comes instead. Returns what was shown."""
        main_end, other_end = os.openpty()
        try:
            process = self.start(words, stdin=other_end, stdout=subprocess.DEVNULL, stderr=other_end)
            os.close(other_end)
            shown = b""
            while PROMPT not in shown:
                self.assertIsNone(process.poll(), shown)
                shown += os.read(main_end, 4096)
            if answer is None:
                process.send_signal(signal.SIGINT)
            else:
                os.write(main_end, answer)
            while True:
                try:
                    more = os.read(main_end, 4096)
                except OSError:
                    break  # the other end is closed
                if not more:
                    break
                shown += more
        finally:
            os.close(main_end)
        self.assertEqual(process.wait(timeout=60), expect, shown.decode())
        return shown.decode().replace("\r\n", "\n")

    def test_the_question_on_a_terminal(self):
        self.make(range(6))
        words = self.words("remove", self.file("cancelled.csv", range(5)), *FAST)
        before = self.server.stats()["operations"]
        for answer in (b"no\n", b"y\n", b"\n", b"\x04", b"yes please\n"):
            shown = self.at_terminal(words, answer, 8)
            for part in ("5 meetings would be deleted, of 5 organizers", "and 2 more", "Nothing is deleted: the answer was not yes"):
                self.assertIn(part, shown)
            for number in range(3):
                self.assertIn("%s of %s: Course %d, %s" % (self.name(number), ORGANIZERS[number], number, START), shown)
        self.at_terminal(words, None, 130)
        self.assertEqual(self.server.stats()["operations"], before)
        self.assertEqual(self.runs(), [("provision", "finished")])
        self.at_terminal(words, b"yes\n", 0)
        self.assertEqual(set(self.stored()), {5})

    def test_a_run_that_is_killed_asks_again_and_goes_on(self):
        self.make(range(60))
        path = self.file("cancelled.csv", range(50))
        seen = self.kill_after("remove", 8, "remove", path, "--yes")
        self.assertLess(seen, 50)
        left = len(self.stored())
        self.assertEqual(self.runs()[-1], ("remove", "open"))
        done = self.remove(path, expect=8)
        self.assertEqual(self.seen, {})
        self.assertIn("is resumed", done.err)
        self.assertEqual(len(self.stored()), left)
        shown = self.at_terminal(self.words("remove", path, *FAST, "--attempt-timeout", "300ms"), b"no\n", 8)
        self.assertIn("would be deleted", shown)
        done = self.remove(path, "--yes", "--attempt-timeout", "300ms")
        self.assertEqual(self.outcomes(done), {"removed": 50})
        # Those in flight are sent twice, and those of the last moment, whose answers were not committed.
        self.assertLessEqual(seen + self.seen["remove"], 50 + 4 + 8)
        self.assertEqual(set(self.stored()), set(range(50, 60)))

    def test_a_meeting_that_is_wanted_again_while_its_removal_is_cut_short_is_called_for(self):
        whole = self.make(range(40))
        path = self.file("cancelled.csv", range(40))
        self.kill_after("remove", 5, "remove", path, "--yes")
        done = self.run_command("apply", whole, "--attempt-timeout", "300ms")
        self.assertEqual(set(self.stored()), set(range(40)))
        self.assertNotIn("remove", self.seen)
        self.assertEqual(done.code, 0)

    def test_standard_input_is_a_file_and_no_person(self):
        self.make(range(3))
        process = self.start(self.words("remove", "-", *FAST), stdin=subprocess.PIPE)
        _, err = process.communicate((HEADER + self.row(0)).encode(), timeout=60)
        self.assertEqual(process.returncode, 8, err.decode())
        self.assertEqual(set(self.stored()), {0, 1, 2})
        process = self.start(self.words("remove", "-", "--yes", *FAST), stdin=subprocess.PIPE)
        _, err = process.communicate((HEADER + self.row(0)).encode(), timeout=60)
        self.assertEqual(process.returncode, 0, err.decode())
        self.assertEqual(set(self.stored()), {1, 2})

    def test_what_is_refused(self):
        self.make(range(2))
        path = self.path("classes.csv")
        for words in ([], [path, "--repair"], [path, "--on-drift", "update"], [path, "--dry-run"], [path, "--max-remove", "3"], [""]):
            self.run_command("remove", *words, expect=2)
            self.assertEqual(self.seen, {})
        self.assertEqual(set(self.stored()), {0, 1})


class RemoveInBatches(RemoveTests, Case):
    server_flags = ("--seed", "102", "--calls", "20000")
    more = ("--batch-size", "20")


class RemoveThroughFaults(KnownMeetings, Case):
    server_flags = ("--seed", "103", "--lost-reply", "0.05", "--fault-500-after", "0.05", "--html-200", "0.05")

    def test_every_meeting_of_the_rows_is_deleted_and_no_other(self):
        whole = self.file("classes.csv", range(40))
        path = self.file("cancelled.csv", range(30))
        patient = ("--max-attempts", "50", "--row-deadline", "120s")
        self.run_command("apply", whole, *patient)
        done = self.run_command("remove", path, "--yes", *patient)
        self.assertEqual(self.outcomes(done), {"removed": 30})
        self.assertEqual(set(self.stored()), set(range(30, 40)))


class RemoveOnPostgres(RemoveTests, FleetCase):
    server_flags = ("--seed", "104", "--calls", "20000")


if __name__ == "__main__":
    main()
