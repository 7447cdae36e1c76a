"""The sample input, the guided tour and `convoke version`."""
import json
import os
import re

from harness import EXECUTABLE, HERE, Case, main

SAMPLE = os.path.join(HERE, "..", "..", "config", "samples", "classes.csv")


class Sample(Case):
    server_flags = ()

    def test_the_sample_is_valid(self):
        done = self.run_words([EXECUTABLE, "check", SAMPLE])
        self.assertIn("306", done.out + done.err)

    def test_the_sample_is_provisioned(self):
        results = self.path("results.jsonl")
        summary = self.apply(SAMPLE, "--results", results).summary
        self.assertEqual(summary["outcomes"]["created"], 306)
        self.assertEqual(summary["calls"], 305, "two rows share one meeting")
        self.assertEqual(self.server.stats()["created"], 305)
        with open(results, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 306)
        repeated = [json.loads(line) for line in lines if "MATH-101-L1-" in line]
        self.assertEqual([row["external_id"] for row in repeated],
                         ["MATH-101-L1-20261020", "MATH-101-L1-20261027", "MATH-101-L1-20261103", "MATH-101-L1-20261110"])
        self.assertEqual([row["start"] for row in repeated][:2], ["2026-10-20T12:15:00Z", "2026-10-27T13:15:00Z"],
                         "the wall time stays when summer time ends")
        self.assertEqual([row["occurrence"] for row in repeated][:2], ["2026-10-20", "2026-10-27"])

    def test_the_tour(self):
        done = self.run_words([EXECUTABLE, "demo"], timeout=120)
        self.assertLess(done.seconds, 60)
        self.assertTrue(re.search("once", done.out + done.err), str(done))
        self.assertNotIn("\x1b", done.out + done.err, "colours only on a terminal")

    def test_version(self):
        self.assertRegex(self.run_words([EXECUTABLE, "version"]).out, r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    main()
