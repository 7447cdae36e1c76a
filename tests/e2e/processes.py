"""Looking at a running process from outside, and strace around it."""
import os
import shutil
import subprocess
import unittest

from harness import Case


def status_lines(path):
    """A status file of /proc, name to value; empty where its process or thread has ended."""
    try:
        with open(path, encoding="ascii") as status:
            return dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return {}


def catches(process, number):
    """The process has a handler for this signal by now."""
    return int(status_lines("/proc/%d/status" % process.pid).get("SigCgt", "0"), 16) >> (number - 1) & 1


def is_zombie(pid):
    return status_lines("/proc/%d/status" % pid).get("State", "").startswith("Z")


def traced_by(pid):
    tasks = "/proc/%d/task" % pid
    return {int(status_lines("%s/%s/status" % (tasks, task)).get("TracerPid", "0")) for task in os.listdir(tasks)} - {0}


def why_not_traced():
    """The reason why system calls cannot be traced here, or None."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace here: " + tried.stderr.strip()[:200]


def need_tracing():
    """Skips the test, and says so, where system calls cannot be traced."""
    reason = why_not_traced()
    if reason:
        print("skipped:", reason, flush=True)
        raise unittest.SkipTest(reason)


class TracedCase(Case):
    """Each of its tests needs strace."""

    def setUp(self):
        need_tracing()
        super().setUp()
