"""Housekeeping after a run that fails, and commands that write nothing beside the input."""
import os
import sqlite3

from generate import write_rows
from harness import Case, main
from processes import TRACED, need_tracing, strace


class Housekeeping(Case):
    server_flags = ("--seed", "63")

    def test_pruning_that_fails_is_a_warning_and_the_report_is_printed(self):
        path, other, results = self.path("rows.csv"), self.path("other.csv"), self.path("results.csv")
        write_rows(path, 20, prefix="warned")
        write_rows(other, 10, prefix="warned-other")
        self.apply(path)
        self.apply(other)
        holder = sqlite3.connect(self.ledger, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            done = self.apply(other, "--keep-runs", "1", "--results", results).summary
            self.assertEqual((done["exit_code"], done["outcomes"]["created"], done["results"]), (0, 10, results))
            self.assertEqual(len(done["warnings"]), 1)
            self.assertIn("could not be pruned", done["warnings"][0])
            self.assertIn("locked", done["warnings"][0])
            text = self.convoke("apply", other, "--keep-runs", "1").out
            self.assertIn("Warning: Old runs could not be pruned", text)
            self.assertIn("Done: all 10 rows have their meeting.", text)
        finally:
            holder.close()
        self.assertEqual(self.apply(other, "--keep-runs", "1").summary["warnings"], [])

    def test_a_full_disk_while_pruning_is_a_warning(self):
        need_tracing()
        path, other = self.path("rows.csv"), self.path("other.csv")
        write_rows(path, 20, prefix="full")
        write_rows(other, 10, prefix="full-other")
        self.apply(path)
        self.apply(other)
        trace = strace("pwrite64", "pwrite64:error=ENOSPC", paths=[self.ledger + "-wal"])
        done = self.run_words([*trace, *self.words("apply", other, "--keep-runs", "1", "-o", "json")], environment=TRACED).summary
        self.assertEqual((done["exit_code"], done["outcomes"]["created"]), (0, 10))
        self.assertIn("full", done["warnings"][0])
        self.apply(other, "--keep-runs", "1")

    def test_a_dry_run_and_a_check_write_no_failed_file(self):
        path = self.write("rows.csv", "organizer,external_id,start\n8f1d3c52-6d2f-4f4e-9f0a-3f6a5b1c2d10,d-1,never\n")
        before = sorted(os.listdir(self.folder))
        for words in (["check", path], ["apply", path, "--dry-run"], ["apply", path, "--dry-run", "--skip-invalid"],
                      ["check", path, "--failed", self.path("mine.csv")]):
            done = self.convoke(*words, expect=3 if "--skip-invalid" in words else 8)
            self.assertIn("line 2", done.err)
            self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.convoke("plan", path, expect=8)
        self.assertTrue(os.path.exists(path + ".failed.csv"))


if __name__ == "__main__":
    main()
