"""Certificates for the servers of tests and benchmarks, made by the openssl command."""
import os
import subprocess


def make_certificates(folder, names="DNS:localhost,IP:127.0.0.1"):
    """Makes a certificate authority and a certificate for `names` in `folder`. Returns the paths of ca.pem, server.pem and server.key."""
    def run(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=A certificate authority for tests",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/O=A server for tests")
    with open(os.path.join(folder, "server.ext"), "w", encoding="ascii") as out:
        out.write("subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n" % names)
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
        "server.ext", "-out", "server.pem")
    return [os.path.join(folder, name) for name in ("ca.pem", "server.pem", "server.key")]
