"""Draws traces as panels of one SVG without scripts and external resources, for light and dark pages."""
import html

from traces import merged, rates

WIDTH, MARGIN, GAP = 1000, 20, 36
LEFT, TOP, BOTTOM = 34, 38, 20  # of a panel: space for the axis, for title and caption, for the times
COLUMN = (WIDTH - 2 * MARGIN - GAP) / 2

STYLE = """
.page{fill:#ffffff}.text{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d8dee4}.accepted{fill:#7fb8de;stroke:none}
.offered{stroke:#c2410c;fill:none}.limit{stroke:#1f2328;fill:none}.cooldown{fill:#8250df;opacity:.16}.lone{fill:#8250df;opacity:.55}
.throttled{stroke:#cf222e;fill:none}
@media (prefers-color-scheme: dark){
.page{fill:#0d1117}.text{fill:#e6edf3}.quiet{fill:#9198a1}.grid{stroke:#2c333b}.accepted{fill:#2a6a99;stroke:none}
.offered{stroke:#ff9a4d;fill:none}.limit{stroke:#e6edf3;fill:none}.cooldown{fill:#b392f0;opacity:.22}.lone{fill:#b392f0;opacity:.65}
.throttled{stroke:#ff7b72;fill:none}}
text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px}
.head{font-size:15px;font-weight:600}.title{font-size:13px;font-weight:600}.small{font-size:11px}
""".strip()


def number(value):
    return ("%.1f" % value).rstrip("0").rstrip(".")


def text(x, y, words, style, anchor="start"):
    return '<text x="%s" y="%s" class="%s" text-anchor="%s">%s</text>' % (number(x), number(y), style, anchor, html.escape(words))


class Panel:
    """One plot, `end` seconds wide and `most` calls/s high; higher values are cut off."""

    def __init__(self, trace, title, caption, height, end=None, most=None, smooth=1.0):
        self.trace, self.title, self.caption, self.height, self.smooth = trace, title, caption, height, smooth
        self.end = end or trace.end
        self.most = most or 1.3 * max(rate for _, rate in trace.limit)

    def draw(self, x, y, identity):
        """The SVG elements of this panel, with its upper left corner at (x, y)."""
        self.x, self.y = x + LEFT, y + TOP
        self.width, self.depth = COLUMN - LEFT, self.height - TOP - BOTTOM
        box = 'x="%s" y="%s" width="%s" height="%s"' % (number(self.x), number(self.y), number(self.width), number(self.depth))
        return [
            text(x, y + 13, self.title, "text title"), text(x, y + 29, self.caption, "quiet small"),
            '<clipPath id="%s"><rect %s/></clipPath>' % (identity, box), *self.axes(), '<g clip-path="url(#%s)">' % identity,
            self.bands("cooldown", self.trace.cooldowns, self.y, self.depth), self.area(),
            self.bands("lone", self.trace.organizer_cooldowns, self.y, 4), self.offered(), self.limit(), self.ticks(), "</g>", *self.done(),
        ]

    def done(self):
        """A label at the end of the work, where that is far from the end of the axis."""
        x, _ = self.at(self.trace.end, 0)
        return [text(x + 6, self.y + self.depth - 6, "done", "text small")] if self.trace.end < 0.9 * self.end else []

    def at(self, t, rate):
        return self.x + self.width * t / self.end, self.y + self.depth * (1 - rate / self.most)

    def path(self, style, words, more=""):
        return '<path class="%s" %sd="%s"/>' % (style, more, words) if words else ""

    def axes(self):
        out = []
        step = next(s for s in (10, 25, 50, 100, 200, 500) if self.most / s <= 4.2)
        for rate in range(0, int(self.most) + 1, step):
            _, y = self.at(0, rate)
            out.append('<line class="grid" x1="%s" x2="%s" y1="%s" y2="%s"/>' % (number(self.x), number(self.x + self.width), number(y), number(y)))
            out.append(text(self.x - 5, y + 4, str(rate), "quiet small", "end"))
        step = next(s for s in (1, 2, 5, 10, 20, 30, 60, 120) if self.end / s <= 7)
        for t in range(0, int(self.end) + 1, step):
            x, _ = self.at(t, 0)
            out.append(text(x, self.y + self.depth + 14, "%d s" % t, "quiet small", "middle"))
        return out

    def points(self, times):
        """The rate of these events, one point per pixel."""
        step = self.end / self.width
        return [self.at(t, rate) for t, rate in rates(times, self.smooth, step, min(self.trace.end, self.end))]

    def line(self, points):
        """A path through the points, without those between two points of equal height."""
        kept = [p for i, p in enumerate(points)
                if i in (0, len(points) - 1) or not (number(points[i - 1][1]) == number(p[1]) == number(points[i + 1][1]))]
        return "M" + "L".join("%s %s" % (number(x), number(y)) for x, y in kept)

    def area(self):
        points = self.points(self.trace.accepted)
        _, bottom = self.at(0, 0)
        return self.path("accepted", "%sL%s %sL%s %sZ" % (self.line(points), number(points[-1][0]), number(bottom), number(points[0][0]), number(bottom)))

    def offered(self):
        return self.path("offered", self.line(self.points(self.trace.sent)), 'stroke-width="1.4" stroke-linejoin="round" ')

    def limit(self):
        """A step for each change; no line where there is no limit."""
        words, edges = "", [t for t, _ in self.trace.limit] + [self.end]
        for left, right in zip(edges, edges[1:]):
            rate = self.trace.limit_at(left)
            if rate is not None:
                (x, y), (to, _) = self.at(left, rate), self.at(right, rate)
                words += "M%s %sH%s" % (number(x), number(y), number(to))
        return self.path("limit", words, 'stroke-width="1.2" stroke-dasharray="5 3" ')

    def bands(self, style, intervals, top, depth):
        words = ""
        for begin, end in merged(intervals):
            (left, _), (right, _) = self.at(begin, 0), self.at(min(end, self.end), 0)
            words += "M%s %sH%sv%sH%sZ" % (number(left), number(top), number(max(right, left + 0.7)), number(depth), number(left))
        return self.path(style, words)

    def ticks(self):
        """A mark at the bottom for every pixel with a throttled call."""
        places = sorted({number(self.at(t, 0)[0]) for t in self.trace.throttled}, key=float)
        foot = self.y + self.depth
        return self.path("throttled", "".join("M%s %sv-7" % (x, number(foot)) for x in places), 'stroke-width="1" ')


def legend(y):
    """The legend, on one line."""
    x, out = MARGIN, []
    entries = [("accepted", "accepted calls/s"), ("offered", "offered calls/s"), ("limit", "the hidden limit"),
               ("throttled", "throttled calls"), ("cooldown", "cooldown of the lane"), ("lone", "cooldown of one organizer")]
    for style, words in entries:
        if style in ("accepted", "cooldown", "lone"):
            out.append('<rect class="%s" x="%d" y="%d" width="18" height="%d"/>' % (style, x, y - 9, 4 if style == "lone" else 11))
        elif style == "throttled":
            out.append('<path class="throttled" d="M%d %dv-7M%d %dv-7M%d %dv-7"/>' % (x + 4, y, x + 9, y, x + 14, y))
        else:
            dash = ' stroke-dasharray="5 3"' if style == "limit" else ""
            out.append('<path class="%s" stroke-width="1.6"%s d="M%d %dh18"/>' % (style, dash, x, y - 4))
        out.append(text(x + 24, y, words, "text"))
        x += 46 + 6.4 * len(words)
    return out


def draw(sections):
    """`sections`: [(heading, [Panel, ...])]; two panels per row. Returns the SVG as text."""
    y, body, count = MARGIN + 10, [], 0
    body += legend(y)
    y += 22
    for heading, panels in sections:
        y += 16
        body.append(text(MARGIN, y, heading, "text head"))
        y += 12
        for first in range(0, len(panels), 2):
            row = panels[first:first + 2]
            for column, panel in enumerate(row):
                body += panel.draw(MARGIN + column * (COLUMN + GAP), y, "p%d" % count)
                count += 1
            y += max(panel.height for panel in row) + 12
    height = y + MARGIN / 2
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">' % (WIDTH, height, WIDTH, height),
        "<title>Calls offered and accepted over time, with hidden limits and cooldowns</title>", "<style>%s</style>" % STYLE,
        '<rect class="page" width="100%" height="100%" rx="8"/>', *filter(None, body), "</svg>", ""])
