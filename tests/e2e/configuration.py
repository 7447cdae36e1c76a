"""The configuration file with which convoke reaches a server of tests or benchmarks."""
import json
import os


def write_config(path, root, ca, tenant, client_id, secret):
    """Writes `path`, and the secret and the default ledger's name beside it. The file appears whole."""
    folder = os.path.dirname(os.path.abspath(path))
    secret_path = os.path.join(folder, "client.secret")
    with open(os.open(secret_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        out.write(secret + "\n")
    values = {"graph_url": root, "authority_url": root, "ca_file": ca, "tenant": tenant, "client_id": client_id,
              "client_secret_file": secret_path, "ledger": "sqlite:" + os.path.join(folder, "ledger.db")}
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.writelines("%s = %s\n" % (name, json.dumps(value)) for name, value in values.items())
    os.rename(path + ".new", path)
