"""Answers that no request asked for: other organizers' meetings with the same external ids, and refusals.

Where they come is chosen so that the client can always see them before it writes its next request:

    same-segment   in the same TLS record as an answer
    record-after   in a record of its own, in the same TCP segment as an answer
    idle           while all connections rest, because a 429 has closed the lane
    unrequested    at that time, on a connection that has carried no request yet

`racing`: up to 3 ms after an answer. The next request may be on its way by then, and only the content of the answer says that it is not
to it. These carry another call's client-request-id.
"""
import asyncio
import json
import random
import socket
import time
import uuid
from collections import Counter
from email.utils import formatdate

REFUSALS = [(400, "BadRequest"), (401, "InvalidAuthenticationToken"), (403, "Forbidden"), (404, "NotFound"), (409, "Conflict"),
            (429, "TooManyRequests"), (500, "InternalServerError"), (503, "ServiceUnavailable")]
CALLS_BETWEEN_PAUSES = 150
# Seconds of Retry-After, in turns, and when strays come: (seconds since then, share of the resting connections). A client may look at
# what has been idle for a second or more; after the short pause nothing has. In the long one all are disturbed at once, so that others
# are opened in their place: those get the unrequested ones.
PAUSES = [(0.8, [(0.4, 0.5)]), (3, [(0.3, 0.5), (0.9, 1), (2.5, 0.5)])]
# Since a pause was announced, and until its end: then no request can be on its way.
MARGIN = 0.25


class Strays:
    """`share` and `racing`: of the answers to calls, how many are followed by a stray one."""

    def __init__(self, service, share, racing):
        self.service, self.share, self.racing = service, share, racing
        self.random = random.Random(service.options.seed + 1)
        self.connections = set()
        self.counts = Counter()
        self.calls = self.pauses = 0

    def opened(self, connection):
        self.connections.add(connection)
        if self.share > 0 and self.all_rest():
            self.send(connection, "unrequested")

    def closed(self, connection):
        self.connections.discard(connection)

    def all_rest(self):
        return self.service.cooldown_from + MARGIN < time.time() < self.service.cooldown_until - MARGIN

    def pause_due(self):
        """Seconds, if this call is to be answered with a 429; strays come while its end is waited for."""
        self.calls += 1
        if self.share <= 0 or self.calls % CALLS_BETWEEN_PAUSES != 0 or time.time() < self.service.cooldown_until:
            return None
        seconds, disturbances = PAUSES[self.pauses % len(PAUSES)]
        self.pauses += 1
        for when, share in disturbances:
            asyncio.get_running_loop().call_later(when, self.disturb_the_idle, share)
        return seconds

    def disturb_the_idle(self, share):
        for connection in list(self.connections):
            if self.all_rest() and not connection.busy and self.random.random() < share:
                self.send(connection, "idle")

    def write(self, connection, answer):
        """The answer, and perhaps more than was asked for."""
        transport = connection.transport
        draw = self.random.random() if connection.service.meetings else 1
        if draw < self.share / 2:
            self.counts["same-segment"] += 1
            transport.write(answer + self.make())
        elif draw < self.share:
            self.counts["record-after"] += 1
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            transport.write(answer)
            transport.write(self.make())
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        else:
            transport.write(answer)
            if draw < self.share + self.racing:
                asyncio.get_running_loop().call_later(self.random.uniform(0, 0.003), self.send, connection, "racing")

    def send(self, connection, place):
        if self.service.meetings and not connection.transport.is_closing():
            self.counts[place] += 1
            connection.transport.write(self.make(place == "racing"))

    def make(self, echo=False):
        """`echo`: with the client-request-id of another call; else perhaps with one, perhaps without."""
        headers = {"Date": formatdate(usegmt=True), "Content-Type": "application/json", "request-id": str(uuid.uuid4())}
        if echo or self.random.random() < 0.5:
            headers["client-request-id"] = str(uuid.uuid4())
        if self.random.random() < 0.5:
            status, body = self.random.choice((200, 201)), self.random.choice(list(self.service.meetings.values()))
        else:
            status, code = self.random.choice(REFUSALS)
            body = {"error": {"code": code, "message": "stray"}}
            if status in (429, 503):
                headers["Retry-After"] = "3600"
        content = json.dumps(body).encode()
        headers["Content-Length"] = str(len(content))
        lines = ["HTTP/1.1 %d Stray" % status] + ["%s: %s" % item for item in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
