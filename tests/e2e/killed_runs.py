"""Commands that are killed at random instants, again and again, until one ends by itself; and what is checked at each kill."""
import collections
import json
import os
import signal
import subprocess
import time
import urllib.parse
import urllib.request

from harness import EXECUTABLE, scaled

STORAGE = 6             # exit code
CONNECTIONS = 4
FLAGS = ["--fixed-rate", "--connections", str(CONNECTIONS), "--organizer-concurrency", "4", "--attempt-timeout", "300ms", "--progress", "plain"]
MOST_KILLS = 200        # of one command: it would never end
UNSAVED_SECONDS = 0.1   # the answers of so long may wait for their commit
STARTING_SECONDS = 0.2  # about what a command needs before its first call
IN_PLAN, IN_CALLS = "before its first call", "after its first call"


def wanted_kills():
    return int(os.environ.get("CONVOKE_E2E_KILLS") or scaled(6, 12, 200))


class Killed:
    """What became of one command line. Keys are (organizer, external id)."""

    def __init__(self):
        self.kills = collections.Counter()    # by IN_PLAN, IN_CALLS
        self.calls = []                       # all, oldest first: {call, operation, organizer, external_id, status}
        self.runs = []                        # their numbers, at the last kill
        self.saved = {}                       # (run, key): (outcome, when), as the ledger had it at the last kill
        self.updating = set()                 # keys of which a PATCH was sent
        self.sent = collections.Counter()     # how many processes made a call: (operation, organizer, external id), reads apart
        self.repeated = 0                     # calls that an earlier process had made


class KilledRuns:
    """Beside a Case, with `self.draw`, a random.Random."""

    def settle(self):
        """Called after each kill: what the end of the process alone does not end."""

    # --- what the server saw

    def calls_since(self, number):
        """For meetings. An envelope of $batch, and a call that was cut off before its end, has no operation."""
        calls = [json.loads(line) for line in self.server.get("calls?since=%d" % number).splitlines() if line]
        return [one for one in calls if one["operation"]]

    def last_call(self):
        lines = self.server.get("calls?limit=1").splitlines()
        return json.loads(lines[-1])["call"] if lines else 0

    def requests(self):
        return self.server.stats()["requests"]

    def stored(self):
        """The keys of all meetings that exist."""
        return set(self.server.by_key())

    def graph_token(self):
        form = {"grant_type": "client_credentials", "client_id": self.server.setting("client_id"), "client_secret": self.server.secret,
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.root, self.server.setting("tenant"))
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=self.server.context, timeout=60) as answer:
            return json.loads(answer.read())["access_token"]

    def read_meetings(self, keys):
        """What Graph answers of these meetings: {key: object}. Independent of convoke."""
        headers = {"Authorization": "Bearer " + self.graph_token()}
        by_key, out = self.server.by_key(), {}
        for key in keys:
            url = "%s/v1.0/users/%s/onlineMeetings/%s" % (self.server.root, key[0], urllib.parse.quote(by_key[key]["id"]))
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=self.server.context, timeout=60) as answer:
                out[key] = json.loads(answer.read())
        return out

    # --- what the ledger has

    def read_ledger(self, *words):
        """The output of a command that only reads. Where the machine is busy the database may take longer to answer than it waits."""
        line = [EXECUTABLE, *words, "--ledger", self.ledger_url(self.ledger)]
        for _ in range(4):
            done = self.run_words(line, None)
            if done.code != STORAGE:
                break
        self.assertEqual(done.code, 0, str(done))
        return done.out

    def run_ids(self):
        return [one["run"] for one in json.loads(self.read_ledger("runs", "-o", "json"))]

    def saved(self, runs):
        """The outcomes that the ledger has of these runs: {(run, key): (outcome, when)}."""
        out = {}
        for run in runs:
            for row in self.parse_csv(self.read_ledger("export", "--run", str(run), "--format", "csv")):
                if row["outcome"] not in ("", "deferred"):
                    out[(run, (row["organizer"], row["external_id"]))] = (row["outcome"], row["finished_at"])
        return out

    # --- the kills

    def until_killed(self, process, owed, rate):
        """Waits for a random instant: a time from the start or from the first call, or a number of calls that the server has received.
        False: the process ended before it."""
        way, before = self.draw.choice(("from the start", "from the first call", "calls", "calls")), self.requests()
        if way == "calls":
            return self.has_called(process, before + self.draw.randint(1, max(2, owed)))
        if way == "from the first call" and not self.has_called(process, before + 1):
            return False
        begun = STARTING_SECONDS if way == "from the start" else 0
        try:
            process.wait(timeout=self.draw.uniform(0, begun + 1.2 * owed / rate))
            return False
        except subprocess.TimeoutExpired:
            return True

    def has_called(self, process, requests):
        """Waits until the server has received so many calls. False: the process ended before."""
        while process.poll() is None:
            if self.requests() >= requests:
                return True
            time.sleep(0.003)
        return False

    def kill_until_done(self, words, owed, rate, expect=0, also=None):
        """Carries out a command line that owes about so many calls, and kills its process group until it ends by itself. Checks at each
        kill that no call was made for a row whose outcome was saved, and that no saved outcome has changed. `also`: a further check, which
        gets the calls so far."""
        words = [*words, *FLAGS, "--rate", str(rate)]
        done, before, first = Killed(), set(self.run_ids()), self.last_call()
        log_path = self.path("killed.log")
        for _ in range(MOST_KILLS):
            since = self.last_call()
            with open(log_path, "wb") as log:
                process = self.start(words, stdout=log, stderr=log, start_new_session=True)
            if self.until_killed(process, max(2, owed - len(done.saved)), rate):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait(timeout=120)
            if code != -signal.SIGKILL:
                self.assertEqual(code, expect, self.content(log_path).decode())
                self.look(done, before, first, since, also)
                return done
            self.settle()
            self.look(done, before, first, since, also)
            done.kills[IN_CALLS if self.last_call() > since else IN_PLAN] += 1
        raise AssertionError("%s was killed %d times, and is not done" % (" ".join(words), MOST_KILLS))

    def look(self, done, before, first, since, also):
        """After a process ended. `since`: the last call before it began."""
        own = self.calls_since(since)
        runs = [run for run in self.run_ids() if run not in before]
        finished = {key for _, key in done.saved}
        # A run that verifies is followed by another one, which reads everything again, if it was killed after its end.
        wrong = [call for call in own if (call["organizer"], call["external_id"]) in finished and (call["operation"] != "get" or runs == done.runs)]
        self.assertEqual(wrong[:3], [], "calls for rows whose outcome was saved before this process began")
        # An update is sent once what came before it is saved, so that is not sent again.
        again = [call for call in own if call["operation"] == "createOrGet" and (call["organizer"], call["external_id"]) in done.updating]
        self.assertEqual(again[:3], [], "createOrGet of rows whose update was sent before this process began")
        done.updating |= {(call["organizer"], call["external_id"]) for call in own if call["operation"] == "update"}
        now = self.saved(runs)
        changed = {key: (state, now.get(key)) for key, state in done.saved.items() if now.get(key) != state}
        self.assertEqual(changed, {}, "outcomes that were saved have changed or are gone")
        done.runs, done.saved, done.calls = runs, now, self.calls_since(first)
        done.sent.update({(one["operation"], one["organizer"], one["external_id"]) for one in own if one["operation"] != "get"})
        done.repeated = done.sent.total() - len(done.sent)
        if also:
            also(done)

    def assert_repeats_bounded(self, done, rate, batch):
        """A kill repeats no more than the calls in flight and those whose answers waited for their commit."""
        self.assertLessEqual(done.repeated, done.kills[IN_CALLS] * int(CONNECTIONS * batch + UNSAVED_SECONDS * rate))
