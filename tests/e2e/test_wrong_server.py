"""Wrong addresses, credentials and certificates: each has its exit code and a message with the remedy, and nothing is lost."""
import os
import socket

from generate import write_rows
from harness import EXECUTABLE, FAST, Case, foreign, main


class WrongServer(Case):
    server_flags = ("--seed", "52")

    def config_with(self, name, **changes):
        """Writes the configuration of the server with some values changed; None leaves a value out."""
        values = {key: self.server.setting(key) for key in ("graph_url", "authority_url", "ca_file", "tenant", "client_id", "client_secret_file")}
        values.update(changes)
        return self.write(name, "".join('%s = "%s"\n' % item for item in values.items() if item[1] is not None))

    def apply_with(self, config, expect, *words):
        path = self.path("rows.csv")
        write_rows(path, 20, prefix="wrong-server")
        command = [EXECUTABLE, "apply", path, "--config", config, "--ledger", "sqlite:" + self.ledger, *FAST, *words]
        return self.run_words(command, expect, timeout=120)

    def test_an_invalid_ready_token(self):
        path = self.path("rows.csv")
        write_rows(path, 3)
        before = self.server.stats()["requests"]
        for token, says in (("SECRET SECRET", "a blank at position 7"), ("S" * 100 * 1024, "16 KiB")):
            done = self.convoke("apply", path, expect=2, environment={"CONVOKE_TOKEN": token})
            self.assertIn(says, done.err)
            self.assertNotIn("SECRET", done.err)
        self.assertEqual(self.server.stats()["requests"], before)

    def test_a_foreign_configuration_beside_the_input(self):
        """In a folder that others can write, a configuration could send the secret of the environment to another authority."""
        shared = self.path("shared")
        os.makedirs(shared)
        path = os.path.join(shared, "rows.csv")
        write_rows(path, 3)
        with open(self.config_with("p.toml"), encoding="utf-8") as file, open(os.path.join(shared, "convoke.toml"), "w", encoding="utf-8") as out:
            out.write(file.read())
        os.chmod(os.path.join(shared, "convoke.toml"), 0o644)
        command = [EXECUTABLE, "apply", path, "--ledger", "sqlite:" + self.ledger]
        before = self.server.stats()["token_requests"]
        for mode in (0o1777, 0o775):
            os.chmod(shared, mode)
            done = self.run_words(command, 2, environment={"AZURE_CLIENT_SECRET": "of-the-environment"})
            self.assertIn(os.path.join(shared, "convoke.toml"), done.err)
            self.assertIn("--config", done.err)
        self.assertEqual(self.server.stats()["token_requests"], before, "the secret was sent")
        self.run_words([*command, "--dry-run", "--config", os.path.join(shared, "convoke.toml")])
        os.chmod(shared, 0o755)
        self.run_words([*command, "--dry-run"])

    def assert_nothing_lost(self):
        """With the right configuration, the same file in the same ledger succeeds."""
        path = self.path("rows.csv")
        rows = self.path("results.csv")
        self.apply(path, "--results", rows)
        self.assert_one_outcome_a_row(self.read_csv(rows), 20)

    def closed_port(self):
        """The address of a port that refuses connections during the test: it is bound, and no program listens."""
        held = socket.socket(socket.AF_INET)
        self.addCleanup(held.close)
        held.bind(("127.0.0.1", 0))
        return "https://127.0.0.1:%d" % held.getsockname()[1]

    def test_an_unreachable_server(self):
        closed = self.closed_port()
        done = self.apply_with(self.config_with("u.toml", graph_url=closed, authority_url=closed), 5, "--max-outage", "2s")
        self.assertIn("127.0.0.1", done.err)
        self.assert_nothing_lost()

    def test_a_name_that_does_not_exist(self):
        unknown = "https://graph.invalid"
        done = self.apply_with(self.config_with("n.toml", graph_url=unknown, authority_url=unknown), 5, "--max-outage", "2s")
        self.assertIn("graph.invalid", done.err)

    def test_a_wrong_secret(self):
        wrong = self.write("wrong.secret", "definitely-not-the-secret\n")
        os.chmod(wrong, 0o600)
        done = self.apply_with(self.config_with("s.toml", client_secret_file=wrong), 4)
        self.assertIn("secret", done.err.lower())
        self.assertNotIn("definitely-not", done.out + done.err)
        self.assertEqual(self.server.stats()["requests"], 0)
        self.assert_nothing_lost()

    def test_a_secret_that_others_may_read(self):
        loose = self.write("loose.secret", "x\n")
        os.chmod(loose, 0o644)
        done = self.apply_with(self.config_with("l.toml", client_secret_file=loose), 4)
        self.assertIn("loose.secret", done.err)

    def test_no_secret(self):
        done = self.apply_with(self.config_with("none.toml", client_secret_file=None), None)
        self.assertIn(done.code, (2, 4), str(done))
        self.assertIn("secret", done.err.lower())

    def test_a_certificate_of_an_unknown_authority(self):
        done = self.apply_with(self.config_with("c.toml", ca_file=None), 5)
        self.assertIn("--ca-file", done.err)
        self.assertEqual(self.server.stats()["requests"], 0)

    def test_a_plain_http_address(self):
        done = self.apply_with(self.config_with("h.toml", graph_url="http://example.org"), 2)
        self.assertIn("http", done.err)


class CertificateOfAnotherHost(Case):
    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--certificate-names", "DNS:graph.example")

    def test_a_certificate_for_another_host(self):
        path = self.path("rows.csv")
        write_rows(path, 20, prefix="host")
        done = self.convoke("apply", path, *FAST, expect=5)
        self.assertIn("is for graph.example, not for localhost", done.err)
        # The run ends long before --max-outage, half an hour.
        self.assertLess(done.seconds, 30)
        stats = self.server.stats()
        self.assertEqual((stats["requests"], stats["tokens"]), (0, 0))


if __name__ == "__main__":
    main()
