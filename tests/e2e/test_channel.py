"""Channel meetings (chat_thread_id): the endpoint, the bodies and the order of calls as the service saw them, among rows without one."""
import collections
import json
import urllib.parse
import urllib.request

from generate import organizer_ids
from harness import Case, main
from recorder import Recorder

ORGANIZERS = organizer_ids(12, seed=77)
CHANNEL = "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2"
OTHER = "19:qO2NZ1-gdTOvYD8L_DBNFXnuOXFWmV1iCC7Gj0QhHrc1@thread.tacv2"


class Channels(Case):
    """`recorder`: a server in front of the simulator, which keeps paths and bodies."""

    @classmethod
    def start_server(cls, folder):
        server = super().start_server(folder)
        cls.recorder = Recorder(server, folder)
        return server

    @classmethod
    def tearDownClass(cls):
        cls.recorder.stop()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.before = len(self.recorder.calls)
        form = {"client_id": self.server.setting("client_id"), "client_secret": self.server.secret, "grant_type": "client_credentials",
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.setting("authority_url").rstrip("/"), self.server.setting("tenant"))
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=self.server.context, timeout=30) as answer:
            self.token = json.load(answer)["access_token"]

    def calls(self):
        """(method, path, body) of the calls since the last look."""
        new = self.recorder.calls[self.before:]
        self.before = len(self.recorder.calls)
        return new

    def rows(self, name, *rows):
        """A file of these rows: (organizer's number, external id, subject, chat_thread_id)."""
        lines = ["organizer,external_id,subject,start,chat_thread_id"]
        lines += ["%s,%s,%s,2030-10-21T08:00:00Z,%s" % (ORGANIZERS[who], key, subject, thread) for who, key, subject, thread in rows]
        return self.write(name, "\n".join(lines) + "\n")

    def run_rows(self, path, *words, expect=0):
        return self.apply(path, "--graph-url", self.recorder.root, "--ca-file", self.recorder.ca_file, "--results",
                          self.path("results.csv"), *words, expect=expect, environment={"CONVOKE_TOKEN": self.token})

    def outcomes(self):
        return {row["external_id"]: (row["outcome"], row["drift"]) for row in self.read_csv(self.path("results.csv"))}

    def stored(self):
        return {key[1]: one.get("channel") for key, one in self.server.by_key().items()}

    def test_channel_rows_call_beta_and_the_others_v1_in_one_lane(self):
        path = self.rows("mixed.csv", (0, "m1", "Algebra", CHANNEL), (0, "m2", "Algebra", ""), (1, "m3", "Topology", OTHER),
                         (1, "m4", "Topology", ""))
        plan = self.convoke("plan", path, "-o", "json", ledger=self.path("other.db")).summary
        self.assertIn(("beta_endpoint", 2), [(one["kind"], one["rows"]) for one in plan["input_warnings"]])
        self.assertIn("2 rows are channel meetings", " ".join(plan["warnings"]))
        done = self.run_rows(path)
        self.assertEqual(done.summary["outcomes"]["created"], 4)
        seen = {body["externalId"]: (method, urllib.parse.urlsplit(url).path, body.get("chatInfo")) for method, url, body in self.calls()}
        action = "/users/%s/onlineMeetings/createOrGet"
        self.assertEqual(seen, {"m1": ("POST", "/beta" + action % ORGANIZERS[0], {"threadId": CHANNEL}),
                                "m2": ("POST", "/v1.0" + action % ORGANIZERS[0], None),
                                "m3": ("POST", "/beta" + action % ORGANIZERS[1], {"threadId": OTHER}),
                                "m4": ("POST", "/v1.0" + action % ORGANIZERS[1], None)})
        stored = self.stored()
        self.assertEqual([stored[key] for key in ("m1", "m2", "m3", "m4")], [CHANNEL, None, OTHER, None])
        self.assertEqual(self.outcomes()["m1"], ("created", ""))
        # The same file again: known, so nothing is called.
        again = self.run_rows(path)
        self.assertEqual((again.summary["calls"], self.calls()), (0, []))

    def test_no_envelope_has_a_channel_meeting(self):
        rows = [(who, "b%d-%d" % (who, n), "Algebra", CHANNEL if (who + n) % 4 == 0 else "") for who in range(12) for n in range(6)]
        done = self.run_rows(self.rows("batch.csv", *rows), "--batch-size", "20")
        self.assertEqual(done.summary["outcomes"]["created"], len(rows))
        ways = collections.defaultdict(set)
        for method, url, body in self.calls():
            path = urllib.parse.urlsplit(url).path
            if path.endswith("$batch"):
                self.assertEqual(path, "/v1.0/$batch")
                for item in body["requests"]:
                    self.assertNotIn("chatInfo", item["body"])
                    self.assertTrue(item["url"].startswith("/users/"), item["url"])
                    ways["batch"].add(item["body"]["externalId"])
            else:
                self.assertEqual((method, path.startswith("/beta/")), ("POST", "chatInfo" in body))
                ways["alone" if "chatInfo" in body else "alone at v1.0"].add(body["externalId"])
        self.assertEqual(ways["alone"], {key for _, key, _, thread in rows if thread})
        self.assertGreater(len(ways["batch"]), 10)
        stored = self.stored()
        self.assertEqual({key: stored[key] for _, key, _, _ in rows}, {key: thread or None for _, key, _, thread in rows})

    def test_another_chat_is_drift_that_no_update_is_sent_for(self):
        self.run_rows(self.rows("d1.csv", (2, "d1", "Algebra", ""), (2, "d2", "Algebra", "")))
        self.calls()
        # The meetings exist with chats of their own; the second one differs in its subject too.
        path = self.rows("d2.csv", (2, "d1", "Algebra", CHANNEL), (2, "d2", "Topology", CHANNEL))
        done = self.run_rows(path, "--on-drift", "update")
        self.assertEqual(done.summary["outcomes"]["drifted"], 2)
        self.assertEqual(self.outcomes(), {"d1": ("drifted", "chat_thread_id"), "d2": ("drifted", "chat_thread_id")})
        calls = self.calls()
        self.assertEqual([body for method, _, body in calls if method == "PATCH"], [{"subject": "Topology"}])
        self.assertEqual([urllib.parse.urlsplit(url).path.split("/")[1] for method, url, _ in calls if method == "PATCH"], ["v1.0"])
        self.assertEqual(sum(method == "POST" for method, _, _ in calls), 2)
        # A later file finds them drifted as before, and owes nothing for that.
        later = self.rows("d3.csv", (2, "d1", "Algebra", CHANNEL), (2, "d2", "Topology", CHANNEL), (2, "d3", "New", ""))
        self.run_rows(later, "--on-drift", "update")
        self.assertEqual([body["externalId"] for _, _, body in self.calls()], ["d3"])
        self.assertEqual(self.outcomes()["d1"], ("drifted", "chat_thread_id"))

    def test_a_wrong_id_is_a_wrong_row_and_check_counts_the_others(self):
        path = self.rows("wrong.csv", (3, "w1", "Algebra", urllib.parse.quote(CHANNEL)), (3, "w2", "Algebra", CHANNEL))
        done = self.convoke("check", path, expect=8)
        self.assertIn("write : for %3A and @ for %40", done.out + done.err)
        good = self.convoke("check", self.rows("good.csv", (3, "w2", "Algebra", CHANNEL)))
        self.assertIn("1 row is a channel meeting", good.out + good.err)
        self.assertIn("beta endpoint, which may change", good.out + good.err)
        self.assertEqual(self.calls(), [])


class Changed(Case):
    """What becomes of channel rows where the beta endpoint is no longer what it was."""

    def set_beta(self, word):
        request = urllib.request.Request(self.server.root + "/_sim/behaviour", method="PATCH", data=json.dumps({"beta": word}).encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self.server.context, timeout=30) as answer:
            self.assertEqual(answer.status, 200)

    def tearDown(self):
        self.set_beta("full")
        super().tearDown()

    def run_two(self, prefix, expect):
        """A channel row and then one without, of one organizer. Returns their results by the last letter of their external id."""
        path = self.write(prefix + ".csv", "organizer,external_id,start,chat_thread_id\n"
                          "%s,%s-a,2030-10-21T08:00:00Z,%s\n%s,%s-b,2030-10-21T08:00:00Z,\n"
                          % (ORGANIZERS[5], prefix, CHANNEL, ORGANIZERS[5], prefix))
        self.apply(path, "--results", self.path("results.csv"), expect=expect)
        return {row["external_id"][-1]: row for row in self.read_csv(self.path("results.csv"))}

    def test_an_endpoint_that_is_gone_fails_the_row_and_not_its_organizer(self):
        for word in ("400", "404"):
            self.set_beta(word)
            rows = self.run_two("gone" + word, 3)
            self.assertEqual((rows["a"]["outcome"], rows["a"]["http_status"]), ("failed", word))
            self.assertIn("a channel meeting, so the beta endpoint was called", rows["a"]["error_message"])
            self.assertEqual(rows["b"]["outcome"], "created")

    def test_a_chat_that_is_ignored_is_named_and_one_that_is_hidden_is_not(self):
        self.set_beta("ignore-chat")
        self.assertEqual(self.run_two("ignored", 0)["a"]["drift"], "chat_thread_id")
        self.set_beta("hide-chat")
        rows = self.run_two("hidden", 0)
        self.assertEqual((rows["a"]["outcome"], rows["a"]["drift"]), ("created", ""))


if __name__ == "__main__":
    main()
