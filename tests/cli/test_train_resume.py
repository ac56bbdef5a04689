"""`bertqa train`: kills, signals and full disks, and going on after them."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest

import runner
from train_case import TrainTest

SEED = 20
KILLS = int(os.environ.get("BERTQA_TRAIN_KILLS", "6"))


class Survives(TrainTest):
    """Whatever ends a run, --resume gives the bits of one that was never stopped."""

    def start(self, *args, limit_bytes=None, ignores=()):
        """As a shell starts a command: every signal does what it does by default, but for what it
        `ignores`."""
        def prepare():
            runner.default_signals()
            for number in ignores:
                signal.signal(number, signal.SIG_IGN)
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

    def test_kill_9_at_random_moments(self):
        args = ("--epochs", 6, "--save-minutes", 0, "--dev", self.dev, "--eval-every", 7)
        whole, seconds = self.whole_run(*args)  # 30 steps, each kept
        print(f"seed {SEED}, {KILLS} kills")
        moments = random.Random(SEED)
        kills = 0
        while kills < KILLS:
            process = self.start(*args, *self.how_to_go_on())
            time.sleep(moments.uniform(0.2, 0.9) * seconds)
            process.kill()
            was_killed = self.end(process)[0] == -signal.SIGKILL
            kills += was_killed
            if not was_killed:
                seconds *= 0.7  # the machine was perhaps busier when the whole run was timed
            if not was_killed or moments.random() < 0.2:
                self.go_on_to_the_end(args, whole)
        self.go_on_to_the_end(args, whole)

    def go_on_to_the_end(self, args, whole):
        self.train(*args, *self.how_to_go_on())
        self.expect_same_as(whole)
        shutil.rmtree(self.output)

    def test_interrupted_and_terminated(self):
        args = ("--epochs", 20)
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

    def test_a_second_signal_ends_it_at_once(self):
        args = ("--epochs", 200, "--threads", 1)
        process = self.start(*args)
        self.wait_for_steps(1, process)
        process.send_signal(signal.SIGSTOP)  # so that both come between two steps
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        code, messages = self.end(process)
        self.assertIn(code, (130, 143))
        self.assertNotIn("stopped after", messages)

    def test_what_a_shell_ignores_for_it_stays_ignored(self):
        args = ("--epochs", 20)
        process = self.start(*args, ignores=(signal.SIGINT,))
        self.wait_for_steps(1, process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.end(process)[0], 0)
        self.expect_same_as(self.whole_run(*args)[0])

    def test_two_processes_on_one_folder(self):
        args = ("--epochs", 20)
        process = self.start(*args)
        self.wait_for_steps(1, process)
        process.send_signal(signal.SIGSTOP)
        before = {path: path.stat().st_mtime_ns for path in self.output.iterdir()}
        for option in ("--resume", "--overwrite"):
            result = self.run_train(*args, option)
            self.assertEqual(result.status, 2)
            self.assertTrue(result.stderr.endswith(
                f"\nbertqa: {self.output}: another process is writing it\n"), result.stderr)
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.output.iterdir()}, before)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(self.end(process)[0], 0)
        self.expect_same_as(self.whole_run(*args)[0])

    def test_full_disk_at_a_checkpoint(self):
        args = ("--epochs", 20)
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
        self.copy_of_whole_run()
        before = {path.name: path.read_bytes() for path in self.output.iterdir()}
        result = self.train("--resume")
        self.assertIn(f"bertqa: {self.output}: this run is done\n", result.stderr)
        self.assertEqual({path.name: path.read_bytes() for path in self.output.iterdir()}, before)


if __name__ == "__main__":
    unittest.main()
