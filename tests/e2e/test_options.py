"""Meeting options: columns, defaults, what is refused, and one PATCH with only what the answer does not show as wanted."""
import json
import os
import re
import subprocess
import urllib.parse
import urllib.request

from generate import organizer_ids
from harness import EXECUTABLE, HERE, Case, kill, main, wait_for

ORGANIZER = organizer_ids(1, seed=41)[0]
DOCS = os.path.join(HERE, "..", "..", "docs", "options.md")


class Options(Case):
    server_flags = ("--seed", "41")

    def rows(self, name, columns, *cells):
        """A file with these columns of options; each of `cells` is an external id and the cells of a row."""
        lines = ["organizer,external_id,subject,start,%s" % columns if columns else "organizer,external_id,subject,start"]
        lines += ["%s,%s,Algebra,2027-10-19T08:00:00Z%s" % (ORGANIZER, row[0], "".join("," + cell for cell in row[1:])) for row in cells]
        return self.write(name, "\n".join(lines) + "\n")

    def setUp(self):
        super().setUp()
        self.config = self.server.config

    def words(self, command, *words, ledger=None):
        line = super().words(command, *words, ledger=ledger)
        line[line.index("--config") + 1] = self.config
        return line

    def use(self, tables):
        """From here on the configuration has these tables too."""
        self.config = self.path("options.toml")
        with open(self.server.config, encoding="utf-8") as file:
            text = file.read()
        for name in ("ca_file", "client_secret_file"):
            whole = "%s = %s" % (name, json.dumps(os.path.abspath(self.server.setting(name))))
            text = re.sub("(?m)^%s = .*$" % name, lambda _, line=whole: line, text)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text + "\n" + tables)

    def outcomes(self, done):
        return {word: count for word, count in done.summary["outcomes"].items() if count}

    def token(self):
        form = {"grant_type": "client_credentials", "client_id": self.server.setting("client_id"), "client_secret": self.server.secret,
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.root, self.server.setting("tenant"))
        with urllib.request.urlopen(url, data=urllib.parse.urlencode(form).encode(), context=self.server.context, timeout=60) as answer:
            return json.load(answer)["access_token"]

    def call(self, external_id, method="GET", body=None):
        """The meeting as the service stores it."""
        meeting = self.server.by_key()[(ORGANIZER, external_id)]["id"]
        request = urllib.request.Request("%s/v1.0/users/%s/onlineMeetings/%s" % (self.server.root, ORGANIZER, urllib.parse.quote(meeting)),
                                         headers={"Authorization": "Bearer " + self.token(), "Content-Type": "application/json"},
                                         method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, context=self.server.context, timeout=60) as answer:
            return json.load(answer)

    def updates(self, external_id):
        return self.server.by_key()[(ORGANIZER, external_id)]["updates"]

    def test_each_row_has_its_own_values(self):
        path = self.rows("in.csv", "option.allowedPresenters,Option.Lobby_Bypass_Settings.Scope,option.allowRecording",
                         ("v1", "ORGANIZER", "invited", "no"), ("v2", "", "", ""), ("v3", "everyone", "", "true"))
        done = self.apply(path)
        # The third row wants what the answer of createOrGet shows already.
        self.assertEqual(self.outcomes(done), {"updated": 1, "created": 2})
        self.assertEqual([self.updates(one) for one in ("v1", "v2", "v3")], [1, 0, 0])
        stored = self.call("v1")
        self.assertEqual((stored["allowedPresenters"], stored["lobbyBypassSettings"]["scope"], stored["allowRecording"]),
                         ("organizer", "invited", False))
        before = self.server.stats()["requests"]
        again = self.apply(path)
        self.assertEqual(again.summary["calls"], 0)
        self.assertEqual(self.server.stats()["requests"], before)

    def test_defaults_and_the_dash_that_switches_one_off(self):
        self.use('[options]\nallowedPresenters = "organizer"\nlobbyBypassSettings.scope = "everyone"\n')
        path = self.rows("in.csv", "option.allowedPresenters", ("d1", ""), ("d2", "-"), ("d3", "roleispresenter"))
        self.apply(path)
        shown = [self.call(one) for one in ("d1", "d2", "d3")]
        self.assertEqual([one["allowedPresenters"] for one in shown], ["organizer", "everyone", "roleIsPresenter"])
        self.assertEqual({one["lobbyBypassSettings"]["scope"] for one in shown}, {"everyone"})
        checked = self.convoke("check", path)
        self.assertIn("where option.allowedPresenters is empty, organizer is used, by [options]", checked.out)

    def test_the_defaults_of_a_tenant_are_nearer(self):
        name = next(iter(self.server.settings["tenants"])) if "tenants" in self.server.settings else None
        if name is None:
            tables = ("[options]\nallowedPresenters = \"organizer\"\nallowWhiteboard = true\n"
                      "[tenants.north]\ntenant = \"%s\"\n[tenants.north.options]\nallowedPresenters = \"-\"\nallowRecording = false\n"
                      % self.server.setting("tenant"))
        else:
            tables = ("[options]\nallowedPresenters = \"organizer\"\nallowWhiteboard = true\n"
                      "[tenants.%s.options]\nallowedPresenters = \"-\"\nallowRecording = false\n" % name)
        self.use(tables)
        self.apply(self.rows("in.csv", "", ("t1",)))
        shown = self.call("t1")
        self.assertEqual((shown["allowedPresenters"], shown["allowWhiteboard"], shown["allowRecording"]), ("everyone", True, False))

    def test_only_what_the_answer_does_not_show_is_sent(self):
        """Another change of the same object stays, because the PATCH does not mention it."""
        columns = "option.allowedPresenters,option.allowRecording"
        self.apply(self.rows("in.csv", columns, ("p1", "organizer", "")))
        self.call("p1", "PATCH", {"lobbyBypassSettings": {"isDialInBypassEnabled": True}})
        done = self.apply(self.rows("in.csv", columns + ",option.lobbyBypassSettings.scope", ("p1", "organizer", "false", "invited")))
        self.assertEqual(self.outcomes(done), {"updated": 1})
        shown = self.call("p1")
        self.assertEqual(shown["lobbyBypassSettings"], {"scope": "invited", "isDialInBypassEnabled": True})
        self.assertEqual((shown["allowedPresenters"], shown["allowRecording"], self.updates("p1")), ("organizer", False, 3))
        # Where an option is wanted no more, nothing is sent.
        done = self.apply(self.rows("in.csv", columns, ("p1", "", "")))
        self.assertEqual(self.outcomes(done), {"existing": 1})
        self.assertEqual(self.updates("p1"), 3)

    def test_other_differences_are_reported_and_not_sent(self):
        self.apply(self.rows("first.csv", "", ("r1",)))
        self.call("r1", "PATCH", {"subject": "Changed by hand"})
        done = self.apply(self.rows("second.csv", "option.allowedPresenters", ("r1", "organizer")), "--results", self.path("out.csv"))
        self.assertEqual(self.outcomes(done), {"drifted": 1})
        self.assertEqual(self.read_csv(self.path("out.csv"))[0]["drift"], "subject")
        shown = self.call("r1")
        self.assertEqual((shown["subject"], shown["allowedPresenters"]), ("Changed by hand", "organizer"))

    def test_names_and_values_that_are_wrong(self):
        for column, cell, says in (("option.allowedPresenter", "organizer", "is 'allowedPresenters' meant?"),
                                   ("option.passcode", "123", "the passcode"), ("option.meetingTemplateId", "x", "template"),
                                   ("option.chatRestrictions", "x", "neither from createOrGet nor from PATCH"),
                                   ("option.subject", "x", "has a column of its own: subject"),
                                   ("option.lobbyBypassSettings", "x", "option.lobbyBypassSettings.scope"),
                                   ("option.allowedPresenters", "organiser", "is 'organizer' meant?")):
            done = self.convoke("check", self.rows("in.csv", column, ("w", cell)), expect=8)
            self.assertIn(says, done.err)
            self.assertIn(column, done.err)
        for table, says in (('allowedPresenter = "organizer"', "is 'allowedPresenters' meant?"), ('passcode = "1"', "the passcode"),
                            ('allowedPresenters = "teachers"', "everyone, organization, roleIsPresenter or organizer"),
                            ("allowRecording = 7", "true or false"), ("joinMeetingIdSettings.passcode = '1'", "the passcode")):
            self.use("[options]\n" + table + "\n")
            done = self.convoke("check", self.rows("in.csv", "", ("w",)), expect=2)
            self.assertIn(says, done.err)
            self.assertRegex(done.err, r"options\.toml, line \d+")

    def test_the_list_needs_no_file_and_no_configuration(self):
        listed = self.run_words([EXECUTABLE, "check", "--options"])
        for words in ("allowedPresenters", "everyone, organization, roleIsPresenter or organizer", "meetingTemplateId", "cannot be taken back"):
            self.assertIn(words, listed.out)
        options = json.loads(self.run_words([EXECUTABLE, "check", "--options", "-o", "json"]).out)
        documented = re.findall(r"(?m)^\| `([A-Za-z.]+)` \|", open(DOCS, encoding="utf-8").read())
        self.assertEqual(documented, [one["name"] for one in options["options"] + options["refused"]])

    def test_what_cannot_be_taken_back_is_counted(self):
        path = self.rows("in.csv", "option.anonymizeIdentityForRoles", ("l1", "attendee"), ("l2", ""), ("l3", "Attendee"))
        plan = self.convoke("plan", path, "-o", "json").summary
        self.assertEqual([(one["kind"], one["rows"]) for one in plan["input_warnings"]], [("lasting_option", 2)])
        self.assertIn("2 rows set an option that cannot be taken back", " ".join(plan["warnings"]))

    def test_killed_between_the_calls(self):
        keys = ["k%03d" % n for n in range(200)]
        path = self.rows("in.csv", "option.allowedPresenters", *((key, "organizer") for key in keys))
        words = self.words("apply", path, "--rate", "400", "--fixed-rate", "--connections", "8", "--attempt-timeout", "300ms")
        for part in (40, 120):
            process = self.start(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for(lambda: sum(1 for key in self.server.by_key() if key[1] in keys) >= part, "the first meetings")
            kill(process)
        self.apply(path, "--attempt-timeout", "300ms")
        stored = {key[1]: one for key, one in self.server.by_key().items() if key[1] in keys}
        self.assertEqual(len(stored), 200)
        self.assertEqual({one["creates"] for one in stored.values()}, {1})
        # A PATCH is repeated only where its answer was not committed.
        twice = [one for one in stored.values() if one["updates"] != 1]
        self.assertLessEqual(len(twice), 2 * (8 + 40))
        self.assertEqual({one["updates"] for one in stored.values()} - {1, 2, 3}, set())
        before = self.server.stats()["requests"]
        self.assertEqual(self.apply(path).summary["calls"], 0)
        self.assertEqual(self.server.stats()["requests"], before)


if __name__ == "__main__":
    main()
