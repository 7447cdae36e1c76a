"""The base of the tests of `verify` and `remove`: meetings that a ledger knows, and what the server saw of a command."""
import json
import os

from generate import organizer_ids
from harness import FAST, wait_for

ORGANIZERS = organizer_ids(6)
HEADER = "organizer,external_id,subject,start\n"
START = "2035-10-05T08:00:00Z"
SLOW = ["--rate", "40", "--fixed-rate", "--connections", "4", "--attempt-timeout", "300ms"]


class KnownMeetings:
    """Beside a Case. `more`: words of every command that calls."""

    more = ()

    def name(self, number):
        """The external id: the tests of a class share a server, so it is the test's own."""
        return "%s-%s" % (self._testMethodName[5:45], number)

    def row(self, number, subject=None):
        return "%s,%s,%s,%s\n" % (ORGANIZERS[number % 6], self.name(number), subject or "Course %d" % number, START)

    def file(self, name, numbers, subject=None):
        return self.write(name, HEADER + "".join(self.row(number, subject) for number in numbers))

    def another_ledger(self):
        """A ledger of somebody else, who uses the same app."""
        return self.path("another.db") if self.ledger_url("x") != "x" else "sqlite:" + self.path("another.db")

    def run_command(self, command, *words, expect=0, speed=FAST, **more):
        """Runs a command that calls. Keeps the operations that the server saw of it in `self.seen`."""
        before = self.server.stats()["operations"]
        done = self.convoke(command, *words, "-o", "json", *speed, *self.more, expect=expect, **more)
        after = self.server.stats()["operations"]
        self.seen = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
        return done

    def make(self, numbers, name="classes.csv"):
        """Provisions these rows. Returns the file."""
        path = self.file(name, numbers)
        self.run_command("apply", path)
        self.assertEqual(self.seen, {"createOrGet": len(list(numbers))})
        return path

    def change_elsewhere(self, numbers, subject):
        """Somebody else changes these meetings."""
        path = self.file("changed.csv", numbers, subject)
        self.run_command("apply", path, "--on-drift", "update", ledger=self.another_ledger())
        self.assertEqual(self.seen["update"], len(list(numbers)))

    def delete_elsewhere(self, numbers):
        """Somebody else deletes these meetings."""
        path = self.file("deleted.csv", numbers)
        self.run_command("apply", path, ledger=self.another_ledger(), expect=None)
        self.run_command("remove", path, "--yes", ledger=self.another_ledger())
        self.assertEqual(self.seen, {"remove": len(list(numbers))})

    def outcomes(self, done):
        return {word: count for word, count in done.summary["outcomes"].items() if count}

    def stored(self):
        """The numbers of this test's meetings that exist, with the meetings as the server has them."""
        own = self.name("")
        return {int(one["external_id"][len(own):]): one for one in self.server.meetings() if one["external_id"].startswith(own)}

    def states(self):
        own = self.name("")
        rows = self.parse_csv(self.convoke("export", "--inventory", "--format", "csv").out)
        return {int(row["external_id"][len(own):]): row["state"] for row in rows if row["external_id"].startswith(own)}

    def results(self):
        """The rows of the results file by the number of the meeting."""
        own = self.name("")
        return {int(row["external_id"][len(own):]): row for row in self.read_csv(self.path("results.csv"))}

    def runs(self):
        """The runs of the ledger: [(kind, state)]"""
        return [(one["kind"], one["state"]) for one in json.loads(self.convoke("runs", "-o", "json").out)]

    def kill_after(self, operation, calls, command, *words):
        """Kills a slow command once the server has seen so many more of these calls. Returns how many it saw by the end."""
        before = self.server.stats()["operations"].get(operation, 0)
        with open(os.devnull, "wb") as nowhere:
            process = self.start(self.words(command, *words, *SLOW, *self.more), stdout=nowhere, stderr=nowhere)
            wait_for(lambda: self.server.stats()["operations"].get(operation, 0) >= before + calls, "%d calls" % calls)
            process.kill()
            process.wait(timeout=60)
        return self.server.stats()["operations"][operation] - before
