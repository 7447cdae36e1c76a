"""The meetings that a simulated Graph holds, read from it by Graph's own GET, and how they differ from those of a file."""
import datetime
import http.client
import json
import urllib.parse
import urllib.request

from week_files import LECTURERS

NAMES = {object_id: upn for upn, object_id in LECTURERS.items()}


def instant(text):
    """A time of the service: no zone is UTC, and digits after the sixth of a second are cut off."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    when = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return when + datetime.timedelta(microseconds=int((fraction + "000000")[:6]))


class Service:
    """`server`: a simulator as of harness.py."""

    def __init__(self, server):
        self.server = server
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()

    def token(self):
        form = {"grant_type": "client_credentials", "client_id": self.server.setting("client_id"), "client_secret": self.server.secret,
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.setting("authority_url").rstrip("/"), self.server.setting("tenant"))
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=20, context=self.server.context) as answer:
            return json.load(answer)["access_token"]

    def read(self, organizer, meeting_id):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(urllib.parse.urlsplit(self.server.root).netloc, timeout=20, context=self.server.context)
            self.headers = {"Authorization": "Bearer " + self.token()}
        self.connection.request("GET", "/v1.0/users/%s/onlineMeetings/%s" % (organizer, urllib.parse.quote(meeting_id, safe="")), headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise AssertionError("GET of the meeting %s of %s: %d\n%s" % (meeting_id, organizer, answer.status, body.decode()[:500]))
        return json.loads(body)

    def meetings(self):
        """Every meeting that exists: [{organizer, external_id, subject, start, end, attendees, creates}]. /_sim/meetings names them all, which
        Graph itself cannot do."""
        found = []
        for one in self.server.meetings():
            meeting = self.read(one["organizer"], one["id"])
            found.append({"organizer": one["organizer"], "external_id": meeting["externalId"], "subject": meeting["subject"],
                          "start": instant(meeting["startDateTime"]), "end": instant(meeting["endDateTime"]),
                          "attendees": sorted(person["upn"] for person in meeting["participants"]["attendees"]), "creates": one["creates"]})
        return found

    def change(self, **settings):
        """Changes settings of the simulator."""
        request = urllib.request.Request(self.server.root + "/_sim/behaviour", json.dumps(settings).encode(), {"Content-Type": "application/json"},
                                         method="PATCH")
        with urllib.request.urlopen(request, timeout=20, context=self.server.context) as answer:
            answer.read()


def shown(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return ", ".join(value) if isinstance(value, list) else repr(value)


def differences(wanted, stored):
    """What differs, a sentence each. `wanted`: as of meetings_of(); `stored`: as of Service.meetings()."""
    lines, seen = [], set()
    for one in stored:
        key = (one["organizer"], one["external_id"])
        name = "%s of %s" % (one["external_id"], NAMES.get(one["organizer"], one["organizer"]))
        if key in seen:
            lines.append("%s: the service has two meetings" % name)
        elif key not in wanted:
            lines.append("%s: the service has a meeting, and the file has none" % name)
        else:
            lines += ["%s: %s is %s in the service and %s in the file" % (name, field, shown(one[field]), shown(value))
                      for field, value in wanted[key].items() if one[field] != value]
        seen.add(key)
    lines += ["%s of %s: the file has a meeting, and the service has none" % (external_id, NAMES.get(organizer, organizer))
              for organizer, external_id in wanted if (organizer, external_id) not in seen]
    return lines
