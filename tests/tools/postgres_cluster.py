#!/usr/bin/env python3
"""A PostgreSQL cluster of its own in a temporary folder, for tests and demonstrations. It never touches another cluster.

usage: postgres_cluster.py start FILE [--fsync]   start a cluster, and write the URL of its superuser to FILE (mode 0600). A cluster that
                                                  an earlier `start` of the same FILE left is stopped first
       postgres_cluster.py stop FILE              stop it, and delete its folder and FILE

PostgreSQL refuses to run as root, so its programs run as `postgres`, or as the user with the id 65534 where there is no such user.
"""
import argparse
import atexit
import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SUPERUSER = "convoke"
# A temporary cluster has little to keep. jit would only delay short statements.
SETTINGS = {"listen_addresses": "127.0.0.1", "shared_buffers": "64MB", "max_connections": "100", "max_wal_senders": "4", "jit": "off",
            "autovacuum_naptime": "10s", "log_line_prefix": "%m [%p] ", "wal_level": "replica", "max_wal_size": "1GB"}
# A commit still reaches the kernel before it is acknowledged, so it survives a kill of every process, though not of the machine.
WITHOUT_FSYNC = {"fsync": "off", "full_page_writes": "off"}


def binary(name):
    """The path of a program of PostgreSQL 15 or later; None if there is none."""
    folders = [os.environ.get("CONVOKE_POSTGRES_BIN", "")]
    folders += ["/usr/lib/postgresql/%d/bin" % version for version in range(15, 30)]
    for folder in folders:
        if folder and os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    return shutil.which(name)


def account():
    """The user under whom the programs run: None for the caller."""
    if os.geteuid() != 0:
        return None
    for find, who in ((pwd.getpwnam, "postgres"), (pwd.getpwuid, 65534)):
        with contextlib.suppress(KeyError):
            return find(who)
    raise RuntimeError("root cannot run PostgreSQL, and there is neither a user postgres nor one with the id 65534")


def as_account():
    """The arguments of subprocess for that user."""
    user = account()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def own_folder(prefix):
    """A temporary folder that belongs to that user."""
    folder = tempfile.mkdtemp(prefix=prefix)
    user = account()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def end_with_parent():
    """In a child process: SIGQUIT, an immediate shutdown, once its parent has ended, however it ended."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """One cluster. It is not running until start(); close() stops it and deletes its folder."""

    def __init__(self, fsync=False, settings=None, folder=None, password=None):
        """`settings`: of postgresql.conf, over SETTINGS. `folder`, `password`: of a cluster that exists."""
        self.settings = {**SETTINGS, **({} if fsync else WITHOUT_FSYNC), **(settings or {})}
        self.exists = folder is not None
        self.folder = folder or own_folder("convoke-postgres-")
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "log")
        self.password = password or secrets.token_hex(12)
        self.port = 0
        self.process = None
        self.outlives = False  # it stays when this process ends
        atexit.register(self.close)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    # --- life

    def run(self, name, *words, **more):
        """Runs a program of PostgreSQL to its end. Returns its standard output."""
        more.setdefault("env", self.environment())
        done = subprocess.run([binary(name), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              cwd=self.folder, **as_account(), **more)
        if done.returncode != 0:
            raise RuntimeError("%s failed with %d:\n%s%s" % (name, done.returncode, done.stdout, done.stderr))
        return done.stdout

    def environment(self):
        """libpq looks for certificates in the home directory, and that of the caller may be closed to the user of the programs."""
        return dict(os.environ, HOME=self.folder)

    def create(self):
        password_file = os.path.join(self.folder, "password")
        with open(password_file, "w", encoding="ascii") as out:
            out.write(self.password)
        user = account()
        if user is not None:
            os.chown(password_file, user.pw_uid, user.pw_gid)
        # The folder is used for minutes, and what it holds is made anew: it needs no sync.
        self.run("initdb", "-D", self.data, "-U", SUPERUSER, "--pwfile", password_file, "--auth=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8",
                 "--no-sync", "--no-instructions")
        self.exists = True

    def start(self):
        """Starts the postmaster and returns when it accepts connections. The port stays the same over restarts."""
        if not self.exists:
            self.create()
        self.port = self.port or free_port()
        settings = dict(self.settings, port=self.port, unix_socket_directories=self.folder)
        words = [binary("postgres"), "-D", self.data]
        for name, value in settings.items():
            words += ["-c", "%s=%s" % (name, value)]
        last = None
        # After a kill the old server processes need a moment to notice it; until then a new postmaster refuses to start.
        for _ in range(100):
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                                                env=self.environment(), preexec_fn=None if self.outlives else end_with_parent,
                                                **as_account())
            last = self.wait_ready()
            if last is None:
                return self
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start (%s):\n%s" % (last, self.log()[-3000:]))

    def wait_ready(self, seconds=60):
        """None once the postmaster is ready, else what happened."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return "it ended with %d" % self.process.returncode
            with contextlib.suppress(OSError):
                with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as file:
                    lines = file.read().split("\n")
                if lines[0] == str(self.process.pid) and len(lines) > 7 and lines[7].strip() in ("ready", "standby"):
                    return None
            time.sleep(0.02)
        return "it is not ready after %d s" % seconds

    def stop(self, how="fast"):
        """`smart` waits for the clients, `fast` disconnects them, `immediate` does not even write a checkpoint."""
        if self.process is None:
            return
        self.process.send_signal({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
        self.process.wait(timeout=60)
        self.process = None

    def kill(self):
        """SIGKILL of the postmaster; its other processes end by themselves when they notice it."""
        self.process.kill()
        self.process.wait(timeout=60)
        self.process = None

    def restart(self, how="fast"):
        self.stop(how)
        self.start()

    def close(self):
        atexit.unregister(self.close)
        if self.process is not None:
            try:
                self.stop("immediate")
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        return ""

    # --- copies

    def base_backup(self, standby=False):
        """A copy of the running cluster as it is now, not started. `standby`: it follows this cluster until promote()."""
        copy = Cluster(settings=self.settings, password=self.password)
        words = ["-D", copy.data, "--checkpoint=fast", "--no-sync", "-X", "stream", "-d", self.url("postgres")]
        self.run("pg_basebackup", *words, *(["-R"] if standby else []))
        copy.exists = True
        return copy

    def promote(self):
        """Makes a standby the primary."""
        self.run("pg_ctl", "promote", "-D", self.data, "-w", "-s")

    # --- use

    def url(self, database="postgres", port=None, user=SUPERUSER, **parameters):
        """The URL of a database with the superuser's password. `port`: of a proxy in front of it."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return "postgresql://%s:%s@127.0.0.1:%d/%s%s" % (user, self.password, port or self.port, database, query)

    def sql(self, text, database="postgres"):
        """The rows of a statement, each a list of texts."""
        out = self.run("psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-R", "\x1e", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", text)
        return [row.split("\x1f") for row in out.rstrip("\n").split("\x1e")] if out.strip("\n") else []

    def value(self, text, database="postgres"):
        """The only value of a statement; None without a row."""
        rows = self.sql(text, database)
        return rows[0][0] if rows else None

    def create_database(self, name):
        """Returns its URL."""
        self.sql('CREATE DATABASE "%s"' % name)
        return self.url(name)

    def drop_database(self, name):
        self.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % name)

    def backends(self, database):
        """The process ids of the clients of a database."""
        return [int(row[0]) for row in self.sql("SELECT pid FROM pg_stat_activity WHERE datname = '%s' AND backend_type = 'client backend'"
                                                % database)]

    def terminate(self, pid):
        self.sql("SELECT pg_terminate_backend(%d)" % pid)


# --- Command line. The state between the two calls is FILE (the URL) and FILE.folder.

def stop_file(path):
    """Stops the cluster that `start` recorded, if it still runs, and deletes what it left."""
    with contextlib.suppress(FileNotFoundError):
        with open(path + ".folder", encoding="utf-8") as file:
            folder = file.read().strip()
        if os.path.basename(folder).startswith("convoke-postgres-") and os.path.isdir(folder):
            stop_folder(folder)
        os.remove(path + ".folder")
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def stop_folder(folder):
    """The postmaster is no child of this process, and its process id may belong to another one by now: pg_ctl checks that."""
    data = os.path.join(folder, "data")
    subprocess.run([binary("pg_ctl"), "stop", "-D", data, "-m", "immediate", "-w", "-s"], stdin=subprocess.DEVNULL, check=False,
                   capture_output=True, cwd=folder, **as_account())
    shutil.rmtree(folder, ignore_errors=True)


def start_file(path, fsync):
    stop_file(path)
    cluster = Cluster(fsync=fsync)
    cluster.outlives = True
    with open(path + ".folder", "w", encoding="utf-8") as file:
        file.write(cluster.folder + "\n")
    try:
        cluster.start()
    except BaseException:
        cluster.close()
        raise
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(cluster.url() + "\n")
    # It outlives this process.
    atexit.unregister(cluster.close)
    cluster.process.returncode = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start")
    starting.add_argument("file")
    starting.add_argument("--fsync", action="store_true")
    commands.add_parser("stop").add_argument("file")
    arguments = parser.parse_args()
    if binary("initdb") is None:
        sys.exit("PostgreSQL 15 is not installed: apt-get install postgresql-15")
    if arguments.command == "start":
        start_file(os.path.abspath(arguments.file), arguments.fsync)
    else:
        stop_file(os.path.abspath(arguments.file))


if __name__ == "__main__":
    main()
