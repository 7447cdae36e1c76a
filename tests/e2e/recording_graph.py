"""A small Graph over plain HTTP that keeps every request with its body. Independent of the simulator.

It does what createOrGet and PATCH are documented to do: a known key is returned as it is stored, a PATCH changes the members that it has
and returns the meeting. Roles are null in answers, as Graph was seen to answer, until `show_roles` is set.
"""
import base64
import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = re.compile(r"/v1\.0/users/([^/]+)/onlineMeetings/([^/?]+)$")


class Graph:
    def __init__(self):
        self.lock = threading.Lock()
        self.meetings = {}  # (organizer, external id) -> meeting
        self.calls = []     # (method, external id, body), those that were carried out and those that were refused
        self.show_roles = False
        self.refuse = {}    # external id -> [(status of the next PATCH, whether it is carried out)]
        self.stop_after = None  # called with the number of calls once an answer was made but not yet sent
        graph = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                graph.serve(self)

            def do_PATCH(self):
                graph.serve(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def patches(self):
        return [(key, body) for method, key, body in self.calls if method == "PATCH"]

    def posts(self):
        return [key for method, key, _ in self.calls if method == "POST"]

    def serve(self, request):
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length", 0))))
        organizer, last = PATH.search(request.path).groups()
        with self.lock:
            status, answer = self.carry_out(request.command, organizer, urllib.parse.unquote(last), body)
            made = len(self.calls)
        if self.stop_after:
            self.stop_after(made)
        text = b"" if answer is None else json.dumps(answer).encode()
        try:
            request.send_response(status)
            request.send_header("client-request-id", request.headers["client-request-id"])
            request.send_header("Content-Type", "application/json")
            if status != 204:
                request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            request.wfile.write(text)
        except OSError:
            pass  # the client was killed

    def carry_out(self, method, organizer, last, body):
        if method == "POST":
            key = body["externalId"]
            self.calls.append((method, key, body))
            meeting = self.meetings.get((organizer, key))
            if meeting:
                return 200, self.shown(meeting)
            meeting = dict(body, id=base64.b64encode(("1*%s*0**19:%s" % (organizer, key)).encode()).decode(),
                           joinWebUrl="https://teams.example/" + key, allowedPresenters="everyone")
            self.meetings[(organizer, key)] = meeting
            return 201, self.shown(meeting)
        meeting = next((one for one in self.meetings.values() if one["id"] == last), None)
        key = meeting["externalId"] if meeting else "?"
        self.calls.append((method, key, body))
        if meeting is None:
            return 404, {"error": {"code": "NotFound", "message": "The meeting does not exist."}}
        status, does_it = self.refuse[key].pop(0) if self.refuse.get(key) else (200, True)
        if does_it:
            meeting.update(body)
        if status == 204:
            return 204, None
        return (200, self.shown(meeting)) if status == 200 else (status, {"error": {"code": "X", "message": "no"}})

    def shown(self, meeting):
        out = json.loads(json.dumps(meeting))
        if not self.show_roles:
            for person in out.get("participants", {}).get("attendees", []):
                person["role"] = None
        return out
