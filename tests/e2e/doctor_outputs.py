#!/usr/bin/env python3
"""The outputs of `convoke doctor` that docs/doctor.md shows: three broken set-ups, made with the simulator.

    CONVOKE_EXECUTABLE=build/dev/convoke doctor_outputs.py [--update]    prints them, or writes them into docs/doctor.md

What differs from run to run (ports, folders, dates, random ids) is replaced by fixed values. test_doctor.py compares them with the page.
"""
import os
import re
import subprocess
import sys
import tempfile

from credentials import write_private
from harness import EXECUTABLE, HERE, clean_environment, simulator

PAGE = os.path.join(HERE, "..", "..", "docs", "doctor.md")
ORGANIZER = "0a1b2c3d-0000-4000-8000-00000000000a"
FLAGS = ["--organizer", ORGANIZER]
# Name of the block in the page; flags of the simulator; whether the secret is wrong.
SET_UPS = {
    "no-policy": (["--policy", "none"], False),
    "role-missing": (["--token-roles", "User.Read.All"], False),
    "wrong-secret": ([], True),
}


def normalised(text, folder, root):
    port = root.rsplit(":", 1)[1]
    text = text.replace(folder + "/server", "/etc/convoke/rehearsal").replace(":" + port, ":44443")
    text = re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2027-02-28T20:00:00Z", text)
    text = re.sub(r"\((request|trace)(\s+)id(\s+)[0-9a-f-]{36}\)", r"(\1\2id\g<3>6d4f0c1e-0000-4000-8000-00000000000e)", text)
    return text


def output_of(name):
    """Runs the set-up. Returns what the program prints, and its exit code."""
    flags, wrong = SET_UPS[name]
    with tempfile.TemporaryDirectory(prefix="convoke-doctor-") as folder:
        server = simulator(folder, *flags)
        try:
            if wrong:
                write_private(server.setting("client_secret_file"), "a-secret-of-another-app\n")
            # By its address, so that the table does not depend on the machine's names.
            root = server.root.replace("localhost", "127.0.0.1")
            done = subprocess.run([EXECUTABLE, "doctor", *FLAGS, "--config", server.config, "--graph-url", root, "--authority-url", root],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(folder), cwd=folder, timeout=60,
                                  check=False)
            return normalised(done.stdout.decode(), folder, root), done.returncode
        finally:
            server.stop()


def page_block(name):
    """The block of the page between `<!-- NAME -->` and the end of the code block behind it."""
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    begin = text.index("```\n", text.index("<!-- %s -->" % name)) + 4
    return text, begin, text.index("```", begin)


def main():
    for name in SET_UPS:
        out, code = output_of(name)
        if "--update" in sys.argv[1:]:
            text, begin, end = page_block(name)
            with open(PAGE, "w", encoding="utf-8") as page:
                page.write(text[:begin] + out + text[end:])
        else:
            print("%s: exit code %d\n\n%s" % (name, code, out))


if __name__ == "__main__":
    main()
