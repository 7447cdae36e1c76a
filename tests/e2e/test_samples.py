"""Files as programs and people make them. Each folder of tests/files/samples is one: what it must give is in its expected.json.

    about     what made the file
    input     its name
    steps     commands, one after another, each with a new ledger; each names
      flags     flags besides those of the lane; a convoke.toml beside the file is used as well
      exit      the exit code of `check` and of `apply` (3: `apply` too, with --skip-invalid)
      says      parts of the messages; `a|b`: one of them
      says_not  parts that no message has
      warnings  {kind: rows}: all warnings, except those that depend on the day of the test
      empty_rows
      meetings  all meetings that the server then has of this file: times in UTC, `attendees` as UPN or object id, without
                roles, which Graph need not store

A step without meetings sends nothing.
"""
import datetime
import json
import os
import shutil
import unittest

from harness import EXECUTABLE, FAST, HERE, main
from test_input_files import InputCase

SAMPLES = os.path.join(HERE, "..", "files", "samples")
OF_THE_DAY = {"past_meeting", "far_meeting"}


def instant(text):
    """2027-03-15T07:15:00Z of what Graph writes: 2027-03-15T07:15:00.0000000Z."""
    return datetime.datetime.fromisoformat(text[:19]).strftime("%Y-%m-%dT%H:%M:%SZ")


def attendee(one):
    return one.get("upn") or one["identity"]["user"]["id"]


class Samples(InputCase):
    server_flags = ("--seed", "64")

    def run_step(self, path, command, step, *more):
        line = [EXECUTABLE, command, path, *step.get("flags", []), "-o", "json", *more]
        return self.run_words(line, expect=step["exit"], environment={"AZURE_CLIENT_SECRET": self.server.secret})

    def check_messages(self, step, done):
        for part in step.get("says", []):
            self.assertTrue(any(one in done.err for one in part.split("|")), "%r is not said in:\n%s" % (part, done.err))
        for part in step.get("says_not", []):
            self.assertNotIn(part, done.err)

    def check_summary(self, step, summary):
        warnings = {one["kind"]: one["rows"] for one in summary["input_warnings"] if one["kind"] not in OF_THE_DAY}
        self.assertEqual(warnings, step.get("warnings", {}))
        self.assertEqual(summary["empty_rows"], step.get("empty_rows", 0))

    def meeting(self, wanted):
        stored = self.stored(wanted["organizer"], wanted["external_id"])
        out = {"organizer": wanted["organizer"], "external_id": wanted["external_id"], "subject": stored["subject"],
               "start": instant(stored["startDateTime"]), "end": instant(stored["endDateTime"])}
        attendees = sorted(attendee(one) for one in stored["participants"]["attendees"])
        return out | ({"attendees": attendees} if attendees else {})

    def check_step(self, path, number, step):
        before = set(self.server.by_key())
        done = self.run_step(path, "check", step)
        self.check_messages(step, done)
        if "meetings" in step:
            self.check_summary(step, done.summary)
        ledger = "sqlite:" + self.path("ledger-%d.db" % number)
        done = self.run_step(path, "apply", step, "--ledger", ledger, *self.lane_flags(), *FAST)
        self.check_messages(step, done)
        after = set(self.server.by_key()) - before
        if "meetings" not in step:
            self.assertEqual(after, set(), "a step without meetings sends nothing")
            return
        self.assertEqual(after, {(one["organizer"], one["external_id"]) for one in step["meetings"]})
        for wanted in step["meetings"]:
            wanted = wanted | ({"attendees": sorted(wanted["attendees"])} if "attendees" in wanted else {})
            self.assertEqual(self.meeting(wanted), wanted)

    def check_sample(self, name):
        folder = self.path(name)
        shutil.copytree(os.path.join(SAMPLES, name), folder)
        os.chmod(folder, 0o700)
        for file in os.listdir(folder):
            os.chmod(os.path.join(folder, file), 0o600)
        with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        for number, step in enumerate(expected["steps"]):
            with self.subTest(expected["about"], step=number + 1):
                self.check_step(os.path.join(folder, expected["input"]), number, step)


def test_of(name):
    return lambda self: self.check_sample(name)


for sample in sorted(os.listdir(SAMPLES)):
    if os.path.isfile(os.path.join(SAMPLES, sample, "expected.json")):
        setattr(Samples, "test_" + sample.replace("-", "_"), test_of(sample))


class TheFolder(unittest.TestCase):
    def test_each_folder_has_its_expectations(self):
        folders = [one for one in os.listdir(SAMPLES) if os.path.isdir(os.path.join(SAMPLES, one))]
        self.assertGreaterEqual(len(folders), 10)
        for one in folders:
            self.assertTrue(os.path.isfile(os.path.join(SAMPLES, one, "expected.json")), one)


if __name__ == "__main__":
    main()
