"""SIGKILL at random instants of runs that make, update and remove meetings: the same command again completes every row, deletes what was
planned and nothing else, and repeats no call whose answer was saved. test_kill_lifecycle_postgres.py: the same on a PostgreSQL ledger.

`./dev test kills [N] [SEED]` does it for N kills. CONVOKE_E2E_KILLS, CONVOKE_E2E_SEED: the same for one of these tests."""
import collections
import random
import time

from fleet import seed
from generate import organizer_ids
from harness import FAST, Case, main
from killed_runs import IN_CALLS, IN_PLAN, KilledRuns, wanted_kills

ORGANIZERS = organizer_ids(6, seed=11)
HEADER = "organizer,external_id,subject,start,end,attendees,option.allowedPresenters\n"
START, END = "2035-10-05T08:00:00Z", "2035-10-05T09:00:00Z"
LONG_AGO = {"start": "2020-03-02T08:00:00Z", "end": "2020-03-02T09:00:00Z"}

# The rows of the first file, by what the second one does with them.
SAME, CHANGED, DROPPED, MOVED, ENDED = range(12), range(12, 22), range(22, 30), range(30, 36), range(36, 38)
# The new ones of the second file, without and with an option, which costs a PATCH each.
NEW, NEW_WITH_OPTION = range(40, 46), range(46, 50)
# What convoke remove deletes then; and what somebody else changes or deletes before convoke verify repairs it.
CANCELLED, CHANGED_ELSEWHERE, DELETED_ELSEWHERE = [*range(4), 12, 13, *range(40, 43)], [4, 5, 14, 15, 43, 46], [6, 7, 16, 30, 44, 47]
RATE, RATE_OF_REMOVE, RATE_OF_VERIFY = 100, 30, 100


class Lifecycle(KilledRuns):
    server_flags = ("--seed", "81", "--calls", "200000", "--latency", "4ms")

    # --- rows

    def key(self, number, shift=0):
        """(organizer, external id) of a row of this round. `shift`: 1 for the organizer that it moves to."""
        return ORGANIZERS[(number + shift) % 6], "%s-%d-%02d" % (self.name, self.round, number)

    def keys(self, numbers, shift=0):
        return {self.key(number, shift) for number in numbers}

    def row(self, number, shift=0, subject=None, start=START, end=END, attendees="", presenters=""):
        return (*self.key(number, shift), subject or "Course %d" % number, start, end, attendees, presenters)

    def changed_row(self, number):
        """One, two or three of its fields are changed, and never none."""
        which = 1 + number % 7
        return self.row(number, subject="Geometry %d" % number if which & 1 else None, end="2035-10-05T10:30:00Z" if which & 2 else END,
                        attendees="ada@x.example;ben@x.example" if which & 4 else "")

    def file(self, name, rows):
        return self.write(name, HEADER + "".join(",".join(row) + "\n" for row in rows))

    def second_file(self):
        return [*map(self.row, SAME), *map(self.changed_row, CHANGED), *(self.row(number, shift=1) for number in MOVED), *map(self.row, NEW),
                *(self.row(number, presenters="organizer") for number in NEW_WITH_OPTION)]

    def assert_meetings_equal(self, rows):
        """The service has the meeting of each row, once, and it is what the row says."""
        found = self.read_meetings([row[:2] for row in rows])
        for organizer, external_id, subject, start, end, attendees, presenters in rows:
            one = found[(organizer, external_id)]
            people = sorted(person["upn"] for person in one["participants"]["attendees"])
            self.assertEqual((one["subject"], one["startDateTime"][:19], one["endDateTime"][:19], people),
                             (subject, start[:19], end[:19], sorted(filter(None, attendees.split(";")))), external_id)
            if presenters:
                self.assertEqual(one["allowedPresenters"], presenters, external_id)
        self.assertEqual(self.server.stats()["duplicates"], 0)

    def own(self):
        """The meetings of this round that exist."""
        return {key for key in self.stored() if key[1].startswith("%s-%d-" % (self.name, self.round))}

    def someone_else(self, command, path, *words):
        """A command with a ledger of its own: the service receives calls that this ledger knows nothing of."""
        self.convoke(command, path, *FAST, *words, ledger=self.other_ledger())

    # --- the commands

    def first_run(self):
        """Makes the meetings, those of another feed, and those of somebody else."""
        first = [*map(self.row, (*SAME, *CHANGED, *DROPPED, *MOVED)), *(self.row(number, **LONG_AGO) for number in ENDED)]
        self.apply(self.file("classes.csv", first))
        self.apply(self.file("labs.csv", map(self.row, range(60, 64))))
        self.someone_else("apply", self.file("theirs.csv", map(self.row, range(70, 74))))
        self.kept = self.keys([*range(60, 64), *range(70, 74), *ENDED])

    def check_removals(self, planned, before):
        """A check for each kill: nothing but the plan was deleted, and DELETE came after everything else."""
        def check(done):
            self.assertEqual((before - self.own()) - planned, set(), "meetings outside the plan were deleted")
            asked = {(one["organizer"], one["external_id"]) for one in done.calls if one["operation"] == "remove"}
            self.assertEqual(asked - planned, set(), "DELETE of meetings outside the plan")
            operations = [one["operation"] for one in done.calls]
            if "remove" in operations:
                self.assertEqual(set(operations[operations.index("remove"):]), {"remove"}, "a call came after the first DELETE")
        return check

    def outcomes(self):
        """The rows of the results file: {key: outcome}."""
        rows = self.read_csv(self.path("results.csv"))
        out = {(row["organizer"], row["external_id"]): row["outcome"] for row in rows}
        self.assertEqual(len(out), len(rows))
        return out

    def operations(self, done, name):
        return {(one["organizer"], one["external_id"]) for one in done.calls if one["operation"] == name}

    def killed_apply(self, batch):
        """Kills `apply` of the second file."""
        wanted, planned = self.second_file(), self.keys([*DROPPED, *MOVED])
        path = self.file("classes.csv", wanted)
        words = self.words("apply", path, "--on-drift", "update", "--on-vanished", "remove", "--max-remove", str(len(planned)), "--results",
                           self.path("results.csv"), *batch)
        calls = len(CHANGED) * 2 + len(MOVED) + len(NEW) + len(NEW_WITH_OPTION) * 2 + len(planned)
        done = self.kill_until_done(words, calls, RATE, also=self.check_removals(planned, self.own()))

        expected = {**dict.fromkeys(self.keys(SAME), "unchanged"), **dict.fromkeys(self.keys(CHANGED) | self.keys(NEW_WITH_OPTION), "updated"),
                    **dict.fromkeys(planned, "removed"), **dict.fromkeys(self.keys(MOVED, 1) | self.keys(NEW), "created")}
        found = self.outcomes()
        # A meeting whose first answer was lost with the process comes back as one that exists.
        self.assertEqual({key: "created" if was == "existing" else was for key, was in found.items()}, expected)
        self.assertEqual(self.operations(done, "update"), self.keys([*CHANGED, *NEW_WITH_OPTION]))
        self.assertEqual(self.operations(done, "remove"), planned)
        self.assertEqual(self.own(), {row[:2] for row in wanted} | self.kept)
        self.assert_meetings_equal(wanted)
        self.assert_created_once({row[:2] for row in wanted})
        # The command is done: no call, the same results.
        written, last = self.content(self.path("results.csv")), self.last_call()
        self.run_words([*words, *FAST])
        self.assertEqual((self.calls_since(last), self.content(self.path("results.csv"))), ([], written))
        return done

    def killed_remove(self, batch):
        """Kills `remove FILE --yes`, of meetings of which one is somebody else's."""
        planned, before = self.keys(CANCELLED), self.own()
        theirs = self.key(70)
        path = self.file("cancelled.csv", map(self.row, (*CANCELLED, 70)))
        words = self.words("remove", path, "--yes", "--results", self.path("results.csv"), *batch)
        done = self.kill_until_done(words, len(planned), RATE_OF_REMOVE, expect=3, also=self.check_removals(planned, before))
        self.assertEqual(self.outcomes(), {**dict.fromkeys(planned, "removed"), theirs: "failed"})
        self.assertEqual(self.operations(done, "remove"), planned)
        self.assertEqual(self.own(), before - planned)
        return done

    def killed_verify(self, batch):
        """Kills `verify --repair --on-drift update` after somebody else has changed and deleted meetings."""
        wanted = [row for row in self.second_file() if row[:2] not in self.keys(CANCELLED)]
        rows = {row[:2]: row for row in wanted}
        moved = {number: int(number in MOVED) for number in DELETED_ELSEWHERE}
        deleted = {self.key(number, shift) for number, shift in moved.items()}
        changed = self.keys(CHANGED_ELSEWHERE)
        different = [(*key, "Anything", *rows[key][3:]) for key in sorted(changed)]
        gone = self.file("gone.csv", [rows[key] for key in sorted(deleted)])
        self.someone_else("apply", self.file("changed.csv", different), "--on-drift", "update")
        self.someone_else("apply", gone)
        self.someone_else("remove", gone, "--yes")
        before = self.own()
        self.assertEqual(before, set(rows) - deleted | self.kept)

        def check(now):
            self.assertEqual(before - self.own(), set(), "a run that verifies has deleted meetings")
            self.assertEqual(self.operations(now, "remove"), set())
        words = self.words("verify", "--repair", "--on-drift", "update", "--results", self.path("results.csv"), *batch)
        done = self.kill_until_done(words, len(before) + len(deleted) * 2 + len(changed) + 1, RATE_OF_VERIFY, also=check)

        # What is made again with an option owes a PATCH too.
        self.assertEqual(self.operations(done, "update"), changed | (deleted & self.keys(NEW_WITH_OPTION)))
        self.assertEqual(self.operations(done, "createOrGet"), deleted)
        self.assertEqual(self.own(), set(rows) | self.kept)
        self.assert_meetings_equal(wanted)
        # All is right now, and the ledger knows it.
        self.convoke("verify", "--results", self.path("results.csv"), *FAST)
        self.assertEqual(self.outcomes(), dict.fromkeys(set(rows) | self.kept - self.keys(range(70, 74)), "unchanged"))
        return done

    # --- the test

    def test_kills(self):
        number, wanted = seed(), wanted_kills()
        self.draw, self.name, self.round = random.Random(number), "n%d" % number, 0
        begin, kills, calls, repeated = time.monotonic(), collections.Counter(), 0, 0
        while kills.total() < wanted:
            self.round += 1
            self.ledger = self.new_ledger()
            batch = self.draw.choice((1, 1, 8))
            self.first_run()
            for command, rate in ((self.killed_apply, RATE), (self.killed_remove, RATE_OF_REMOVE), (self.killed_verify, RATE_OF_VERIFY)):
                done = command(["--batch-size", str(batch)])
                self.assert_repeats_bounded(done, rate, batch)
                kills.update(done.kills)
                calls += len(done.calls)
                repeated += done.repeated
                print("  round %d, %s: %d kills %s, %d %s; %d calls, %d repeated" % (
                    self.round, command.__name__, done.kills[IN_PLAN], IN_PLAN, done.kills[IN_CALLS], IN_CALLS, len(done.calls), done.repeated),
                    flush=True)
        print("  %d kills (%d %s, %d %s) in %d rounds and %.0f s: %d calls, %d of them repeated" % (
            kills.total(), kills[IN_PLAN], IN_PLAN, kills[IN_CALLS], IN_CALLS, self.round, time.monotonic() - begin, calls, repeated), flush=True)


class OnSqlite(Lifecycle, Case):
    def new_ledger(self):
        return self.path("ledger-%d.db" % self.round)

    def other_ledger(self):
        return self.path("other-%d.db" % self.round)


if __name__ == "__main__":
    main()
