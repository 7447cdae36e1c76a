"""SIGKILL at random instants of runs that make, update and remove meetings, on a PostgreSQL ledger: see test_kill_lifecycle.py."""
from fleet import FleetCase
from harness import main, wait_for
from test_kill_lifecycle import Lifecycle


class OnPostgres(Lifecycle, FleetCase):
    server_flags = Lifecycle.server_flags

    def new_ledger(self):
        self.database = "round%d" % self.round
        return self.cluster.create_database(self.database)

    def other_ledger(self):
        return "sqlite:" + self.path("other-%d.db" % self.round)

    def settle(self):
        """A killed process leaves a lease of 60 s. It is ended in the database, as time would do it, once no statement of the process can
        be under way any more."""
        wait_for(lambda: not self.cluster.backends(self.database), "the end of the killed process's connections")
        self.cluster.sql("UPDATE convoke.session SET expires_at = clock_timestamp() - interval '1 second' WHERE NOT ended", self.database)


if __name__ == "__main__":
    main()
