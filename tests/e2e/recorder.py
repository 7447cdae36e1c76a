"""A server in front of the simulator that keeps the bodies of the requests it hands on."""
import http.client
import http.server
import json
import ssl
import threading
import urllib.parse

from certificates import make_certificates


class Recorder:
    """`root`: its address. `ca_file`: the authority of its certificate. `calls`: (method, path, body) of each call to Graph, in order."""

    def __init__(self, server, folder):
        self.server, self.calls = server, []
        self.host = urllib.parse.urlsplit(server.root).netloc
        self.ca_file, certificate, key = make_certificates(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def hand_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                recorder.calls.append((self.command, self.path, json.loads(body) if body else None))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
                upstream = http.client.HTTPSConnection(recorder.host, context=recorder.server.context, timeout=60)
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = hand_on

            def log_message(self, *_):
                pass

        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True)
        self.root = "https://localhost:%d" % self.listener.server_port
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
