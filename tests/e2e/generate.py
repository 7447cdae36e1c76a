#!/usr/bin/env python3
"""Generates inputs of any size; the same arguments give the same bytes.

    generate.py FILE --rows N [--organizers N] [--seed N] [--prefix TEXT] [--first N] [--batch TEXT]
"""
import argparse
import json
import random
import uuid

HEADER = "organizer,external_id,subject,start,duration,attendees,batch\n"
SUBJECTS = ["Seminar {}", "\"Lecture {}, with exercises\"", "Übung {} für Anfänger", "第{}回 講義", "Colloquium {}"]
ATTENDEES = [
    "", "ada.lovelace@students.example.org;ben.okri@students.example.org",
    "ada.lovelace@students.example.org:presenter;carla.weber@staff.example.org:coorganizer;dan.brown@students.example.org",
    "eve.tanaka@students.example.org:attendee;5f0c2a3e-9d7b-4a52-8c11-0b6f1e2d3c4a:presenter;finn.larsen@students.example.org",
    "guel.demir@students.example.org;hugo.moreau@students.example.org;ida.novak@staff.example.org:presenter;jon.silva@students.example.org",
]


def organizer_ids(count, seed=1):
    draw = random.Random(seed)
    return [str(uuid.UUID(int=draw.getrandbits(128), version=4)) for _ in range(count)]


def row(number, organizers, prefix, batch):
    """One record. Consecutive rows have different organizers; the times are spread over 28 days."""
    minute = number * 5 % 40320
    start = "2026-10-%02dT%02d:%02d:00Z" % (1 + minute // 1440, minute // 60 % 24, minute % 60)
    return "%s,%s-%07d,%s,%s,%d,%s,%s\n" % (
        organizers[number % len(organizers)], prefix, number, SUBJECTS[number % 5].format(number), start, 30 + number % 4 * 15,
        ATTENDEES[number // 5 % 5], batch)


def write_rows(path, count, organizers=20, seed=1, prefix="m", first=0, batch="a"):
    """Writes a valid CSV. Returns its keys: [(organizer, external id)] in the order of the rows."""
    ids = organizer_ids(organizers, seed)
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(HEADER)
        for begin in range(first, first + count, 10000):
            out.write("".join(row(n, ids, prefix, batch) for n in range(begin, min(begin + 10000, first + count))))
    return [(ids[n % organizers], "%s-%07d" % (prefix, n)) for n in range(first, first + count)]


def write_shared_rows(path, organizers, ids, seed=1, prefix="s"):
    """All organizers have the same external ids, as where each teacher numbers their own classes. Returns the keys in order."""
    who = organizer_ids(organizers, seed)
    keys = [(one, "%s-%04d" % (prefix, n)) for n in range(ids) for one in who]
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("organizer,external_id,subject,start,duration\n")
        # The rest of the rows is equal, so that only ids and links distinguish the meetings.
        out.writelines("%s,%s,Seminar,2026-10-05T08:00:00Z,60\n" % key for key in keys)
    return keys


def request(number, organizers, prefix):
    """The same row as a createOrGet call, for clients that do not read CSV: (organizer, body)."""
    fields = row(number, organizers, prefix, "")
    minute = number * 5 % 40320
    end = minute + 30 + number % 4 * 15
    attendees = []
    for word in filter(None, ATTENDEES[number // 5 % 5].split(";")):
        name, _, role = word.partition(":")
        one = {"upn": name} if "@" in name else {"identity": {"user": {"id": name}}}
        attendees.append(dict(one, role=role) if role else one)
    body = {"externalId": "%s-%07d" % (prefix, number), "startDateTime": fields[fields.index("2026-10"):][:20],
            "endDateTime": "2026-10-%02dT%02d:%02d:00Z" % (1 + end // 1440, end // 60 % 24, end % 60),
            "subject": SUBJECTS[number % 5].format(number).strip('"'), "participants": {"attendees": attendees}}
    return organizers[number % len(organizers)], body


def main():
    parser = argparse.ArgumentParser(description="Generates inputs for convoke.")
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--organizers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prefix", default="m")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--batch", default="a", help="the value of the column that is carried through")
    options = parser.parse_args()
    keys = write_rows(options.file, options.rows, options.organizers, options.seed, options.prefix, options.first, options.batch)
    print(json.dumps({"rows": len(keys), "organizers": options.organizers}))


if __name__ == "__main__":
    main()
