"""Wrong input and wrong use: each has its exit code and a message with the remedy, and nothing is lost."""
import csv
import os
import resource
import subprocess

from generate import write_rows
from harness import EXECUTABLE, FAST, SANITIZED, Case, main, wait_for


class WrongInput(Case):
    server_flags = ("--seed", "51")

    def refused(self, code, *words, says=(), command="apply", **more):
        """The command ends with `code`, prints all of `says`, and sends nothing."""
        before = self.server.stats()["requests"]
        done = self.convoke(command, *words, expect=code, **more)
        for part in says:
            self.assertIn(part, done.err)
        self.assertEqual(self.server.stats()["requests"], before)
        return done

    def test_no_file(self):
        self.refused(2, self.path("missing.csv"), says=["missing.csv"])

    def test_no_file_named(self):
        self.refused(2)

    def test_a_directory(self):
        self.refused(2, self.folder, says=[self.folder, "directory"])

    def test_an_empty_file(self):
        self.refused(8, self.write("empty.csv", ""), says=["empty.csv", "empty"])

    def test_only_a_header(self):
        self.refused(8, self.write("header.csv", "organizer,external_id,start\n"), says=["header.csv", "rows"])

    def test_a_missing_column(self):
        self.refused(8, self.write("in.csv", "organizer,subject,external_id\na,b,c\n"), says=["start"])

    def test_a_truncated_file(self):
        self.refused(8, self.write("cut.csv", 'organizer,external_id,start,subject\na,b,c,"open'), says=["cut.csv", "line 2"])

    def test_a_bad_byte(self):
        content = b"organizer,external_id,start,subject\na,b,c,\xfcbung\n"
        self.refused(8, self.write("bytes.csv", content), says=["bytes.csv", "2", "windows-1252"])

    def test_three_wrong_cells_in_ten_thousand_rows(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 10000, prefix="cells")
        with open(path, encoding="utf-8", newline="") as file:
            lines = file.readlines()
        lines[17] = lines[17].replace("2026-10-", "2026-02-30T", 1)
        lines[5000] = lines[5000].replace(keys[4999][0], "not-a-guid")
        lines[9999] = lines[9999].replace("Z,%d," % (30 + 9998 % 4 * 15), "Z,minus,")
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.writelines(lines)
        done = self.refused(8, path, says=["line 18", "line 5001", "line 10000", "start", "organizer", "not-a-guid", "duration", "minus"])
        self.assertNotIn("line 19", done.err)
        self.assertEqual(len(self.read_csv(path + ".failed.csv")), 3)

    def check_endless(self, begin, more, *words, stop=64 << 20):
        """Checks an endless input: `begin`, then `more` up to `stop` bytes. Returns the number of bytes written, the exit code and stderr."""
        folder = self.path("tmp")
        os.makedirs(folder, exist_ok=True)
        process = self.start(self.words("check", "-", *words), stdin=subprocess.PIPE, environment={"TMPDIR": folder},
                             # The limit keeps a program that does not stop from filling the disk.
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20)))
        written, part = 0, begin
        try:
            while written < stop:
                written += process.stdin.write(part)
                process.stdin.flush()
                part = more
        except BrokenPipeError:
            pass
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        err = process.stderr.read().decode()
        code = process.wait(timeout=60)
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(os.listdir(folder), [], "leftover files")
        return written, code, err

    def test_an_endless_pipe_is_refused_at_its_first_bad_byte(self):
        header = b"organizer,external_id,start\n"
        for begin, more, says in ((b"", b"\0" * 4096, "line 1, column 1: a NUL byte"),
                                  (header, b"\xff\xd8" * 2048, "line 2, column 1: byte FF is not UTF-8"),
                                  (b"", b"x" * 4096, "a header of more than"),
                                  (header, b"x" * 4096, "line 2"),
                                  (header, b'"' + b"x" * 4095, "line 2"),
                                  (header, b"a," * 2048, "line 2"),
                                  (b"", b"y\n" * 2048, "organizer")):
            written, code, err = self.check_endless(begin or more, more)
            self.assertEqual(code, 8, err)
            self.assertIn(says, err)
            self.assertIn("standard input", err)
            self.assertLess(written, 8 << 20)

    def test_an_endless_pipe_of_good_rows_ends_where_its_copy_has_no_room(self):
        header, row = b"organizer,external_id,start\n", ("%s,a,2026-10-19T08:00:00Z\n" % ("0" * 36)).encode()
        written, code, err = self.check_endless(header, row * 500)
        self.assertEqual(code, 6, err)
        self.assertIn("cannot keep a copy of standard input in %s" % self.path("tmp"), err)
        self.assertIn("TMPDIR", err)
        self.assertLess(written, 32 << 20)

    def test_an_endless_device_as_input(self):
        done = self.convoke("check", "/dev/zero", expect=8, timeout=60,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20)))
        self.assertIn("/dev/zero: line 1, column 1: a NUL byte", done.err)

    def peak_of_faults(self, name, rows, cell):
        """Plans so many wrong rows. Returns the peak memory in MiB, the reports of wrong rows, and the failed file."""
        path = self.write(name + ".csv", "organizer,external_id,start,attendees,option.allowRecording,option.allowWhiteboard\n" + "o,\u00e9,s,%s,x,y\n" % cell * rows)
        log = self.path(name + ".log")
        peak = self.peak_mib(self.words("plan", path), 8, os.devnull, log)
        with open(log, encoding="utf-8") as file:
            reported = [line for line in file if ", line " in line]
        os.remove(log)
        return peak, reported, path + ".failed.csv"

    def test_memory_does_not_grow_with_the_number_of_wrong_rows(self):
        faults = 30000  # in one cell: the text of their reasons is 40 times as long as the row
        few, reported, failed = self.peak_of_faults("few", 6, ";".join("x" * faults))
        self.assertEqual(len(reported), 6)
        for number, line in enumerate(reported):
            self.assertIn(", line %d: " % (number + 2), line)
            self.assertEqual(line.count("'x': "), faults + 1)
            for column in ("organizer", "external_id", "start", "attendees", "option.allowRecording", "option.allowWhiteboard"):
                self.assertIn("column '%s'" % column, line)
        csv.field_size_limit(1 << 30)
        self.addCleanup(csv.field_size_limit, 128 * 1024)
        for row in self.read_csv(failed):
            self.assertEqual(row["convoke_error"].count("'x': "), faults + 1)
        many, reported, _ = self.peak_of_faults("many", 40, ";".join("x" * faults))
        self.assertEqual(len(reported), 40)
        if not SANITIZED:  # a sanitizer keeps freed memory
            self.assertLess(many - few, 48, "MiB: %.0f with 6 rows, %.0f with 40" % (few, many))

    def test_two_rows_that_contradict_each_other(self):
        row = "8f1d3c52-6d2f-4f4e-9f0a-3f6a5b1c2d10,same,%s,2026-10-19T08:00:00Z\n"
        path = self.write("in.csv", "organizer,external_id,subject,start\n" + row % "One" + row % "Another")
        self.refused(8, path, says=["line 2", "line 3"])

    def test_an_unknown_flag(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="flag")
        for words in (["--conections", "4"], ["--conections=4"], ["--conections"]):
            self.assertIn("--connections", self.refused(2, path, *words).err)

    def test_an_unknown_role_in_the_configuration(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="role")
        config = self.write("wrong.toml", "rate = 5\n[columns]\nattendes = \"Teilnehmer\"\n")
        done = self.run_words([EXECUTABLE, "check", path, "--config", config], expect=2)
        for part in ("wrong.toml, line 3", "attendes", "attendees"):
            self.assertIn(part, done.err)

    def test_two_files(self):
        self.refused(2, self.path("one.csv"), self.path("two.csv"), says=["two.csv"])

    def test_a_file_whose_name_looks_like_a_flag(self):
        path = self.path("rows.csv")
        write_rows(path, 2, prefix="dashes")
        os.rename(path, self.path("--limit"))
        done = self.run_words([EXECUTABLE, "check", "--limit", "1", "--", "--limit"])
        self.assertIn("1 row", done.err + done.out)
        self.run_words([EXECUTABLE, "runs", "--", "3"], expect=2)

    def test_an_unknown_command(self):
        done = self.run_words([EXECUTABLE, "aply"], expect=2)
        self.assertIn("apply", done.err)

    def test_an_unknown_key_in_the_configuration(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="key")
        config = self.write("wrong.toml", "conections = 3\n")
        done = self.run_words([EXECUTABLE, "apply", path, "--config", config], expect=2)
        self.assertIn("connections", done.err)
        self.assertIn("wrong.toml", done.err)

    def test_invalid_values(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="values")
        for words in (["--rate", "fast"], ["--rate", "0"], ["--attempt-timeout", "-1s"], ["--connections", "0"], ["--batch-size", "21"],
                      ["--overlap", "both"], ["--delimiter", "xy"], ["--feed", ""], ["--feed", "a\nb"], ["--column", "start"], ["--column", "begin=x"],
                      ["--carry", ""], ["--results-dialect", "excel"], ["--on-vanished", "delete"], ["--max-remove", "-1"], ["--encoding", "latin7"]):
            done = self.refused(2, path, *words)
            self.assertIn(words[0].strip("-"), done.err.replace("_", "-"))

    def test_a_status_takes_only_the_settings_that_it_needs(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="unrelated")
        self.apply(path)
        wrong = {"CONVOKE_RATE": "fast", "CONVOKE_CONNECTIONS": "0", "CONVOKE_DELIMITER": "xy", "CONVOKE_ON_DRIFT": "update"}
        self.assertIn("5 rows", self.convoke("status", environment=wrong).out)
        self.assertIn("CONVOKE_MAX_COOLDOWN", self.convoke("status", environment={"CONVOKE_MAX_COOLDOWN": "0"}, expect=2).err)

    def test_missing_features_are_refused_with_a_sentence(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="later")
        self.assertIn("--report", self.refused(2, path, "--report", "r.html").err)

    def test_a_ledger_of_an_unknown_kind(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="kind")
        done = self.run_words([EXECUTABLE, "apply", path, "--config", self.server.config, "--ledger", "mysql://user:hidden@localhost/x"], 2)
        self.assertIn("sqlite:PATH", done.err)
        self.assertNotIn("hidden", done.err)

    def test_an_unwritable_ledger(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="ledger")
        blocked = os.path.join(self.write("a-file", "x"), "ledger.db")
        self.refused(6, path, ledger=blocked, says=[blocked])

    def test_a_ledger_that_is_no_database(self):
        path, other = self.path("rows.csv"), self.write("letters.txt", "These are letters, not a database. " * 500)
        write_rows(path, 5, prefix="letters")
        self.refused(6, path, ledger=other, says=["letters.txt"])
        with open(other, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("These are letters"), "a foreign file does not change")

    def test_an_output_that_cannot_be_written(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 20, prefix="output")
        results = os.path.join(self.write("a-file", "x"), "results.csv")
        self.refused(2, path, "--results", results, says=["results.csv"])
        self.assertFalse(set(keys) & set(self.server.by_key()))

    def test_an_output_that_would_overwrite_something(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        write_rows(path, 5, prefix="overwrite")
        before = self.content(path)
        link, duplicate = self.path("link.csv"), self.path("duplicate.csv")
        os.symlink("rows.csv", link)
        os.link(path, duplicate)
        for name in (path, link, duplicate, os.path.join(self.folder, ".", "rows.csv")):
            self.refused(2, path, "--results", name, says=["--results", "the input", "rows.csv" if name == path else "", "another name"])
            for command in ("check", "plan", "apply"):
                self.refused(2, path, "--failed", name, says=["--failed", "the input", "another name"], command=command)
        self.refused(2, path, "--results", results, "--failed", results, says=["--results", "--failed"])
        for flag in ("--results", "--failed"):
            self.refused(2, path, flag, self.path("same.csv"), says=[flag, "--ledger"], ledger=self.path("same.csv"))
        self.assertFalse(os.path.exists(results))
        self.assertEqual(self.content(path), before)
        self.convoke("apply", path, *FAST)
        for name in (path, link):
            for flag in ("--results", "--failed"):
                self.refused(2, flag, name, says=[flag, "another name"], command="export")
        self.refused(2, "--results", self.ledger, "--format", "csv", says=["--results", "--ledger"], command="export")
        self.refused(2, "--inventory", "--results", self.ledger, "--format", "csv", says=["--results", "--ledger"], command="export")
        self.refused(2, "--results", results, "--failed", results, says=["--results", "--failed"], command="export")
        self.assertEqual(self.content(path), before)
        self.convoke("export", "--inventory")

    def test_an_input_on_standard_input_is_not_overwritten(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="standard-input")
        with open(path, "rb") as file:
            done = subprocess.run(self.words("apply", "-", "--results", path), stdin=file, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr.decode())
        self.assertIn("--results", done.stderr.decode())

    def test_inventory_and_run_exclude_each_other(self):
        path, failed = self.path("rows.csv"), self.path("failed.csv")
        write_rows(path, 5, prefix="inventory")
        self.apply(path)
        for words in (["--failed", failed], ["--run", "1"]):
            self.refused(2, "--inventory", *words, says=["--inventory", words[0]], command="export")
        self.assertFalse(os.path.exists(failed))

    def test_a_second_process_on_the_same_ledger(self):
        path, other = self.path("rows.csv"), self.path("other.csv")
        keys = write_rows(path, 300, prefix="first")
        more = write_rows(other, 10, prefix="second")
        process = self.start(self.words("apply", path, "--rate", "100", "--fixed-rate"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begin = self.server.stats()["requests"]
        wait_for(lambda: self.server.stats()["requests"] > begin + 5, "calls of the first run")
        done = self.convoke("apply", other, expect=7)
        self.assertIn(str(process.pid), done.err, "the holder is named")
        done = self.convoke("apply", other, "--wait-lock", "100ms", expect=7)
        self.assertIn(str(process.pid), done.err, "the holder is named after the wait, too")
        os.symlink(self.ledger, self.path("link.db"))
        done = self.convoke("apply", path, expect=7, ledger=self.path("link.db"))
        self.assertIn(str(process.pid), done.err, "one ledger under two names")
        self.apply(other, "--wait-lock", "60s")
        self.assertEqual(process.wait(timeout=60), 0)
        self.assert_created_once(keys + more)


if __name__ == "__main__":
    main()
