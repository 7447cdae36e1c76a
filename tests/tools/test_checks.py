#!/usr/bin/env python3
"""Tests of the checks in cmake/: each test breaks one rule in a small tree and expects its message."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[2] / "cmake"
sys.path.insert(0, str(CHECKS))

from check_awaits import check as awaits  # noqa: E402
from check_sizes import functions  # noqa: E402
from check_words import RULES, check as words  # noqa: E402
from source_text import code_of  # noqa: E402


def run_check(script, files):
    """Exit code and output of a check over a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, CHECKS / script, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class Layers(unittest.TestCase):
    def check(self, files):
        return run_check("check_layers.py", files)

    def refused(self, name, text, *expected):
        code, output = self.check({name: text})
        self.assertEqual(code, 1, output)
        for part in expected:
            self.assertIn(part, output)

    def allowed(self, name, text):
        code, output = self.check({name: text})
        self.assertEqual(code, 0, output)

    def test_no_sources(self):
        self.assertEqual(self.check({"README": ""})[0], 2)

    def test_upward(self):
        self.refused("src/csv/csv.cpp", '#include <string>\n#include "net/net.hpp"\n', "src/csv/csv.cpp:2:", "upward")
        self.refused("src/engine/engine.cpp", '#include "ledger/ledger.hpp"\n', "src/engine/engine.cpp:1:", "upward")
        self.refused("src/ledger/ledger.cpp", '  #  include "run/run.hpp"\n', "upward")
        self.refused("include/convoke/key.hpp", '#include "spec/rows.hpp"\n', "include/convoke/key.hpp:1:", "upward")

    def test_public_interface_belongs_to_layer_4(self):
        self.refused("src/engine/engine.cpp", "#include <convoke/job.hpp>\n", "api is layer 4")
        self.refused("include/convoke/summary.hpp", "#include <convoke/job.hpp>\n", "upward")
        for user in ("run", "report", "cli"):
            self.allowed(f"src/{user}/{user}.cpp", "#include <convoke/job.hpp>\n")

    def test_sideways(self):
        self.refused("src/spec/rows.cpp", '#include "csv/csv.hpp"\n', "sideways")
        self.refused("src/net/net.cpp", '#include "auth/auth.hpp"\n', "sideways")
        self.refused("src/ledger/ledger.cpp", '#include "files/input.hpp"\n', "sideways")
        self.allowed("src/auth/auth.cpp", '#include "net/net.hpp"\n')
        for user in ("net", "auth", "graph", "ledger", "files"):
            self.allowed(f"src/{user}/{user}.cpp", '#include "os/clock.hpp"\n')
        self.refused("src/os/clock.cpp", '#include "net/net.hpp"\n', "sideways")
        self.allowed("src/graph/graph.cpp", '#include "net/net.hpp"\n#include "auth/auth.hpp"\n#include "wire/wire.hpp"\n')
        self.allowed("src/files/input.cpp", '#include "csv/csv.hpp"\n#include "spec/rows.hpp"\n')

    def test_simulator_shares_nothing_with_the_client(self):
        for module in ("wire", "token", "engine", "spec", "ledger", "graph"):
            self.refused("src/sim/server/server.cpp", f'#include "{module}/{module}.hpp"\n', f"must not include {module}")
        self.allowed("src/sim/server/server.cpp", '#include "net/net.hpp"\n#include "sim/service/service.hpp"\n#include <convoke/time.hpp>\n')
        self.refused("src/sim/service/service.cpp", '#include "net/net.hpp"\n', "it is pure")
        self.refused("src/sim/service/service.cpp", '#include "sim/server/server.hpp"\n', "it is pure")
        self.refused("src/sim/service/service.cpp", "#include <boost/asio/awaitable.hpp>\n", "Boost.Asio")
        self.refused("src/run/apply.cpp", '#include "sim/server.hpp"\n', "only cli may")
        self.allowed("src/cli/simulate.cpp", '#include "sim/server.hpp"\n')

    def test_libraries(self):
        self.refused("src/core/time.cpp", "#include <simdjson.h>\n", "src/core/time.cpp:1:", "simdjson")
        self.refused("src/engine/engine.cpp", "#include <boost/asio/awaitable.hpp>\n", "Boost.Asio in engine")
        self.refused("src/run/run.cpp", "#include <sqlite3.h>\n", "SQLite in run")
        self.refused("src/net/net.cpp", "#include <toml++/toml.h>\n", "toml++")
        self.refused("src/net/net.cpp", "#include <curl/curl.h>\n", "no library this project uses")
        self.refused("src/net/net.cpp", "#include <boost/lexical_cast.hpp>\n", "no library this project uses")
        self.allowed("src/wire/wire.cpp", "#include <boost/json/serializer.hpp>\n#include <simdjson.h>\n#include <fmt/format.h>\n")
        self.allowed("src/net/net.cpp", "#include <openssl/ssl.h>\n#include <sys/socket.h>\n#include <thread>\n")

    def test_pure(self):
        self.refused("src/engine/engine.cpp", "#include <thread>\n", "layers 0 to 2 are pure")
        self.refused("src/csv/csv.cpp", "#include <unistd.h>\n", "layers 0 to 2 are pure")
        self.refused("src/pacing/pacing.cpp", "auto t = std::chrono::steady_clock::now();\n", "src/pacing/pacing.cpp:1:", "arguments")
        self.allowed("src/pacing/pacing.cpp", "// never steady_clock::now()\nconst char* s = \"steady_clock::now\";\n")

    def test_form_of_an_include(self):
        self.refused("src/core/time.cpp", '#include "civil.hpp"\n', "module/header.hpp")
        self.refused("src/core/time.cpp", "#include HEADER\n", "must name its file")
        self.refused("src/other/other.cpp", "int x;\n", "not a module of the architecture")

    def test_comments_are_ignored(self):
        self.allowed("src/core/a.cpp", '/*\n#include "net/net.hpp"\n*/\n// #include "net/net.hpp"\n')
        self.refused("src/core/a.cpp", '#include "net/net.hpp"  // why not\n', "upward")
        self.refused("src/core/a.cpp", "int n = 1'000; char q = '\"';\n#include \"net/net.hpp\"\n", "src/core/a.cpp:2:", "upward")


class Awaits(unittest.TestCase):
    def lines(self, body):
        return sorted({line for line, _ in awaits(body)})

    def test_allowed(self):
        for statement in (
                "co_await f();",
                "const auto x = co_await f(a, b);",
                "auto [ec, n] = co_await stream.async_read_some(buffer, as_tuple(use_awaitable));",
                "result<std::vector<int>> r = co_await f();",
                "x = co_await f();",
                "this->x_.y = co_await f();",
                "state->next[i] = co_await f();",
                "co_return co_await f();",
                "if (ready) { co_await f(); }",
                "if (a(b)) { x = co_await f(); } else { y = co_await g(); }",
                "for (int i = 0; i < n; ++i) { co_await f(i); }",
                "do { co_await f(); } while (x);",
                "if (ready) return; co_await f();",
                "switch (k) { case kind::a: x = co_await f(); break; default: co_await g(); }",
                "try { co_await f(); } catch (...) {}",
                "auto work = [&](int a) -> awaitable<void> { co_await f(a); };",
                "const std::error_code* const p = co_await f();",
                "auto ex = co_await asio::this_coro::executor;",
                "const char* s = \"if (co_await f())\"; // if (co_await f())",
        ):
            with self.subTest(statement):
                self.assertEqual(self.lines(f"awaitable<void> g() {{\n{statement}\n}}\n"), [])

    def test_refused(self):
        for statement in (
                "if (co_await f()) return;",
                "const auto x = co_await f(a ? b : c);",
                "while (co_await f()) {}",
                "switch (co_await f()) {}",
                "for (auto x : co_await f()) {}",
                "for (; co_await f();) {}",
                "if (auto r = co_await f(); r) {}",
                "if (auto r = co_await f()) {}",
                "x = c ? co_await f() : 1;",
                "const auto x = co_await f() ? 1 : 2;",
                "g(co_await f());",
                "BOOST_TEST(co_await f());",
                "(co_await f()).value();",
                "const auto x = !co_await f();",
                "const auto x = co_await f() && g();",
                "const auto x = a + co_await f();",
                "const auto x = co_await f(co_await g());",
                "T x{co_await f()};",
                "return_type x = {co_await f(), 1};",
                "co_await f(options{.a = 1});",
                "co_await f({a, b});",
                "co_await co_spawn(ex, [x] { return x; }, use_awaitable);",
                "co_await [x]() -> awaitable<void> { co_return; }();",
        ):
            with self.subTest(statement):
                self.assertEqual(self.lines(f"awaitable<void> g() {{\n{statement}\n}}\n"), [2])

    def test_a_branch_that_awaits_has_braces(self):
        for statement, control in (
                ("if (ready) co_await f();", "if"),
                ("if (a(b) && c[1]) x = co_await f();", "if"),
                ("if constexpr (ready) co_await f();", "if"),
                ("if (ready)\n  co_await f();", "if"),
                ("if (a) { b(); } else co_await g();", "else"),
                ("if (a) b(); else if (c) const auto x = co_await g();", "else if"),
                ("for (int i = 0; i < n; ++i) co_await f(i);", "for"),
                ("while (x) co_await f();", "while"),
                ("do co_await f(); while (x);", "do"),
                ("if (ready) co_return co_await f();", "if"),
                ("switch (k) { case kind::a: if (ready) x = co_await f(); break; }", "if"),
        ):
            with self.subTest(statement):
                found = list(awaits(f"awaitable<void> g() {{\n{statement}\n}}\n"))
                self.assertEqual([line for line, _ in found], [2 + statement.count("\n")])
                self.assertIn(f"`{control}` without braces", found[0][1])

    def test_several_lines(self):
        self.assertEqual(self.lines("void g() {\n  const auto x =\n      co_await f(a,\n                 b);\n  if (y &&\n      co_await f()) {}\n}\n"), [6])

    def test_preprocessor(self):
        self.assertEqual(self.lines("#define WAIT(x) (co_await (x))\n"), [])


class Words(unittest.TestCase):
    def test_each_rule_names_the_term_to_use(self):
        for rule in RULES:
            with self.subTest(rule.words):
                self.assertEqual([(line, instead) for line, _, instead in words(f"int a;\n// {rule.example}.\n")], [(2, rule.instead)])

    def test_names_of_every_style(self):
        word = RULES[1].example.split()[1]
        for text in (word, word.upper(), f"own_{word}_", f"The{word.title()}Again", f"a-{word}", f"({word})"):
            with self.subTest(text):
                self.assertEqual(len(list(words(text))), 1)

    def test_a_line_break_between_words(self):
        two = RULES[11].example.split("_")[1:]
        self.assertEqual([line for line, _, _ in words("It waited\n{}\n{}.".format(*two))], [2])
        self.assertEqual([line for line, _, _ in words("// It waited {}\n// {}.".format(*two))], [1])

    def test_longer_words_are_allowed(self):
        for text in ("the time that elapses", "a memory fence", "std::atomic_thread_fence", "a code fence", "a fencing token", "a nightly file",
                     "midnight", "kidnap", "judicial", "amend", "recommended", "foretell", "desktop"):
            with self.subTest(text):
                self.assertEqual(list(words(text)), [])

    def test_files_and_exit_code(self):
        word = RULES[1].example.split()[1]
        self.assertEqual(run_check("check_words.py", {})[0], 2)
        self.assertEqual(run_check("check_words.py", {"clean.md": "A cooldown.\n"})[0], 0)
        code, output = run_check("check_words.py", {"clean.md": "A cooldown.\n", f"{word}.cpp": f"\nint {word};\n", "image.png": word})
        self.assertEqual(code, 1)
        self.assertRegex(output, rf"/{word}\.cpp:2: {word}: use {re.escape(RULES[1].instead)}\n")
        self.assertRegex(output, rf"/{word}\.cpp:1: {word} in the file's name: use ")
        self.assertIn("words: 2 files, 2 words to replace", output)


class Docs(unittest.TestCase):
    tree = {"src/engine/lane.hpp": "class lane { void answered(); };\n", "src/engine/lane_stop.cpp": "", "tests/engine/test_lane.cpp": "",
            "README.md": "[text](docs/architecture.md)\n"}

    def check(self, architecture, readme="See `docs/architecture.md` and `FILE.failed.csv`.\n"):
        return run_check("check_docs.py", {**self.tree, "docs/architecture.md": architecture, "README.md": readme})

    def test_names_that_exist(self):
        for text in ("`src/engine/lane.hpp`", "`engine/lane`", "`engine/lane_*.cpp`", "`src/engine/`", "`engine`", "`lane::answered`",
                     "`answered()`", "`engine::lane`", "`two words that are none`", "`--flag`", "[the file](../src/engine/lane.hpp)",
                     "```\n`src/none.cpp`\n```"):
            with self.subTest(text):
                self.assertEqual(self.check(text), (0, "docs: 2 files, 0 names that do not exist\n"))

    def test_names_that_do_not_exist(self):
        for text in ("`src/engine/pace.hpp`", "`engine/pace`", "`pace.cpp`", "`engine/pace_*.cpp`", "`lane::granted`", "`granted()`",
                     "[the file](../src/engine/pace.hpp)"):
            with self.subTest(text):
                code, output = self.check("\n" + text)
                self.assertEqual(code, 1)
                self.assertIn("docs/architecture.md:2: ", output)

    def test_other_texts_are_checked_for_paths_only(self):
        self.assertEqual(self.check("", "`granted` in `build/release/convoke`\n")[0], 0)
        self.assertIn("README.md:1: there is no file `tests/none.py`", self.check("", "`tests/none.py`\n")[1])
        self.assertIn("README.md:1: the link to docs/none.md leads nowhere", self.check("", "[x](docs/none.md)\n")[1])

    def test_no_texts(self):
        self.assertEqual(run_check("check_docs.py", {"src/a.cpp": ""})[0], 2)


class Sizes(unittest.TestCase):
    def test_length(self):
        code = "namespace a {\nint f(int x) const {\n" + "  x;\n" * 70 + "}\nint g() { return 1; }\n}\n"
        self.assertEqual([(line, length) for line, length, _ in functions(code_of(code))], [(2, 72), (74, 1)])

    def test_constructor(self):
        code = "a::a(int x)\n    : x_{x}, y_(x) {\n" + "  f();\n" * 3 + "}\n"
        self.assertEqual([length for _, length, _ in functions(code_of(code))], [6])


class Text(unittest.TestCase):
    def test_lines_and_columns_stay(self):
        text = 'int a = 1\'000; /* x\ny */ auto s = R"(a "b" \n c)"; // z\nchar c = \'"\'; const char* t = "\\"x";\n'
        code = code_of(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual([i for i, c in enumerate(code) if c == "\n"], [i for i, c in enumerate(text) if c == "\n"])
        for word in ("x", "y", "b", "z"):
            self.assertNotIn(word, code)


if __name__ == "__main__":
    unittest.main()
