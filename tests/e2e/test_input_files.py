"""Inputs as people make them: the program as a whole reads them, or refuses them with the true reason."""
import datetime
import gzip
import io
import json
import os
import subprocess
import unittest
import urllib.parse
import urllib.request
import zipfile

from generate import organizer_ids
from harness import EXECUTABLE, FAST, Case, main

ANNA, BEN, CARLA, DORA, EMIL = organizer_ids(5)
HEADER = "organizer,external_id,subject,start,duration\n"
# No meeting of these tests has ended, whenever they are run.
DAY = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=90)).date()
OTHER_USER = 65534


def at(days, time):
    return "%sT%sZ" % (DAY + datetime.timedelta(days=days), time)


def classes(organizer, *ids):
    """One row for each id: the class of the n-th id has the same subject and times in every file."""
    return "".join("%s,%s,Class %d,%s,45\n" % (organizer, one, n, at(n, "08:15:00")) for n, one in enumerate(ids))


class InputCase(Case):
    def requests(self):
        return self.server.stats()["requests"]

    def refused(self, code, *words, says=(), command="apply", **more):
        """The command ends with `code`, prints all of `says`, and sends nothing."""
        before = self.requests()
        done = self.convoke(command, *words, expect=code, **more)
        for part in says:
            self.assertIn(part, done.err)
        self.assertEqual(self.requests(), before)
        return done

    def dry(self, path, *words, expect=0, **more):
        """What a plan would decide: the object, and the messages."""
        done = self.convoke("apply", path, "--dry-run", "-o", "json", *words, expect=expect, **more)
        return done.summary, done.err

    def token(self):
        form = {"grant_type": "client_credentials", "client_id": self.server.setting("client_id"), "client_secret": self.server.secret,
                "scope": self.server.root + "/.default"}
        url = "%s/%s/oauth2/v2.0/token" % (self.server.root, self.server.setting("tenant"))
        with urllib.request.urlopen(url, data=urllib.parse.urlencode(form).encode(), context=self.server.context, timeout=60) as answer:
            return json.load(answer)["access_token"]

    def stored(self, organizer, external_id):
        """The meeting as the server stores it."""
        meeting = self.server.by_key()[(organizer, external_id)]["id"]
        request = urllib.request.Request("%s/v1.0/users/%s/onlineMeetings/%s" % (self.server.root, organizer, urllib.parse.quote(meeting)),
                                         headers={"Authorization": "Bearer " + self.token()})
        with urllib.request.urlopen(request, context=self.server.context, timeout=60) as answer:
            return json.load(answer)

    def lane_flags(self):
        return ["--graph-url", self.server.root, "--authority-url", self.server.root, "--ca-file", self.server.setting("ca_file"),
                "--tenant", self.server.setting("tenant"), "--client-id", self.server.setting("client_id")]


class LaterFiles(InputCase):
    """Files that follow others: feeds, changed ids, moves."""

    server_flags = ("--seed", "61")

    def test_row_08_changed_ids_and_moves_are_recognised_whatever_the_name_of_the_file(self):
        long_ids, short_ids = ["0012%d" % n for n in range(3)], ["12%d" % n for n in range(3)]
        monday = self.write("mon.csv", HEADER + classes(ANNA, *long_ids))
        tuesday = self.write("tue.csv", HEADER + classes(ANNA, *short_ids))
        thursday = self.write("thu.csv", HEADER + classes(BEN, *long_ids))
        self.apply(monday, "--feed", "nightly")
        before = self.requests()
        for words in ([], ["--feed", "nightly"]):
            plan, err = self.dry(tuesday, *words)
            self.assertEqual((plan["new"], plan["changed_ids"], plan["moved"]), (3, 3, 0), plan)
            for part in ("00120", "120", "--max-new"):
                self.assertIn(part, err)
            plan, err = self.dry(thursday, *words)
            self.assertEqual((plan["new"], plan["changed_ids"], plan["moved"]), (3, 0, 3), plan)
            for part in ("00120", ANNA, BEN, "--max-new"):
                self.assertIn(part, err)
        for path in (tuesday, thursday):
            self.assertIn("3", self.refused(8, path, "--feed", "nightly", "--max-new", "0").err)
        # A file of other classes is no change of ids.
        other = self.write("other.csv", HEADER + classes(CARLA, "77", "78"))
        plan, _ = self.dry(other)
        self.assertEqual((plan["new"], plan["changed_ids"], plan["moved"], plan["vanished"]), (2, 0, 0, 0), plan)
        self.assertEqual(self.requests(), before)
        self.assertEqual(len([key for key in self.server.by_key() if key[1] in long_ids + short_ids]), 3)

    def piped(self, text, *words, **more):
        with open(self.write("piped.csv", text), "rb") as source:
            return self.dry("-", *words, stdin=source, **more) if more.pop("dry", False) else self.apply("-", *words, stdin=source, **more)

    def test_row_09_two_departments_share_a_ledger_and_nothing_vanishes(self):
        first, second = HEADER + classes(ANNA, "a-1", "a-2", "a-3"), HEADER + classes(BEN, "b-1", "b-2", "b-3")
        for text in (first, second, first):
            done = self.piped(text)
            for word in ("vanished", "second meeting", "no longer"):
                self.assertNotIn(word, done.err)
        self.piped(first, "--feed", "a")
        self.piped(second, "--feed", "b")
        plan, err = self.piped(first, "--feed", "a", dry=True)
        self.assertEqual((plan["feed"], plan["vanished"]), ("a", 0), plan)
        without = HEADER + classes(ANNA, "a-1", "a-2")
        plan, err = self.piped(without, "--feed", "a", dry=True)
        self.assertEqual((plan["vanished"], plan["changed_ids"]), (1, 0), plan)
        self.assertIn("a-3", err)
        self.assertNotIn("b-", err)
        # The row is there, but wrong: its meeting has not vanished.
        wrong = without + "%s,a-3,Class 2,never,45\n" % ANNA
        plan, err = self.piped(wrong, "--feed", "a", "--skip-invalid", dry=True, expect=3)
        self.assertEqual((plan["rejected"], plan["vanished"]), (1, 0), plan)

    def test_row_22_results_are_an_input(self):
        path, results = self.write("in.csv", HEADER.replace("\n", ",room\n") + classes(ANNA, "r-1", "r-2").replace("\n", ",B 1\n")), self.path("results.csv")
        self.apply(path, "--results", results)
        before = self.requests()
        self.convoke("check", results)
        self.run_words([EXECUTABLE, "check", results])
        again = self.path("again.csv")
        done = self.apply(results, "--results", again)
        self.assertEqual(done.summary["outcomes"]["unchanged"], 2)
        self.assertEqual(self.requests(), before)
        self.assertEqual([row["room"] for row in self.read_csv(again)], ["B 1", "B 1"])
        # By the name of its table, too.
        name = "campus"
        self.write("convoke.toml", '[tenants.%s]\ntenant = "%s"\nclient_id = "%s"\n' %
                   (name, self.server.setting("tenant"), self.server.setting("client_id")))
        os.chmod(self.path("convoke.toml"), 0o600)
        rows = self.content(path).decode().replace("room\n", "tenant\n").replace("B 1", name)
        named = self.run_words([EXECUTABLE, "check", self.write("named.csv", rows)])
        self.assertIn("2 rows: 2 meetings", named.out)
        other = rows.replace("," + name, ",22222222-2222-3333-4444-555555555555")
        self.refused(8, self.write("other.csv", other), says=["22222222-2222-3333-4444-555555555555", "tenant"])


class Files(InputCase):
    server_flags = ("--seed", "62")

    def check_created(self, text, keys, *words, name="in.csv"):
        """Provisions a file. Returns what a check of it reports."""
        path = self.write(name, text)
        report = self.convoke("check", path, "-o", "json", *words).summary
        done = self.apply(path, *words)
        self.assertEqual(done.summary["outcomes"]["created"], len(keys))
        self.assert_created_once(keys)
        return report

    def test_row_01_an_end_in_a_column_of_another_name_is_an_end(self):
        self.check_created("organizer,external_id,title,start,end_time\n%s,one-1,Analysis I,%s,%s\n" % (ANNA, at(0, "08:15:00"), at(0, "11:30:00")),
                           [(ANNA, "one-1")])
        meeting = self.stored(ANNA, "one-1")
        self.assertEqual(meeting["subject"], "Analysis I")
        self.assertEqual((meeting["startDateTime"][:19], meeting["endDateTime"][:19]), (at(0, "08:15:00")[:19], at(0, "11:30:00")[:19]))

    def test_row_10_empty_rows_and_columns_are_left_out(self):
        text = ("organizer,external_id,subject,start,time_zone,,,\n"
                "%s,ten-1,One,%s,,,,\n"
                ",,,,,,,\n"
                "%s,ten-2,Two,%s,,,,,,,\n"
                ",,,,,,,\n , ,,,,,,\n") % (ANNA, at(0, "08:15:00"), BEN, at(0, "08:15:00"))
        report = self.check_created(text, [(ANNA, "ten-1"), (BEN, "ten-2")])
        self.assertEqual((report["empty_rows"], report["rejected"]), (3, 0), report)
        done = self.convoke("check", self.path("in.csv"), "--expect-rows", "2")
        self.assertRegex(done.out + done.err, "3 .*empty|3 .*blank")

    def test_row_14_what_was_taken_as_the_header_is_said(self):
        rows = classes(ANNA, "h-1", "h-2")
        titles = self.write("titles.csv", "Timetable of the summer term,,,,\n\nFaculty 4,,,,\n" + HEADER + rows)
        self.refused(8, titles, says=["line 1 was taken as the header", "','", "line 4"])
        headless = self.write("headless.csv", rows)
        self.refused(8, headless, says=["line 1 was taken as the header", ANNA])
        pipes = self.write("pipes.csv", (HEADER + rows).replace(",", "|"))
        self.refused(8, pipes, says=["line 1", "'|'"])
        self.check_created("sep = ;\r\n" + (HEADER + rows).replace(",", ";"), [(ANNA, "h-1"), (ANNA, "h-2")])

    def test_row_15_other_formats_are_named(self):
        workbook = io.BytesIO()
        with zipfile.ZipFile(workbook, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", "<workbook/>")
        old = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504 + b"W\0o\0r\0k\0b\0o\0o\0k\0"
        packed = gzip.compress((HEADER + classes(ANNA, "z-1")).encode(), mtime=0)
        for name, content, says in (("new", workbook.getvalue(), ["workbook", "CSV"]), ("old", old, ["workbook", "CSV"]), ("packed", packed, ["gzip", "gunzip"]),
                                    ("page", b"<html><body><table><tr><td>organizer</td></tr></table></body></html>", ["HTML", "CSV"])):
            path = self.write(name + ".csv", content)
            done = self.refused(8, path, says=says)
            with open(path, "rb") as source:
                piped = self.refused(8, "-", says=says, stdin=source)
            for err in (done.err, piped.err):
                self.assertNotIn("NUL", err)
                self.assertNotIn("encoding", err)

    def test_row_17_a_results_folder_that_is_not_there_is_refused_before_the_first_call(self):
        path = self.write("in.csv", HEADER + classes(ANNA, "s-1"))
        missing = os.path.join(self.folder, "no", "such", "folder")
        for flag in ("--results", "--failed"):
            self.refused(2, path, flag, os.path.join(missing, "r.csv"), says=[flag, missing])
            self.refused(2, path, flag, self.folder if flag == "--failed" else self.path("folder.csv"), says=[flag],
                         preexec_fn=lambda: os.makedirs(self.path("folder.csv"), exist_ok=True))
        self.assertFalse(os.path.exists(self.ledger), "nothing was planned")
        self.assertFalse(os.path.exists(self.path("no")))
        kept = self.write("kept.csv", "yesterday's results")
        wrong = self.write("wrong.csv", HEADER + "%s,s-2,Class,never,45\n" % ANNA)
        self.refused(8, wrong, "--results", kept)
        self.assertEqual(self.content(kept), b"yesterday's results")

    def test_row_18_the_failed_file_of_an_earlier_run_is_removed_when_nothing_failed(self):
        good = HEADER + classes(ANNA, "f-1", "f-2")
        path = self.write("in.csv", good.replace(at(1, "08:15:00"), "soon"))
        self.convoke("apply", path, expect=8)
        failed = path + ".failed.csv"
        self.assertEqual(len(self.read_csv(failed)), 1)
        self.write("in.csv", good)
        for words in (["check", path], ["plan", path], ["apply", path, "--dry-run"]):
            self.convoke(*words)
            self.assertTrue(os.path.exists(failed), words[0])
        done = self.apply(path)
        self.assertFalse(os.path.exists(failed))
        self.assertEqual(done.summary["removed_failed"], failed)
        # A file of another origin stays.
        self.write("in.csv.failed.csv", "my notes\n")
        self.apply(path)
        self.assertEqual(self.content(failed), b"my notes\n")

    def test_row_19_secrets_as_people_copy_them(self):
        path = self.write("in.csv", HEADER + classes(ANNA, "c-1"))
        secret = self.server.secret
        for n, around in enumerate(("\ufeff%s", "%s \r\n", "\n%s\n\n", "\u00a0%s\t")):
            file = self.write("%d.secret" % n, around % secret)
            os.chmod(file, 0o600)
            self.apply(path, "--client-secret-file", file)
        for n, (around, says) in enumerate((('"%s"', "quotation"), ("'%s'\n", "quotation"), ("CLIENT_SECRET=%s\n", "NAME="))):
            file = self.write("wrong-%d.secret" % n, around % secret)
            os.chmod(file, 0o600)
            done = self.convoke("apply", path, "--client-secret-file", file, *FAST, expect=None)
            if done.code != 0:
                self.assertEqual(done.code, 4, str(done))
                self.assertIn(says, done.err)
        flags = [one for one in self.lane_flags() if one != "--client-id" and one != self.server.setting("client_id")]
        plain = [EXECUTABLE, "apply", path, "--ledger", "sqlite:" + self.ledger, *flags]
        token = self.token()
        for around in ("Bearer %s", "bearer %s\n", '"Bearer %s"', " %s\r\n", "Authorization: Bearer %s"):
            self.run_words(plain, environment={"CONVOKE_TOKEN": around % token})
        done = self.run_words(plain, environment={"CONVOKE_TOKEN": "Bearer %s %s" % (token, token)}, expect=2)
        self.assertIn("a blank at position", done.err)
        self.assertNotIn(token, done.err)
        for around in ("%s\n", "\ufeff%s "):
            self.run_words([*plain, "--client-id", self.server.setting("client_id")], environment={"AZURE_CLIENT_SECRET": around % secret})
        for around in ('"%s"', "AZURE_CLIENT_SECRET=%s"):
            done = self.run_words([*plain, "--client-id", self.server.setting("client_id")], environment={"AZURE_CLIENT_SECRET": around % secret}, expect=None)
            if done.code != 0:
                self.assertEqual(done.code, 2, str(done))
                self.assertIn("AZURE_CLIENT_SECRET", done.err)

    def test_row_20_phone_numbers_are_left_alone(self):
        rows = "".join("%s,p-%d,Class,%s,45,%s\n" % (organizer, n, at(n, "08:15:00"), phone)
                       for n, (organizer, phone) in enumerate(zip([ANNA, BEN, CARLA, DORA, EMIL], ["+49 30 901820", "+1 323-555-0166", "+1+1", "-5", "+A1"])))
        path, results = self.write("in.csv", HEADER.replace("\n", ",phone\n") + rows), self.path("results.csv")
        self.apply(path, "--results", results)
        written = self.read_csv(results)
        numbers = {row["dial_in_number"] for row in written} - {""}
        self.assertGreater(len(numbers), 0)
        for number in numbers:
            self.assertRegex(number, r"\A\+[0-9][0-9 ()-]+\Z")
        phones = [row["phone"] for row in written]
        self.assertEqual(phones[:2], ["+49 30 901820", "+1 323-555-0166"])
        for formula in phones[2:]:
            self.assertNotIn(formula[0], "=+-@")

    def test_row_21_results_are_written_as_the_input_is(self):
        rows = (HEADER + classes(ANNA, "d-1", "d-2")).replace(",", ";").replace("Class", "Übung").replace("\n", "\r\n")
        path, results = self.write("in.csv", b"\xef\xbb\xbf" + rows.encode()), self.path("results.csv")
        self.apply(path, "--results", results)
        content = self.content(results)
        self.assertTrue(content.startswith(b"\xef\xbb\xbfline;occurrence;"), content[:60])
        self.assertIn("Übung 0".encode(), content)
        exported, plain = self.path("exported.csv"), self.path("plain.csv")
        self.convoke("export", "--results", exported)
        self.assertEqual(self.content(exported), content)
        for words in (["export"], ["apply", path]):
            self.convoke(*words, "--results", plain, "--results-dialect", "rfc4180")
            self.assertTrue(self.content(plain).startswith(b"line,occurrence,"), self.content(plain)[:60])
            self.assertEqual([row["external_id"] for row in self.read_csv(plain)], ["d-1", "d-2"])
        self.convoke("export", "--results", exported, environment={"CONVOKE_RESULTS_DIALECT": "rfc4180"})
        self.assertEqual(self.content(exported), self.content(plain))

    @unittest.skipIf(os.geteuid() != 0, "only root can make a ledger that another user then meets")
    def test_row_24_a_ledger_of_another_user(self):
        path = self.write("in.csv", HEADER + classes(ANNA, "u-1"))
        self.apply(path)
        os.chmod(self.class_folder, 0o755)
        self.addCleanup(os.chmod, self.class_folder, 0o700)
        os.chmod(path, 0o644)
        other = {"user": OTHER_USER, "group": OTHER_USER, "extra_groups": []}
        try:
            subprocess.run([EXECUTABLE, "version"], capture_output=True, timeout=60, check=True, **other)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("the program cannot be run by another user here")
        lane = [EXECUTABLE, "plan", path, "--ledger", "sqlite:" + self.ledger, "--graph-url", self.server.root, "--tenant", self.server.setting("tenant"),
                "--client-id", self.server.setting("client_id")]
        for command in (lane, [EXECUTABLE, "status", "--ledger", "sqlite:" + self.ledger]):
            done = self.run_words(command, expect=6, **other)
            for part in (self.ledger, "root", "chown"):
                self.assertIn(part, done.err)
            self.assertNotIn("another place", done.err)
            self.assertNotIn("--ledger", done.err)

    def test_row_25_cells_are_trimmed_and_read_as_people_write_them(self):
        path = self.write("in.csv", "organizer,external_id,subject,start,duration,attendees,room\n"
                          "%s,t-1,First,%s,90 min,\"ada@example.org\nben@example.org:presenter\",B-201 \n"
                          "%s,t-2,Second,%s,90 min,,B-202\n" % (ANNA, at(0, "08:15:00"), BEN, at(0, "08:15:00")))
        for value in ("room=B-201", "room= B-201", "Room=B-201\u00a0"):
            plan, _ = self.dry(path, "--only", value)
            self.assertEqual(plan["rows"], 1)
        self.apply(path, "--only", "room=B-201")
        self.assertEqual({key for key in self.server.by_key() if key[1].startswith("t-")}, {(ANNA, "t-1")})
        meeting = self.stored(ANNA, "t-1")
        self.assertEqual(meeting["endDateTime"][:19], at(0, "09:45:00")[:19])
        self.assertEqual({one["upn"] for one in meeting["participants"]["attendees"]}, {"ada@example.org", "ben@example.org"})

    def test_the_export_of_a_registrar_needs_five_lines_and_no_editing(self):
        """As a German timetable system writes it: `;`, windows line ends, a mark, dates with the day first."""
        day, weeks = DAY.strftime("%d.%m.%Y"), (DAY + datetime.timedelta(days=7)).strftime("%d.%m.%Y")
        text = ("Veranstaltung;Nr.;Dozent;Dozent-ID;Beginn;Ende;Raum;Semester-Ende\r\n"
                "Analysis I;04-101;Prof. Müller;%s;%s 08:15;%s 11:30;HS 2;31.03.2031\r\n"
                "\"Übung; Gruppe A\";04-102;Fr. Weiß;%s;%s 14:00;%s 15:30;SR 7;31.03.2031\r\n"
                ";;;;;;;\r\n" % (ANNA, day, day, BEN, weeks, weeks))
        path = self.write("export.csv", b"\xef\xbb\xbf" + text.encode())
        self.write("convoke.toml", 'time_zone = "Europe/Berlin"\n'
                   'date_format = "%d.%m.%Y %H:%M"\n'
                   'external_id = "{Nr.}-{start:%Y%m%d}"\n'
                   'carry = ["Semester-Ende"]\n'
                   'columns = { organizer = "Dozent-ID", subject = "Veranstaltung", start = "Beginn", end = "Ende" }\n')
        os.chmod(self.path("convoke.toml"), 0o600)
        checked = self.run_words([EXECUTABLE, "check", path])
        for name in ("Dozent-ID", "Veranstaltung", "Beginn", "Ende", "Raum"):
            self.assertIn(name, checked.out)
        report = json.loads(self.run_words([EXECUTABLE, "check", path, "-o", "json"]).out)
        roles = {one["header"]: one.get("role") for one in report["columns"]}
        self.assertEqual([roles[name] for name in ("Dozent-ID", "Veranstaltung", "Beginn", "Ende")], ["organizer", "subject", "start", "end"])
        results = self.path("results.csv")
        self.run_words([EXECUTABLE, "apply", path, "--ledger", "sqlite:" + self.ledger, "--results", results, *self.lane_flags(), *FAST],
                       environment={"AZURE_CLIENT_SECRET": self.server.secret})
        first = "04-101-" + DAY.strftime("%Y%m%d")
        meeting = self.stored(ANNA, first)
        self.assertEqual(meeting["subject"], "Analysis I")
        begin, end = (datetime.datetime.fromisoformat(meeting[name][:19]) for name in ("startDateTime", "endDateTime"))
        self.assertEqual(end - begin, datetime.timedelta(hours=3, minutes=15))
        self.assertIn(begin.strftime("%H:%M"), ("06:15", "07:15"), "Berlin is one or two hours ahead")
        self.assertEqual(self.stored(BEN, "04-102-" + (DAY + datetime.timedelta(days=7)).strftime("%Y%m%d"))["subject"], "Übung; Gruppe A")
        shown = self.run_words([EXECUTABLE, "check", path, "--show-config", "--column", "end=Schluss"])
        self.assertIn("columns.start = Beginn  # %s\n" % self.path("convoke.toml"), shown.out)
        self.assertIn("columns.end = Schluss  # --column\n", shown.out)
        # Without the line about it, the column that is only near an end is no end in silence.
        self.write("convoke.toml", self.content(self.path("convoke.toml")).decode().replace('carry = ["Semester-Ende"]', "").replace(', end = "Ende"', ""))
        done = self.run_words([EXECUTABLE, "check", path], expect=8)
        for part in ("Semester-Ende", "--column", "--carry", "[columns]"):
            self.assertIn(part, done.err)


class EveryOrganizerIsRefused(InputCase):
    refused_ids = organizer_ids(5)
    server_flags = ("--seed", "63", "--no-policy", ",".join(refused_ids))

    def test_row_16_a_run_that_fails_says_why(self):
        path = self.write("in.csv", HEADER + "".join(classes(one, "n-%d" % n) for n, one in enumerate(self.refused_ids)))
        done = self.apply(path, expect=3)
        reason = done.summary["reasons"][0]
        # The service words this refusal in several ways.
        self.assertEqual(sum(one["rows"] for one in done.summary["reasons"]), 5)
        self.assertEqual({(one["http_status"], one["outcome"]) for one in done.summary["reasons"]}, {(403, "failed")})
        self.assertGreaterEqual(reason["rows"], 2)
        self.assertIn("CsApplicationAccessPolicy", done.err + done.out)
        shown = self.convoke("apply", path, *FAST, expect=3)
        for part in ("5", "403", "CsApplicationAccessPolicy", ANNA):
            self.assertIn(part, shown.out)
        self.assertIn("403", self.convoke("status").out)
        wrong = self.write("wrong.csv", HEADER + "no-one,w-1,Class,%s,45\n%s,w-2,Class,never,45\n" % (at(0, "08:00:00"), ANNA))
        for words in (["check", wrong], ["plan", wrong], ["apply", wrong, "--dry-run"]):
            listed = self.convoke(*words, "-o", "json", expect=8).summary["wrong_rows"]
            self.assertEqual([one["line"] for one in listed], [2, 3])
            self.assertIn("never", json.dumps(listed[1]))


if __name__ == "__main__":
    main()
