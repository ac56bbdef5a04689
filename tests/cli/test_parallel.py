"""The lines of docs/reliability.md for GNU parallel, as they stand there; skipped where it is not."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

import runner
from runner import tiny_model
from test_batch_resume import ResumeCase

DOCUMENT = runner.GOLDEN.parent.parent / "docs" / "reliability.md"
DEADLINE_SECONDS = 120
ATTEMPTS = 5


def documented():
    """The commands between "# GNU parallel" and the next heading."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return re.search(r"^# GNU parallel\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL).group(1)


def has_parallel():
    """moreutils has another command of that name."""
    if shutil.which("parallel") is None:
        return False
    version = subprocess.run(["parallel", "--version"], capture_output=True, check=False)
    return version.stdout.startswith(b"GNU parallel")


@unittest.skipUnless(has_parallel(), "GNU parallel is not installed")
class Parallel(ResumeCase):
    COUNT = 3000

    def setUp(self):
        super().setUp()
        self.input.rename(self.folder / "rows.jsonl")
        self.output = self.folder / "answers.jsonl"

    def shell(self, text):
        return subprocess.Popen(
            ["bash", "-c", text], cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=runner.environment(
                BERTQA_MODEL=str(tiny_model()), HOME=str(self.folder),
                PATH=f"{runner.BINARY.parent}:{os.environ['PATH']}"))

    def finish(self):
        process = self.shell(documented())
        errors = process.communicate(timeout=DEADLINE_SECONDS)[1].decode()
        self.assertEqual(process.returncode, 1, errors)  # some records fail, in any run
        self.assertRegex(errors, rf"bertqa: {self.failed} records failed: 6, 23, [^\n]*\n$")
        self.assertEqual(self.output.read_bytes(), self.whole)

    def kill_all(self):
        """As a power loss does. GNU parallel's jobs are in process groups of their own."""
        for link in pathlib.Path("/proc").glob("[0-9]*/cwd"):
            try:
                if link.readlink() == self.folder:
                    os.kill(int(link.parent.name), signal.SIGKILL)
            except OSError:
                pass  # it ended, or is somebody else's

    def test_undisturbed(self):
        self.finish()

    def kill_in_the_middle(self):
        """True if it was the middle: a quick machine may be done by then."""
        process = self.shell(documented())
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(part.stat().st_size for part in self.folder.glob("part-*.jsonl")):
            self.assertLess(time.monotonic(), deadline)
        self.kill_all()
        process.communicate()
        return bool(list(self.folder.glob("part-*.jsonl.resume")))

    def test_killed_and_started_again(self):
        for _ in range(ATTEMPTS):
            if self.kill_in_the_middle():
                break
            for path in [*self.folder.glob("part-*"), *self.folder.glob("answers*")]:
                path.unlink()
        self.finish()


if __name__ == "__main__":
    unittest.main()
