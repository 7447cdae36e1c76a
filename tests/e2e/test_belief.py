"""Answers that are not the call's own, that are cut, that quote the token, or that are as large as may be."""
import os
import unittest

from harness import Case, foreign, main, scaled


def organizers(count):
    return ["0b1e55ed-0000-4000-8000-%012d" % n for n in range(count)]


class Belief(Case):
    """Every organizer uses the same external ids, so that only the request's own id and the organizer distinguish the meetings."""

    flags = ()

    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--seed", "5", *cls.flags)

    def write_rows(self, each=15, people=20):
        lines = ["organizer,external_id,subject,start,duration"]
        lines += ["%s,shared-%d,Lecture %d,2027-01-10T09:00:00Z,60" % (who, n, n) for n in range(each) for who in organizers(people)]
        return self.write("rows.csv", "\n".join(lines) + "\n"), each * people

    def check_results(self, results, rows):
        written = self.read_csv(results)
        self.assert_one_outcome_a_row(written, rows)
        self.assertEqual({row["outcome"] for row in written} - {"created", "existing"}, set())
        meetings = self.server.by_key()
        wrong = [row for row in written if meetings[(row["organizer"], row["external_id"])]["id"] != row["meeting_id"]]
        self.assertEqual(wrong[:3], [], "%d results that name another organizer's meeting" % len(wrong))


class OtherAnswers(Belief):
    flags = ("--other-answers", "0.05", "--latency", "0.01")

    def test_answers_to_other_requests_change_no_outcome(self):
        path, rows = self.write_rows()
        results = self.path("results.csv")
        self.apply(path, "--results", results, "--max-attempts", "8")
        stats = self.server.stats()
        self.assertGreater(stats["other_answers"], 5)
        self.assertEqual(stats["first_violations"], [])
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(stats["tokens"], 1)
        self.assertEqual(stats["created"], rows)
        self.check_results(results, rows)


class CutRefusals(Belief):
    flags = ("--cut-refusals", "0.03")

    def test_half_a_refusal_ends_no_row_and_no_organizer(self):
        path, rows = self.write_rows()
        results = self.path("results.csv")
        self.apply(path, "--results", results)
        self.assertGreater(self.server.stats()["cut_refusals"], 0)
        self.check_results(results, rows)


class QuotedToken(Belief):
    flags = ("--quote", "joinWebUrl")

    def test_a_meeting_that_quotes_the_token_is_kept_nowhere(self):
        path, rows = self.write_rows(1, 5)
        results = self.path("results.csv")
        done = self.apply(path, "--results", results, "--max-attempts", "1", "-v", expect=5)
        self.assertEqual([row["outcome"] for row in self.read_csv(results)], ["deferred"] * rows)
        self.assertIn("quotes the access token in its joinWebUrl", done.err)
        for name in os.listdir(self.folder):
            self.assertNotIn(b"eyJ.", self.content(self.path(name)), name)
        self.assertNotIn("eyJ.", done.out + done.err)


class LargeAnswers(Belief):
    flags = ("--padding", "900000")
    rows_each = scaled(3, 6, 20)

    def peak(self, command, expect):
        """Peak resident memory of the command, in MiB."""
        with open(self.path("out"), "wb") as out:
            process = self.start(command, stdout=out, stderr=out)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, expect, self.content(self.path("out")).decode())
        return usage.ru_maxrss / 1024

    def command(self, path, *words):
        return self.words("apply", path, "-o", "json", "--rate", "100000", "--fixed-rate", "--connections", "16", *words)

    @unittest.skipIf(os.environ.get("CONVOKE_E2E_DEFAULT_SCALE") == "small", "a sanitizer's memory is not the program's")
    def test_memory_does_not_grow_with_the_size_of_answers(self):
        path, rows = self.write_rows(self.rows_each)
        results = self.path("results.csv")
        peak = self.peak(self.command(path, "--results", results), 0)
        self.check_results(results, rows)
        print("  %d rows with answers of 900 KB: %.0f MiB" % (rows, peak), flush=True)
        self.assertLess(peak, 56)


class LongLinks(LargeAnswers):
    flags = ("--long-link", "900000")

    @unittest.skipIf(os.environ.get("CONVOKE_E2E_DEFAULT_SCALE") == "small", "a sanitizer's memory is not the program's")
    def test_memory_does_not_grow_with_the_size_of_answers(self):
        path, rows = self.write_rows(self.rows_each)
        results = self.path("results.csv")
        peak = self.peak(self.command(path, "--results", results, "--max-attempts", "1"), 5)
        print("  %d rows with join URLs of 900 KB: %.0f MiB" % (rows, peak), flush=True)
        self.assertLess(peak, 56)
        self.assertLess(os.path.getsize(self.ledger), 4 << 20)


if __name__ == "__main__":
    main()
