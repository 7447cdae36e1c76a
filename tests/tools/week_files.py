"""The seven files of the week that demo_week.py shows: one export of a timetable for each day, and what is expected of its run.

The classes lie ahead of the day on which this runs, so that none of them has ended.
"""
import copy
import csv
import datetime
import io
import zoneinfo
from typing import NamedTuple

ZONE = "Europe/Vienna"
COLUMNS = ("organizer", "external_id", "subject", "date", "start_time", "end_time", "repeat", "skip_dates", "attendees", "room")

# The lecturers of the simulated tenant, with their object ids.
LECTURERS = {
    "a.byron@uni.example": "a1b00000-0000-4000-8000-000000000001",
    "b.okri@uni.example": "a1b00000-0000-4000-8000-000000000002",
    "c.weber@uni.example": "a1b00000-0000-4000-8000-000000000003",
    "d.novak@uni.example": "a1b00000-0000-4000-8000-000000000004",
    "e.tanaka@uni.example": "a1b00000-0000-4000-8000-000000000005",
    "f.silva@uni.example": "a1b00000-0000-4000-8000-000000000006",
    "g.moreau@uni.example": "a1b00000-0000-4000-8000-000000000007",
}
BYRON, OKRI, WEBER, NOVAK, TANAKA, SILVA, MOREAU = LECTURERS

# Course, title, lecturer, the days of its classes in each of three weeks (0 is Monday), begin, end, room.
COURSES = (
    ("MAT-101", "Linear Algebra", BYRON, (0, 2), "08:15", "09:45", "R12"),
    ("PHY-120", "Mechanics", OKRI, (1, 3), "10:00", "11:30", "R30"),
    ("HIS-210", "Early Modern History", WEBER, (0, 3), "13:00", "14:30", "R07"),
    ("CHE-115", "Organic Chemistry", NOVAK, (2, 4), "09:00", "10:30", "R21"),
    ("INF-130", "Databases", TANAKA, (1, 4), "14:00", "15:30", "R40"),
)
# Classes with one row for all their dates.
SERIES = (
    ("LAB-1", "Physics Laboratory", OKRI, 0, "15:00", "17:00", "LAB"),
    ("TUT-1", "Tutorial: Linear Algebra", SILVA, 0, "10:00", "10:45", "R12"),
    ("TUT-2", "Tutorial: Mechanics", SILVA, 2, "12:00", "12:45", "R12"),
    ("TUT-3", "Tutorial: Databases", SILVA, 4, "16:00", "16:45", "R40"),
)
WEEKLY = "weekly 3 times"

# An export that lacks more of the known meetings than this is refused.
MOST_REMOVED = 8
KEEP_ALIVE = "7d"
# Days after today, both at 18:00 to 19:30. While the lifetime of links in the service is SHORT_LIFETIME, the link of the first lecture has
# expired, and that of the second one expires within KEEP_ALIVE.
GUEST_LECTURES = (3, 8)
SHORT_LIFETIME = "-5d"
NORMAL_LIFETIME = "60d"


class Day(NamedTuple):
    name: str
    what: str       # one sentence, the title of the day
    why: str        # what happened at the university
    rows: dict      # {external id: row}, a row is a dict of COLUMNS
    expected: dict  # how many meetings have which outcome, apart from those that are unchanged
    cut: bool = False      # the first export of this day ends half-way
    expired: bool = False  # the links of the guest lectures are checked first

    @property
    def file(self):
        return "classes-%s.csv" % self.name.lower()

    def csv(self):
        return csv_text(self.rows.values())


def csv_text(rows):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def students(first, count):
    return ";".join("s%03d@students.uni.example" % number for number in range(first, first + count))


def row(external_id, subject, organizer, date, begin, end, room, attendees, repeat=""):
    return {"organizer": organizer, "external_id": external_id, "subject": subject, "date": date.isoformat(), "start_time": begin,
            "end_time": end, "repeat": repeat, "skip_dates": "", "attendees": attendees, "room": room}


def first_rows(today, monday):
    rows = []
    for number, (course, title, lecturer, days, begin, end, room) in enumerate(COURSES):
        dates = [monday + datetime.timedelta(days=7 * week + day) for week in range(3) for day in days]
        rows += [row("%s-%02d" % (course, index), title, lecturer, date, begin, end, room, students(100 + 10 * number, 3))
                 for index, date in enumerate(dates, 1)]
    for number, (course, title, lecturer, day, begin, end, room) in enumerate(SERIES):
        rows.append(row(course, title, lecturer, monday + datetime.timedelta(days=day), begin, end, room, students(200 + 10 * number, 2), WEEKLY))
    for index, (days, lecturer) in enumerate(zip(GUEST_LECTURES, (BYRON, TANAKA)), 1):
        rows.append(row("GUEST-%d" % index, "Guest Lecture %d" % index, lecturer, today + datetime.timedelta(days=days), "18:00", "19:30", "AULA",
                        students(300, 4)))
    return {one["external_id"]: one for one in rows}


# --- the changes of each day, to a copy of the rows of the day before

def add_classes(rows, monday):
    for course, title, lecturer, day in (("MAT-101", "Linear Algebra: Revision", BYRON, 15), ("PHY-120", "Mechanics: Revision", OKRI, 16)):
        external_id = course + "-R1"
        rows[external_id] = row(external_id, title, lecturer, monday + datetime.timedelta(days=day), "17:00", "18:30", "R12", students(100, 3))
    rows["CHO-1"] = row("CHO-1", "University Choir", SILVA, monday + datetime.timedelta(days=3), "19:00", "21:00", "AULA", students(400, 5), WEEKLY)


def change_classes(rows, monday):
    rows["PHY-120-02"].update(date=(monday + datetime.timedelta(days=4)).isoformat(), start_time="08:00", end_time="09:30")
    rows["MAT-101-03"]["subject"] = "Linear Algebra: Eigenvalues"
    rows["INF-130-01"]["end_time"] = "16:00"
    rows["CHE-115-02"]["attendees"] += ";s777@students.uni.example"
    rows["LAB-1"].update(start_time="16:00", end_time="18:00")


def cancel_classes(rows, _):
    for external_id in ("CHE-115-05", "INF-130-06"):
        del rows[external_id]


def take_holiday(rows, monday):
    holiday = holiday_of(monday)
    for external_id, one in list(rows.items()):
        if not one["repeat"] and one["date"] == holiday.isoformat():
            del rows[external_id]
        elif one["repeat"] and datetime.date.fromisoformat(one["date"]).weekday() == holiday.weekday():
            one["skip_dates"] = holiday.isoformat()


def replace_lecturer(rows, _):
    for one in rows.values():
        if one["organizer"] == WEBER:
            one["organizer"] = MOREAU


def add_consultation(rows, monday):
    rows["MAT-101-X1"] = row("MAT-101-X1", "Linear Algebra: Consultation", BYRON, monday + datetime.timedelta(days=17), "11:00", "11:30", "R12",
                             students(100, 3))


def holiday_of(monday):
    """The second Monday of the classes."""
    return monday + datetime.timedelta(days=7)


def week(today):
    """The seven days. `today`: the date on which they are shown."""
    # Far enough ahead that only the links of the guest lectures expire within KEEP_ALIVE.
    monday = today + datetime.timedelta(days=14 + (-today.weekday()) % 7)
    holiday = holiday_of(monday).strftime("%A, %d %B").replace(" 0", " ")
    rows = first_rows(today, monday)
    days = [Day("Monday", "The first file of the term", "Nothing of it is known yet.", rows, {"created": 44})]

    def add(name, what, why, change, expected, **more):
        rows = copy.deepcopy(days[-1].rows)
        change(rows, monday)
        days.append(Day(name, what, why, rows, expected, **more))

    add("Tuesday", "New classes", "Two revision classes and a choir, which meets in three weeks, are new.", add_classes, {"created": 5})
    add("Wednesday", "Moved and changed classes", "One class moves to another day, one is longer, one has a new title, one a new student; "
        "the laboratory begins an hour later in all three weeks.", change_classes, {"updated": 7})
    add("Thursday", "Cancelled classes, and an export that is cut", "Two classes are cancelled. The disk of the timetable system was full: the first "
        "export ends after 15 rows. An hour later it is exported again, and is complete.", cancel_classes, {"removed": 2}, cut=True)
    add("Friday", "A holiday", "%s, is a holiday. Single classes of that day are not in the file any more; those that repeat skip the date." % holiday,
        take_holiday, {"removed": 4})
    add("Saturday", "A lecturer is replaced", "c.weber is ill. g.moreau takes over Early Modern History. A meeting cannot change its organizer, so "
        "each class gets a new meeting, and then the old one is removed.", replace_lecturer, {"created": 5, "removed": 5})
    add("Sunday", "An expired link", "The service has let the link of a guest lecture expire, and that of another one is about to; one class is new.",
        add_consultation, {"created": 1, "existing": 1, "updated": 1}, expired=True)
    return days


# --- what a file wants

def meetings_of(text):
    """What the meetings of a file are to be: {(object id, external id): {subject, start, end, attendees}}. It reads the file by itself, so that
    convoke is not compared with itself."""
    zone = zoneinfo.ZoneInfo(ZONE)

    def instant(date, time):
        return datetime.datetime.combine(date, datetime.time.fromisoformat(time), zone).astimezone(datetime.timezone.utc)

    wanted = {}
    for one in csv.DictReader(io.StringIO(text, newline="")):
        first = datetime.date.fromisoformat(one["date"])
        skipped = one["skip_dates"].split(";")
        dates = [first + datetime.timedelta(days=7 * n) for n in range(3)] if one["repeat"] == WEEKLY else [first]
        for date in dates:
            if date.isoformat() in skipped:
                continue
            external_id = one["external_id"] + (date.strftime("-%Y%m%d") if one["repeat"] else "")
            wanted[(LECTURERS[one["organizer"]], external_id)] = {
                "subject": one["subject"], "start": instant(date, one["start_time"]), "end": instant(date, one["end_time"]),
                "attendees": sorted(filter(None, one["attendees"].split(";")))}
    return wanted


def changes(before, after):
    """The differences between the rows of two days, a line for each row."""
    lines = []
    for external_id, one in after.items():
        old = before.get(external_id)
        if old is None:
            lines.append("new      %s: %s, %s %s, %s" % (external_id, one["subject"], one["date"], one["start_time"], one["organizer"]))
        elif old != one:
            lines.append("changed  %s: %s" % (external_id, ", ".join(change(name, old[name], one[name]) for name in COLUMNS if old[name] != one[name])))
    lines += ["gone     %s: %s, %s %s, %s" % (external_id, one["subject"], one["date"], one["start_time"], one["organizer"])
              for external_id, one in before.items() if external_id not in after]
    return lines


def change(name, old, new):
    if not old:
        return "%s is now %s" % (name, new)
    if name == "attendees" and new.startswith(old + ";"):
        return "attendees has %s too" % new[len(old) + 1:]
    return "%s is %s and was %s" % (name, new, old)
