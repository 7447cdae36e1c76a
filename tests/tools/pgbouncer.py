"""PgBouncer in transaction mode in front of a Cluster, in a temporary folder."""
import os
import shutil
import subprocess
import time
import socket
import urllib.parse

from postgres_cluster import as_account, account, free_port, own_folder

SETTINGS = """[databases]
* = host=127.0.0.1 port=%(server)d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %(port)d
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %(users)s
pool_mode = transaction
max_client_conn = 200
server_login_retry = 1
default_pool_size = %(pool)d
logfile = %(log)s
%(more)s"""


def executable():
    return shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")


class PgBouncer:
    """`pool`: connections to the server for each database. `more`: further settings, by name."""

    def __init__(self, cluster, pool=8, more=None):
        self.cluster = cluster
        self.folder = own_folder("convoke-pgbouncer-")
        self.port = free_port()
        users, self.log_path = os.path.join(self.folder, "users"), os.path.join(self.folder, "log")
        user, password = urllib.parse.urlsplit(cluster.url()).username, cluster.password
        self.write("users", '"%s" "%s"\n' % (user, password))
        config = self.write("pgbouncer.ini", SETTINGS % {"server": cluster.port, "port": self.port, "users": users, "pool": pool,
                                                          "log": self.log_path,
                                                          "more": "".join("%s = %s\n" % one for one in (more or {}).items())})
        self.process = subprocess.Popen([executable(), "-q", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, cwd=self.folder, **as_account())
        try:
            self.wait_ready()
        except BaseException:
            self.close()
            raise

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        user = account()
        if user is not None:
            os.chown(path, user.pw_uid, user.pw_gid)
        return path

    def wait_ready(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("PgBouncer did not start:\n" + self.log())

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def url(self, database):
        return self.cluster.url(database, port=self.port)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
