"""Certificates of an app and tokens of an identity provider, made by the openssl command."""
import base64
import json
import os
import subprocess
import time
import uuid

ISSUER, SUBJECT, AUDIENCE = "https://cluster.example/", "system:serviceaccount:classes:convoke", "api://AzureADTokenExchange"


def openssl(folder, *words, **more):
    return subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more).stdout


def write_private(path, content):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


class App:
    """An RSA certificate in `folder`: app.crt for the service, app.pem and app.pfx (with a passphrase) for convoke."""

    passphrase = "canary-of-the-passphrase"

    def __init__(self, folder, name="app", passphrase=passphrase):
        self.folder, self.passphrase = folder, passphrase
        self.certificate, self.key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
        openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "2",
                "-subj", "/CN=" + name)
        with open(self.certificate, "rb") as one, open(self.key, "rb") as other:
            self.pem = write_private(os.path.join(folder, name + ".pem"), one.read() + other.read())
        self.passphrase_file = write_private(os.path.join(folder, name + ".passphrase"), self.passphrase + "\n")
        self.pfx = write_private(os.path.join(folder, name + ".pfx"), openssl(
            folder, "pkcs12", "-export", "-inkey", self.key, "-in", self.certificate, "-passout", "file:" + self.passphrase_file))


def expired_certificate(folder):
    """The path of a PEM file with an RSA key and a certificate of the year 2020."""
    for name, content in (("index", ""), ("serial", "01\n"), (
            "ca.conf", "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as out:
            out.write(content)
    openssl(folder, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key", "-out", "old.csr", "-subj", "/CN=old")
    openssl(folder, "ca", "-batch", "-selfsign", "-config", "ca.conf", "-keyfile", "old.key", "-in", "old.csr", "-out", "old.crt", "-outdir", ".",
            "-notext", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
    with open(os.path.join(folder, "old.crt"), "rb") as one, open(os.path.join(folder, "old.key"), "rb") as other:
        return write_private(os.path.join(folder, "old.pem"), one.read() + other.read())


class Provider:
    """An identity provider that signs tokens with RS256."""

    def __init__(self, folder):
        self.folder, self.key = folder, os.path.join(folder, "provider.key")
        openssl(folder, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        self.public = os.path.join(folder, "provider.pub")
        openssl(folder, "pkey", "-in", self.key, "-pubout", "-out", self.public)

    def trusted_by(self):
        """The flag of the simulator."""
        return ["--federated-credential", ",".join((ISSUER, SUBJECT, AUDIENCE, self.public))]

    def token(self, lifetime=3600, **other):
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + lifetime, "jti": str(uuid.uuid4())}
        claims.update(other)
        text = encode(json.dumps({"alg": "RS256", "typ": "JWT", "kid": "k1"}).encode()) + "." + encode(json.dumps(claims).encode())
        signature = openssl(self.folder, "dgst", "-sha256", "-sign", self.key, input=text.encode())
        return text + "." + encode(signature)


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
