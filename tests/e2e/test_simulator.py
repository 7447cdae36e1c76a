"""The simulator as a product: help, control endpoints, scenario files, reset, and that the documentation names every switch."""
import json
import os
import re
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

import harness

TENANT = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001"
APP = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002"
ORGANIZER = "aaaaaaaa-0000-4000-8000-000000000001"
DOCUMENT = os.path.join(harness.HERE, "..", "..", "docs", "simulator.md")


def convoke(*arguments):
    return subprocess.run([harness.EXECUTABLE, *arguments], capture_output=True, text=True, timeout=60, check=False)


class Simulator:
    """`convoke simulate --plain` and a small client."""

    def __init__(self, folder, *switches):
        self.secret_file = os.path.join(folder, "secret.txt")
        with open(self.secret_file, "w", encoding="utf-8") as file:
            file.write("not-a-secret")
        os.chmod(self.secret_file, 0o600)
        self.process = subprocess.Popen([harness.EXECUTABLE, "simulate", "--plain", "--secret-file", self.secret_file, *switches],
                                        stdout=subprocess.PIPE, text=True)
        self.root = self.process.stdout.readline().split()[-1]
        form = "grant_type=client_credentials&client_id=%s&client_secret=not-a-secret&scope=%s/.default" % (APP, self.root)
        status, body = self.ask("POST", "/%s/oauth2/v2.0/token" % TENANT, form, "application/x-www-form-urlencoded")
        assert status == 200, body
        self.token = json.loads(body)["access_token"]

    token = ""

    def ask(self, method, path, body=None, kind="application/json"):
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        request = urllib.request.Request(self.root + path, data, {"Content-Type": kind, "Authorization": "Bearer " + self.token}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def create(self, key, organizer=ORGANIZER):
        return self.ask("POST", "/v1.0/users/%s/onlineMeetings/createOrGet" % organizer, {"externalId": key, "subject": "Algebra"})[0]

    def lines(self, path):
        return [json.loads(line) for line in self.ask("GET", path)[1].splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class Help(unittest.TestCase):
    def test_help_has_every_topic_and_a_sentence_for_every_switch(self):
        out = convoke("simulate", "--help")
        self.assertEqual(out.returncode, 0, out.stderr)
        topics = re.findall(r"\(--help ([a-z-]+)\)", out.stdout)
        self.assertGreaterEqual(len(topics), 12)
        entries = re.findall(r"^  (--[a-z0-9-]+).*\n((?:      .*\n)+)", out.stdout, re.M)
        self.assertGreater(len(entries), 90)
        sentences = [" ".join(text.split()) for _, text in entries]
        self.assertEqual(len(set(sentences)), len(sentences))
        for text in sentences:
            self.assertTrue(text.endswith("."), text)
        self.assertEqual([line for line in out.stdout.split("\n") if line.startswith("      ") and (len(line) > 100 or "  " in line[6:])], [])
        one = convoke("simulate", "--help", "quotas")
        self.assertIn("--lane-rate R", one.stdout)
        self.assertNotIn("--lost-reply", one.stdout)
        wrong = convoke("simulate", "--help", "colours")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("colours", wrong.stderr)

    def test_the_documentation_names_every_switch(self):
        with open(DOCUMENT, encoding="utf-8") as file:
            text = file.read()
        switches = re.findall(r"^  (--[a-z0-9-]+)", convoke("simulate", "--help").stdout, re.M)
        self.assertGreater(len(switches), 90)
        self.assertEqual([name for name in switches if "`%s" % name not in text], [])


class Controls(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def start(self, *switches):
        server = Simulator(self.folder.name, *switches)
        self.addCleanup(server.stop)
        return server

    def test_behaviour_is_changed_and_everything_is_reset(self):
        server = self.start("--calls", "50")
        self.assertEqual(server.create("a"), 201)
        status, body = server.ask("PATCH", "/_sim/behaviour", {"monthly_quota": 1, "windw": "fixed"})
        self.assertEqual(status, 400)
        self.assertIn("did you mean window", body)
        self.assertEqual(server.create("b"), 201)
        self.assertEqual(server.ask("PATCH", "/_sim/behaviour", {"monthly_quota": 1})[0], 200)
        self.assertEqual(server.create("c"), 201)
        self.assertEqual(server.create("d"), 429)
        self.assertEqual([c["external_id"] for c in server.lines("/_sim/calls?status=201&limit=2")], ["b", "c"])
        self.assertEqual(server.ask("POST", "/_sim/reset", {"keep": ["behaviour"]})[0], 200)
        self.assertEqual(server.lines("/_sim/meetings"), [])
        self.assertEqual(server.create("d"), 201)
        self.assertEqual(server.create("e"), 429)
        server.ask("POST", "/_sim/reset", "")
        self.assertEqual([server.create("e"), server.create("f")], [201, 201])
        self.assertEqual(json.loads(server.ask("GET", "/_sim/behaviour")[1])["calls"], 50)

    def test_a_scenario_is_played(self):
        path = os.path.join(self.folder.name, "scenario.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('[[step]]\nat = "200ms"\npolicy = "none"\n')
        server = self.start("--scenario", path)
        harness.wait_for(lambda: json.loads(server.ask("GET", "/_sim/scenario")[1])["applied"], "the step of the scenario")
        self.assertEqual(server.create("a"), 403)
        self.assertEqual(json.loads(server.ask("GET", "/_sim/scenario")[1])["applied"][0]["changes"], {"policy": "none"})

    def test_a_wrong_scenario_names_line_and_column(self):
        path = os.path.join(self.folder.name, "scenario.toml")
        for text, place, why in (('[[step]]\nat = "30s"\nlane_rat = 1\n', "line 3, column 12", "did you mean lane_rate"),
                                 ('[[step]]\nlane_rate = 1\n', "line 1, column 1", "needs `at`"),
                                 ('[[step]]\nat = "soon"\n', "line 2, column 6", "it is a time"),
                                 ('[[step]\n', "line 1, column", "")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            out = convoke("simulate", "--scenario", path)
            self.assertEqual(out.returncode, 2, out.stderr)
            self.assertIn(place, out.stderr)
            self.assertIn(why, out.stderr)


if __name__ == "__main__":
    unittest.main()
