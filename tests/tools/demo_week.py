#!/usr/bin/env python3
"""Shows a week of a university's timetable in fast motion: seven files of one feed, one run of convoke for each, against a simulated Graph.
After each run the meetings that the service holds are compared with the file. No tenant is needed; the folder is deleted at the end.

usage: demo_week.py --convoke FILE [--folder FOLDER]      exit 1 if anything is not as it should be, with the differences
"""
import argparse
import collections
import csv
import datetime
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.path.insert(0, HERE)

import harness  # noqa: E402
import week_files  # noqa: E402
import week_service  # noqa: E402

WIDTH = 120
CUT_AFTER = 15  # rows
MOST_SHOWN = 20  # differences
CONFIG = "convoke.toml"
ALERT, REFUSED = 3, 8  # exit codes
OF_THE_PLAN = ("Run ", "All rows of the input have succeeded")
GUESTS = ("GUEST-1", "GUEST-2")
# What an operator writes once into the nightly job.
EACH_RUN = ("--feed", "classes", "--on-drift", "update", "--on-vanished", "remove", "--max-remove", str(week_files.MOST_REMOVED), "--keep-alive",
            week_files.KEEP_ALIVE)


class Week:
    """`folder`: of all files, those of the simulator too."""

    def __init__(self, convoke, folder):
        self.convoke = os.path.abspath(convoke)
        self.folder = folder
        self.environment = harness.clean_environment(folder)
        self.problems = []
        self.server = self.service = None

    # --- what is printed

    def say(self, text, first="  ", then=None):
        """Each line is wrapped. `first` and `then`: what a line begins with, and what its further lines begin with."""
        for line in text.splitlines():
            print(textwrap.fill(line, WIDTH, initial_indent=first, subsequent_indent=first if then is None else then, break_long_words=False,
                                break_on_hyphens=False), flush=True)

    def check(self, right, problem):
        if not right:
            self.problems.append(problem)
            self.say("NOT AS IT SHOULD BE: " + problem)

    # --- the parts

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as out:
            out.write(text)

    def start(self):
        self.write("users.csv", "".join("%s,%s\n" % one for one in week_files.LECTURERS.items()))
        # An expired meeting lives on when it is asked for again: Graph does not document what it does, and convoke can live with either.
        harness.EXECUTABLE = self.convoke
        self.server = harness.simulator(self.path("service"), "--users", self.path("users.csv"), "--meeting-lifetime", week_files.NORMAL_LIFETIME,
                                        "--expired-key", "revive", "--calls", "10000")
        self.service = week_service.Service(self.server)
        with open(self.server.config, encoding="utf-8") as file:
            self.write(CONFIG, 'time_zone = "%s"\nstart_rate = 50\n%s' % (week_files.ZONE, file.read()))

    def run(self, *words, expect=0):
        """Runs convoke in the folder and shows the command, and what it printed for people."""
        self.say("$ convoke " + " ".join(shlex.quote(word) for word in words), then="      ")
        done = subprocess.run([self.convoke, *words], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=100, check=False)
        # A run that is carried out prints its summary to stdout, with the warnings again. The rest is the plan, forecasts and progress.
        planned = [line for line in done.stderr.splitlines() if line.startswith(OF_THE_PLAN)]
        shown = "\n".join([*planned, done.stdout]) if done.stdout and done.returncode == expect else done.stdout + done.stderr
        self.say(shown, "  | ", "  |   ")
        named = ["%s is %s" % (object_id, name) for object_id, name in week_service.NAMES.items() if object_id in shown]
        if named:
            self.say("(%s)" % ", ".join(named))
        self.check(done.returncode == expect, "convoke %s ended with exit code %d, and %d is expected" % (words[0], done.returncode, expect))
        return done

    # --- the days

    def show(self):
        today = datetime.datetime.now(zoneinfo.ZoneInfo(week_files.ZONE)).date()
        days = week_files.week(today)
        before = {}
        for number, day in enumerate(days, 1):
            print("\n%d. %s: %s" % (number, day.name, day.what))
            self.say(day.why)
            self.show_file(day, before)
            if day.expired:
                self.check_links(day)
            if day.cut:
                self.refuse_cut(day)
            self.apply(day)
            if day.expired:
                self.check_extended(day)
            self.compare(day)
            if self.problems:
                return
            before = day.rows
        self.end(days[-1])

    def show_file(self, day, before):
        self.write(day.file, day.csv())
        self.say("%s: %d rows for %d meetings%s" % (day.file, len(day.rows), len(week_files.meetings_of(day.csv())),
                                                    "; compared with the day before:" if before else "."))
        if before:
            for line in week_files.changes(before, day.rows):
                self.say(line, "    ", "             ")
        print()

    def results(self, name):
        """The rows of a results file; none where convoke wrote none."""
        if not os.path.exists(self.path(name)):
            return []
        with open(self.path(name), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def apply(self, day):
        results = "results-%s.csv" % day.name.lower()
        self.run("apply", day.file, "--config", CONFIG, *EACH_RUN, "--results", results)
        outcomes = collections.Counter(one["outcome"] for one in self.results(results))
        unchanged = outcomes.pop("unchanged", 0)
        self.check(outcomes == day.expected, "the outcomes are %s and %d unchanged, and %s are expected" % (
            dict(outcomes) or "none", unchanged, day.expected))

    def refuse_cut(self, day):
        """The export of the day ended early, at the end of a row, so that nothing in the file shows it."""
        self.write("cut.csv", week_files.csv_text(list(day.rows.values())[:CUT_AFTER]))
        self.say("The first export, cut.csv, has %d rows:" % CUT_AFTER)
        before = self.server.stats()["requests"]
        self.run("apply", "cut.csv", "--config", CONFIG, *EACH_RUN, expect=REFUSED)
        calls = self.server.stats()["requests"] - before
        self.say("Exit code %d: the job raises an alarm. The service received %d calls." % (REFUSED, calls))
        self.check(calls == 0, "%d calls for a file that is refused" % calls)
        self.say("The second export, %s, has %d rows:" % (day.file, len(day.rows)))

    def check_links(self, day):
        """The service lets links expire. The classes of the next days are verified, which finds it."""
        self.service.change(meeting_lifetime=week_files.SHORT_LIFETIME)
        self.write("next-days.csv", week_files.csv_text(day.rows[external_id] for external_id in GUESTS))
        self.say("Before the run of the day, the links of the next days are checked:")
        self.run("verify", "next-days.csv", "--config", CONFIG, "--on-drift", "fail", "--results", "checked.csv", expect=ALERT)
        found = {one["external_id"]: one["drift"] for one in self.results("checked.csv")}
        self.check(found == {"GUEST-1": "expiry", "GUEST-2": ""}, "verify found %s, and only the link of GUEST-1 has expired" % found)
        self.say("Exit code %d: the job raises an alarm. The run of the day asks for the expired meeting again, which extends it in this service, and "
                 "extends the one that expires within %s:" % (ALERT, week_files.KEEP_ALIVE))

    def check_extended(self, day):
        """The links of the guest lectures outlive their classes now: by the results, and by the service itself."""
        before = {one["external_id"]: one for one in self.results("checked.csv")}
        stored = {one["external_id"]: one["expires"] for one in self.server.meetings()}
        for one in self.results("results-%s.csv" % day.name.lower()):
            name = one["external_id"]
            if name not in GUESTS:
                continue
            self.say("%s: the class ends on %s. Its link was valid until %s, and is valid until %s now." % (
                name, one["end"][:10], before[name]["expires_at"][:10], one["expires_at"][:10]))
            self.check(before[name]["expires_at"] < one["end"] < one["expires_at"] == stored[name], "the link of %s is valid until %s by the results, "
                       "and until %s in the service" % (name, one["expires_at"], stored[name]))

    def compare(self, day):
        """Whether the service has what the file wants, and nothing else."""
        with open(self.path(day.file), encoding="utf-8", newline="") as file:
            wanted = week_files.meetings_of(file.read())
        stored = self.service.meetings()
        different = week_service.differences(wanted, stored)
        for line in different[:MOST_SHOWN]:
            self.say(line, "    ")
        self.check(not different, "the service and %s differ in %d places%s" % (
            day.file, len(different), ", of which %d are shown" % MOST_SHOWN if len(different) > MOST_SHOWN else ""))
        if not different:
            self.say("The service has exactly the %d meetings of %s: ids, organizers, titles, times and attendees agree." % (len(wanted), day.file))
        return stored

    def end(self, day):
        print("\nThe end of the week")
        self.say("The service's links live as long as before, and everything that convoke knows is verified:")
        self.service.change(meeting_lifetime=week_files.NORMAL_LIFETIME)
        done = self.run("verify", "--config", CONFIG, "--results", "verified.csv")
        stored = self.compare(day)
        self.check("%d unchanged" % len(stored) in done.stdout, "verify does not find all %d meetings unchanged" % len(stored))
        again = [one["external_id"] for one in stored if one["creates"] != 1]
        self.check(not again, "made more than once: %s" % ", ".join(again))
        stats = self.server.stats()
        self.say("In the whole week the service made %d meetings, each once, changed %d and deleted %d; %d are left. Second meetings of one class: "
                 "%d." % (stats["created"], stats["updated"], stats["removed"], stats["meetings"], stats["duplicates"]))
        self.check(stats["duplicates"] == 0, "%d second meetings" % stats["duplicates"])
        self.write("service.json", json.dumps({"meetings": stored, "stats": stats}, default=week_service.shown, indent=1))

    def close(self):
        if self.service:
            self.service.close()
        if self.server:
            self.server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--convoke", required=True, help="the program")
    parser.add_argument("--folder", help="keep all files in this folder, which is made or is empty")
    options = parser.parse_args()
    if options.folder and os.path.isdir(options.folder) and os.listdir(options.folder):
        parser.error("--folder: %s is not empty" % options.folder)
    begin = time.monotonic()
    folder = os.path.abspath(options.folder) if options.folder else tempfile.mkdtemp(prefix="convoke-week-")
    os.makedirs(folder, exist_ok=True)
    week = Week(options.convoke, folder)
    week.say("A university's timetable system exports its classes every evening, and a job gives the file to convoke. This is one week of it, in "
             "fast motion. Graph is simulated here, so no Microsoft account is needed. Lines with | are convoke's own.", "")
    try:
        week.start()
        week.show()
    finally:
        week.close()
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    if week.problems:
        print("\nFAILED: %d things are not as they should be:" % len(week.problems))
        for problem in week.problems:
            print("  " + problem)
        return 1
    print("\nSeven files, %.0f s. The service's state is the last file's." % (time.monotonic() - begin))
    return 0


if __name__ == "__main__":
    sys.exit(main())
