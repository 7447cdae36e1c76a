#!/usr/bin/env python3
"""A second, independent implementation of the Graph calls that convoke uses.

It shares no code and no language with convoke, so it reveals a mistake that convoke and its simulator have in common. It checks every
request strictly, records every creation, and injects faults into a share of the calls.

    foreign_server.py --write-config FILE [--seed N] [--faults P] [--throttles P] [--max-wait S] ...

`GET /_test/stats` and `GET /_test/meetings` report what it received and created.
"""
import argparse
import asyncio
import json
import re
import signal
import socket
import ssl
import struct
import sys
import tempfile
import time
import uuid
from email.utils import formatdate

from certificates import make_certificates
from configuration import write_config
from foreign_service import FAULTS, Service
from stray_answers import Strays

CALL = re.compile(r"/v1\.0/users/([^/]+)/onlineMeetings/createOrGet\Z")
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Connection(asyncio.Protocol):
    """The part of HTTP/1.1 that a client of this service may use; anything else is a violation."""

    def __init__(self, service):
        self.service, self.options = service, service.options
        self.buffer, self.busy, self.key, self.calls = b"", False, None, 0
        self.strays = service.strays
        self.raced = False  # a stray answer was written after the last answer, at a time when the next request may be on its way

    def connection_made(self, transport):
        self.transport = transport
        self.strays.opened(self)

    def connection_lost(self, _):
        self.strays.closed(self)
        self.release()

    def release(self):
        if self.key is not None:
            self.service.in_flight.discard(self.key)
            self.key = None

    def data_received(self, data):
        self.buffer += data
        if self.busy:
            self.service.violation("a second request before the first was answered")
            return
        self.next_request()

    def next_request(self):
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("ascii").split("\r\n")
        method, target, version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name.lower() in headers:
                self.service.violation("a header occurs twice: " + name)
            headers[name.lower()] = value.strip()
        if version != "HTTP/1.1" or "transfer-encoding" in headers:
            self.service.violation("version or transfer-encoding: " + lines[0])
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        body, self.buffer = rest[:length], rest[length:]
        self.busy = True
        self.handle(method, target, headers, body)

    def handle(self, method, target, headers, body):
        service = self.service
        if method == "GET" and target == "/_test/stats":
            return self.reply(200, service.stats())
        if method == "GET" and target == "/_test/meetings":
            lines = [json.dumps({"tenant": service.tenant, "organizer": k[0], "external_id": k[1], "id": m["id"], "join_url": m["joinWebUrl"],
                                 "subject": m["subject"], "start": m["startDateTime"], "end": m["endDateTime"],
                                 "creates": service.creates[k], "gets": service.gets[k]}) for k, m in service.meetings.items()]
            return self.reply(200, "\n".join(lines) + "\n" if lines else "")
        token_path = re.match(r"/([^/]+)/oauth2/v2\.0/token\Z", target)
        if method == "POST" and token_path:
            service.counts["token_requests"] += 1
            if self.options.token_wait:
                return self.reply(429, {"error": "temporarily_unavailable"}, {"Retry-After": self.options.token_wait})
            return self.reply(*service.token(token_path.group(1), headers, body))
        call = CALL.match(target)
        if method != "POST" or not call:
            service.violation("no such call: %s %s" % (method, target))
            return self.reply(404, {"error": {"code": "NotFound", "message": ""}})
        self.calls += 1
        if self.calls > 1 and self.options.close_second:
            service.counts["closed"] += 1
            return self.transport.close()
        service.counts["requests"] += 1
        return self.call(call.group(1), headers, body)

    def call(self, organizer, headers, body):
        service = self.service
        request_id = headers.get("client-request-id", "")
        # 100 ms: the 429 needs some time to arrive. The request arrived after the last look at the sockets, which is long ago where this
        # process had to wait for a processor.
        if service.cooldown_from + 0.1 < service.looked_at and time.time() < service.cooldown_until:
            service.counts["early"] += 1
        self.token = headers.get("authorization", "").partition(" ")[2]
        refused = service.check_headers(headers)
        if refused:
            return self.error(401, "InvalidAuthenticationToken", refused, request_id)
        wanted = service.check_body(body, organizer)
        if wanted is None:
            return self.error(400, "BadRequest", "1026: An error has occurred.", request_id)
        key = (organizer.lower(), wanted["externalId"])
        if service.swaps.random() < self.options.other_answers:
            self.answer_another(key)
        elif service.swaps.random() < self.options.cut_refusals:
            service.counts["cut_refusals"] += 1
            return self.error(404, "NotFound", "x" * 400, request_id, cut=True)
        if key in service.in_flight:
            service.violation("two calls for one key at once: %s %s" % key)
        service.in_flight.add(key)
        self.key = key
        if service.counts["requests"] <= self.options.throttle_first:
            return self.error(429, "TooManyRequests", "Please retry again later.", request_id, {"Retry-After": self.options.retry_after})
        draw = service.random.random()
        pause = self.strays.pause_due(self)
        if pause is not None:
            return self.error(429, "TooManyRequests", "Please retry again later.", request_id, service.throttle(pause))
        if draw < self.options.throttles:
            return self.error(429, "TooManyRequests", "Please retry again later.", request_id, service.throttle())
        fault = None
        own = {"request-id": str(uuid.uuid4()), "client-request-id": request_id}
        if draw - self.options.throttles < self.options.faults:
            fault = service.random.choice(FAULTS)
            service.counts[fault] += 1
        delay = self.options.latency * service.random.uniform(0.5, 1.5)
        if fault == "slow":
            delay += 0.5
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self.finish, organizer, wanted, fault, own)
        else:
            self.finish(organizer, wanted, fault, own)

    def answer_another(self, key):
        """Sends an answer to a request of another connection, before the answer to this request."""
        status, body = self.service.answer_to_another(key)
        self.service.counts["other_answers"] += 1
        headers = {"client-request-id": str(uuid.uuid4()), "Retry-After": "30"}
        self.write(status, json.dumps(body).encode(), headers)

    def finish(self, organizer, wanted, fault, own):
        request_id = own["client-request-id"]
        if fault == "reset-before":
            return self.reset()
        if fault in ("500-before", "502-before", "504-before"):
            return self.error(int(fault[:3]), "UnknownError", "", request_id)
        if fault == "503-empty":
            return self.reply(503, "", close=True)
        # From here on the meeting exists, whether or not the client receives the answer.
        status, stored = self.service.create_or_get(organizer, wanted)
        if fault in ("500-after", "503-after", "504-after"):
            return self.error(int(fault[:3]), "generalException", "An error has occurred.", request_id)
        if fault == "reset-after":
            return self.reset()
        if fault == "lost-reply":
            self.release()
            return self.transport.close()
        if fault == "cut-body":
            return self.reply(status, stored, own, cut=True)
        if fault == "not-json":
            return self.reply(status, "<html><body>Our services are not available right now</body></html>", own)
        if self.options.quote:
            stored = dict(stored, **{self.options.quote: stored[self.options.quote] + self.token})
        if fault == "wrong-id":
            return self.reply(status, dict(stored, externalId="of-another-meeting"), own)
        return self.reply(status, stored, own)

    def error(self, status, code, message, request_id, headers=None, cut=False):
        body = {"error": {"code": code, "message": message, "innerError": {"date": "2026-10-19T08:00:00", "request-id": str(uuid.uuid4()),
                                                                          "client-request-id": request_id}}}
        self.reply(status, body, {"client-request-id": request_id, **(headers or {})}, cut=cut)

    def reply(self, status, body, headers=None, close=False, cut=False):
        self.release()
        if self.transport.is_closing():
            return
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.write(status, content, headers, close, cut)
        self.busy = False
        if close or cut:
            self.transport.close()
        elif self.buffer:
            self.next_request()

    def write(self, status, content, headers, close=False, cut=False):
        lines = ["HTTP/1.1 %d %s" % (status, REASONS[status])]
        all_headers = {"Date": formatdate(usegmt=True), "Content-Type": "application/json;odata.metadata=minimal;charset=utf-8"}
        all_headers.update(headers or {})
        all_headers["Content-Length"] = str(len(content))
        if close:
            all_headers["Connection"] = "close"
        lines += ["%s: %s" % item for item in all_headers.items()]
        answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + (content[:len(content) // 2] if cut else content)
        self.strays.write(self, answer)

    def reset(self):
        """Ends the connection with RST instead of an orderly close."""
        self.release()
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


async def serve(options, folder):
    ca, certificate, key = make_certificates(folder, options.certificate_names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    service = Service(options)
    service.strays = Strays(service, options.strays, options.racing_strays)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", options.port, ssl=context, backlog=512)
    port = server.sockets[0].getsockname()[1]
    service.root = "https://localhost:%d" % port
    service.hosts = {"localhost:%d" % port}
    write_config(options.write_config, service.root, ca, service.tenant, service.client_id, service.client_secret)
    print("listening on " + service.root, flush=True)
    looking = asyncio.create_task(service.keep_looking())
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    looking.cancel()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write-config", required=True, metavar="FILE")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.0, help="share of calls with a fault, 0 to 1")
    parser.add_argument("--throttles", type=float, default=0.0, help="share of calls answered with 429")
    parser.add_argument("--max-wait", type=float, default=1.0, help="longest Retry-After, s")
    parser.add_argument("--latency", type=float, default=0.0, help="mean time to answer, s")
    parser.add_argument("--strays", type=float, default=0.0, help="share of answers that are followed by an unrequested one")
    parser.add_argument("--racing-strays", type=float, default=0.0,
                        help="the same, where it may arrive after the next request was sent")
    parser.add_argument("--other-answers", type=float, default=0.0, help="share of calls that get an answer to another request first")
    parser.add_argument("--cut-refusals", type=float, default=0.0, help="share of calls answered with half a 404")
    parser.add_argument("--padding", type=int, default=0, help="additional bytes in the joinInformation of every meeting")
    parser.add_argument("--quote", default="", metavar="FIELD", help="answers quote the token of the request in this member")
    parser.add_argument("--long-link", type=int, default=0, help="additional bytes in the joinWebUrl of every meeting")
    parser.add_argument("--token-life", type=int, default=3599, help="expires_in of tokens, s")
    parser.add_argument("--close-second", action="store_true", help="close every connection at its second call, unanswered")
    parser.add_argument("--throttle-first", type=int, default=0, help="calls answered with 429 before all others")
    parser.add_argument("--retry-after", default="1", help="the Retry-After of these answers, sent as it is")
    parser.add_argument("--token-wait", default="", help="the token endpoint answers 429 with this Retry-After")
    parser.add_argument("--certificate-names", default="DNS:localhost,IP:127.0.0.1", help="subject alternative names of the certificate")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foreign-") as folder:
        asyncio.run(serve(options, folder))


if __name__ == "__main__":
    sys.exit(main())
