"""Results, failed files and summaries; byte for byte where the README promises it."""
import json
import os
import pty
import re
import stat

from generate import organizer_ids, write_rows
from harness import Case, main
from processes import TRACED, need_tracing, strace

COLUMNS = ("line occurrence tenant organizer external_id outcome meeting_id join_web_url join_meeting_id passcode dial_in_number conference_id "
           "options_url expires_at subject start end drift http_status error_code error_message attempts request_id client_request_id finished_at").split()
ANNA = organizer_ids(1)[0]
PHONE_NUMBER = re.compile(r"\+[1-9][0-9 .()-]{6,30}")


class Outputs(Case):
    server_flags = ("--seed", "41")

    def test_results_as_csv(self):
        results = self.path("results.csv")
        path = self.write("in.csv", "organizer,external_id,subject,start,duration,course,room\n"
                          "%s,o-1,\"Seminar, first\",2026-10-19T08:00:00+02:00,45,C-1,R-1\n"
                          "%s,o-2,\"Two\nlines\",2026-10-19T09:00:00Z,1h30m,C-2,\n" % (ANNA, ANNA.upper()))
        self.apply(path, "--results", results)
        with open(results, encoding="utf-8", newline="") as file:
            header = file.readline().strip()
        self.assertEqual(header.split(","), COLUMNS + ["course", "room"])
        first, second = self.read_csv(results)
        meeting = self.server.by_key()[(ANNA, "o-1")]
        self.assertEqual((first["line"], second["line"]), ("2", "3"))
        self.assertEqual(first["tenant"], self.server.setting("tenant"))
        self.assertEqual((first["organizer"], second["organizer"]), (ANNA, ANNA))
        self.assertEqual((first["outcome"], first["http_status"], first["attempts"], first["drift"]), ("created", "201", "1", ""))
        self.assertEqual((first["subject"], second["subject"]), ("Seminar, first", "Two\nlines"))
        self.assertEqual((first["start"], first["end"]), ("2026-10-19T06:00:00Z", "2026-10-19T06:45:00Z"))
        self.assertEqual(second["end"], "2026-10-19T10:30:00Z")
        self.assertEqual(first["meeting_id"], meeting["id"])
        self.assertTrue(first["join_web_url"].startswith("https://teams.microsoft.com/"))
        self.assertEqual((first["course"], first["room"], second["course"], second["room"]), ("C-1", "R-1", "C-2", ""))
        for name in ("request_id", "client_request_id"):
            self.assertRegex(first[name], r"\A[0-9a-f-]{36}\Z")
        self.assertRegex(first["finished_at"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
        self.assertEqual(stat.S_IMODE(os.stat(results).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.ledger).st_mode) & 0o077, 0, "other users cannot read the ledger")

    def test_columns_with_names_of_the_results_are_renamed(self):
        results, lines = self.path("results.csv"), self.path("results.jsonl")
        path = self.write("in.csv", "organizer,external_id,start,outcome,input_outcome,line\n%s,c-1,2026-10-19T08:00:00Z,mine,too,77\n" % ANNA)
        self.apply(path, "--results", results)
        with open(results, encoding="utf-8", newline="") as file:
            self.assertEqual(file.readline().strip().split(","), COLUMNS + ["input_input_outcome", "input_outcome", "input_line"])
        self.apply(path, "--results", lines)
        with open(lines, encoding="utf-8") as file:
            row = json.load(file)
        self.assertEqual((row["line"], row["outcome"]), (2, "created"))
        self.assertEqual((row["input_line"], row["input_outcome"], row["input_input_outcome"]), ("77", "too", "mine"))

    def test_the_inventory_does_not_overwrite_configured_results(self):
        path, results = self.path("rows.csv"), self.path("configured.csv")
        write_rows(path, 3, prefix="configured")
        self.apply(path, environment={"CONVOKE_RESULTS": results})
        before = self.content(results)
        done = self.convoke("export", "--inventory", environment={"CONVOKE_RESULTS": results})
        self.assertEqual(len([row for row in self.parse_csv(done.out) if row["external_id"].startswith("configured")]), 3)
        self.assertEqual(self.content(results), before)

    def test_failed_rows_of_a_pipe_go_to_the_current_folder(self):
        path = self.write("in.csv", "organizer,external_id,start\n%s,p-1,never\n" % ANNA)
        script = '"$@" <(cat in.csv)'
        done = self.run_words(["bash", "-c", script, "bash", *self.words("plan")], expect=8)
        self.assertIn("stdin.failed.csv", done.err)
        self.assertTrue(os.path.exists(self.path("stdin.failed.csv")))
        self.assertTrue(os.path.exists(path))

    def test_no_cell_of_a_csv_is_a_formula(self):
        subjects = ["=1+1", "+49 30", "-5", "@home", "=cmd|' /C calc'!A0"]
        path = self.write("in.csv", "organizer,external_id,subject,start,=note\n" + "".join(
            "%s,f-%d,\"%s\",2026-10-19T08:00:00Z,=A1\n" % (ANNA, n, subject) for n, subject in enumerate(subjects)))
        results, lines = self.path("results.csv"), self.path("results.jsonl")
        self.apply(path, "--results", results)
        with open(results, encoding="utf-8", newline="") as file:
            self.assertNotIn(",=note", file.readline())
        for row in self.read_csv(results):
            for name, cell in row.items():
                if not PHONE_NUMBER.fullmatch(cell):
                    self.assertFalse(cell.startswith(("=", "+", "-", "@", "\t", "\r")), "%s: %r" % (name, cell))
        # JSON lines hold the exact text.
        self.apply(path, "--results", lines)
        with open(lines, encoding="utf-8") as file:
            exact = [json.loads(line) for line in file]
        self.assertEqual([one["subject"] for one in exact], subjects)
        self.assertEqual({one["=note"] for one in exact}, {"=A1"})

    def test_a_file_system_without_o_tmpfile_and_locks(self):
        need_tracing()
        path = self.write("wrong.csv", "organizer,external_id,start\n%s,w-1,never\n" % ANNA)
        folder = self.path("out")
        os.mkdir(folder)
        failed = os.path.join(folder, "failed.csv")
        names = [os.path.join(folder, ".failed.csv.convoke-%d.tmp" % number) for number in range(16)]
        # The names are opened first. Then a file without a name is opened by the path of its folder.
        trace = strace("openat,flock", "openat:error=EOPNOTSUPP:when=%d" % (len(names) + 1), "flock:error=ENOSYS", paths=[folder, *names],
                       output=self.path("trace"))
        self.run_words([*trace, *self.words("plan", path, "--failed", failed)], expect=8, environment=TRACED)
        self.assertRegex(self.content(self.path("trace")), rb"O_TMPFILE.*EOPNOTSUPP.*INJECTED[^$]*flock.*ENOSYS")
        self.assertEqual(os.listdir(folder), ["failed.csv"])
        self.assertIn("w-1", self.content(failed).decode())

    def at_a_terminal(self, command, expect):
        """Runs a command with a terminal as its output. Returns the bytes that the terminal received."""
        own_end, command_end = pty.openpty()
        self.addCleanup(os.close, own_end)
        process = self.start(command, stdout=command_end, stderr=command_end)
        os.close(command_end)
        received = b""
        while True:
            try:
                part = os.read(own_end, 65536)
            except OSError:  # EIO: the other end is closed
                break
            if not part:
                break
            received += part
        self.assertEqual(process.wait(timeout=60), expect, received)
        return received

    def test_a_terminal_gets_no_escape_sequence_of_the_input(self):
        nasty = "\x1b[2Jx\x7f\u009b31m\u202ey"
        path = self.write("in.csv", "organizer,external_id,subject,start,no%ste\n%s,esc-1,%s,2026-10-19T08:00:00Z,%s\n" % (nasty, ANNA, nasty, nasty))
        wrong = self.write("wrong.csv", "organizer,external_id,sta%srt,start\n%s,esc-2,,%s\n" % (nasty, ANNA, nasty))
        self.apply(path, "--results", self.path("results.csv"))
        self.assertNotRegex(self.content(self.path("results.csv")), b"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
        self.assertEqual(self.read_csv(self.path("results.csv"))[0]["subject"], "\\x1b[2Jx\\x7f\\u{9b}31m\u202ey")
        for command, expect in ((self.words("check", wrong), 8), (self.words("check", wrong, "-o", "json", "--log-format", "json"), 8),
                                (self.words("export"), 0), (self.words("export", "--format", "jsonl"), 0), (self.words("export", "--inventory"), 0),
                                (self.words("export", "--results", "/dev/stdout", "--format", "csv"), 0),
                                (self.words("status"), 0), (self.words("runs"), 0), (self.words("status", "-o", "json"), 0),
                                (self.words("export", nasty), 2), (self.words("apply", self.path(nasty)), 2),
                                (self.words("check", wrong, "--only", nasty + "=1"), 2)):
            received = self.at_a_terminal(command, expect)
            self.assertTrue(received)
            # Line ends, and the sequence that erases a line of progress, are allowed.
            received = received.replace(b"\r\n", b"\n").replace(b"\r\x1b[K", b"")
            self.assertNotRegex(received, b"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae", command)
        self.convoke("apply", wrong, expect=8)
        self.assertIn(nasty.encode(), self.content(wrong + ".failed.csv"), "the failed file keeps the bytes of the input")

    def test_a_failed_file_at_a_terminal_has_the_terminals_line_ends(self):
        for end in ("\n", "\r\n", "\r"):
            path = self.write("wrong.csv", end.join(("organizer,external_id,start", "%s,e-1,never" % ANNA, "%s,e-2,never" % ANNA, "")))
            received = self.at_a_terminal(self.words("plan", path, "--failed", "/dev/stdout"), 8).replace(b"\r\n", b"\n")
            self.assertNotIn(b"\\r", received)
            self.assertEqual(len([line for line in received.splitlines() if line.startswith(ANNA.encode())]), 2, received)

    def test_results_as_json_lines(self):
        path, results = self.path("rows.csv"), self.path("results.jsonl")
        write_rows(path, 25, prefix="lines")
        self.apply(path, "--results", results)
        with open(results, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        self.assertEqual(list(rows[0]), COLUMNS + ["batch"])
        self.assertEqual([row["line"] for row in rows], list(range(2, 27)))
        self.assertEqual([row["http_status"] for row in rows], [201] * 25)
        self.assertEqual(self.convoke("export", "--format", "jsonl").out.encode(), self.content(results))

    def check_failed_file(self, encoding, mark, delimiter, line_end):
        """A wrong row between two good ones: the failed file holds the bytes of the wrong row."""
        name = "failed-%s-%d" % (encoding, ord(delimiter))
        header = delimiter.join(["organizer", "external_id", "subject", "start", "Raum-Nummer"])
        quoted = '"Übung %s eins"' % delimiter
        wrong = delimiter.join([ANNA, "x-2", quoted, "01/09/2026", '"  7 ""alt"" "'])
        rows = [delimiter.join([ANNA, "x-%d" % n, "Gut", "2026-10-19T08:00:00Z", "1"]) for n in (1, 3)]
        text = line_end.join([header, rows[0], wrong, rows[1], ""])
        path = self.write(name + ".csv", mark + text.encode(encoding))
        self.convoke("apply", path, expect=8)
        content = self.content(path + ".failed.csv")
        self.assertTrue(content.startswith(mark))
        lines = content[len(mark):].decode(encoding).split(line_end)
        self.assertEqual(lines[0], header + delimiter + "convoke_line" + delimiter + "convoke_error")
        self.assertTrue(lines[1].startswith(wrong + delimiter + "3" + delimiter), lines[1])
        self.assertIn("01/09/2026", lines[1][len(wrong):], "the reason names the value")
        self.assertEqual(lines[2:], [""])
        self.assertEqual(stat.S_IMODE(os.stat(path + ".failed.csv").st_mode), 0o600)

    def test_failed_file_utf8(self):
        self.check_failed_file("utf-8", b"", ",", "\n")

    def test_failed_file_as_excel_writes_it(self):
        self.check_failed_file("utf-8", b"\xef\xbb\xbf", ";", "\r\n")

    def test_failed_file_utf16(self):
        self.check_failed_file("utf-16-le", b"\xff\xfe", "\t", "\r\n")
        self.check_failed_file("utf-16-be", b"\xfe\xff", ";", "\r\n")

    def test_a_planted_link_at_the_failed_file_is_not_followed(self):
        wrong = self.write("wrong.csv", "organizer,external_id,start\n%s,link-1,never\n" % ANNA)
        mixed = self.write("mixed.csv", "organizer,external_id,start\n%s,link-2,never\n%s,link-3,2026-10-19T08:00:00Z\n" % (ANNA, ANNA))
        for command, path, expect in ((["plan"], wrong, 8), (["apply"], wrong, 8), (["apply", "--skip-invalid"], mixed, 3)):
            victim, failed = self.write("victim", "precious"), path + ".failed.csv"
            if os.path.lexists(failed):
                os.remove(failed)
            os.symlink(victim, failed)
            self.convoke(command[0], path, *command[1:], expect=expect)
            self.assertEqual(self.content(victim), b"precious")
            self.assertFalse(os.path.islink(failed))
            self.assertEqual(len(self.read_csv(failed)), 1)
        os.remove(wrong + ".failed.csv")
        os.mkfifo(wrong + ".failed.csv")
        done = self.convoke("apply", wrong, expect=8, timeout=60)
        self.assertIn("wrong.csv.failed.csv is no regular file", done.err)
        self.assertTrue(stat.S_ISFIFO(os.lstat(wrong + ".failed.csv").st_mode))
        # A name from the command line may be a link.
        link = self.path("link.csv")
        os.symlink(self.write("real.csv", "old"), link)
        self.convoke("plan", wrong, "--failed", link, expect=8)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(len(self.read_csv(self.path("real.csv"))), 1)

    def test_every_command_reports_skipped_rows(self):
        path = self.write("skip.csv", "organizer,external_id,start\n%s,skip-1,2026-10-19T08:00:00Z\nno-guid,skip-2,2026-10-19T08:00:00Z\n" % ANNA)
        for words in (["check"], ["plan"], ["apply", "--dry-run"], ["apply"]):
            self.convoke(words[0], path, *words[1:], expect=8)
            self.convoke(words[0], path, *words[1:], "--skip-invalid", expect=3)

    def test_row_17_outputs_in_a_missing_folder_end_the_command_before_the_first_call(self):
        path = self.path("rows.csv")
        write_rows(path, 3, prefix="nowhere")
        os.mkdir(self.path("folder.csv"))
        before = self.server.stats()["requests"]
        for flag in ("--results", "--failed"):
            for name, why in (("none/r.csv", "does not exist"), ("folder.csv", "it is a directory")):
                done = self.convoke("apply", path, flag, self.path(name), expect=2)
                self.assertIn(flag, done.err)
                self.assertIn(why, done.err)
        self.assertEqual(self.server.stats()["requests"], before)
        self.assertFalse(os.path.exists(self.ledger))
        self.assertFalse(os.path.exists(self.path("none")))
        self.convoke("apply", path, "--results", self.path("r.csv"), "--failed", "/dev/null")

    def test_row_18_the_failed_file_is_removed_once_nothing_fails(self):
        wrong = "organizer,external_id,start\n%s,gone-1,2026-10-19T08:00:00Z\n%s,gone-2,%s\n"
        path = self.write("in.csv", wrong % (ANNA, ANNA, "never"))
        failed = path + ".failed.csv"
        self.convoke("apply", path, expect=8)
        self.assertTrue(os.path.exists(failed))
        self.write("in.csv", wrong % (ANNA, ANNA, "2026-10-19T09:00:00Z"))
        for words in (["check"], ["plan"], ["apply", "--dry-run"]):
            self.convoke(words[0], path, *words[1:])
            self.assertTrue(os.path.exists(failed), words)
        done = self.apply(path)
        self.assertEqual(done.summary["removed_failed"], failed)
        self.assertFalse(os.path.exists(failed))
        # What convoke did not write stays.
        self.write("in.csv.failed.csv", "my notes")
        self.assertIsNone(self.apply(path).summary["removed_failed"])
        self.assertEqual(self.content(failed), b"my notes")

    def test_row_16_programs_get_the_wrong_rows(self):
        path = self.write("wrong.csv", "organizer,external_id,start,room\n%s,w-1,never,1\n%s,w-2,2026-10-19T08:00:00Z,2\nno-id,w-3,2026-10-19T08:00:00Z,3\n"
                          % (ANNA, ANNA))
        for words in (["check"], ["plan"], ["apply", "--dry-run"], ["apply"]):
            done = self.convoke(words[0], path, *words[1:], "-o", "json", expect=8)
            self.assertEqual(done.out.count("\n"), 1, "one object")
            self.assertEqual([row["line"] for row in done.summary["wrong_rows"]], [2, 4])
            self.assertIn("never", done.summary["wrong_rows"][0]["error"])
            self.assertEqual(done.summary["wrong_rows_left_out"], 0)
            self.assertEqual(done.summary["plan"]["rejected"], 2)
        for words in (["check"], ["plan"], ["apply", "--dry-run"]):
            done = self.convoke(words[0], path, *words[1:], "--skip-invalid", "-o", "json", expect=3)
            self.assertEqual([row["line"] for row in done.summary["wrong_rows"]], [2, 4])
        # A check also shows the columns, right or wrong.
        for words, expect in (([], 8), (["--skip-invalid"], 3)):
            done = self.convoke("check", path, *words, expect=expect)
            self.assertRegex(done.out, r"(?m)^ +3  start +start$")
            self.assertRegex(done.out, r"(?m)^ +4  room +carried to the results$")
            self.assertIn("every meeting lasts 1 h", done.out)

    def test_row_21_results_have_the_dialect_of_the_input(self):
        header = "organizer;external_id;subject;start;duration"
        row = "%s;dialect-1;Übung, erster Teil;2026-10-19T08:00:00Z;90" % ANNA
        path = self.write("in.csv", b"\xef\xbb\xbf" + ("%s\r\n%s\r\n" % (header, row)).encode())
        results = self.path("results.csv")
        self.apply(path, "--results", results)
        content = self.content(results)
        self.assertTrue(content.startswith(b"\xef\xbb\xbfline;"), content[:20])
        self.assertIn(";Übung, erster Teil;".encode(), content)
        self.assertEqual(self.convoke("export").out.encode(), content)
        self.assertTrue(self.convoke("export", "--inventory").out.startswith("tenant,"))

    def test_no_failed_file_without_failed_rows(self):
        path = self.path("rows.csv")
        write_rows(path, 5, prefix="fine")
        self.apply(path)
        self.assertFalse(os.path.exists(path + ".failed.csv"))

    def test_the_summary(self):
        path, results = self.path("rows.csv"), self.path("results.csv")
        write_rows(path, 20, prefix="summary")
        done = self.apply(path, "--results", results)
        self.assertEqual(done.out.count("\n"), 1, "one object")
        summary = done.summary
        self.assertEqual((summary["rows"], summary["calls"], summary["exit_code"]), (20, 20, 0))
        self.assertEqual(summary["results"], results)
        self.assertEqual(sum(summary["outcomes"].values()), 20)
        self.assertEqual(set(summary["phases"]), {"plan_s", "call_s", "results_s"})
        text = self.convoke("apply", path)
        self.assertIn("20 rows", text.out + text.err)

    def test_the_same_meeting_in_two_rows(self):
        line = "%s,duplicate,Same,2026-10-19T08:00:00Z,%%s\n" % ANNA
        path = self.write("in.csv", "organizer,external_id,subject,start,room\n" + line % "A" + line % "B")
        results = self.path("results.csv")
        done = self.apply(path, "--results", results)
        self.assertEqual(done.summary["calls"], 1)
        first, second = self.read_csv(results)
        self.assertEqual((first["room"], second["room"]), ("A", "B"))
        self.assertEqual(first["join_web_url"], second["join_web_url"])
        self.assertEqual(self.server.by_key()[(ANNA, "duplicate")]["gets"], 0)

    def test_time_zones(self):
        path = self.write("in.csv", "organizer,external_id,subject,start,duration,time_zone\n"
                          "%s,z-1,a,2026-10-19 08:15,90,Europe/Berlin\n"
                          "%s,z-2,b,2026-10-19 08:15:00,PT1H,W. Europe Standard Time\n"
                          "%s,z-3,c,2026-12-01T08:15,,America/New_York\n" % (ANNA, ANNA, ANNA))
        results = self.path("results.csv")
        self.apply(path, "--results", results)
        rows = self.read_csv(results)
        self.assertEqual([row["start"] for row in rows], ["2026-10-19T06:15:00Z", "2026-10-19T06:15:00Z", "2026-12-01T13:15:00Z"])
        self.assertEqual(rows[2]["end"], "2026-12-01T14:15:00Z")


class NoPolicy(Case):
    """No organizer is covered by an application access policy."""

    server_flags = ("--seed", "43", "--no-policy", ",".join(organizer_ids(5)))

    def test_row_16_a_run_that_ends_with_failures_says_why(self):
        path = self.write("in.csv", "organizer,external_id,start\n" + "".join(
            "%s,why-%d,2026-10-19T08:00:00Z\n" % (who, number) for number, who in enumerate(organizer_ids(5))))
        done = self.apply(path, expect=3)
        reasons = done.summary["reasons"]  # the service words this refusal in two ways
        reason = reasons[0]
        self.assertEqual((sum(one["rows"] for one in reasons), reason["http_status"], reason["line"], reason["external_id"]), (5, 403, 2, "why-0"))
        self.assertTrue(any("Set-CsApplicationAccessPolicy" in command for command in reason["commands"]), reason)
        text = self.convoke("apply", path, expect=3).out
        self.assertIn("%d rows failed: 403" % reason["rows"], text)
        self.assertIn("Grant-CsApplicationAccessPolicy", text)
        self.assertIn("%d rows failed: 403" % reason["rows"], self.convoke("status").out)
        # Each run has answers of its own.
        for one in reasons + (again := json.loads(self.convoke("status", "-o", "json").out)["run"]["reasons"]):
            self.assertRegex(one.pop("request_id"), r"^[0-9a-f-]{36}$")
            self.assertRegex(one.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(again, reasons)


if __name__ == "__main__":
    main()
