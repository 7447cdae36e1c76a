"""Microsoft's types of Graph's objects accept the bodies that convoke sends: TypeScript compiles them as literals.

The bodies are recorded between convoke and the simulator, so that a change of convoke's bodies is compiled too.
"""
import copy
import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from generate import organizer_ids
from harness import FAST, Case, main
from peers import INSTALLED, SCRIPTS, check_installed
from recorder import Recorder

[ORGANIZER] = organizer_ids(1)
PEOPLE = ("ada@example.org;ben@example.org:attendee;carla@example.org:presenter;dan@example.org:coorganizer;"
          "5f0c2a3e-9d7b-4a52-8c11-0b6f1e2d3c4a")
UPDATE = ["--on-drift", "update"]

# Rows whose calls are compiled, each a run of its own: {column: value}, and flags of the command. A row with the key of an earlier one is
# a later state of the feed, which leads to a PATCH. Add further bodies here.
ROWS = [
    ({"external_id": "t-1", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T09:00:00Z"}, []),
    ({"external_id": "t-2", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T09:00:00Z", "subject": "\u00dcbung \"1\" \\ 2 \u7b2c"}, []),
    ({"external_id": "t-3", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T09:00:00Z", "subject": "Seminar", "attendees": PEOPLE}, []),
    ({"external_id": "t-3", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T10:00:00Z", "subject": "Seminar", "attendees": PEOPLE}, UPDATE),
    ({"external_id": "t-3", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T10:00:00Z", "subject": "Colloquium", "attendees": PEOPLE}, UPDATE),
    ({"external_id": "t-3", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T10:00:00Z", "subject": "Colloquium",
      "attendees": PEOPLE + ";eve@example.org"}, UPDATE),
    ({"external_id": "t-4", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T09:00:00Z",
      "chat_thread_id": "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2"}, []),
]

# The members that the recorded bodies must have between them, by method: otherwise the test compiles less than it seems to.
MEMBERS = {
    "POST": {"externalId", "startDateTime", "endDateTime", "subject", "participants", "participants.attendees", "participants.attendees.upn",
             "participants.attendees.role", "participants.attendees.identity", "participants.attendees.identity.user",
             "participants.attendees.identity.user.id", "chatInfo", "chatInfo.threadId"},
    "PATCH": {"startDateTime", "endDateTime", "subject", "participants", "participants.attendees", "participants.attendees.upn",
              "participants.attendees.role", "participants.attendees.identity", "participants.attendees.identity.user",
              "participants.attendees.identity.user.id"},
}
# The types that accept a body of this method.
TYPES = {"POST": ("CreateOrGetParameters", "OnlineMeeting"), "PATCH": ("MeetingChanges", "Partial<OnlineMeeting>")}

HEAD = """import type { MeetingParticipants, OnlineMeeting } from "@microsoft/microsoft-graph-types";
import type { CreateOrGetParameters, MeetingChanges } from "./meeting_bodies";
"""
# Numbers of the compiler's errors. 2820 is 2322 with a guess what was meant.
NO_SUCH_MEMBER, NO_SUCH_VALUE, MISSING = (2353,), (2322, 2820), (2741,)


def members(value, prefix=""):
    """The names of all members, with those that they are in."""
    if isinstance(value, list):
        return set().union(*(members(one, prefix) for one in value))
    if not isinstance(value, dict):
        return set()
    return {prefix + name for name in value}.union(*(members(one, prefix + name + ".") for name, one in value.items()))


def literal(name, kind, body):
    return "export const %s: %s = %s;\n" % (name, kind, json.dumps(body))


def quoted(cell):
    return '"%s"' % cell.replace('"', '""')


def with_attendee(body, **more):
    """The body, with these members in its first attendee."""
    body = copy.deepcopy(body)
    body["participants"]["attendees"][0].update(more)
    return body


class GraphTypes(Case):
    @classmethod
    def start_server(cls, folder):
        check_installed()
        server = super().start_server(folder)
        cls.recorder = Recorder(server, folder)
        return server

    @classmethod
    def tearDownClass(cls):
        cls.recorder.stop()
        super().tearDownClass()

    def ready_token(self):
        form = {"client_id": self.server.setting("client_id"), "client_secret": self.server.secret, "grant_type": "client_credentials",
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.setting("authority_url").rstrip("/"), self.server.setting("tenant"))
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=self.server.context, timeout=30) as answer:
            return json.load(answer)["access_token"]

    def recorded(self, rows):
        """[(method, body)] of the calls that convoke makes for these rows."""
        before, token = len(self.recorder.calls), self.ready_token()
        for number, (row, flags) in enumerate(rows):
            row = {"organizer": ORGANIZER, **row}
            path = self.write("rows-%d.csv" % number, "%s\n%s\n" % (",".join(row), ",".join(quoted(value) for value in row.values())))
            self.convoke("apply", path, *FAST, *flags, "--graph-url", self.recorder.root, "--ca-file", self.recorder.ca_file,
                         environment={"CONVOKE_TOKEN": token})
        calls = self.recorder.calls[before:]
        self.assertEqual(self.server.stats()["requests"], len(self.recorder.calls), "the simulator carried out what was recorded")
        return [(method, body) for method, _, body in calls if body is not None]

    def compile(self, folder, **files):
        """Compiles these files, in a folder of their own. Returns the exit code, {file: [numbers of its errors]} and the output."""
        folder = self.path(folder)
        os.makedirs(folder)
        shutil.copy(os.path.join(SCRIPTS, "meeting_bodies.ts"), folder)
        for name, content in files.items():
            with open(os.path.join(folder, name + ".ts"), "w", encoding="utf-8") as out:
                out.write(HEAD + content)
        modules = os.path.join(INSTALLED, "node_modules")
        paths = {"@microsoft/*": [os.path.join(modules, "@microsoft", "*")]}
        with open(os.path.join(folder, "tsconfig.json"), "w", encoding="utf-8") as out:
            json.dump({"compilerOptions": {"paths": paths, "types": [], "lib": ["es2022"], "skipLibCheck": True, "target": "es2022",
                                           "module": "es2022", "moduleResolution": "bundler"}}, out)
        compiler = os.path.join(modules, "typescript", "bin", "tsc")
        done = subprocess.run(["node", compiler, "--noEmit", "--strict", "--pretty", "false", "-p", folder], capture_output=True, text=True,
                              timeout=120, check=False)
        errors = {}
        for line in done.stdout.splitlines():
            found = re.match(r"(?:.*/)?([^/]+)\.ts\(\d+,\d+\): error TS(\d+):", line)
            if found:
                errors.setdefault(found[1], []).append(int(found[2]))
        return done.returncode, errors, done.stdout + done.stderr

    def test_bodies_of_convoke_compile_and_wrong_ones_do_not(self):
        bodies = self.recorded(ROWS)
        found = {method: set().union(*(members(body) for used, body in bodies if used == method)) for method, _ in bodies}
        self.assertEqual(found, MEMBERS)
        people = [body["participants"] for _, body in bodies if "participants" in body]
        self.assertEqual({one.get("role") for some in people for one in some["attendees"]}, {None, "attendee", "presenter", "coorganizer"})

        text = "".join(literal("people%d" % number, "MeetingParticipants", some) for number, some in enumerate(people))
        for number, (method, body) in enumerate(bodies):
            text += "".join(literal("body%d_%d" % (number, i), kind, body) for i, kind in enumerate(TYPES[method]))
        code, errors, said = self.compile("right", bodies=text)
        self.assertEqual((code, errors), (0, {}), said)

        whole = next(body for method, body in bodies if method == "POST" and "participants" in body)
        wrong = {
            "unknown_member": ({**whole, "topic": "Seminar"}, "CreateOrGetParameters", NO_SUCH_MEMBER),
            "unknown_member_of_an_attendee": (with_attendee(whole, email="ada@example.org"), "OnlineMeeting", NO_SUCH_MEMBER),
            "wrong_role": (with_attendee(whole, role="moderator"), "CreateOrGetParameters", NO_SUCH_VALUE),
            "role_in_capitals": (with_attendee(whole, role="Presenter"), "OnlineMeeting", NO_SUCH_VALUE),
            "time_as_a_number": ({**whole, "startDateTime": 1803888000}, "OnlineMeeting", NO_SUCH_VALUE),
            "no_external_id": ({"subject": "Seminar"}, "CreateOrGetParameters", MISSING),
            "external_id_in_a_patch": ({"externalId": "t-1"}, "MeetingChanges", NO_SUCH_MEMBER),
            "unknown_presenters": ({"allowedPresenters": "none"}, "MeetingChanges", NO_SUCH_VALUE),
            "unknown_lobby": ({"lobbyBypassSettings": {"scope": "none"}}, "MeetingChanges", NO_SUCH_VALUE),
        }
        code, errors, said = self.compile("wrong", **{name: literal("body", kind, body) for name, (body, kind, _) in wrong.items()})
        self.assertNotEqual(code, 0)
        for name, (_, _, expected) in wrong.items():
            with self.subTest(name):
                self.assertEqual(len(errors.get(name, [])), 1, said)
                self.assertIn(errors[name][0], expected, said)
        self.assertEqual(set(errors), set(wrong))


if __name__ == "__main__":
    main()
