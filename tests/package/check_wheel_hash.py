#!/usr/bin/env python3
"""tools/lib-libtorch.sh unpacks no wheel whose hash is not the one in tools/pins/torch.sha256."""

import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
NAME = "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl"
SCRIPT = 'source "$1/lib-setup.sh"; source "$1/lib-libtorch.sh"; check_wheel "$2"'


class CheckWheel(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.tools = self.root / "tools"
        shutil.copytree(TOOLS, self.tools)
        self.wheel = self.root / NAME
        self.wheel.write_bytes(b"a wheel")
        self.pin(hashlib.sha256(b"a wheel").hexdigest(), NAME)

    def pin(self, digest, name):
        (self.tools / "pins" / "torch.sha256").write_text(f"{digest}  {name}\n", encoding="ascii")

    def check(self):
        return subprocess.run(["bash", "-c", SCRIPT, "check", self.tools, self.wheel], text=True,
                              capture_output=True, check=False)

    def test_the_file_that_was_published_passes(self):
        result = self.check()
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_one_other_byte_is_refused(self):
        self.wheel.write_bytes(b"a whEel")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn("is expected: it is damaged", result.stderr)

    def test_a_file_without_a_hash_is_refused(self):
        self.pin("0" * 64, NAME + ".old")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"no hash is known for {NAME}", result.stderr)


class Pins(unittest.TestCase):
    def test_every_wheel_is_of_the_version_that_is_fetched(self):
        setup = (TOOLS / "lib-setup.sh").read_text(encoding="utf-8")
        version = re.search(r"^readonly TORCH_VERSION=(.*)$", setup, re.MULTILINE).group(1)
        lines = (TOOLS / "pins" / "torch.sha256").read_text(encoding="ascii").splitlines()
        self.assertGreater(len(lines), 1)
        for line in lines:
            self.assertRegex(line, rf"^[0-9a-f]{{64}}  torch-{re.escape(version)}(\+cpu)?-cp\S*\.whl$")


if __name__ == "__main__":
    sys.exit(unittest.main())
