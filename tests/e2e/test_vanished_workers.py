"""Meetings that vanish from a feed where several workers share a PostgreSQL ledger: nothing is deleted before the last row of all workers."""
import datetime
import json

from fleet import FleetCase
from generate import organizer_ids
from harness import main

PEOPLE = organizer_ids(9)
KNOWN, REFUSED = PEOPLE[:8], PEOPLE[8]
NEXT_YEAR = "%d-10-05T08:00:00Z" % (datetime.date.today().year + 1)


class VanishedWorkers(FleetCase):
    server_flags = ("--seed", "73", "--calls", "20000", "--latency", "5ms", "--policy", ",".join(KNOWN))
    work_flags = ("--rate", "200", "--fixed-rate", "--connections", "4", "--attempt-timeout", "3s", "--progress", "plain", "-o", "json")

    def timetable(self, numbers, extra=""):
        rows = "".join("%s,%s-%03d,Course %d,%s\n" % (KNOWN[n % 8], self.prefix, n, n, NEXT_YEAR) for n in numbers)
        return self.write("classes.csv", "organizer,external_id,subject,start\n" + rows + extra)

    def open_removing(self, path, most):
        self.convoke("plan", path, "--open", "--on-vanished", "remove", "--max-remove", str(most))

    def seen(self):
        """The operations that the server saw of this test's meetings, and the ids that were removed."""
        calls = [one for one in self.journal() if one["external_id"]]
        return [one["operation"] for one in calls], sorted(one["external_id"] for one in calls if one["operation"] == "remove")

    def stored(self):
        return {external_id for _, external_id in self.own_meetings()}

    def ids(self, numbers):
        return {"%s-%03d" % (self.prefix, n) for n in numbers}

    def test_workers_remove_after_the_last_row_of_all_of_them(self):
        self.apply(self.timetable(range(80)))
        self.open_removing(self.timetable([*range(40), *range(100, 160)]), 40)
        for _ in range(3):
            self.work()
        self.wait_all(60)
        operations, removed = self.seen()
        self.assertEqual(set(removed), self.ids(range(40, 80)))
        self.assertEqual(len(removed), 40, "no meeting is deleted twice")
        self.assertEqual(operations.count("createOrGet"), 80 + 60)
        self.assertEqual(set(operations[operations.index("remove"):]), {"remove"})
        self.assertEqual(self.stored(), self.ids([*range(40), *range(100, 160)]))
        # What the last of them could not see any more another command finds done.
        done = self.apply(self.path("classes.csv"), "--on-vanished", "remove", "--max-remove", "0").summary
        self.assertEqual((done["outcomes"]["removed"], done["outcomes"]["deferred"], done["calls"]), (40, 0, 0))

    def test_one_command_makes_and_removes(self):
        self.apply(self.timetable(range(12)))
        done = self.apply(self.timetable([*range(8), 20]), "--on-vanished", "remove", "--max-remove", "4")
        outcomes = {word: count for word, count in done.summary["outcomes"].items() if count}
        self.assertEqual(outcomes, {"unchanged": 8, "created": 1, "removed": 4})
        self.assertEqual(self.stored(), self.ids([*range(8), 20]))
        operations, _ = self.seen()
        self.assertEqual(operations[12:], ["createOrGet"] + ["remove"] * 4)

    def test_a_row_that_fails_keeps_everything(self):
        self.apply(self.timetable(range(12)))
        refused = "%s,%s-refused,Course,%s\n" % (REFUSED, self.prefix, NEXT_YEAR)
        self.open_removing(self.timetable(range(8), refused), 4)
        for _ in range(2):
            self.work(expect=(0, 3))
        # The one that ended the run says so.
        self.assertIn(3, self.wait_all(60))
        self.assertNotIn("remove", self.seen()[0])
        self.assertEqual(self.stored(), self.ids(range(12)))
        failed = [row for row in self.parse_csv(self.convoke("export", "--format", "csv").out) if row["outcome"] == "failed"]
        self.assertEqual(sorted(row["error_code"] for row in failed if not row["line"]), ["not_removed"] * 4)
        done = self.apply(self.timetable(range(8)), "--on-vanished", "remove", "--max-remove", "4").summary
        self.assertEqual(done["outcomes"]["removed"], 4)
        self.assertEqual(self.stored(), self.ids(range(8)))

    def test_more_than_the_limit_is_refused(self):
        self.apply(self.timetable(range(12)))
        refused = json.loads(self.convoke("plan", self.timetable(range(2)), "--open", "-o", "json", "--on-vanished", "remove", "--max-remove",
                                          "9", expect=8).out)
        self.assertEqual(refused["plan"]["removals"], 10)
        self.assertEqual(self.count("run"), 1)
        self.assertEqual(self.stored(), self.ids(range(12)))


if __name__ == "__main__":
    main()
