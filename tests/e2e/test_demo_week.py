"""`./dev demo week`: what it prints of each day, what the simulated service holds at its end, and that it fails where that is not the last file."""
import csv
import datetime
import json
import os
import re
import subprocess
import sys
import unittest
import zoneinfo

from harness import EXECUTABLE, HERE, Case, clean_environment, main

TOOLS = os.path.join(HERE, "..", "tools")
sys.path.insert(0, TOOLS)

import week_files  # noqa: E402
from week_service import differences  # noqa: E402

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def demo(folder, convoke=EXECUTABLE):
    """Runs the script with its files in this folder."""
    command = [sys.executable, "-B", os.path.join(TOOLS, "demo_week.py"), "--convoke", convoke, "--folder", folder]
    return subprocess.run(command, env=clean_environment(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=250, check=False)


class Shown(Case):
    server_flags = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.week = os.path.join(cls.class_folder, "week")
        os.makedirs(cls.week)
        cls.done = demo(cls.week)
        parts = re.split(r"^(?:\d\. (\w+): .*|The end of the week)$", cls.done.stdout, flags=re.M)
        # In one line, so that it does not matter where lines are wrapped.
        cls.said = {name or "end": " ".join(text.replace("\n  |", "\n").split()) for name, text in zip(parts[1::2], parts[2::2])}

    def setUp(self):
        super().setUp()
        self.assertEqual(self.done.returncode, 0, self.done.stdout[-6000:] + self.done.stderr)

    def assert_says(self, day, *parts):
        for part in parts:
            self.assertIn(part, self.said[day])

    def read(self, name):
        return self.read_csv(os.path.join(self.week, name))

    def service(self):
        with open(os.path.join(self.week, "service.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_each_day_is_shown_with_what_happened(self):
        self.assertEqual(tuple(self.said), (*DAYS, "end"))
        for day in DAYS:
            self.assert_says(day, "$ convoke apply classes-%s.csv" % day.lower(), "Feed: classes.", "The service has exactly the")
        self.assert_says("Monday", "44 created", "36 rows for 44 meetings")
        self.assert_says("Tuesday", "new CHO-1: University Choir", "5 created, 44 unchanged")
        self.assert_says("Wednesday", "changed MAT-101-03: subject is Linear Algebra: Eigenvalues", "7 updated, 42 unchanged", "7 meetings were updated",
                         "subject 1", "attendees 1")
        self.assert_says("Thursday", "--max-remove allows 8", "gone CHE-115-05", "gone INF-130-06", "The service received 0 calls",
                         "47 unchanged, 2 removed")
        self.assert_says("Friday", "is a holiday", "gone MAT-101-03", "gone HIS-210-03", "changed TUT-1: skip_dates is now", "43 unchanged, 4 removed")
        self.assert_says("Saturday", "HIS-210-01: organizer is g.moreau@uni.example and was c.weber@uni.example",
                         "5 external ids have moved to another organizer",
                         "a1b00000-0000-4000-8000-000000000003 is c.weber@uni.example", "5 meetings that vanished from the feed are removed now", "5 created, 38 unchanged, 5 removed")
        self.assert_says("Sunday", "$ convoke verify next-days.csv", "1 of them expired", "1 row drifted: 200 expiry", "1 to extend, 1 expired",
                         "GUEST-1: the class ends on", "GUEST-2: the class ends on", "1 created, 1 existing, 1 updated, 41 unchanged")
        self.assert_says("end", "$ convoke verify", "44 unchanged", "SHA-256 of the results:", "Second meetings of one class: 0")

    def test_the_service_holds_the_last_file(self):
        """The file is read here anew."""
        with open(os.path.join(self.week, "users.csv"), encoding="utf-8", newline="") as file:
            ids = dict(csv.reader(file))
        zone = zoneinfo.ZoneInfo("Europe/Vienna")
        stored = {one["external_id"]: one for one in self.service()["meetings"]}
        self.assertEqual(len(stored), 44)
        found = set()
        for row in self.read("classes-sunday.csv"):
            dates = [datetime.date.fromisoformat(row["date"]) + datetime.timedelta(weeks=n) for n in range(3 if row["repeat"] else 1)]
            for date in (one for one in dates if one.isoformat() != row["skip_dates"]):
                meeting = stored[row["external_id"] + ("-" + date.strftime("%Y%m%d") if row["repeat"] else "")]
                found.add(meeting["external_id"])
                begin, end = (datetime.datetime.fromisoformat("%s %s" % (date, row[name])).replace(tzinfo=zone).astimezone(datetime.timezone.utc)
                              for name in ("start_time", "end_time"))
                self.assertEqual(meeting, {
                    "organizer": ids[row["organizer"]], "external_id": meeting["external_id"], "subject": row["subject"],
                    "start": begin.strftime("%Y-%m-%dT%H:%M:%SZ"), "end": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "attendees": sorted(row["attendees"].split(";")), "creates": 1})
        self.assertEqual(found, set(stored))

    def test_what_the_service_counted(self):
        stats = self.service()["stats"]
        self.assertEqual({name: stats[name] for name in ("created", "updated", "removed", "meetings", "duplicates", "throttled", "bad_requests")},
                         {"created": 55, "updated": 8, "removed": 11, "meetings": 44, "duplicates": 0, "throttled": 0, "bad_requests": 0})

    def test_nothing_of_what_is_gone_is_left(self):
        left = {one["external_id"] for one in self.service()["meetings"]}
        holiday = datetime.date.fromisoformat([row for row in self.read("classes-sunday.csv") if row["external_id"] == "LAB-1"][0]["skip_dates"])
        gone = {"CHE-115-05", "INF-130-06", "MAT-101-03", "HIS-210-03", "LAB-1-%s" % holiday.strftime("%Y%m%d"), "TUT-1-%s" % holiday.strftime("%Y%m%d")}
        self.assertEqual(left & gone, set())
        lecturers = {one["organizer"] for one in self.service()["meetings"] if one["external_id"].startswith("HIS-210")}
        self.assertEqual(lecturers, {week_files.LECTURERS["g.moreau@uni.example"]})


class Failing(Case):
    server_flags = None

    def test_a_run_that_does_nothing_is_noticed(self):
        """A program that claims to have applied the second file."""
        program = self.write("program", '#!/bin/sh\ncase "$*" in *classes-tuesday.csv*) exit 0 ;; esac\nexec "%s" "$@"\n' % EXECUTABLE)
        os.chmod(program, 0o755)
        done = demo(self.path("week"), program)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotIn("3. Wednesday", done.stdout)
        for part in ("MAT-101-R1 of a.byron@uni.example: the file has a meeting, and the service has none",
                     "the service and classes-tuesday.csv differ in 5 places"):
            self.assertIn(part, done.stdout)


class Differences(unittest.TestCase):
    def setUp(self):
        self.wanted = week_files.meetings_of(week_files.week(datetime.date(2027, 3, 1))[-1].csv())
        self.stored = [dict(one, organizer=organizer, external_id=external_id) for (organizer, external_id), one in self.wanted.items()]
        self.one = self.stored[0]
        self.assertEqual(differences(self.wanted, self.stored), [])

    def find(self, *parts):
        found = differences(self.wanted, self.stored)
        self.assertEqual(len(found), len(parts), found)
        for part, line in zip(parts, found):
            self.assertIn(part, line)

    def test_every_member_counts(self):
        for field, value in (("subject", "Another"), ("start", self.one["end"]), ("end", self.one["start"]), ("attendees", [])):
            with self.subTest(field):
                self.stored[0] = dict(self.one, **{field: value})
                self.find("%s: %s is" % ("MAT-101-01 of a.byron@uni.example", field))

    def test_another_organizer(self):
        self.stored[0] = dict(self.one, organizer=week_files.LECTURERS[week_files.OKRI])
        self.find("the file has none", "the service has none")

    def test_missing_more_and_twice(self):
        self.stored[0] = self.stored[1]
        self.find("two meetings", "MAT-101-01 of a.byron@uni.example: the file has a meeting, and the service has none")

    def test_a_week_on_any_day(self):
        """Its dates lie ahead, and the same meetings are in each."""
        for day in (datetime.date(2027, 2, 27) + datetime.timedelta(days=n) for n in range(8)):
            for one in week_files.week(day):
                wanted = week_files.meetings_of(one.csv())
                self.assertGreater(min(meeting["start"].date() for meeting in wanted.values()), day)
                self.assertEqual(len(wanted), {"Monday": 44, "Tuesday": 49, "Wednesday": 49, "Thursday": 47, "Friday": 43, "Saturday": 43,
                                               "Sunday": 44}[one.name])


if __name__ == "__main__":
    main()
