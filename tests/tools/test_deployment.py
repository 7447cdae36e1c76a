"""The examples of config/kubernetes and config/systemd: their structure, and that every flag exists in the program. CONVOKE_EXECUTABLE is
the program."""
import configparser
import os
import re
import shutil
import subprocess
import tempfile
import unittest

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
KUBERNETES, SYSTEMD = os.path.join(ROOT, "config", "kubernetes"), os.path.join(ROOT, "config", "systemd")
EXECUTABLE = os.environ["CONVOKE_EXECUTABLE"]
DRAIN_S = 25  # how long calls in flight may take after a signal: design of the exit codes
RETRIED, FINAL, SIGNALLED = {5, 6, 7}, {2, 4, 8}, {129, 130, 143}


def flags_of(command):
    """The flags that the program has for a command."""
    done = subprocess.run([EXECUTABLE, command, "--help"], capture_output=True, text=True, check=True)
    return set(re.findall(r"--[a-z][a-z0-9-]*", done.stdout))


class Examples(unittest.TestCase):
    def check_command(self, words, where):
        command, flags = words[0], [one for one in words if one.startswith("--")]
        self.assertIn(command, ("plan", "work"), where)
        self.assertEqual(set(flags) - flags_of(command), set(), "%s: flags that `convoke %s` does not have" % (where, command))
        return flags


@unittest.skipUnless(yaml, "python3-yaml is not installed")
class Kubernetes(Examples):
    def setUp(self):
        self.objects = []
        for name in sorted(os.listdir(KUBERNETES)):
            with open(os.path.join(KUBERNETES, name), encoding="utf-8") as file:
                self.objects += [(name, one) for one in yaml.safe_load_all(file)]

    def pods(self):
        """(file, the object around it, the Job specification or None, the pod specification)"""
        for name, one in self.objects:
            if one["kind"] == "Job":
                yield name, one, one["spec"], one["spec"]["template"]
            elif one["kind"] == "CronJob":
                job = one["spec"]["jobTemplate"]["spec"]
                yield name, one, job, job["template"]
            elif one["kind"] == "Deployment":
                yield name, one, None, one["spec"]["template"]

    def test_every_kind_is_there(self):
        self.assertEqual({one["kind"] for _, one in self.objects}, {"ConfigMap", "PodDisruptionBudget", "Job", "Deployment", "CronJob"})
        for name, one in self.objects:
            self.assertTrue(one["apiVersion"], name)
            self.assertEqual(one["metadata"]["namespace"], "convoke", name)

    def test_commands(self):
        found = set()
        for name, _, _, template in self.pods():
            for container in template["spec"]["containers"]:
                self.assertEqual(container["command"], ["convoke"], name)
                flags = self.check_command(container["args"], name)
                found.add((container["args"][0], "--follow" in flags, "--open" in flags))
        self.assertEqual(found, {("plan", False, True), ("work", False, False), ("work", True, False)})

    def test_exit_codes(self):
        for name, _, job, template in self.pods():
            if job is None:
                continue
            self.assertEqual(template["spec"]["restartPolicy"], "Never", "a failure policy needs it: " + name)
            containers = {one["name"] for one in template["spec"]["containers"]}
            action = {}
            for rule in job["podFailurePolicy"]["rules"]:
                codes = rule.get("onExitCodes")
                if codes:
                    self.assertEqual(codes["operator"], "In", name)
                    self.assertIn(codes["containerName"], containers, name)
                    self.assertNotIn(0, codes["values"], name)
                    action.update({code: rule["action"] for code in codes["values"]})
                else:
                    self.assertEqual([one["type"] for one in rule["onPodConditions"]], ["DisruptionTarget"], name)
                    self.assertEqual(rule["action"], "Ignore", name)
            works = "work" in template["spec"]["containers"][0]["args"]
            # Rows that failed: another worker would find nothing to do, and the job would succeed.
            self.assertEqual({code for code, what in action.items() if what == "FailJob"}, FINAL | ({3} if works else set()), name)
            self.assertFalse(RETRIED & set(action), "%s: these are attempts" % name)
            if works:
                self.assertEqual({code for code, what in action.items() if what == "Ignore"}, SIGNALLED, name)
            self.assertGreater(job["backoffLimit"], 0, name)

    def test_a_pod_may_drain_and_has_few_rights(self):
        for name, _, _, template in self.pods():
            pod = template["spec"]
            self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], DRAIN_S + 10, name)
            self.assertTrue(pod["securityContext"]["runAsNonRoot"], name)
            self.assertFalse(pod["automountServiceAccountToken"], name)
            for container in pod["containers"]:
                self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"], name)
                self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"], name)
                mounted = {one["name"] for one in container["volumeMounts"]}
                self.assertEqual(mounted, {one["name"] for one in pod["volumes"]}, name)

    def test_secrets_are_no_arguments(self):
        for name, _, _, template in self.pods():
            for container in template["spec"]["containers"]:
                for one in container["env"]:
                    if re.search("SECRET|PASSWORD", one["name"]):
                        self.assertIn("secretKeyRef", one["valueFrom"], name)
                        self.assertNotIn("value", one, name)

    def test_the_budget_and_the_deployment_select_the_workers(self):
        budget = next(one for _, one in self.objects if one["kind"] == "PodDisruptionBudget")
        wanted = budget["spec"]["selector"]["matchLabels"]
        workers = [template for _, _, _, template in self.pods() if template["spec"]["containers"][0]["args"][0] == "work"]
        self.assertEqual(len(workers), 2)
        for template in workers:
            self.assertLessEqual(wanted.items(), template["metadata"]["labels"].items())
        deployment = next(one for _, one in self.objects if one["kind"] == "Deployment")
        self.assertEqual(deployment["spec"]["selector"]["matchLabels"], deployment["spec"]["template"]["metadata"]["labels"])

    def test_the_configuration_is_accepted(self):
        text = next(one for _, one in self.objects if one["kind"] == "ConfigMap")["data"]["convoke.toml"]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "convoke.toml")
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            done = subprocess.run([EXECUTABLE, "work", "--config", path, "--show-config"], capture_output=True, text=True, check=False,
                                  env={"HOME": folder, "PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("postgres.example.org", done.stdout)


class Systemd(Examples):
    def unit(self, name):
        parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
        parser.optionxform = str
        parser.read(os.path.join(SYSTEMD, name), encoding="utf-8")
        return parser

    def test_commands(self):
        follows = False
        for name in ("convoke-work.service", "convoke-plan.service"):
            words = self.unit(name)["Service"]["ExecStart"].split()
            self.assertEqual(words[0], "/usr/bin/convoke", name)
            follows |= "--follow" in self.check_command(words[1:], name)
        self.assertTrue(follows)

    def test_a_worker_may_drain(self):
        service = self.unit("convoke-work.service")["Service"]
        self.assertGreaterEqual(int(service["TimeoutStopSec"]), DRAIN_S + 10)
        self.assertEqual(service["KillSignal"], "SIGTERM")
        self.assertEqual(service["SuccessExitStatus"], "143")
        self.assertEqual({int(one) for one in service["RestartPreventExitStatus"].split()}, FINAL)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_accepts_the_units(self):
        """With the path of the program replaced, because systemd looks for it."""
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name in sorted(os.listdir(SYSTEMD)):
                with open(os.path.join(SYSTEMD, name), encoding="utf-8") as file:
                    text = file.read().replace("/usr/bin/convoke", "/bin/true")
                paths.append(os.path.join(folder, name))
                with open(paths[-1], "w", encoding="utf-8") as out:
                    out.write(text)
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False)
            about_units = [line for line in done.stderr.splitlines() if "convoke-" in line]
            self.assertEqual(about_units, [], done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
