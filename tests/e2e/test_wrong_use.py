"""Wrong use: each kind has its exit code, a message that says what to do, and loses nothing."""
import csv
import os
import resource
import socket
import subprocess

from generate import write_rows
from harness import EXECUTABLE, FAST, SCALE, Case, foreign, main, wait_for


class WrongInput(Case):
    server_flags = ("--seed", "51")

    def refused(self, code, *words, says=(), command="apply", **more):
        """It ends with `code`, says all of `says`, and the service saw nothing of it."""
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

    def test_a_cut_file(self):
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
        """Checks what begins so and goes on for ever, up to `stop`; what was written before the end, and how it ended."""
        folder = self.path("tmp")
        os.makedirs(folder, exist_ok=True)
        process = self.start(self.words("check", "-", *words), stdin=subprocess.PIPE, environment={"TMPDIR": folder},
                             # A program that reads on fills no disk.
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
        self.assertEqual(os.listdir(folder), [], "left over")
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

    def test_an_endless_pipe_of_good_rows_ends_with_the_room_for_its_copy(self):
        header, row = b"organizer,external_id,start\n", ("%s,a,2026-10-19T08:00:00Z\n" % ("0" * 36)).encode()
        written, code, err = self.check_endless(header, row * 500)
        self.assertEqual(code, 6, err)
        self.assertIn("cannot keep a copy of standard input in %s" % self.path("tmp"), err)
        self.assertIn("TMPDIR", err)
        self.assertLess(written, 32 << 20)

    def test_a_device_without_end_as_input(self):
        done = self.convoke("check", "/dev/zero", expect=8, timeout=60,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 20, 16 << 20)))
        self.assertIn("/dev/zero: line 1, column 1: a NUL byte", done.err)

    def peak_of_faults(self, name, rows, cell):
        """The memory that a plan of so many rows needed, in MiB, and what it reported."""
        path = self.write(name + ".csv", "organizer,external_id,start,attendees,option.a,option.b\n" + "o,\u00e9,s,%s,x,y\n" % cell * rows)
        log = self.path(name + ".log")
        with open(log, "wb") as err:
            process = self.start(self.words("plan", path), stdout=subprocess.DEVNULL, stderr=err)
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 8)
        with open(log, encoding="utf-8") as file:
            reported = [line for line in file if ", line " in line]
        os.remove(log)
        return used.ru_maxrss / 1024, reported, path + ".failed.csv"

    def test_a_fault_in_every_cell_takes_no_more_memory_with_more_rows(self):
        faults = 30000  # in one cell: their reasons are 40 times as long as the row
        few, reported, failed = self.peak_of_faults("few", 6, ";".join("x" * faults))
        self.assertEqual(len(reported), 6)
        for number, line in enumerate(reported):
            self.assertIn(", line %d: " % (number + 2), line)
            self.assertEqual(line.count("'x': "), faults + 1)
            for column in ("organizer", "external_id", "start", "attendees", "option.a", "option.b"):
                self.assertIn("column '%s'" % column, line)
        csv.field_size_limit(1 << 30)
        self.addCleanup(csv.field_size_limit, 128 * 1024)
        for row in self.read_csv(failed):
            self.assertEqual(row["convoke_error"].count("'x': "), faults + 1)
        many, reported, _ = self.peak_of_faults("many", 40, ";".join("x" * faults))
        self.assertEqual(len(reported), 40)
        if SCALE != "small":  # a sanitizer keeps what was freed
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

    def test_values_that_are_none(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="values")
        for words in (["--rate", "fast"], ["--rate", "0"], ["--attempt-timeout", "-1s"], ["--connections", "0"], ["--batch-size", "21"],
                      ["--overlap", "both"], ["--delimiter", "xy"]):
            done = self.refused(2, path, *words)
            self.assertIn(words[0].strip("-"), done.err.replace("_", "-"))

    def test_a_status_takes_only_the_settings_that_it_needs(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="unrelated")
        self.apply(path)
        wrong = {"CONVOKE_RATE": "fast", "CONVOKE_CONNECTIONS": "0", "CONVOKE_DELIMITER": "xy", "CONVOKE_ON_DRIFT": "update"}
        self.assertIn("5 rows", self.convoke("status", environment=wrong).out)
        self.assertIn("CONVOKE_MAX_COOLDOWN", self.convoke("status", environment={"CONVOKE_MAX_COOLDOWN": "0"}, expect=2).err)

    def test_what_is_not_built_yet_is_refused_with_a_sentence(self):
        path = self.path("rows.csv")
        write_rows(path, 1, prefix="later")
        for words in (["--batch-size", "20"], ["--on-drift", "update"], ["--report", "r.html"]):
            self.assertIn(words[0], self.refused(2, path, *words).err)
        done = self.run_words([EXECUTABLE, "apply", path, "--config", self.server.config, "--ledger", "postgresql://localhost/x"], 2)
        self.assertIn("sqlite:PATH", done.err)

    def test_an_unwritable_ledger(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="ledger")
        blocked = os.path.join(self.write("a-file", "x"), "ledger.db")
        self.refused(6, path, ledger=blocked, says=[blocked])

    def test_a_ledger_that_is_none(self):
        path, other = self.path("rows.csv"), self.write("letters.txt", "These are letters, not a database. " * 500)
        write_rows(path, 5, prefix="letters")
        self.refused(6, path, ledger=other, says=["letters.txt"])
        with open(other, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("These are letters"), "a file that is not ours stays as it is")

    def test_an_output_that_cannot_be_written(self):
        path = self.path("rows.csv")
        keys = write_rows(path, 20, prefix="output")
        results = os.path.join(self.write("a-file", "x"), "results.csv")
        done = self.convoke("apply", path, "--results", results, *FAST, expect=None)
        self.assertIn(done.code, (2, 9), str(done))
        self.assertIn("results.csv", done.out + done.err)
        if done.code == 9:
            self.assert_created_once(keys)
            self.assertEqual(len(self.parse_csv(self.convoke("export", "--format", "csv").out)), 20)

    def test_an_output_that_would_overwrite_something(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        write_rows(path, 5, prefix="overwrite")
        with open(path, "rb") as file:
            before = file.read()
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
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        self.convoke("apply", path, *FAST)
        for name in (path, link):
            for flag in ("--results", "--failed"):
                self.refused(2, flag, name, says=[flag, "another name"], command="export")
        self.refused(2, "--results", self.ledger, "--format", "csv", says=["--results", "--ledger"], command="export")
        self.refused(2, "--inventory", "--results", self.ledger, "--format", "csv", says=["--results", "--ledger"], command="export")
        self.refused(2, "--results", results, "--failed", results, says=["--results", "--failed"], command="export")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        self.convoke("export", "--inventory")

    def test_an_input_on_standard_input_is_not_overwritten(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="standard-input")
        with open(path, "rb") as file:
            done = subprocess.run(self.words("apply", "-", "--results", path), stdin=file, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr.decode())
        self.assertIn("--results", done.stderr.decode())

    def test_rows_of_a_run_do_not_come_from_the_inventory(self):
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
        try:
            begin = self.server.stats()["requests"]
            wait_for(lambda: self.server.stats()["requests"] > begin + 5, "the first run's calls")
            done = self.convoke("apply", other, expect=7)
            self.assertIn(str(process.pid), done.err, "the holder is named")
            done = self.convoke("apply", other, "--wait-lock", "100ms", expect=7)
            self.assertIn(str(process.pid), done.err, "waiting does not make it forget who it is")
            os.symlink(self.ledger, self.path("link.db"))
            done = self.convoke("apply", path, expect=7, ledger=self.path("link.db"))
            self.assertIn(str(process.pid), done.err, "one ledger, whatever it is called")
            self.apply(other, "--wait-lock", "60s")
            self.assertEqual(process.wait(timeout=60), 0)
        finally:
            process.kill()
            process.wait()
        self.assert_created_once(keys + more)


class WrongServer(Case):
    server_flags = ("--seed", "52")

    def config_with(self, name, **changes):
        """The server's configuration with some values changed; None leaves one out."""
        values = {key: self.server.setting(key) for key in ("graph_url", "authority_url", "ca_file", "tenant", "client_id", "client_secret_file")}
        values.update(changes)
        return self.write(name, "".join('%s = "%s"\n' % item for item in values.items() if item[1] is not None))

    def apply_with(self, config, expect, *words):
        path = self.path("rows.csv")
        write_rows(path, 20, prefix="wrong-server")
        command = [EXECUTABLE, "apply", path, "--config", config, "--ledger", "sqlite:" + self.ledger, *FAST, *words]
        return self.run_words(command, expect, timeout=120)

    def test_a_ready_token_that_cannot_be_one(self):
        path = self.path("rows.csv")
        write_rows(path, 3)
        before = self.server.stats()["requests"]
        for token, says in (("SECRET SECRET", "a blank at position 7"), ("S" * 100 * 1024, "16 KiB")):
            done = self.convoke("apply", path, expect=2, environment={"CONVOKE_TOKEN": token})
            self.assertIn(says, done.err)
            self.assertNotIn("SECRET", done.err)
        self.assertEqual(self.server.stats()["requests"], before)

    def test_a_configuration_planted_beside_the_input(self):
        """In a folder that others may write, another authority would get the secret of the environment."""
        shared = self.path("shared")
        os.makedirs(shared)
        path = os.path.join(shared, "rows.csv")
        write_rows(path, 3)
        with open(self.config_with("p.toml"), encoding="utf-8") as file, open(os.path.join(shared, "convoke.toml"), "w", encoding="utf-8") as out:
            out.write(file.read())
        os.chmod(os.path.join(shared, "convoke.toml"), 0o644)
        command = [EXECUTABLE, "apply", path, "--ledger", "sqlite:" + self.ledger]
        before = self.server.stats()["token_requests"]
        for mode in (0o1777, 0o775):
            os.chmod(shared, mode)
            done = self.run_words(command, 2, environment={"AZURE_CLIENT_SECRET": "of-the-environment"})
            self.assertIn(os.path.join(shared, "convoke.toml"), done.err)
            self.assertIn("--config", done.err)
        self.assertEqual(self.server.stats()["token_requests"], before, "the secret was sent")
        self.run_words([*command, "--dry-run", "--config", os.path.join(shared, "convoke.toml")])
        os.chmod(shared, 0o755)
        self.run_words([*command, "--dry-run"])

    def assert_nothing_lost(self):
        """With the right configuration the same file, in the same ledger, ends well."""
        path = self.path("rows.csv")
        rows = self.path("results.csv")
        self.apply(path, "--results", rows)
        self.assert_one_outcome_a_row(self.read_csv(rows), 20)

    def closed_port(self):
        """A port of this machine at which no program can listen while the test runs: it is bound, and refuses connections."""
        held = socket.socket(socket.AF_INET)
        self.addCleanup(held.close)
        held.bind(("127.0.0.1", 0))
        return "https://127.0.0.1:%d" % held.getsockname()[1]

    def test_an_unreachable_server(self):
        closed = self.closed_port()
        done = self.apply_with(self.config_with("u.toml", graph_url=closed, authority_url=closed), 5, "--max-outage", "2s")
        self.assertIn("127.0.0.1", done.err)
        self.assert_nothing_lost()

    def test_a_name_that_does_not_exist(self):
        nowhere = "https://graph.invalid"
        done = self.apply_with(self.config_with("n.toml", graph_url=nowhere, authority_url=nowhere), 5, "--max-outage", "2s")
        self.assertIn("graph.invalid", done.err)

    def test_a_wrong_secret(self):
        wrong = self.write("wrong.secret", "definitely-not-the-secret\n")
        os.chmod(wrong, 0o600)
        done = self.apply_with(self.config_with("s.toml", client_secret_file=wrong), 4)
        self.assertIn("secret", done.err.lower())
        self.assertNotIn("definitely-not", done.out + done.err)
        self.assertEqual(self.server.stats()["requests"], 0)
        self.assert_nothing_lost()

    def test_a_secret_that_others_may_read(self):
        loose = self.write("loose.secret", "x\n")
        os.chmod(loose, 0o644)
        done = self.apply_with(self.config_with("l.toml", client_secret_file=loose), 4)
        self.assertIn("loose.secret", done.err)

    def test_no_secret(self):
        done = self.apply_with(self.config_with("none.toml", client_secret_file=None), None)
        self.assertIn(done.code, (2, 4), str(done))
        self.assertIn("secret", done.err.lower())

    def test_a_certificate_that_nobody_vouches_for(self):
        done = self.apply_with(self.config_with("c.toml", ca_file=None), 5)
        self.assertIn("--ca-file", done.err)
        self.assertEqual(self.server.stats()["requests"], 0)

    def test_a_plain_http_address(self):
        done = self.apply_with(self.config_with("h.toml", graph_url="http://example.org"), 2)
        self.assertIn("http", done.err)


class AnotherHost(Case):
    @classmethod
    def start_server(cls, folder):
        return foreign(folder, "--certificate-names", "DNS:graph.example")

    def test_a_certificate_for_another_host(self):
        path = self.path("rows.csv")
        write_rows(path, 20, prefix="host")
        done = self.convoke("apply", path, *FAST, expect=5)
        self.assertIn("is for graph.example, not for localhost", done.err)
        # It does not take the whole --max-outage of half an hour to say so.
        self.assertLess(done.seconds, 30)
        stats = self.server.stats()
        self.assertEqual((stats["requests"], stats["tokens"]), (0, 0))


if __name__ == "__main__":
    main()
