#!/usr/bin/env python3
"""The shipped binaries have the defences of cmake/Hardening.cmake, and a lack of each is seen.

check_hardening.py COMPILER COMMANDS BINARY…: the binaries as they were built, and the build's
compile_commands.json; the compiler makes programs that lack one defence each.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import hardening

SOURCE = r"""
#include <cstdio>
#include <cstring>
int main(int count, char** arguments) {
  char text[8];
  std::snprintf(text, sizeof(text), "%d", count);
  if (count > 1) std::strcpy(text, arguments[1]);
  return text[0] == '1' ? 0 : 1;
}
"""
NONE = ("-O2 -fno-pie -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -z execstack -z norelro -z lazy")
ALL = ("-O2 -fPIE -pie -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 "
       "-z noexecstack -z relro -z now")
COMPILER = COMMANDS = BINARIES = None  # set by main


class Hardening(unittest.TestCase):
    def made_with(self, options):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "program")
            subprocess.run([COMPILER, "-x", "c++", "-", "-o", program, *options.split()], text=True,
                           input=SOURCE, check=True, stderr=subprocess.DEVNULL)
            return hardening.faults(program)

    def test_what_is_shipped(self):
        self.assertGreater(len(BINARIES), 2)
        for binary in BINARIES:
            with self.subTest(binary):
                self.assertEqual(hardening.faults(binary), [])

    def test_every_source_is_fortified(self):
        """Which the files alone do not tell: see hardening.FORTIFIABLE."""
        commands = json.loads(pathlib.Path(COMMANDS).read_text(encoding="utf-8"))
        shipped = [entry for entry in commands if "/tests/" not in entry["file"]]
        self.assertGreater(len(shipped), 100)
        for entry in shipped:
            words = entry["command"].split()
            self.assertIn("-D_FORTIFY_SOURCE=3", words, entry["file"])
            self.assertIn("-fstack-protector-strong", words, entry["file"])

    def test_every_lack_is_seen(self):
        self.assertEqual(self.made_with(ALL), [])
        words = " ".join(self.made_with(NONE))
        for lack in ("PIE", "stack is executable", "no RELRO", "BIND_NOW", "stack protector",
                     "not fortified: snprintf, strcpy"):
            self.assertIn(lack, words)

    def test_each_lack_is_seen_alone(self):
        for option, lack in (("-no-pie -fno-pie", "PIE"), ("-z execstack", "stack is executable"),
                             ("-z norelro", "no RELRO"), ("-z lazy", "BIND_NOW"),
                             ("-fno-stack-protector", "stack protector"),
                             ("-U_FORTIFY_SOURCE", "not fortified"),
                             ("-fno-pie -mcmodel=large -z notext", "text relocations")):
            with self.subTest(option):
                found = self.made_with(f"{ALL} {option}")
                self.assertEqual(len(found), 1, found)
                self.assertIn(lack, found[0])


if __name__ == "__main__":
    COMPILER, COMMANDS, *BINARIES = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
