"""Inputs whose rows name organizers."""


def write_rows(path, *rows, columns="", zone="Z"):
    """Rows (organizer, external id) or (organizer, external id, further cells)."""
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("organizer,external_id,subject,start" + columns + "\n")
        for organizer, external_id, *more in rows:
            out.write(",".join([organizer, external_id, "Algebra", "2027-03-01T08:00:00" + zone, *more]) + "\n")
    return path
