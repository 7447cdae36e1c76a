"""The calls of a client as the server counted them, from nginx's access log."""

# Calls that were in flight when a 429 was answered may still arrive. The times of the log have milliseconds.
IN_FLIGHT_S, RESOLUTION_S = 0.05, 0.002
COOLDOWN_S = 1.0


class Call:
    """`arrived`: the first byte of the request; `answered`: the last byte of the answer. Seconds since the epoch."""

    def __init__(self, line):
        logged, took, status, self.uri, self.client = line.rstrip("\n").split(" ", 4)
        self.answered = float(logged)
        self.arrived = self.answered - float(took)
        self.status = int(status)

    @property
    def throttled(self):
        return self.status == 429


def read_calls(path, offset=0):
    """The calls from this byte of the log on, in the order of their arrival, and the offset of the end of the log."""
    with open(path, encoding="utf-8") as log:
        log.seek(offset)
        calls = [Call(line) for line in log if "/createOrGet" in line]
        return sorted(calls, key=lambda call: call.arrived), log.tell()


def cooldowns(calls):
    """(begin, end) of each cooldown: from the 429 to the end of its Retry-After."""
    return [(call.answered, call.answered + COOLDOWN_S) for call in calls if call.throttled]


def early(calls):
    """The calls that arrived during a cooldown."""
    closed = cooldowns(calls)
    return [call for call in calls
            if any(begin + IN_FLIGHT_S < call.arrived < end - RESOLUTION_S for begin, end in closed)]


def figures(calls):
    throttled = sum(call.throttled for call in calls)
    other = [call.status for call in calls if call.status not in (200, 201, 429)]
    return {
        "calls": len(calls), "accepted": len(calls) - throttled - len(other), "throttled": throttled, "other": len(other),
        "throttled_share": throttled / len(calls) if calls else 0.0, "early": len(early(calls)),
        "span_s": max(call.answered for call in calls) - calls[0].arrived if calls else 0.0,
    }
