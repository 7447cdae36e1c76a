#!/usr/bin/env python3
"""Tests which compilers the build chooses and refuses."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def refuse(compiler, version):
    return subprocess.run(
        ["cmake", f"-DCMAKE_CXX_COMPILER_ID={compiler}", f"-DCMAKE_CXX_COMPILER_VERSION={version}", "-P", ROOT / "cmake/refuse.cmake"],
        capture_output=True, text=True)


def configure(folder, *options, **environment):
    """Configures a build of this tree without its tests. CXX comes from the caller only, never from the environment of the test."""
    clean = {k: v for k, v in os.environ.items() if k not in ("CXX", "CXXFLAGS", "LDFLAGS")}
    return subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCONVOKE_TESTS=OFF", *options],
                          capture_output=True, text=True, env=clean | environment)


class Refused(unittest.TestCase):
    def test_versions(self):
        for compiler, version, refused in (("GNU", "12.2.0", True), ("GNU", "11.4.0", True), ("GNU", "13.1.0", False), ("Clang", "14.0.6", True),
                                           ("Clang", "18.1.8", True), ("Clang", "19.1.7", False), ("Clang", "20.1.0", False)):
            with self.subTest(f"{compiler} {version}"):
                done = refuse(compiler, version)
                self.assertEqual(done.returncode != 0, refused, done.stderr)
                if refused:
                    self.assertIn(version, done.stderr)
                    self.assertIn("apt-get install clang-19", " ".join(done.stderr.split()))

    def test_reason(self):
        self.assertIn("miscompiles coroutines", refuse("GNU", "12.2.0").stderr)
        self.assertIn("std::expected", refuse("Clang", "14.0.6").stderr)

    @unittest.skipUnless(shutil.which("g++"), "no g++ here")
    def test_real_compiler(self):
        version = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
        if int(version.split(".")[0]) >= 13:
            self.skipTest(f"g++ {version} is new enough")
        for options, environment in ((["-DCMAKE_CXX_COMPILER=g++"], {}), ([], {"CXX": "g++"})):
            with self.subTest(str(options)), tempfile.TemporaryDirectory() as folder:
                done = configure(folder, *options, **environment)
                self.assertNotEqual(done.returncode, 0, done.stdout)
                self.assertRegex(" ".join(done.stderr.split()), rf"g\+\+ {re.escape(version)} silently miscompiles coroutines")


class Chosen(unittest.TestCase):
    @unittest.skipUnless(shutil.which("clang++-19"), "no clang 19 here")
    def test_clang_19_is_the_default(self):
        with tempfile.TemporaryDirectory() as folder:
            done = configure(folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            cache = (Path(folder) / "CMakeCache.txt").read_text()
            self.assertRegex(cache, r"CMAKE_CXX_COMPILER:\w+=.*/clang\+\+-19\n")


if __name__ == "__main__":
    unittest.main()
