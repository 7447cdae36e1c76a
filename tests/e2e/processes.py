"""The state of a running process, and strace around a command."""
import contextlib
import os
import shutil
import subprocess
import unittest

from harness import Case


def status_lines(path):
    """A status file of /proc as a dictionary; empty if its process or thread has ended."""
    try:
        with open(path, encoding="ascii") as status:
            return dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return {}


def catches(process, number):
    """Whether the process has a handler for this signal by now."""
    return int(status_lines("/proc/%d/status" % process.pid).get("SigCgt", "0"), 16) >> (number - 1) & 1


def open_files(pid):
    """The paths of the open files of a process; empty if it has ended."""
    out = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for number in os.listdir("/proc/%d/fd" % pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                out.append(os.readlink("/proc/%d/fd/%s" % (pid, number)))
    return out


def is_zombie(pid):
    return status_lines("/proc/%d/status" % pid).get("State", "").startswith("Z")


def traced_by(pid):
    """The processes that trace a thread of this one."""
    tasks = "/proc/%d/task" % pid
    return {int(status_lines("%s/%s/status" % (tasks, task)).get("TracerPid", "0")) for task in os.listdir(tasks)} - {0}


def why_not_traced():
    """The reason why system calls cannot be traced on this machine, or None."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace on this machine: " + tried.stderr.strip()[:200]


def need_tracing():
    """Skips the test, and prints the reason, where system calls cannot be traced."""
    reason = why_not_traced()
    if reason:
        print("skipped:", reason, flush=True)
        raise unittest.SkipTest(reason)


# A sanitized program cannot look for leaks while it is traced.
TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}


def strace(calls, *injections, paths=(), output="/dev/null", detached=False):
    """The words to put before a command line. `calls`: the system calls to trace; `injections`: as for `-e inject=`; `paths`: only calls
    on these files; `detached`: the command, not strace, is the child process. The command runs with the environment TRACED."""
    line = ["strace", *(["-D"] if detached else []), "-f", "-qq", "-o", output]
    for path in paths:
        line += ["-P", path]
    line += ["-e", "trace=" + calls]
    for injection in injections:
        line += ["-e", "inject=" + injection]
    return line


class TracedCase(Case):
    """Tests that need strace."""

    def setUp(self):
        need_tracing()
        super().setUp()
