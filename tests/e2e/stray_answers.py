"""Unrequested answers (strays): meetings of other organizers with the same external ids, and refusals.

They are sent at places where the client can always see them before it writes its next request:

    same-segment   in the same TLS record as an answer
    record-after   in a record of its own, in the same TCP segment as an answer
    idle           while all connections are idle, because a 429 has closed the lane
    unrequested    during that time, on a connection that has carried no request yet

`racing`: up to 3 ms after an answer. The next request may have been sent by then, and only the content of the answer shows that it does
not belong to it. These carry the client-request-id of another call.
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
# In turns: the seconds of Retry-After, and when strays are sent: (seconds since then, share of the idle connections). A client may check
# connections that have been idle for a second or more; the short pause has none of these. In the long pause all connections get a stray
# at once, so that the client opens others in their place; those get the `unrequested` ones.
PAUSES = [(0.8, [(0.4, 0.5)]), (3, [(0.3, 0.5), (0.9, 1), (2.5, 0.5)])]
# Seconds after the begin of a pause and before its end in which a request may be in flight.
MARGIN = 0.25


class Strays:
    """`share` and `racing`: the shares of the answers that are followed by a stray one."""

    def __init__(self, service, share, racing):
        self.service, self.share, self.racing = service, share, racing
        self.random = random.Random(service.options.seed + 1)
        self.connections = set()
        self.counts = Counter()
        self.calls_since_pause = self.pauses = 0

    def opened(self, connection):
        self.connections.add(connection)
        if self.share > 0 and self.all_idle():
            self.send(connection, "unrequested")

    def closed(self, connection):
        self.connections.discard(connection)

    def all_idle(self):
        return self.service.cooldown_from + MARGIN < time.time() < self.service.cooldown_until - MARGIN

    def pause_due(self, connection):
        """The seconds of a 429 for this call, or None. Strays follow during the pause."""
        self.calls_since_pause += 1
        if self.share <= 0 or self.calls_since_pause < CALLS_BETWEEN_PAUSES or time.time() < self.service.cooldown_until:
            return None
        # The client may read a racing stray in place of this answer, close the connection, and never see the 429.
        if connection.raced:
            return None
        self.calls_since_pause = 0
        seconds, strays = PAUSES[self.pauses % len(PAUSES)]
        self.pauses += 1
        for when, share in strays:
            asyncio.get_running_loop().call_later(when, self.send_to_idle, share)
        return seconds

    def send_to_idle(self, share):
        for connection in list(self.connections):
            if self.all_idle() and not connection.busy and self.random.random() < share:
                self.send(connection, "idle")

    def write(self, connection, answer):
        """Writes the answer, and a stray one after some of the answers."""
        transport = connection.transport
        connection.raced = False
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
            connection.raced = connection.raced or place == "racing"
            connection.transport.write(self.make(place == "racing"))

    def make(self, echo=False):
        """`echo`: always with the client-request-id of another call; else only half of the time."""
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
