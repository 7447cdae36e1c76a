"""Runs through a proxy of other authors, tinyproxy, and through proxies that refuse."""
import base64
import os
import shutil
import socket
import subprocess
import threading

from credentials import write_private
from generate import write_rows
from harness import Case, main, wait_for
from organizer_rows import write_rows as write_named_rows

PROGRAM = shutil.which("tinyproxy") or "/usr/sbin/tinyproxy"
USER, PASSWORD = "convoke", "canary-of-the-proxy"


class Proxy:
    def __init__(self, folder, *lines):
        os.makedirs(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log_path = os.path.join(folder, "log")
        config = os.path.join(folder, "tinyproxy.conf")
        with open(config, "w", encoding="ascii") as out:
            out.write("Port %d\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nLogFile \"%s\"\nLogLevel Connect\nAllow 127.0.0.1\n%s\n"
                      % (self.port, self.log_path, "\n".join(lines)))
        self.process = subprocess.Popen([PROGRAM, "-d", "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(self.listens, "the proxy")

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, login=""):
        return "http://%s127.0.0.1:%d" % (login and login + "@", self.port)

    def tunnels(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return [line for line in log if "CONNECT localhost" in line or "CONNECT 127" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class Refusing:
    """A proxy that answers each CONNECT with this status line, where %s stands for the Proxy-Authorization that it got, and headers."""

    def __init__(self, line, *headers):
        self.line, self.headers, self.requests = line, headers, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def url(self, login=""):
        return "http://%s127.0.0.1:%d" % (login and login + "@", self.port)

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = peer.recv(4096)
                    if not piece:
                        break
                    head += piece
                self.requests += 1
                given = next((one for one in head.decode().split("\r\n") if one.startswith("Proxy-Authorization: ")), "nothing")
                line = self.line.replace("%s", given)
                peer.sendall("\r\n".join(("HTTP/1.1 " + line, *self.headers, "Content-Length: 0", "", "")).encode())


class Proxies(Case):
    @classmethod
    def start_server(cls, folder):
        cls.open, cls.guarded = Proxy(folder + "-open"), Proxy(folder + "-guarded", "BasicAuth %s %s" % (USER, PASSWORD))
        cls.narrow = Proxy(folder + "-narrow", "ConnectPort 443")
        return super().start_server(folder)

    @classmethod
    def tearDownClass(cls):
        for proxy in (cls.open, cls.guarded, cls.narrow):
            proxy.stop()
        super().tearDownClass()

    def provision(self, name, *flags, expect=0, **environment):
        path = self.path(name + ".csv")
        keys = write_rows(path, 40, prefix=name)
        done = self.apply(path, *flags, expect=expect, environment=environment)
        self.assertNotIn(PASSWORD, done.out + done.err)
        if expect == 0:
            self.assert_created_once(keys)
        return done

    def test_calls_and_tokens_go_through_the_proxy(self):
        before = len(self.open.tunnels())
        self.provision("flag", "--proxy", self.open.url(), "--connections", "4")
        tunnels = self.open.tunnels()[before:]
        port = self.server.root.rsplit(":", 1)[1]
        self.assertGreaterEqual(len(tunnels), 2, "one for the token, one at least for the calls")
        for line in tunnels:
            self.assertIn("CONNECT localhost:%s " % port, line)
        before = len(self.open.tunnels())
        self.provision("variable", CONVOKE_PROXY=self.open.url())
        self.assertGreater(len(self.open.tunnels()), before)

    def test_hosts_of_no_proxy_are_reached_directly(self):
        before = len(self.open.tunnels())
        self.provision("listed", "--proxy", self.open.url(), NO_PROXY="example.org, localhost")
        self.provision("range", "--proxy", self.open.url(), "--graph-url", self.server.root.replace("localhost", "127.0.0.1"),
                       "--authority-url", self.server.root.replace("localhost", "127.0.0.1"), no_proxy="127.0.0.0/8")
        self.provision("usual", HTTPS_PROXY=self.open.url())
        self.provision("none", "--proxy", "none", HTTPS_PROXY=self.open.url())
        self.assertEqual(len(self.open.tunnels()), before)

    def test_user_and_password(self):
        self.provision("url", CONVOKE_PROXY=self.guarded.url(USER + ":" + PASSWORD))
        file = write_private(self.path("login"), USER + ":" + PASSWORD + "\n")
        self.provision("file", "--proxy", self.guarded.url(), "--proxy-credentials-file", file)
        os.remove(file)
        shown = self.convoke("apply", "rows.csv", "--show-config", environment={"CONVOKE_PROXY": self.guarded.url(USER + ":" + PASSWORD)})
        self.assertNotIn(PASSWORD, shown.out)

    def test_a_password_with_special_characters_is_refused_and_not_shown(self):
        write_rows(self.path("rows.csv"), 1)
        url = "%s:cana//ry77@127.0.0.1:1" % USER
        for words, environment in ((["--proxy", url], {}), ([], {"CONVOKE_PROXY": url})):
            shown = self.convoke("apply", self.path("rows.csv"), "--show-config", *words, environment=environment)
            done = self.convoke("apply", self.path("rows.csv"), *words, expect=2, environment=environment)
            self.assertIn("percent-encode them", done.err)
            for text in (shown.out, shown.err, done.out, done.err):
                self.assertNotIn("cana/", text)
                self.assertNotIn("ry77", text)

    def test_a_login_that_the_proxy_quotes_is_not_shown(self):
        with Refusing("403 denied for %s") as proxy:
            done = self.provision("quoted", "--max-outage", "2s", expect=5, CONVOKE_PROXY=proxy.url(USER + ":" + PASSWORD))
        login = base64.b64encode((USER + ":" + PASSWORD).encode()).decode()
        self.assertIn("denied for ", done.err)
        self.assertNotIn(login.rstrip("="), done.out + done.err)

    def test_a_wrong_password_is_not_tried_again(self):
        with Refusing("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"') as proxy:
            done = self.provision("locked", "--max-outage", "20s", expect=4, CONVOKE_PROXY=proxy.url(USER + ":wrong"))
        self.assertIn("it does not accept the user name and password", done.err)
        self.assertEqual(proxy.requests, 1, "directories lock accounts")
        path = write_named_rows(self.path("named.csv"), ("ada@uni.example", "named-1"), ("bob@uni.example", "named-2"))
        for command in ("plan", "apply"):
            with Refusing("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"') as proxy:
                done = self.convoke(command, path, expect=4, environment={"CONVOKE_PROXY": proxy.url(USER + ":wrong")})
            self.assertIn("it does not accept the user name and password", done.out + done.err)
            self.assertEqual(proxy.requests, 1, "look-ups of organizers by " + command)

    def test_a_proxy_without_basic_is_explained(self):
        with Refusing("407 Proxy Authentication Required", "Proxy-Authenticate: Negotiate", "Proxy-Authenticate: NTLM") as proxy:
            done = self.provision("ntlm", "--max-outage", "20s", expect=4, CONVOKE_PROXY=proxy.url(USER + ":right"))
        self.assertIn("it accepts Negotiate, NTLM only, and convoke can log in with Basic only", done.err)

    def test_refusals_say_what_to_do(self):
        short = ("--max-outage", "2s", "--connect-timeout", "2s")
        said = self.provision("none-given", "--proxy", self.guarded.url(), *short, expect=4)
        self.assertIn("requires a user name and a password; give them with --proxy-credentials-file", said.err)
        said = self.provision("wrong", *short, expect=4, CONVOKE_PROXY=self.guarded.url(USER + ":wrong"))
        self.assertIn("it does not accept the user name and password", said.err)
        said = self.provision("narrow", "--proxy", self.narrow.url(), *short, expect=5)
        self.assertIn("does not allow this connection; ask its administrator", said.err)
        said = self.provision("gone", "--proxy", "http://127.0.0.1:1", *short, expect=5)
        self.assertIn("cannot connect to the proxy 127.0.0.1:1", said.err)


if __name__ == "__main__":
    main()
