"""Meetings expire: what is shown of it, what is called for it, and what the server saw."""
import datetime
import json

from generate import organizer_ids
from harness import Case, main

ANNA, BEN = organizer_ids(2)


def days_ahead(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT08:00:00Z")


class Expiry(Case):
    """Two meetings that begin in 40 days."""

    def setUp(self):
        super().setUp()
        # The tests of a class share a server.
        self.keys = [(ANNA, self._testMethodName[5:] + "-1"), (BEN, self._testMethodName[5:] + "-2")]

    def rows(self, name, subject="Algebra", start=None):
        start = start or days_ahead(40)
        lines = ["%s,%s,%s,%s\n" % (organizer, external_id, subject, start) for organizer, external_id in self.keys]
        return self.write(name, "organizer,external_id,subject,start\n" + "".join(lines))

    def run_once(self, path, *words, **more):
        """The outcomes of an `apply`, and the operations that the server saw."""
        before = self.server.stats()["operations"]
        results = self.path("results.csv")
        self.apply(path, "--results", results, *words, **more)
        after = self.server.stats()["operations"]
        seen = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        return [row["outcome"] for row in self.read_csv(results)], seen

    def plan(self, path, *words):
        return json.loads(self.convoke("plan", path, "-o", "json", *words).out)

    def meetings(self):
        stored = self.server.by_key()
        return [stored[key] for key in self.keys]


class ExpiresBeforeItsEnd(Expiry):
    server_flags = ("--seed", "61", "--meeting-lifetime", "-20d")

    def test_a_meeting_that_expires_before_its_end_is_named_and_extended_once(self):
        path = self.rows("classes.csv")
        self.assertEqual(self.run_once(path), (["created", "created"], {"createOrGet": 2}))
        results = self.read_csv(self.path("results.csv"))
        for row, meeting in zip(results, self.meetings()):
            self.assertEqual(row["expires_at"], meeting["expires"])
            self.assertIn("meetingOptions", row["options_url"])
        inventory = self.parse_csv(self.convoke("export", "--inventory").out)
        self.assertEqual(sorted(row["expires_at"] for row in inventory), sorted(one["expires"] for one in self.meetings()))
        self.assertEqual(self.run_once(path), (["created", "created"], {}), "the same command owes nothing")

        plan = self.plan(path, "--only", "subject=Algebra")
        self.assertEqual((plan["calls"], plan["unchanged"], plan["expire_early"]), (0, 2, 2))
        self.assertEqual({one["external_id"] for one in plan["expire_early_sample"]}, {key[1] for key in self.keys})
        self.assertTrue([one for one in plan["warnings"] if "--keep-alive" in one], plan["warnings"])

        # 10 days are too short: the meetings live for 20.
        self.assertEqual(self.run_once(path, "--keep-alive", "10d"), (["unchanged", "unchanged"], {}))
        before = self.meetings()
        plan = self.plan(path, "--keep-alive", "30d")
        self.assertEqual((plan["calls"], plan["extended"], plan["unchanged"], plan["expire_early"]), (2, 2, 0, 0))
        self.assertEqual(self.run_once(path, "--keep-alive", "30d"), (["updated", "updated"], {"update": 2}))
        for old, new in zip(before, self.meetings()):
            self.assertEqual(new["updates"], 1)
            self.assertEqual(new["id"], old["id"])
            self.assertGreater(new["expires"], old["expires"])
        # Neither the same command nor another file of the feed extends them once more.
        self.assertEqual(self.run_once(path, "--keep-alive", "30d"), (["updated", "updated"], {}))
        self.write("classes.csv", self.content(path) + b"\n")
        self.assertEqual(self.run_once(path, "--keep-alive", "30d"), (["unchanged", "unchanged"], {}))

    def test_an_extension_changes_nothing_of_a_meeting_that_differs(self):
        path = self.rows("classes.csv")
        self.run_once(path)
        other = self.rows("other.csv", subject="Geometry")
        second = self.path("second.db")
        self.assertEqual(self.run_once(other, ledger=second)[0], ["drifted", "drifted"])
        self.assertEqual(self.run_once(other, "--keep-alive", "30d", ledger=second), (["drifted", "drifted"], {"update": 2}))
        # A ledger that knows nothing finds the meetings as they were made.
        self.assertEqual(self.run_once(path, ledger=self.path("third.db"))[0], ["existing", "existing"])

    def test_a_longer_time_than_an_update_extends_is_refused(self):
        path = self.rows("classes.csv")
        refused = self.convoke("apply", path, "--keep-alive", "60d", expect=2)
        self.assertIn("59d", refused.err)
        for value in ("0", "soon", "-1d"):
            self.convoke("apply", path, "--keep-alive=" + value, expect=2)


class ExpiredKept(Expiry):
    server_flags = ("--seed", "62", "--meeting-lifetime", "-80d")

    def test_an_expired_meeting_is_never_unchanged(self):
        path = self.rows("classes.csv")
        self.assertEqual(self.run_once(path), (["created", "created"], {"createOrGet": 2}))
        ids = [one["id"] for one in self.meetings()]
        plan = self.plan(path, "--only", "subject=Algebra")
        self.assertEqual((plan["calls"], plan["expired"], plan["unchanged"]), (2, 2, 0))
        # The service returns the expired meeting: that is asked each time, and the results show when it expired.
        for _ in range(2):
            self.assertEqual(self.run_once(path), (["existing", "existing"], {"createOrGet": 2}))
        self.assertEqual([one["id"] for one in self.meetings()], ids)
        for row in self.read_csv(self.path("results.csv")):
            self.assertLess(row["expires_at"], days_ahead(0))


class ExpiredMadeAnew(Expiry):
    server_flags = ("--seed", "63", "--meeting-lifetime", "-80d", "--expired-key", "new")

    def test_a_new_meeting_takes_the_place_of_an_expired_one(self):
        path = self.rows("classes.csv")
        self.run_once(path)
        ids = [one["id"] for one in self.meetings()]
        self.assertEqual(self.run_once(path), (["created", "created"], {"createOrGet": 2}))
        results = self.read_csv(self.path("results.csv"))
        for row, meeting, old in zip(results, self.meetings(), ids):
            self.assertEqual(row["meeting_id"], meeting["id"])
            self.assertNotEqual(row["meeting_id"], old)
            self.assertEqual(meeting["creates"], 2)


class ExpiredRevived(Expiry):
    server_flags = ("--seed", "64", "--meeting-lifetime", "-80d", "--expired-key", "revive")

    def test_a_meeting_that_lives_again_is_unchanged_again(self):
        path = self.rows("classes.csv")
        self.run_once(path)
        self.assertEqual(self.run_once(path), (["existing", "existing"], {"createOrGet": 2}))
        self.assertEqual(self.run_once(path), (["existing", "existing"], {}))
        for row in self.read_csv(self.path("results.csv")):
            self.assertGreater(row["expires_at"], days_ahead(50))


if __name__ == "__main__":
    main()
