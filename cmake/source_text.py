"""C++ source as the checks read it: without comments and without the contents of literals."""
import re

TOKEN = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>\bu?8?[LUu]?R"(?P<end>[^(\s]*)\(.*?\)(?P=end)")
      | (?P<include>^[ \t]*\#[ \t]*include[^\n]*)
      | (?P<number>(?<![\w])\.?\d(?:[\w.]|'(?=\w))*)
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<character>'(?:\\.|[^'\\\n])+')""",
    re.S | re.M | re.X)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """The same text, line for line and column for column, with comments and the insides of literals blanked.

    Lines with an #include stay as they are."""
    def replace(match):
        if match.group("number"):
            return match.group()
        if match.group("include"):
            line = match.group()
            return re.sub(r"(//.*|/\*.*)$", lambda m: blank(m.group()), line)
        if match.group("comment"):
            return blank(match.group())
        inside = match.group()
        return inside[0] + blank(inside[1:-1]) + inside[-1] if not match.group("raw") else '"' + blank(inside[1:-1]) + '"'
    return TOKEN.sub(replace, text)
