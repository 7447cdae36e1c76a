"""The foreign server without its network: tokens, checks of requests, meetings, throttles.

It follows the Graph documentation of onlineMeeting: createOrGet and of the client-credentials grant.
"""
import asyncio
import base64
import json
import random
import re
import time
import urllib.parse
import uuid
from collections import Counter
from email.utils import formatdate

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.I)
WHOLE_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
ROLES = {"attendee", "presenter", "coorganizer"}

# The faults. `before` and `after`: whether the meeting is created before the fault occurs.
FAULTS = ["500-before", "500-after", "502-before", "503-empty", "503-after", "504-before", "504-after", "reset-before", "reset-after",
          "lost-reply", "cut-body", "not-json", "wrong-id", "slow"]


class Service:
    """Meetings, tokens, checks and throttles."""

    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.swaps = random.Random(options.seed + 1)
        self.tenant = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.client_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        # Characters that change where form encoding is left out or applied twice.
        self.client_secret = "s3cr~t+/=&%20" + self.random.randbytes(12).hex()
        self.tokens = {}      # token -> when it expires
        self.meetings = {}    # (organizer, external id) -> meeting
        self.creates, self.gets = Counter(), Counter()
        self.in_flight = set()
        self.seen_request_ids = set()
        self.cooldown_from = self.cooldown_until = self.looked_at = 0.0
        self.counts = Counter()
        self.violations = []

    def violation(self, text):
        self.counts["violations"] += 1
        if len(self.violations) < 50:
            self.violations.append(text)

    # ---- the token endpoint

    def token(self, tenant, headers, body):
        self.counts["tokens"] += 1
        if headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
            self.violation("token: content-type " + headers.get("content-type", "missing"))
        form = urllib.parse.parse_qs(body.decode("ascii"), strict_parsing=True)
        fields = {name: values[0] for name, values in form.items()}
        expected = {"client_id", "scope", "client_secret", "grant_type"}
        if set(fields) != expected or any(len(v) != 1 for v in form.values()):
            self.violation("token: fields " + repr(sorted(fields)))
        if fields.get("grant_type") != "client_credentials" or fields.get("scope") != self.root + "/.default":
            self.violation("token: grant_type or scope: " + repr(fields.get("scope")))
        wrong = tenant != self.tenant or fields.get("client_id") != self.client_id
        if wrong or fields.get("client_secret") != self.client_secret:
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1",
                         "error_codes": [7000215], "timestamp": "2026-10-19 08:00:00Z", "trace_id": str(uuid.uuid4()),
                         "correlation_id": str(uuid.uuid4())}
        token = "eyJ." + self.random.randbytes(600).hex() + ".sig"
        self.tokens[token] = time.monotonic() + self.options.token_life
        return 200, {"token_type": "Bearer", "expires_in": self.options.token_life, "ext_expires_in": self.options.token_life,
                     "access_token": token}

    # ---- checks

    def check_headers(self, headers):
        """Checks what every call must have. Returns the reason for a 401, or None."""
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            self.violation("content-type: " + headers.get("content-type", "missing"))
        request_id = headers.get("client-request-id", "")
        if not GUID.match(request_id):
            self.violation("client-request-id: " + repr(request_id))
        elif request_id in self.seen_request_ids:
            self.violation("client-request-id used twice: " + request_id)
        self.seen_request_ids.add(request_id)
        if headers.get("host", "") not in self.hosts:
            self.violation("host: " + repr(headers.get("host")))
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            self.violation("authorization: a token that this server did not issue")
            return "Access token is empty or unknown."
        if time.monotonic() > self.tokens[token]:
            self.counts["expired_tokens"] += 1
            return "Lifetime validation failed, the token is expired."
        return None

    def check_body(self, body, organizer):
        """The wanted meeting, or None after recording the violations."""
        before = self.counts["violations"]
        try:
            wanted = json.loads(body.decode("utf-8"), object_pairs_hook=self.no_duplicates)
        except ValueError as reason:
            self.violation("body is not JSON: %s" % reason)
            return None
        if not GUID.match(organizer):
            self.violation("organizer is not an object id: " + organizer)
        self.only_members("body", wanted, {"externalId", "subject", "startDateTime", "endDateTime", "participants"})
        external_id = wanted.get("externalId")
        if not isinstance(external_id, str) or not re.match(r"[\x21-\x7e]{1,128}\Z", external_id):
            self.violation("externalId: %r" % external_id)
        if "subject" in wanted and not isinstance(wanted["subject"], str):
            self.violation("subject: %r" % wanted["subject"])
        for name in ("startDateTime", "endDateTime"):
            if not isinstance(wanted.get(name), str) or not WHOLE_UTC.match(wanted[name]):
                self.violation("%s: %r" % (name, wanted.get(name)))
        if self.counts["violations"] == before and not wanted["startDateTime"] < wanted["endDateTime"]:
            self.violation("endDateTime is not after startDateTime: " + external_id)
        self.check_participants(wanted.get("participants", {}))
        return wanted if self.counts["violations"] == before else None

    def check_participants(self, participants):
        self.only_members("participants", participants, {"attendees"})
        seen = set()
        for attendee in participants.get("attendees", []):
            self.only_members("attendee", attendee, {"upn", "identity", "role"})
            if ("upn" in attendee) == ("identity" in attendee):
                self.violation("attendee has not exactly one of upn and identity")
            if "upn" in attendee and ("@" not in attendee["upn"] or attendee["upn"] != attendee["upn"].lower()):
                self.violation("upn: %r" % attendee["upn"])
            if "identity" in attendee:
                user = attendee["identity"].get("user", {})
                self.only_members("identity", attendee["identity"], {"user"})
                self.only_members("user", user, {"id"})
                if not GUID.match(user.get("id", "")):
                    self.violation("user id: %r" % user)
            if "role" in attendee and attendee["role"] not in ROLES:
                self.violation("role: %r" % attendee["role"])
            who = attendee.get("upn") or json.dumps(attendee.get("identity"))
            if who in seen:
                self.violation("attendee twice: " + who)
            seen.add(who)

    def only_members(self, what, value, allowed):
        if not isinstance(value, dict) or not set(value) <= allowed:
            self.violation("%s: unknown members: %r" % (what, value))

    @staticmethod
    def no_duplicates(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError("a member occurs twice: %r" % names)
        return dict(pairs)

    # ---- meetings

    def create_or_get(self, organizer, wanted):
        key = (organizer.lower(), wanted["externalId"])
        stored = self.meetings.get(key)
        if stored is not None:
            self.gets[key] += 1
            self.counts["got"] += 1
            return 200, stored
        self.creates[key] += 1
        self.counts["created"] += 1
        stored = self.meetings[key] = self.new_meeting(organizer, wanted)
        return 201, stored

    def answer_to_another(self, key):
        """Status and body of an answer to another request, if possible with a meeting of the same external id of another organizer."""
        status = self.swaps.choice([200, 201, 400, 401, 403, 404, 409, 429, 500, 503])
        if status >= 300:
            return status, {"error": {"code": "Another", "message": "An answer to another request."}}
        others = [one for one in self.meetings if one != key and one[1] == key[1]] or list(self.meetings)
        return status, self.meetings[self.swaps.choice(others)] if others else {}

    def new_meeting(self, organizer, wanted):
        thread = "19:meeting_%s@thread.v2" % base64.b64encode(self.random.randbytes(16)).decode()
        attendees = []
        for number, one in enumerate(wanted.get("participants", {}).get("attendees", [])):
            user = one.get("identity", {}).get("user", {})
            # The service often nulls roles, and adds members that were not requested.
            attendees.append({"upn": one.get("upn"), "role": None if number % 2 else one.get("role"), "@odata.type": "#x",
                              "identity": {"user": {"id": user["id"], "tenantId": self.tenant} if user else None}})
        context = urllib.parse.quote(json.dumps({"Tid": self.tenant, "Oid": organizer}))
        return {
            "@odata.context": "%s/v1.0/$metadata#users('%s')/onlineMeetings/$entity" % (self.root, organizer),
            "id": base64.b64encode(("1*%s*0**%s" % (organizer, thread)).encode()).decode(),
            "creationDateTime": "2026-10-01T12:00:00.1234567Z",
            # The service may use an offset other than Z and fractions of a second.
            "startDateTime": wanted["startDateTime"].replace("Z", ".0000000Z"),
            "endDateTime": wanted["endDateTime"].replace("Z", "+00:00"),
            "subject": wanted.get("subject"), "externalId": wanted["externalId"], "videoTeleconferenceId": "1234",
            "joinWebUrl": "https://teams.microsoft.com/l/meetup-join/%s/0?context=%s" % (urllib.parse.quote(thread, safe=""), context)
                          + "y" * self.options.long_link,
            "joinMeetingIdSettings": {"isPasscodeRequired": True, "joinMeetingId": "%012d" % self.random.randrange(10 ** 12),
                                      "passcode": self.random.randbytes(3).hex()},
            "audioConferencing": {"tollNumber": "+49 30 5557", "conferenceId": "%09d" % self.random.randrange(10 ** 9)},
            "participants": {"organizer": {"identity": {"user": {"id": organizer}}, "role": "presenter"}, "attendees": attendees},
            "chatInfo": {"threadId": thread, "messageId": "0"},
            "joinInformation": {"contentType": "Html", "content": "data:text/html,%3cdiv%3eJoin%3c%2fdiv%3e" + "%20" * 200
                                + "x" * self.options.padding},
        }

    # ---- throttling

    async def keep_looking(self):
        """Notes when the sockets were read the last time. In one turn of the loop it runs after the requests that have arrived."""
        while True:
            self.looked_at = time.time()
            await asyncio.sleep(0.01)

    def throttle(self, seconds=None):
        """The headers of a 429. The forms of Retry-After alternate. `seconds`: the time to wait, instead of a random one."""
        now = time.time()
        wait = self.random.uniform(0.05, self.options.max_wait) if seconds is None else seconds
        form = self.counts["throttled"] % 4 if seconds is None else 0
        if form == 0:
            wait = max(1, round(wait))
            value = str(wait)
        elif form == 1:
            wait = round(wait, 3)
            value = "%.3f" % wait
        elif form == 2:
            wait = round(wait, 2)
            value = "0,%.2f" % wait
        else:
            # A date has whole seconds: one second after that of the Date header.
            wait = 1
            value = formatdate(int(now) + 1, usegmt=True)
        until = now + wait if form != 3 else now + 1
        if until > self.cooldown_until:
            self.cooldown_from, self.cooldown_until = now, until
        self.counts["throttled"] += 1
        return {"Retry-After": value, "Date": formatdate(int(now), usegmt=True)}

    def stats(self):
        return {"requests": self.counts["requests"], "meetings": len(self.meetings), "created": self.counts["created"],
                "got": self.counts["got"], "throttled": self.counts["throttled"], "early": self.counts["early"],
                "tokens": self.counts["tokens"], "token_requests": self.counts["token_requests"], "closed": self.counts["closed"],
                "duplicates": sum(n - 1 for n in self.creates.values()),
                "violations": self.counts["violations"], "first_violations": self.violations,
                "faults": {name: self.counts[name] for name in FAULTS}, "expired_tokens": self.counts["expired_tokens"],
                "strays": dict(self.strays.counts), "other_answers": self.counts["other_answers"],
                "cut_refusals": self.counts["cut_refusals"]}
