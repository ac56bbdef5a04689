"""`bertqa batch` and signals."""

import json
import os
import signal
import subprocess
import unittest

import runner
from resume_case import ResumeCase
from runner import CliTest
from tiny_model import write_tiny_model


class Signals(ResumeCase):
    COUNT = 3000

    def test_interrupted_and_terminated(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(status=status):
                self.output.unlink(missing_ok=True)
                process = self.start("--max-batch-tokens", "64",
                                     preexec_fn=runner.default_signals)
                runner.wait_until(lambda: self.output.exists() and self.output.stat().st_size > 0,
                                  "something is written")
                process.send_signal(number)
                errors = process.communicate(timeout=60)[1].decode()
                self.assertEqual(process.returncode, status, errors)
                self.assertTrue(self.output.read_bytes().endswith(b"\n"))
                count = self.output.read_bytes().count(b"\n")
                self.assertIn(f"interrupted after {count} records", errors)
                self.expect_whole(self.resume())

    def test_hang_up_under_nohup_is_ignored(self):
        process = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        runner.wait_until(self.state.exists, "it has begun")
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(self.output.read_bytes(), self.whole)


def cpu_seconds(process):
    """What a process that runs has used so far."""
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class SlowModel(CliTest):
    """A forward pass of a minute and more, and a signal while it runs."""

    def setUp(self):
        super().setUp()
        self.model = self.folder / "slow"
        write_tiny_model(self.model, layers=400)

    def start(self, command, *args, **keywords):
        process = subprocess.Popen(
            runner.command_line(command, "-m", self.model, *args, "--threads", 1,
                                "--max-batch-tokens", 1 << 20),
            env=runner.environment(), stderr=subprocess.PIPE,
            preexec_fn=runner.default_signals, **keywords)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_until_it_computes(self, process):
        """One second of work, which nothing here takes but a forward pass."""
        begin = cpu_seconds(process)
        runner.wait_until(lambda: process.poll() is None and cpu_seconds(process) > begin + 1,
                          "it computes")

    def test_batch_abandons_what_takes_long(self):
        output = self.folder / "out.jsonl"
        process = self.start("batch", "-o", output, stdin=subprocess.PIPE)
        process.stdin.write(b'{"question": "a ?", "context": "the fox"}\n')
        process.stdin.flush()
        runner.wait_until(lambda: output.exists() and output.read_bytes().endswith(b"\n"),
                          "the first is answered")
        first = output.read_bytes()
        record = {"question": "b ?", "context": "the big fox " * 20000}
        process.stdin.write(json.dumps(record).encode() + b"\n")
        process.stdin.flush()
        self.wait_until_it_computes(process)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=runner.DEADLINE_SECONDS)[1].decode()
        self.assertEqual((process.returncode, errors),
                         (130, "bertqa: interrupted after 1 records\n"))
        self.assertEqual(output.read_bytes(), first)

    def test_eval_ends_at_once_and_writes_nothing(self):
        data = {"version": "1.1", "data": [{"paragraphs": [{
            "context": "the big fox " * 20000,
            "qas": [{"id": "1", "question": "a ?",
                     "answers": [{"answer_start": 0, "text": "the"}]}]}]}]}
        path = self.write("dev.json", json.dumps(data))
        written = self.folder / "predictions.json"
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.start("eval", path, "--save-predictions", written,
                                     stdout=subprocess.PIPE)
                self.wait_until_it_computes(process)
                process.send_signal(number)
                self.assertEqual(process.communicate(timeout=runner.DEADLINE_SECONDS), (b"", b""))
                self.assertEqual(process.returncode, -number)  # a shell says 128 + number
                self.assertFalse(written.exists())


if __name__ == "__main__":
    unittest.main()
