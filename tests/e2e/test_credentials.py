"""Every kind of credential signs in, and each refusal says what to do."""
import json
import os
import time

from credentials import App, Provider, expired_certificate, write_private
from generate import write_rows
from harness import Case, main, scaled, simulator

HEADER = "canary-of-the-identity-header"


class Credentials(Case):
    more_flags = ()

    @classmethod
    def start_server(cls, folder):
        os.makedirs(folder)
        cls.app, cls.stranger, cls.provider = App(folder), App(folder, "stranger"), Provider(folder)
        header = write_private(os.path.join(folder, "identity-header"), HEADER)
        server = simulator(folder, "--certificate", cls.app.certificate, *cls.provider.trusted_by(), "--metadata-port", "0",
                           "--identity-header-file", header, "--trust-managed-identity", *cls.more_flags)
        cls.metadata = next(line.split("(AZURE_POD_IDENTITY_AUTHORITY_HOST=")[1].split(",")[0].rstrip(")")
                            for line in server.log().splitlines() if "managed identity" in line)
        return server

    def kinds(self):
        """Of each kind of credential the flags and the environment."""
        token = write_private(self.path("federated-token"), self.provider.token())
        imds = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.metadata}
        service = {"IDENTITY_ENDPOINT": self.metadata + "/msi/token", "IDENTITY_HEADER": HEADER}
        return {
            "secret": ([], {}),
            "secret in the environment": ([], {"AZURE_CLIENT_SECRET": self.server.secret}),
            "PEM": (["--client-certificate-file", self.app.pem], {}),
            "PEM in the environment": ([], {"AZURE_CLIENT_CERTIFICATE_PATH": self.app.pem}),
            "RS256": (["--client-certificate-file", self.app.pem, "--assertion-algorithm", "RS256"], {}),
            "PKCS#12": (["--client-certificate-file", self.app.pfx, "--client-certificate-passphrase-file", self.app.passphrase_file], {}),
            "PKCS#12, passphrase in the environment": (["--client-certificate-file", self.app.pfx],
                                                       {"AZURE_CLIENT_CERTIFICATE_PASSWORD": self.app.passphrase}),
            "workload identity": ([], {"AZURE_FEDERATED_TOKEN_FILE": token}),
            "virtual machine": (["--credential", "managed-identity", "--managed-identity", "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03"], imds),
            "App Service": (["--credential", "managed-identity", "--managed-identity", "object:c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03"],
                            service),
            "managed identity as federated credential": (["--credential", "managed-identity-federation"], imds),
        }


class SigningIn(Credentials):
    def provision(self, kind):
        flags, environment = self.kinds()[kind]
        path = self.path("rows.csv")
        keys = write_rows(path, 5, prefix=self._testMethodName)
        done = self.apply(path, *flags, environment=environment)
        self.assert_created_once(keys)
        self.assertEqual(done.summary["outcomes"]["created"], 5)
        for canary in (HEADER, self.app.passphrase):
            self.assertNotIn(canary, done.out + done.err)

    def test_client_secret(self):
        self.provision("secret")

    def test_client_secret_in_the_environment(self):
        self.provision("secret in the environment")

    def test_certificate_pem(self):
        self.provision("PEM")

    def test_certificate_pem_in_the_environment(self):
        self.provision("PEM in the environment")

    def test_certificate_rs256(self):
        self.provision("RS256")

    def test_certificate_pkcs12(self):
        self.provision("PKCS#12")

    def test_certificate_pkcs12_passphrase_in_the_environment(self):
        self.provision("PKCS#12, passphrase in the environment")

    def test_federated_credential_aks_workload_identity(self):
        self.provision("workload identity")

    def test_managed_identity_direct_imds(self):
        self.provision("virtual machine")

    def test_app_service(self):
        self.provision("App Service")

    def test_managed_identity_as_fic(self):
        self.provision("managed identity as federated credential")

    def test_show_config_names_the_credential_and_why(self):
        def shown(*flags, **environment):
            done = self.convoke("apply", "rows.csv", "--show-config", *flags, environment=environment)
            return next(line for line in done.out.splitlines() if line.startswith("credential = "))
        self.assertRegex(shown(), r"^credential = client-secret  # chosen by: .*server.toml, line \d+: client_secret_file$")
        self.assertEqual(shown("--client-certificate-file", self.app.pem),
                         "credential = client-certificate  # chosen by: --client-certificate-file")
        self.assertEqual(shown(AZURE_CLIENT_SECRET="x"), "credential = client-secret  # chosen by: AZURE_CLIENT_SECRET")
        self.assertEqual(shown(CONVOKE_TOKEN="x", AZURE_CLIENT_SECRET="x"), "credential = token  # chosen by: CONVOKE_TOKEN")
        self.assertEqual(shown(AZURE_FEDERATED_TOKEN_FILE="/t"), "credential = workload-identity  # chosen by: AZURE_FEDERATED_TOKEN_FILE")
        self.assertEqual(shown("--credential", "managed-identity"), "credential = managed-identity  # --credential")

    def refusal(self, code, *flags, **environment):
        path = self.path("rows.csv")
        write_rows(path, 3, prefix="refused")
        done = self.apply(path, *flags, expect=code, environment=environment)
        self.assertNotIn("Traceback", done.err)
        return done.out + done.err

    def test_wrong_credentials_say_what_to_do(self):
        said = self.refusal(4, "--client-certificate-file", self.stranger.pem)
        self.assertIn("this certificate is registered with the app", said)
        self.assertRegex(said, r"Its thumbprint is [0-9A-F]{40}\.")
        self.assertRegex(said, r"The certificate in \S+stranger.pem \(thumbprint [0-9A-F]{40}\) expires at 20")
        self.assertIn("check the passphrase", self.refusal(4, "--client-certificate-file", self.app.pfx,
                                                           AZURE_CLIENT_CERTIFICATE_PASSWORD="wrong"))
        self.assertIn("has no private key", self.refusal(4, "--client-certificate-file", write_private(
            self.path("certificate"), self.content(self.app.certificate))))
        for claim, word in (("iss", "issuer"), ("sub", "subject"), ("aud", "audience")):
            token = write_private(self.path("token"), self.provider.token(**{claim: "another"}))
            self.assertIn("No federated credential of the app has this " + word,
                          self.refusal(4, AZURE_FEDERATED_TOKEN_FILE=token))
        said = self.refusal(4, "--credential", "managed-identity", "--managed-identity", "object:unknown",
                            AZURE_POD_IDENTITY_AUTHORITY_HOST=self.metadata)
        self.assertIn("Identity not found. The request named the identity by object_id unknown ", said)
        self.assertIn("none of client-secret", self.refusal(2, "--credential", "password"))

    def token_check(self, expect, *flags, **environment):
        done = self.convoke("doctor", *flags, "-o", "json", expect=expect, environment=environment, timeout=120)
        return next(one for one in done.summary["checks"] if one["check"] == "token")

    def test_doctor_says_what_is_wrong_with_a_managed_identity(self):
        direct = ("--credential", "managed-identity")
        found = self.token_check(5, *direct, AZURE_POD_IDENTITY_AUTHORITY_HOST="http://127.0.0.1:1")
        self.assertIn("http://127.0.0.1:1, not from the authority", found["advice"])
        # The configuration has a client id, which names no identity of this machine.
        found = self.token_check(4, *direct, AZURE_POD_IDENTITY_AUTHORITY_HOST=self.metadata)
        self.assertIn("leave out --managed-identity and --client-id", found["advice"])

    def test_doctor_warns_of_a_certificate_that_expires_soon(self):
        done = self.convoke("doctor", "--client-certificate-file", self.app.pem, "-o", "json")
        soon = [one for one in done.summary["checks"] if one["check"] == "file" and one["subject"] == self.app.pem
                and one["status"] == "warning"]
        self.assertEqual(len(soon), 1, done)
        self.assertRegex(soon[0]["seen"], r"thumbprint [0-9A-F]{40}\) expires at 20")

    def test_a_federated_token_file_that_holds_no_token_is_refused_at_once(self):
        before = self.server.stats()["requests"]
        for file, word in ((self.path("none"), "cannot be opened"), (self.folder, "is not a regular file"),
                           (self.write("empty", ""), "it is empty"), (self.write("other", "something"), "does not hold a JWT")):
            self.assertIn(word, self.refusal(4, AZURE_FEDERATED_TOKEN_FILE=file))
        self.assertEqual(self.server.stats()["requests"], before)

    def test_an_expired_certificate_is_refused_before_the_run(self):
        old = expired_certificate(self.folder)
        before = self.server.stats()["tokens"]
        said = self.refusal(4, "--client-certificate-file", old)
        self.assertRegex(said, r"[Tt]he certificate in \S+old.pem expired at 2020-01-02T00:00:00Z: make a new one")
        self.assertEqual(self.server.stats()["tokens"], before)

    def test_a_passphrase_is_used_as_it_is(self):
        for passphrase in ("ends with a blank ", '"quoted"', "u_s_secret=x:canary"):
            with self.subTest(passphrase):
                app = App(self.folder, "passphrase", passphrase=passphrase)
                # The service does not know this certificate, but the file can be decrypted.
                said = self.refusal(4, "--client-certificate-file", app.pfx, "--client-certificate-passphrase-file", app.passphrase_file)
                self.assertIn("this certificate is registered with the app", said)

    def test_an_expired_federated_token_names_the_clocks(self):
        token = write_private(self.path("token"), self.provider.token(lifetime=-3600))
        said = self.refusal(4, AZURE_FEDERATED_TOKEN_FILE=token)
        self.assertIn("check the clock of this machine. It agrees with the server's clock.", said)
        self.assertRegex(said, r"The token in \S+/token expired at 20\S+ and was not replaced")


class IdentityWithoutPolicy(Credentials):
    """Access policies name an app. A managed identity is another one than that of `client_id`."""

    IDENTITY = "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03"
    more_flags = ("--policy", "none")

    def test_the_commands_name_the_identity_and_obeying_them_helps(self):
        path, app = self.path("rows.csv"), self.server.setting("client_id")
        keys = write_rows(path, 6, prefix="identity", organizers=3)
        environment = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.metadata}
        for which, named in ((self.IDENTITY, self.IDENTITY), ("object:" + self.IDENTITY, None)):
            flags = ["--credential", "managed-identity", "--managed-identity", which]
            doctor = self.convoke("doctor", path, *flags, environment=environment, expect=4).out
            self.assertIn('Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{Add="%s"}' % self.IDENTITY, doctor)
            self.assertNotIn(app, doctor)
            reasons = self.apply(path, *flags, environment=environment, expect=3).summary["reasons"]
            self.assertTrue(reasons)
            for why in reasons:
                commands = "\n".join(why["commands"])
                said = self.IDENTITY if self.IDENTITY in why["message"] else named or "<client id of the identity>"
                self.assertIn('@{Add="%s"}' % said, commands)
                self.assertNotIn(app, commands)
        organizers = sorted({organizer for organizer, _ in keys})
        self.server.post("policies", {"grant": organizers, "delay": 0})
        self.apply(path, *flags, environment=environment, expect=3)
        self.server.post("policies", {"grant": organizers, "delay": 0, "app": self.IDENTITY})
        self.apply(path, *flags, environment=environment)
        self.assert_created_once(keys)


class WithoutPermission(Credentials):
    more_flags = ("--token-roles", "User.Read.All")

    def test_the_commands_that_give_it_are_printed_and_no_row_is_to_be_corrected(self):
        path, app = self.path("rows.csv"), self.server.setting("client_id")
        write_rows(path, 3, prefix="permission")
        done = self.convoke("apply", path, expect=3)
        self.assertIn("      az ad app permission add --id %s --api 00000003-0000-0000-c000-000000000000 --api-permissions "
                      "b8bb2037-6e08-44ac-a4ea-4674e010e2a4=Role\n      az ad app permission admin-consent --id %s\n" % (app, app), done.out)
        self.assertIn("Failed rows, which need no correction: the same command sends them again: ", done.out)
        self.assertNotIn("to correct", done.out)


class ShortTokens(Credentials):
    """Tokens live for 3 s, and the endpoint throttles and fails every third request."""

    more_flags = ("--token-lifetime", "3", "--token-faults", "0.3", "--token-retry-after", "1")

    def test_a_run_longer_than_its_token_loses_no_row(self):
        rows = scaled(200, 400, 1500)
        running = []
        for number, (kind, (flags, environment)) in enumerate(self.kinds().items()):
            path = self.path("rows-%d.csv" % number)
            keys = write_rows(path, rows, prefix="short%d" % number)
            self.ledger = self.path("ledger-%d.db" % number)
            words = self.words("apply", path, "-o", "json", "--rate", "40", "--fixed-rate", *flags)
            running.append((kind, keys, self.start(words, environment=environment), time.monotonic()))
        for kind, keys, process, begin in running:
            out, err = process.communicate(timeout=300)
            with self.subTest(kind):
                self.assertEqual(process.returncode, 0, err.decode())
                summary = json.loads(out)
                self.assertEqual(summary["outcomes"]["created"] + summary["outcomes"]["existing"], rows)
                self.assert_created_once(keys)
                self.assertGreater(time.monotonic() - begin, 3)
        self.assertGreater(self.server.stats()["tokens"], 2 * len(running))


if __name__ == "__main__":
    main()
