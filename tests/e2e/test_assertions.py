"""openssl and jose verify the JWTs that convoke makes."""
import hashlib
import http.server
import json
import ssl
import subprocess
import threading
import urllib.parse

from certificates import make_certificates
from credentials import decode, openssl
from generate import write_rows
from harness import main
from peers import Peers, node


class Authority(http.server.ThreadingHTTPServer):
    """A token endpoint that keeps the forms it gets, and refuses them."""

    def __init__(self, folder):
        self.ca_file, certificate, key = make_certificates(folder)
        super().__init__(("127.0.0.1", 0), Refuse)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.forms = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Refuse(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append((self.path, dict(urllib.parse.parse_qsl(body, strict_parsing=True))))
        said = b'{"error":"invalid_client","error_description":"AADSTS700027: not registered here"}'
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


class Assertions(Peers):
    def assertion(self, *flags):
        """The JWT that convoke sends to a token endpoint, and whom it names."""
        path = self.path("rows.csv")
        write_rows(path, 1)
        authority = Authority(self.folder)
        self.addCleanup(authority.server_close)
        self.addCleanup(authority.shutdown)
        url = "https://localhost:%d" % authority.server_address[1]
        self.convoke("apply", path, "--authority-url", url, "--ca-file", authority.ca_file, *flags, expect=4)
        (target, form), = authority.forms
        self.assertEqual(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        self.assertNotIn("client_secret", form)
        return form["client_assertion"], url + target

    def verify(self, jwt, audience, algorithm, **other):
        client = self.server.setting("client_id")
        return node("verify_jwt.mjs", dict({
            "jwt": jwt, "certificate": self.content(self.app.certificate).decode(), "algorithm": algorithm, "audience": audience,
            "issuer": client, "subject": client}, **other))

    def verify_with_openssl(self, jwt, *options):
        text, _, signature = jwt.rpartition(".")
        self.write("signature", decode(signature))
        public = self.write("public.pem", openssl(self.folder, "x509", "-in", self.app.certificate, "-noout", "-pubkey"))
        return subprocess.run(["openssl", "dgst", "-sha256", "-verify", public, "-signature", self.path("signature"), *options],
                              input=text.encode(), capture_output=True, timeout=60, check=False).returncode == 0

    def check(self, flags, algorithm, thumbprint, digest, *options):
        jwt, audience = self.assertion(*flags)
        done = self.verify(jwt, audience, algorithm)
        self.assertEqual(done.returncode, 0, done.stderr)
        read = json.loads(done.stdout)
        der = openssl(self.folder, "x509", "-in", self.app.certificate, "-outform", "DER")
        self.assertEqual(decode(read["header"][thumbprint]), hashlib.new(digest, der).digest())
        self.assertEqual(read["header"]["alg"], algorithm)
        self.assertLessEqual(read["claims"]["exp"] - read["claims"]["nbf"], 660)
        self.assertTrue(self.verify_with_openssl(jwt, *options))
        # A check that accepts everything would show nothing.
        head, claims, signature = jwt.split(".")
        forged = ".".join((head, claims, ("B" if signature[0] == "A" else "A") + signature[1:]))
        self.assertEqual(self.verify(forged, audience, algorithm).returncode, 1)
        self.assertFalse(self.verify_with_openssl(forged, *options))
        self.assertEqual(self.verify(jwt, audience + "x", algorithm).returncode, 1)

    def test_ps256_by_pem(self):
        self.check(["--client-certificate-file", self.app.pem], "PS256", "x5t#S256", "sha256",
                   "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")

    def test_ps256_by_pkcs12(self):
        self.check(["--client-certificate-file", self.app.pfx, "--client-certificate-passphrase-file", self.app.passphrase_file], "PS256",
                   "x5t#S256", "sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")

    def test_rs256(self):
        self.check(["--client-certificate-file", self.app.pem, "--assertion-algorithm", "RS256"], "RS256", "x5t", "sha1")


if __name__ == "__main__":
    main()
