"""`bertqa train`: kills, signals and full disks, and going on after them."""

import json
import random
import resource
import signal
import subprocess
import time
import unittest

import runner
from train_case import TrainTest


class Survives(TrainTest):
    """Whatever ends a run, --resume gives the bits of one that was never stopped."""

    STEPS = ("--epochs", 12, "--save-minutes", 0)  # 60 steps, each kept

    def start(self, *args, limit_bytes=None):
        """As a shell starts a command: every signal does what it does by default."""
        def prepare():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            if limit_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

        process = subprocess.Popen(
            runner.command_line(*self.arguments(*args)), env=runner.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            preexec_fn=prepare)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        return process

    def end(self, process):
        """Exit status and messages."""
        messages = process.communicate(timeout=runner.DEADLINE_SECONDS)[1].decode()
        return process.returncode, messages

    def wait_for_steps(self, count, process):
        deadline = time.monotonic() + runner.DEADLINE_SECONDS
        log = self.output / "log.jsonl"
        while not log.exists() or log.read_bytes().count(b"\n") < count:
            self.assertIsNone(process.poll(), "it ended before")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)

    def whole_run(self, *args):
        """Trains without a stop; returns the folder and the seconds it took."""
        whole = self.folder / "whole"
        begin = time.monotonic()
        self.train(*args, output=whole)
        return whole, time.monotonic() - begin

    def expect_same_as(self, whole):
        self.assertEqual(self.weights(), self.weights(whole))
        self.assertEqual(self.log(), self.log(whole))
        self.assertEqual(self.names(), self.names(whole))
        for name in ("bertqa.json", "checkpoint.json", "config.json", "vocab.txt"):
            self.assertEqual((self.output / name).read_bytes(), (whole / name).read_bytes(), name)

    def test_kill_9_at_random_moments(self):
        args = (*self.STEPS, "--dev", self.dev, "--eval-every", 7)
        whole, seconds = self.whole_run(*args)
        kills = 0
        for seed in range(3):
            moments = random.Random(seed)
            self.output = self.folder / f"killed-{seed}"
            for _ in range(6):
                process = self.start(*args, *self.how_to_go_on())
                time.sleep(moments.uniform(0.2, 0.9) * seconds)
                process.kill()
                if self.end(process)[0] != -signal.SIGKILL:
                    seconds *= 0.7  # the machine was perhaps busier when the whole run was timed
                    break
                kills += 1
            self.train(*args, *self.how_to_go_on())
            with self.subTest(seed=seed):
                self.expect_same_as(whole)
        self.assertGreater(kills, 3)

    def how_to_go_on(self):
        """With the checkpoint, or anew after a kill before the first one."""
        if not self.output.exists():
            return ()
        has_checkpoint = (self.output / "checkpoint.json").exists()
        return ("--resume",) if has_checkpoint else ("--overwrite",)

    def test_interrupted_and_terminated(self):
        args = ("--epochs", 60)
        whole, _ = self.whole_run(*args)
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(status=status):
                self.output = self.folder / str(status)
                process = self.start(*args)
                self.wait_for_steps(3, process)
                process.send_signal(number)
                code, messages = self.end(process)
                self.assertEqual(code, status, messages)
                self.assertRegex(messages, r"\nbertqa: stopped after step \d+; the same command "
                                 r"with --resume goes on\n$")
                self.assertEqual(json.loads((self.output / "checkpoint.json").read_text())["step"],
                                 len(self.log()))
                self.train(*args, "--resume")
                self.expect_same_as(whole)

    def test_full_disk_at_a_checkpoint(self):
        args = ("--epochs", 60)
        whole, _ = self.whole_run(*args)
        process = self.start(*args)
        self.wait_for_steps(3, process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.end(process)[0], 130)
        kept = {path.name: path.read_bytes() for path in self.output.glob("checkpoint*")}
        self.assertEqual(len(kept), 2)
        # The tensors of a checkpoint are three times the model's 60,800 bytes.
        code, messages = self.end(self.start(*args, "--resume", "--save-minutes", 0,
                                             limit_bytes=100_000))
        self.assertEqual(code, 4, messages)
        self.assertRegex(messages, rf"\nbertqa: {self.output}/checkpoint-\d+\.safetensors\.part: "
                         r"cannot write: File too large\n$")
        self.assertEqual({path.name: path.read_bytes()
                          for path in self.output.glob("checkpoint*")}, kept)
        self.train(*args, "--resume")
        self.expect_same_as(whole)

    def test_full_disk_at_the_model(self):
        whole, _ = self.whole_run()
        code, messages = self.end(self.start(limit_bytes=50_000))
        self.assertEqual(code, 4, messages)
        self.assertRegex(messages, r"model\.safetensors: cannot write: File too large\n$")
        self.assertNotIn("model.safetensors", self.names())
        self.train("--resume")
        self.expect_same_as(whole)

    def test_a_run_that_is_done_stays_as_it_is(self):
        self.train()
        before = {path.name: path.read_bytes() for path in self.output.iterdir()}
        result = self.train("--resume")
        self.assertIn(f"bertqa: {self.output}: this run is done\n", result.stderr)
        self.assertEqual({path.name: path.read_bytes() for path in self.output.iterdir()}, before)


if __name__ == "__main__":
    unittest.main()
