"""Microsoft's Graph client for JavaScript works with the simulator: unmodified, with its standard middleware and a token of MSAL."""
import json
import urllib.parse

from harness import main, simulator
from peers import Peers, node

ADA, BEN, CARLA = ("0a1b2c3d-0000-4000-8000-00000000000" + last for last in "abc")
THROTTLED, THROTTLED_ITEM = "throttled-once", "throttled-item"
START, END, LATER = "2027-03-01T08:00:00Z", "2027-03-01T09:00:00Z", "2027-03-01T10:30:00Z"


def meetings(organizer, then=""):
    return "/users/%s/onlineMeetings%s" % (organizer, then)


def create_or_get(organizer, external_id, keep=None, raw=True, **more):
    body = {"externalId": external_id, "startDateTime": START, "endDateTime": END, "subject": "Seminar", **more}
    return {"method": "post", "path": meetings(organizer, "/createOrGet"), "body": body, "raw": raw, "keep": keep or {}}


def item(number, step):
    return {"id": number, **step, "method": step["method"].upper()}


class GraphClient(Peers):
    @classmethod
    def start_server(cls, folder):
        script = folder + ".script.json"
        with open(script, "w", encoding="utf-8") as out:
            json.dump([{"key": key, "call": 1, "fault": "throttle"} for key in (THROTTLED, THROTTLED_ITEM)], out)
        return simulator(folder, "--script", script, "--throttle-scope", "organizer", "--throttle-wait", "1")

    def carry_out(self, *steps):
        """What came of each step, and the calls that the simulator received for them."""
        before = len(self.calls())
        authority = self.server.setting("authority_url").rstrip("/")
        done = node("graph_client.mjs", {
            "root": self.server.root, "authority": authority + "/" + self.server.setting("tenant"),
            "host": urllib.parse.urlsplit(authority).netloc, "clientId": self.server.setting("client_id"), "secret": self.server.secret,
            "steps": steps}, NODE_EXTRA_CA_CERTS=self.server.setting("ca_file"))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout), self.calls()[before:]

    def calls(self):
        return [json.loads(line) for line in self.server.get("calls").splitlines()]

    def seen(self, calls):
        return [(call["operation"], call["status"]) for call in calls]

    def test_create_or_get_twice_then_get_search_patch_and_delete(self):
        one = meetings(ADA, "/{id}")
        steps = [
            create_or_get(ADA, "whole-life", {"id": "id", "joinWebUrl": "link"},
                          participants={"attendees": [{"upn": "ben@example.org", "role": "presenter"}]}),
            create_or_get(ADA, "whole-life", subject="Another subject"),
            {"method": "get", "path": one},
            {"method": "get", "path": meetings(ADA), "filter": "JoinWebUrl eq '{link}'"},
            {"method": "patch", "path": one, "body": {"subject": "Colloquium", "startDateTime": END, "endDateTime": LATER}},
            {"method": "get", "path": one}]
        done, calls = self.carry_out(*steps)
        created, existing, read, found, updated, again = done
        self.assertEqual([one.get("status") for one in done], [201, 200, None, None, None, None], done)
        meeting = created["body"]
        self.assertEqual(meeting["externalId"], "whole-life")
        self.assertEqual(meeting["participants"]["attendees"][0]["upn"], "ben@example.org")
        for same in (existing["body"], read["body"], *found["body"]["value"]):
            self.assertEqual((same["id"], same["joinWebUrl"], same["subject"]), (meeting["id"], meeting["joinWebUrl"], "Seminar"))
        self.assertEqual(len(found["body"]["value"]), 1)
        for changed in (updated["body"], again["body"]):
            self.assertEqual((changed["id"], changed["subject"], changed["startDateTime"], changed["endDateTime"]),
                             (meeting["id"], "Colloquium", END, LATER))
        self.assertEqual(self.seen(calls), [("createOrGet", 201), ("createOrGet", 200), ("get", 200), ("", 200), ("update", 200), ("get", 200)])
        stored = self.server.by_key()[(ADA, "whole-life")]
        self.assertEqual((stored["id"], stored["creates"], stored["gets"], stored["updates"]), (meeting["id"], 1, 1, 1))

        done, calls = self.carry_out(create_or_get(ADA, "whole-life", {"id": "id"}), {"method": "delete", "path": one, "raw": True},
                                     {"method": "get", "path": one}, {"method": "delete", "path": one})
        self.assertEqual([one["status"] for one in done], [200, 204, 404, 404], done)
        self.assertEqual(done[0]["body"]["id"], meeting["id"])
        self.assertEqual(done[2]["code"], "NotFound")
        self.assertTrue(done[2]["requestId"], "the client finds the request id in the error")
        self.assertEqual(self.seen(calls), [("createOrGet", 200), ("remove", 204), ("get", 404), ("remove", 404)])
        self.assertNotIn((ADA, "whole-life"), self.server.by_key())

    def test_its_retry_handler_waits_as_long_as_the_simulator_says(self):
        before = self.server.stats()
        done, calls = self.carry_out(create_or_get(BEN, THROTTLED, raw=False))
        self.assertEqual(done[0]["body"]["externalId"], THROTTLED, done)
        self.assertEqual(self.seen(calls), [("createOrGet", 429), ("createOrGet", 201)])
        self.assertGreaterEqual(calls[1]["at_ms"] - calls[0]["at_ms"], 1000)
        after = self.server.stats()
        self.assertEqual((after["throttled"] - before["throttled"], after["early"] - before["early"]), (1, 0))

    def test_what_is_refused_becomes_an_error_of_the_client(self):
        done, calls = self.carry_out({"method": "post", "path": meetings(ADA, "/createOrGet"),
                                      "body": {"externalId": "refused", "startDateTime": END, "endDateTime": START}})
        self.assertEqual((done[0]["status"], done[0]["code"]), (400, "BadRequest"))
        self.assertIn("endDateTime", done[0]["message"])
        self.assertEqual(self.seen(calls), [("createOrGet", 400)])
        self.assertNotIn((ADA, "refused"), self.server.by_key())

    def test_a_batch_with_a_throttled_item_which_is_sent_again(self):
        before = self.server.stats()
        keys = {"1": (ADA, "batch-1"), "2": (BEN, THROTTLED_ITEM), "3": (CARLA, "batch-3")}
        [done], calls = self.carry_out({"batch": [item(number, create_or_get(*key)) for number, key in keys.items()]})
        self.assertEqual({number: one["status"] for number, one in done["first"].items()}, {"1": 201, "2": 429, "3": 201}, done)
        self.assertGreaterEqual(float(done["first"]["2"]["retryAfter"]), 1)
        self.assertEqual({number: one["status"] for number, one in done["again"].items()}, {"2": 201}, done)
        answers = {**done["first"], **done["again"]}
        stored = self.server.by_key()
        for number, key in keys.items():
            self.assertEqual(answers[number]["body"]["externalId"], key[1])
            self.assertEqual((stored[key]["id"], stored[key]["creates"]), (answers[number]["body"]["id"], 1))
        after = self.server.stats()
        self.assertEqual([after[name] - before[name] for name in ("batches", "throttled", "early", "created")], [2, 1, 0, 3])
        items = sorted((call["external_id"], call["status"]) for call in calls if call["operation"])
        self.assertEqual(items, [("batch-1", 201), ("batch-3", 201), (THROTTLED_ITEM, 201), (THROTTLED_ITEM, 429)])

    def test_a_batch_of_all_operations(self):
        done, _ = self.carry_out(
            create_or_get(ADA, "mixed-1", {"id": "first"}), create_or_get(BEN, "mixed-2", {"id": "second"}),
            create_or_get(CARLA, "mixed-3", {"id": "third"}),
            {"batch": [item("get", {"method": "get", "path": meetings(ADA, "/{first}")}),
                       item("patch", {"method": "patch", "path": meetings(BEN, "/{second}"), "body": {"subject": "Colloquium"}}),
                       item("delete", {"method": "delete", "path": meetings(CARLA, "/{third}")}),
                       item("again", create_or_get(ADA, "mixed-1")),
                       item("unknown", {"method": "get", "path": meetings(CARLA, "/of-no-meeting")})]})
        answers = done[3]["first"]
        self.assertEqual({name: one["status"] for name, one in answers.items()},
                         {"get": 200, "patch": 200, "delete": 204, "again": 200, "unknown": 404}, done[3])
        self.assertEqual(answers["get"]["body"]["id"], done[0]["body"]["id"])
        self.assertEqual(answers["again"]["body"]["id"], done[0]["body"]["id"])
        self.assertEqual((answers["patch"]["body"]["id"], answers["patch"]["body"]["subject"]), (done[1]["body"]["id"], "Colloquium"))
        self.assertEqual(answers["delete"]["body"], "")
        self.assertEqual(answers["unknown"]["body"]["error"]["code"], "NotFound")
        stored = self.server.by_key()
        self.assertEqual(stored[(BEN, "mixed-2")]["updates"], 1)
        self.assertNotIn((CARLA, "mixed-3"), stored)


if __name__ == "__main__":
    main()
