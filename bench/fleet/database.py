"""What a PostgreSQL cluster has spent: statements, write-ahead log, CPU time."""
import os
import subprocess

from postgres_cluster import binary

TICKS = os.sysconf("SC_CLK_TCK")


def stat_fields(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()


def cpu_seconds(postmaster):
    """CPU time of a postmaster and all its processes, those that have ended too."""
    fields = stat_fields(postmaster)
    used = sum(int(fields[number]) for number in (11, 12, 13, 14))
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = stat_fields(int(name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == postmaster:
                used += int(fields[11]) + int(fields[12])
    return used / TICKS


class Spent:
    """The counters of a cluster now; `after - before` is what was spent between."""

    def __init__(self, cluster, database, statements=False):
        self.cpu_s = cpu_seconds(cluster.process.pid)
        wal, commits = cluster.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, "
                                   "(SELECT xact_commit FROM pg_stat_database WHERE datname = '%s')" % database)[0]
        self.wal_bytes, self.commits = int(wal), int(commits)
        self.statements = int(cluster.value("SELECT sum(calls) FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE "
                                            "datname = '%s')" % database, database) or 0) if statements else 0

    def __sub__(self, before):
        out = object.__new__(Spent)
        for name in ("cpu_s", "wal_bytes", "commits", "statements"):
            setattr(out, name, getattr(self, name) - getattr(before, name))
        return out


class HeldSnapshot:
    """Another client that reads in one transaction, such as a backup or a report, and does not end it."""

    def __init__(self, cluster, database):
        self.process = subprocess.Popen([binary("psql"), "-X", "-q", "-d", cluster.url(database)], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.DEVNULL)
        self.process.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM convoke.run;\n")
        self.process.stdin.flush()

    def close(self):
        self.process.communicate("ROLLBACK;\n\\q\n")
