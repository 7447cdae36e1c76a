"""Microsoft's MSAL for Node signs in to the simulator."""
import hashlib
import json
import urllib.parse
import urllib.request

from credentials import openssl
from harness import main
from peers import Peers, node


class Msal(Peers):
    def sign_in(self, **credential):
        authority = self.server.setting("authority_url").rstrip("/")
        wanted = {"clientId": self.server.setting("client_id"), "authority": authority + "/" + self.server.setting("tenant"),
                  "host": urllib.parse.urlsplit(authority).netloc, "scope": self.server.root + "/.default", **credential}
        return node("sign_in.mjs", wanted, NODE_EXTRA_CA_CERTS=self.server.setting("ca_file"))

    def assert_usable(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        token = json.loads(done.stdout)["accessToken"]
        call = urllib.request.Request(
            self.server.root + "/v1.0/users/11111111-2222-4333-8444-555555555555/onlineMeetings/createOrGet", method="POST",
            data=b'{"externalId":"msal-1","startDateTime":"2026-12-01T08:00:00Z","endDateTime":"2026-12-01T09:00:00Z","subject":"MSAL"}',
            headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        with urllib.request.urlopen(call, context=self.server.context, timeout=30) as answer:
            self.assertIn(answer.status, (200, 201))

    def certificate(self, app, **digest):
        return {"privateKey": self.content(app.key).decode(), **digest}

    def digest(self, app, kind):
        der = openssl(app.folder, "x509", "-in", app.certificate, "-outform", "DER")
        return hashlib.new(kind, der).hexdigest().upper()

    def test_with_a_secret(self):
        self.assert_usable(self.sign_in(secret=self.server.secret))

    def test_with_a_certificate_by_sha256(self):
        self.assert_usable(self.sign_in(certificate=self.certificate(self.app, thumbprintSha256=self.digest(self.app, "sha256"))))

    def test_with_a_certificate_by_sha1(self):
        self.assert_usable(self.sign_in(certificate=self.certificate(self.app, thumbprint=self.digest(self.app, "sha1"))))

    def test_what_is_wrong_is_refused(self):
        done = self.sign_in(secret="wrong")
        self.assertEqual(done.returncode, 1)
        self.assertIn("AADSTS7000215", done.stderr)
        done = self.sign_in(certificate=self.certificate(self.stranger, thumbprintSha256=self.digest(self.stranger, "sha256")))
        self.assertEqual(done.returncode, 1)
        self.assertIn("AADSTS700027", done.stderr)
        done = self.sign_in(certificate=self.certificate(self.stranger, thumbprintSha256=self.digest(self.app, "sha256")))
        self.assertEqual(done.returncode, 1, "the signature is of another key")


if __name__ == "__main__":
    main()
