"""What an operator sees of each error that Graph is known for: what is wrong, who can put it right, the code, the request id, the time."""
import json
import os
import re

from generate import organizer_ids
from harness import Case, main

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# By the name of the body: status, code, a part of the remedy, who can put it right.
PERMANENT = {
    "app_on_me": (400, "BadRequest", "the path a person's", "operator of convoke"),
    "number_1026": (400, "BadRequest", "without saying why", "author of the file"),
    "number_3003": (400, "BadRequest", "may not see this meeting", "author of the file"),
    "no_segment": (400, "BadRequest", "offers no online meetings", "operator of convoke"),
    "invalid_argument": (400, "InvalidArgument", "refuses a value", "author of the file"),
    "meeting_type": (400, "BadRequest", "of a type that", "author of the file"),
    "policy_documented": (403, "Forbidden", "no application access policy", "Teams administrator"),
    "policy_general": (403, "General", "no application access policy", "Teams administrator"),
    "policy_on_behalf": (403, "Unauthorized", "no application access policy", "Teams administrator"),
    "policy_lower_case_inner": (403, "Forbidden", "no application access policy", "Teams administrator"),
    "policy_nested": (403, "Forbidden", "no application access policy", "Teams administrator"),
    "policy_details": (403, "Forbidden", "no application access policy", "Teams administrator"),
    "policy_no_inner": (403, "Forbidden", "no application access policy", "Teams administrator"),
    "policy_empty_code": (403, "", "no application access policy", "Teams administrator"),
    "forbidden_silent": (403, "Forbidden", "gives no reason", "tenant administrator"),
    "forbidden_9024": (403, "Forbidden", "no licence with Teams", "tenant administrator"),
    "authorization_request_denied": (403, "Authorization_RequestDenied", "lacks a permission", "tenant administrator"),
    "insufficient_claims": (403, "Forbidden", "Conditional Access", "tenant administrator"),
    "forbidden_html": (403, "", "not known to convoke", "tenant administrator"),
    "hostile": (400, "BadRequest", "Compare subject, times, attendees and options", "author of the file"),
    "user_unknown": (404, "UnknownError", "no such organizer", "author of the file"),
    "method_not_allowed": (405, "MethodNotAllowed", "offers no online meetings", "operator of convoke"),
    "quota": (507, "insufficientStorage", "quota of the service", "tenant administrator"),
}


class ErrorBodies(Case):
    @classmethod
    def start_server(cls, folder):
        os.makedirs(folder, exist_ok=True)
        script = os.path.join(folder, "script.json")
        with open(script, "w", encoding="utf-8") as file:
            json.dump([{"key": name, "error": name} for name in PERMANENT], file)
        cls.server_flags = ("--seed", "17", "--script", script)
        return super().start_server(folder)

    def rows(self, names):
        organizers = organizer_ids(len(PERMANENT))
        lines = ["%s,%s,Class,2026-10-19T08:00:00Z,45" % (organizers[list(PERMANENT).index(name)], name) for name in names]
        return self.write("in.csv", "organizer,external_id,subject,start,duration\n" + "\n".join(lines) + "\n")

    def test_each_error_says_what_is_wrong_and_who_can_put_it_right(self):
        results = self.path("results.csv")
        done = self.apply(self.rows(PERMANENT), "--results", results, expect=3)
        calls = {call["client_request_id"]: call for call in map(json.loads, self.server.get("calls").splitlines())}
        reasons = {one["external_id"]: one for one in self.convoke("status", "-o", "json").summary["run"]["reasons"]}
        rows = {row["external_id"]: row for row in self.read_csv(results)}
        self.assertEqual(set(rows), set(PERMANENT))
        for name, (status, code, remedy, fixed_by) in PERMANENT.items():
            row = rows[name]
            self.assertEqual((row["outcome"], row["http_status"], row["error_code"]), ("failed", str(status), code), name)
            self.assertIn(row["client_request_id"], calls, name)
            self.assertRegex(row["request_id"], "^[0-9a-f-]{36}$", name)
            self.assertRegex(row["finished_at"], UTC, name)
            if name not in reasons:  # it shares its reason with an earlier row
                continue
            reason = reasons[name]
            self.assertIn(remedy, reason["remedy"], name)
            self.assertEqual((reason["fixed_by"], reason["request_id"], reason["time"]), (fixed_by, row["request_id"], row["finished_at"][:19] + "Z"))
        self.assertEqual(sum(one["rows"] for one in reasons.values()), done.summary["outcomes"]["failed"])
        self.assertEqual([one for one in self.server.meetings() if one["creates"]], [])

    def test_the_text_names_code_request_id_and_time(self):
        done = self.convoke("apply", self.rows(["policy_general"]), expect=3)
        text = done.out + done.err
        self.assertRegex(text, r"403 General: No application access policy found for this app\.\n")
        self.assertRegex(text, r"; request id [0-9a-f-]{36}, " + UTC.pattern)
        self.assertIn("Who can do it: the Teams administrator.", text)

    def test_hostile_text_is_escaped(self):
        done = self.convoke("apply", self.rows(["hostile"]), expect=3)
        shown = done.out + done.err + self.convoke("status").out + self.content(self.path("in.csv.failed.csv")).decode()
        self.assertIn("The subject is refused\\x1b[2J", shown)
        self.assertEqual([c for c in shown if c < " " and c != "\n" or c in "\x7f\u202e"], [])


if __name__ == "__main__":
    main()
