"""Calls, throttles, cooldowns and the limit over time, from the trace of a simulation or from an access log."""
import csv


class Trace:
    """Times in seconds from the first call; `cooldowns` and `organizer_cooldowns` are (begin, end), `limit` is [(from, calls/s)], where 0 is none."""

    def __init__(self):
        self.sent, self.accepted, self.throttled = [], [], []
        self.cooldowns, self.organizer_cooldowns, self.limit = [], [], []
        self.end = 0.0

    def limit_at(self, t):
        """Calls/s; None: no limit."""
        value = None
        for begin, rate in self.limit:
            if begin <= t:
                value = rate or None
        return value

    def quota(self, begin, end):
        """The number of calls that the limit allows from `begin` to `end`; None if there was no limit for a while."""
        edges = [begin, *(t for t, _ in self.limit if begin < t < end), end]
        total = 0.0
        for left, right in zip(edges, edges[1:]):
            rate = self.limit_at(left)
            if rate is None:
                return None
            total += rate * (right - left)
        return total

    def share_of_limit(self, begin=0.0):
        """Accepted calls over what the limit allows, from `begin` to the end; None without a limit."""
        quota = self.quota(begin, self.end)
        return sum(t >= begin for t in self.accepted) / quota if quota else None

    def throttled_share(self, begin=0.0):
        sent = sum(t >= begin for t in self.sent)
        return sum(t >= begin for t in self.throttled) / sent if sent else 0.0


def read_simulation(path):
    """Lines `t,event,value` with a heading."""
    out = Trace()
    into = {"sent": out.sent, "accepted": out.accepted, "throttled": out.throttled}
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            t, event, value = float(row["t"]), row["event"], float(row["value"])
            out.end = max(out.end, t)
            if event in into:
                into[event].append(t)
            elif event == "cooldown":
                out.cooldowns.append((t, value))
            elif event == "organizer-cooldown":
                out.organizer_cooldowns.append((t, value))
            elif event == "limit":
                out.limit.append((t, value))
    return out


def from_access_log(calls, rate, cooldowns):
    """`calls` as access_log.read_calls gives them; `cooldowns` as its cooldowns()."""
    out = Trace()
    start = calls[0].arrived
    out.sent = [call.arrived - start for call in calls]
    out.accepted = sorted(call.answered - start for call in calls if call.status in (200, 201))
    out.throttled = sorted(call.answered - start for call in calls if call.throttled)
    out.cooldowns = [(begin - start, end - start) for begin, end in cooldowns]
    out.limit = [(0.0, rate)]
    out.end = max(call.answered for call in calls) - start
    return out


def merged(intervals):
    """Overlapping ones as one."""
    out = []
    for begin, end in sorted(intervals):
        if out and begin <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([begin, end])
    return out


def rates(times, width, step, end):
    """[(t, per second)]: how many of the sorted `times` lie within `width` around t, for t from 0 to `end`."""
    out, first, last = [], 0, 0
    for number in range(int(end / step) + 1):
        t = number * step
        while last < len(times) and times[last] <= t + width / 2:
            last += 1
        while first < len(times) and times[first] <= t - width / 2:
            first += 1
        # At either end, half of the window lies outside of the trace.
        seen = min(t + width / 2, end) - max(t - width / 2, 0.0)
        out.append((t, (last - first) / max(seen, width / 2)))
    return out
