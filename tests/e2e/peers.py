"""Programs for node of other authors, installed by npm as tests/peers/package.json says."""
import json
import os
import subprocess

from credentials import App
from harness import HERE, Case, simulator

SCRIPTS = os.path.join(os.path.dirname(HERE), "peers")
INSTALLED = os.environ.get("CONVOKE_PEERS", "")  # where npm installed what tests/peers/package.json names


def node(script, wanted, **environment):
    return subprocess.run(["node", os.path.join(SCRIPTS, script), INSTALLED], input=json.dumps(wanted), capture_output=True, text=True,
                          timeout=60, check=False, env=dict(os.environ, **environment))


def check_installed():
    if not os.path.isdir(os.path.join(INSTALLED, "node_modules")):
        raise AssertionError("CONVOKE_PEERS does not name a folder in which npm installed tests/peers/package.json: %r" % INSTALLED)


class Peers(Case):
    @classmethod
    def start_server(cls, folder):
        check_installed()
        os.makedirs(folder)
        cls.app, cls.stranger = App(folder), App(folder, "stranger")
        return simulator(folder, "--certificate", cls.app.certificate)
