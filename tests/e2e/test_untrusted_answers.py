"""Answers to other requests, truncated refusals, answers that quote the token, and answers of the greatest size."""
import os
import unittest

from harness import SANITIZED, Case, foreign, main, scaled


def organizers(count):
    return ["0b1e55ed-0000-4000-8000-%012d" % n for n in range(count)]


class SharedIds(Case):
    """All organizers use the same external ids, so that only the request id and the organizer distinguish the meetings."""

    flags = ()

    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--seed", "5", *cls.flags)

    def write_rows(self, each=15, people=20):
        lines = ["organizer,external_id,subject,start,duration"]
        lines += ["%s,shared-%d,Lecture %d,2027-01-10T09:00:00Z,60" % (who, n, n) for n in range(each) for who in organizers(people)]
        return self.write("rows.csv", "\n".join(lines) + "\n"), each * people


class OtherAnswers(SharedIds):
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
        self.assert_own_meetings(results, rows)


class TruncatedRefusals(SharedIds):
    flags = ("--cut-refusals", "0.03")

    def test_a_truncated_refusal_fails_no_row_and_no_organizer(self):
        path, rows = self.write_rows()
        results = self.path("results.csv")
        self.apply(path, "--results", results)
        self.assertGreater(self.server.stats()["cut_refusals"], 0)
        self.assert_own_meetings(results, rows)


class QuotedToken(SharedIds):
    flags = ("--quote", "joinWebUrl")

    def test_an_answer_that_quotes_the_token_is_not_stored(self):
        path, rows = self.write_rows(1, 5)
        results = self.path("results.csv")
        done = self.apply(path, "--results", results, "--max-attempts", "1", "-v", expect=5)
        self.assertEqual([row["outcome"] for row in self.read_csv(results)], ["deferred"] * rows)
        self.assertIn("quotes the access token in its joinWebUrl", done.err)
        for name in os.listdir(self.folder):
            self.assertNotIn(b"eyJ.", self.content(self.path(name)), name)
        self.assertNotIn("eyJ.", done.out + done.err)


class LargeAnswers(SharedIds):
    flags = ("--padding", "900000")
    rows_each = scaled(3, 6, 20)

    def peak(self, path, expect, *words):
        """Applies the file. Returns the peak resident memory in MiB."""
        command = self.words("apply", path, "-o", "json", "--rate", "100000", "--fixed-rate", "--connections", "16", *words)
        return self.peak_mib(command, expect, self.path("out"), self.path("err"))

    @unittest.skipIf(SANITIZED, "a sanitizer needs memory of its own")
    def test_memory_does_not_grow_with_the_size_of_answers(self):
        path, rows = self.write_rows(self.rows_each)
        results = self.path("results.csv")
        peak = self.peak(path, 0, "--results", results)
        self.assert_own_meetings(results, rows)
        print("  %d rows with answers of 900 KB: %.0f MiB" % (rows, peak), flush=True)
        self.assertLess(peak, 56)


class LongLinks(LargeAnswers):
    flags = ("--long-link", "900000")

    @unittest.skipIf(SANITIZED, "a sanitizer needs memory of its own")
    def test_memory_does_not_grow_with_the_size_of_answers(self):
        path, rows = self.write_rows(self.rows_each)
        results = self.path("results.csv")
        peak = self.peak(path, 5, "--results", results, "--max-attempts", "1")
        print("  %d rows with join URLs of 900 KB: %.0f MiB" % (rows, peak), flush=True)
        self.assertLess(peak, 56)
        self.assertLess(os.path.getsize(self.ledger), 4 << 20)


if __name__ == "__main__":
    main()
