"""--on-drift update and --roles enforce: what the service receives, and that no completed update is sent again."""
import csv
import io
import shutil

from harness import EXECUTABLE, FAST, Case, kill, main
from recording_graph import Graph

TENANT = "11111111-2222-4333-8444-555555555555"
ADA = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
HEADER = "organizer,external_id,subject,start,end,attendees\n"
START, END = "2030-03-01T08:00:00Z", "2030-03-01T09:00:00Z"


def line(key, subject="Algebra", start=START, end=END, attendees=""):
    return ",".join([ADA, key, subject, start, end, attendees]) + "\n"


class Updates(Case):
    server_flags = None

    def setUp(self):
        super().setUp()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.graph = Graph()
        self.addCleanup(self.graph.close)

    def command(self, path, *words, results=True):
        speed = [] if "--connections" in words else [*FAST, "--attempt-timeout", "5s"]
        line = [EXECUTABLE, "apply", path, "-o", "json", *speed, "--feed", "f", "--tenant", TENANT, "--graph-url",
                self.graph.url, "--allow-http", "--ledger", "sqlite:" + self.ledger, *words]
        return line + (["--results", self.path("results.csv")] if results else [])

    def run_rows(self, rows, *words, expect=0):
        """Applies these rows. Returns the summary; `self.rows`: the results by external id; `self.graph.calls`: those of this run."""
        path = self.write("in.csv", HEADER + rows)
        self.graph.calls.clear()
        done = self.run_words(self.command(path, *words), expect, environment={"CONVOKE_TOKEN": "e30.e30.x"})
        self.rows = {row["external_id"]: row for row in csv.DictReader(io.StringIO(self.content(self.path("results.csv")).decode()))}
        return done.summary

    def updated_by_now(self):
        """The external ids of the rows that the ledger has as updated."""
        done = self.run_words([EXECUTABLE, "export", "--ledger", "sqlite:" + self.ledger, "--format", "csv"], None)
        return {row["external_id"] for row in self.parse_csv(done.out) if row["outcome"] == "updated"}

    def test_only_the_changed_members_are_sent(self):
        """Both times where one differs, the attendees in full, and nothing of the rest."""
        self.run_rows(line("s") + line("t") + line("p", attendees="a@x.org;b@x.org") + line("same"))
        changed = (line("s", subject="Topology") + line("t", end="2030-03-01T10:00:00Z") + line("p", attendees="a@x.org;c@x.org") +
                   line("same"))
        summary = self.run_rows(changed, "--on-drift", "update")
        self.assertEqual(sorted(self.graph.posts()), ["p", "s", "t"])
        self.assertEqual(dict(self.graph.patches()), {
            "s": {"subject": "Topology"},
            "t": {"startDateTime": START, "endDateTime": "2030-03-01T10:00:00Z"},
            "p": {"participants": {"attendees": [{"upn": "a@x.org"}, {"upn": "c@x.org"}]}}})
        self.assertEqual(len(self.graph.patches()), 3)
        self.assertEqual({key: row["outcome"] for key, row in self.rows.items()},
                         {"s": "updated", "t": "updated", "p": "updated", "same": "unchanged"})
        self.assertEqual({key: row["drift"] for key, row in self.rows.items()}, {"s": "subject", "t": "end", "p": "attendees", "same": ""})
        self.assertEqual(summary["updated_fields"], {"attendees": 1, "end": 1, "subject": 1})
        # The same input again, also as another run: nothing is owed.
        self.run_rows(changed, "--on-drift", "update")
        self.assertEqual(self.graph.calls, [])
        self.run_rows(changed, "--on-drift", "report")
        self.assertEqual(self.graph.calls, [])

    def test_meetings_known_as_drifted_are_updated_without_another_create_or_get(self):
        self.run_rows(line("a") + line("b"))
        changed = line("a", subject="Topology") + line("b")
        self.run_rows(changed)
        self.assertEqual((self.rows["a"]["outcome"], self.rows["a"]["drift"]), ("drifted", "subject"))
        plan = self.run_rows(changed, "--on-drift", "update")["plan"]
        self.assertEqual((plan["calls"], plan["updates"], plan["drifted"]), (1, 1, 0))
        self.assertEqual(self.graph.calls, [("PATCH", "a", {"subject": "Topology"})])
        self.assertEqual(self.rows["a"]["outcome"], "updated")

    def test_drift_that_fails(self):
        self.run_rows(line("a"))
        self.run_rows(line("a", subject="Topology"), "--on-drift", "fail", expect=3)
        self.assertEqual((self.graph.posts(), self.graph.patches()), (["a"], []))
        self.assertEqual(self.rows["a"]["outcome"], "drifted")

    def test_what_the_update_did_not_change_is_named(self):
        """The service answers 200 and keeps the old subject, as for times of a meeting that is in progress."""
        self.run_rows(line("a"))
        self.graph.refuse["a"] = [(200, False)]
        self.run_rows(line("a", subject="Topology"), "--on-drift", "update")
        self.assertEqual((self.rows["a"]["outcome"], self.rows["a"]["drift"]), ("drifted", "subject"))
        # It is owed again.
        self.run_rows(line("a", subject="Topology") + line("b"), "--on-drift", "update")
        self.assertEqual(self.graph.patches(), [("a", {"subject": "Topology"})])
        self.assertEqual(self.rows["a"]["outcome"], "updated")

    def test_a_meeting_that_is_gone_is_made_again(self):
        self.run_rows(line("a"))
        self.run_rows(line("a", subject="Topology"))
        self.graph.meetings.clear()
        self.run_rows(line("a", subject="Topology"), "--on-drift", "update")
        self.assertEqual([(method, body.get("subject")) for method, _, body in self.graph.calls],
                         [("PATCH", "Topology"), ("POST", "Topology")])
        self.assertEqual(self.rows["a"]["outcome"], "created")

    def test_an_update_whose_answer_is_lost_is_sent_again(self):
        for status in (500, 204):
            key = "s%d" % status
            self.run_rows(line(key))
            self.graph.refuse[key] = [(status, True)]
            self.run_rows(line(key, subject="Topology"), "--on-drift", "update")
            self.assertEqual(self.graph.patches(), [(key, {"subject": "Topology"})] * 2)
            self.assertEqual(self.rows[key]["outcome"], "updated")

    def test_roles_are_set_once_with_all_attendees(self):
        people = "a@x.org:presenter;b@x.org;c@x.org:coorganizer"
        rows = line("r", attendees=people) + line("plain", attendees="a@x.org")
        plan = self.run_rows(rows, "--roles", "enforce")["plan"]
        self.assertEqual(plan["updates_for_settings"], 1)
        self.assertEqual(sorted(self.graph.posts()), ["plain", "r"])
        self.assertEqual(self.graph.patches(), [("r", {"allowedPresenters": "roleIsPresenter", "participants": {"attendees": [
            {"upn": "a@x.org", "role": "presenter"}, {"upn": "b@x.org"}, {"upn": "c@x.org", "role": "coorganizer"}]}})])
        # The answer has the roles as null: that is not drift.
        self.assertEqual(self.rows["r"]["outcome"], "updated")
        self.assertEqual(self.rows["plain"]["outcome"], "created")
        self.run_rows(rows, "--roles", "enforce")
        self.assertEqual(self.graph.calls, [])

    def test_roles_that_the_answer_shows_are_not_set_again(self):
        rows = line("r", attendees="a@x.org:presenter")
        self.run_rows(rows, "--roles", "enforce")
        self.graph.show_roles = True
        self.ledger = self.path("another.db")
        self.run_rows(rows, "--roles", "enforce")
        self.assertEqual((self.graph.posts(), self.graph.patches()), (["r"], []))
        self.assertEqual(self.rows["r"]["outcome"], "existing")

    def test_enforced_roles_leave_other_differences_alone(self):
        """--on-drift report: the subject is reported, not sent."""
        self.run_rows(line("r"))
        self.run_rows(line("r", subject="Topology", attendees="a@x.org:presenter"), "--roles", "enforce")
        ((_, body),) = self.graph.patches()
        self.assertEqual(sorted(body), ["allowedPresenters", "participants"])
        self.assertEqual((self.rows["r"]["outcome"], self.rows["r"]["drift"]), ("drifted", "subject"))

    def test_roles_that_are_only_sent_are_warned_about(self):
        plan = self.run_rows(line("r", attendees="a@x.org:presenter"))["plan"]
        self.assertEqual(self.graph.patches(), [])
        self.assertEqual([(one["kind"], one["rows"]) for one in plan["input_warnings"] if one["kind"] == "role_not_kept"],
                         [("role_not_kept", 1)])

    def test_killed_between_createorget_commit_and_update(self):
        """SIGKILL when the service has carried the n-th call out and has not answered it, for every n of the run."""
        keys = ["k0", "k1"]
        first, changed = "".join(line(key) for key in keys), "".join(line(key, subject="Topology") for key in keys)
        # The next run leaves the rows that were claimed alone for one attempt timeout.
        words = ["--on-drift", "update", "--connections", "1", "--organizer-concurrency", "1", "--rate", "100000", "--fixed-rate",
                 "--attempt-timeout", "1s"]
        for n in range(1, 2 * len(keys) + 1):
            self.ledger = self.path("killed-%d.db" % n)
            self.graph.meetings.clear()
            self.run_rows(first)
            path = self.write("in.csv", HEADER + changed)
            self.graph.calls.clear()
            running = []
            self.graph.stop_after = lambda made, at=n: made == at and kill(running[0])
            running.append(self.start(self.command(path, *words, results=False), environment={"CONVOKE_TOKEN": "e30.e30.x"}))
            running[0].communicate(timeout=60)
            self.graph.stop_after = None
            before = list(self.graph.calls)
            self.assertEqual(len(before), n)
            committed = self.updated_by_now()
            self.run_rows(changed, *words)
            self.assertEqual(committed & {key for key, _ in self.graph.patches()}, set(), "a completed update was sent again")
            sent = before + self.graph.calls
            patched = [key for method, key, _ in sent if method == "PATCH"]
            self.assertEqual(sorted(set(patched)), keys)
            self.assertEqual([body for method, _, body in sent if method == "PATCH"], [{"subject": "Topology"}] * len(patched))
            self.assertEqual({one["subject"] for one in self.graph.meetings.values()}, {"Topology"})
            self.assertEqual({row["outcome"] for row in self.rows.values()} - {"updated", "existing"}, set())
            self.run_rows(changed, *words)
            self.assertEqual(self.graph.calls, [])


if __name__ == "__main__":
    main()
