"""`batch --resume`, `--shard`, `--retry-errors`, `merge`: nothing lost, nothing doubled."""

import os
import random
import signal
import subprocess
import time
import unittest

import runner
from runner import CliTest, tiny_model

SEED = 20
KILLS = int(os.environ.get("BERTQA_KILLS", "200"))


def make_records(count):
    """Some fail, some ids come twice, none of the questions is another's."""
    words = "fox dog paris tower river city country king queen year".split()
    pick = random.Random(SEED)
    records = []
    for number in range(count):
        record = {"id": number // 2, "question": f"who is {number}?",
                  "context": " ".join(pick.choice(words) for _ in range(pick.randint(1, 30)))}
        if number % 17 == 5:
            del record["context"]
        records.append(record)
    return records


class ResumeCase(CliTest):
    COUNT = 400

    def setUp(self):
        super().setUp()
        self.input = self.write("in.jsonl", make_records(self.COUNT))
        self.output = self.folder / "out.jsonl"
        self.state = self.folder / "out.jsonl.resume"
        self.failed = len([n for n in range(self.COUNT) if n % 17 == 5])
        self.whole = self.run_tiny("batch", self.input).stdout.encode()
        self.tail = f"bertqa: {self.failed} of {self.COUNT} records failed\n"

    def resume(self, *args, **keywords):
        return self.run_tiny("batch", self.input, "-o", self.output, "--resume", *args, **keywords)

    def expect_whole(self, result):
        self.assertEqual(result.status, 1, result.stderr)
        self.assertTrue(result.stderr.endswith(self.tail), result.stderr)
        self.assertEqual(self.output.read_bytes(), self.whole)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["in.jsonl", "out.jsonl"])

    def start(self, *args, **keywords):
        return subprocess.Popen(
            runner.command_line("batch", "-m", tiny_model(), self.input, "-o", self.output, *args),
            env=runner.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **keywords)

    def stop_in_the_middle(self):
        """As a kill leaves it: a state, and an output with half a line at its end."""
        result = self.run_tiny("batch", self.input, "-o", self.output, limit_bytes=10000)
        self.assertEqual(result.status, 4)
        self.assertTrue(self.state.exists())


class Resume(ResumeCase):
    def test_full_disk_then_resume(self):
        self.stop_in_the_middle()
        self.assertEqual(self.output.stat().st_size, 10000)
        self.expect_whole(self.resume())

    def test_garbage_at_the_end_is_cut(self):
        for garbage in (b'{"id":1,"answ', b"\0" * 4096, b"\0\0\0\n{}\n"):
            with self.subTest(garbage[:8]):
                self.output.unlink(missing_ok=True)
                self.stop_in_the_middle()
                with open(self.output, "ab") as file:
                    file.write(garbage)
                self.expect_whole(self.resume())

    def test_nothing_yet_and_done_already(self):
        self.expect_whole(self.resume())
        self.expect_whole(self.resume())

    def test_kill_9_at_random_moments(self):
        print(f"seed {SEED}, {KILLS} kills")
        moments = random.Random(SEED)
        begin = time.monotonic()
        self.resume()
        seconds = time.monotonic() - begin
        self.output.unlink()
        kills = 0
        while kills < KILLS:
            process = self.start("--resume", "--max-batch-tokens", "64")
            time.sleep(moments.uniform(0, 0.9) * seconds)
            process.kill()
            process.communicate()
            kills += process.returncode == -signal.SIGKILL
            if process.returncode != -signal.SIGKILL or moments.random() < 0.2:
                self.expect_whole(self.resume())
                self.output.unlink()
        self.expect_whole(self.resume())

    def test_what_is_not_the_same_is_refused(self):
        self.stop_in_the_middle()
        before = self.output.read_bytes()
        for args, name in ((("-k", 2), "--top-k"), (("--offsets", "byte"), "--offsets"),
                           (("--shard", "1/2"), "--shard"), (("--keep-fields",), "--keep-fields"),
                           (("--precision", "fp32"), "--precision"),
                           (("--max-answer-tokens", 9), "--max-answer-tokens"),
                           (("--window-tokens", 300), "--window-tokens")):
            with self.subTest(name):
                result = self.resume(*args)
                self.assertEqual(result.status, 2, result.stderr)
                self.assertIn(f"bertqa: --resume: {name} is not the same: ", result.stderr)
        content = self.input.read_bytes()
        self.input.write_bytes(content.replace(b"who is 399", b"who is 398"))
        self.assertIn("--resume: input is not the same: ", self.resume().stderr)
        self.input.write_bytes(content)
        self.assertEqual(self.output.read_bytes(), before)
        self.expect_whole(self.resume())

    def test_without_a_state_it_is_refused(self):
        self.stop_in_the_middle()
        self.state.unlink()
        result = self.resume()
        self.assertEqual(result.status, 2)
        self.assertIn("out.jsonl.resume, which says what it was made from, is not there",
                      result.stderr)

    def test_contradictions(self):
        self.check_usage(self.resume("--overwrite"),
                         "--resume and --overwrite: one goes on, the other begins anew")
        self.check_usage(self.run_tiny("batch", self.input, "--resume"),
                         "--resume needs --output PATH")


class Parts(ResumeCase):
    def shard(self, index, count):
        path = self.folder / f"part-{index}.jsonl"
        self.run_tiny("batch", self.input, "--shard", f"{index}/{count}", "-o", path)
        return path

    def test_shards_merge_to_the_whole(self):
        parts = [self.shard(index, 3) for index in (1, 2, 3)]
        result = runner.run("merge", *reversed(parts), "-o", self.output)
        self.assertEqual(result.status, 1)
        self.assertRegex(result.stderr, rf"^bertqa: {self.failed} records failed: 6, 23, ")
        self.assertEqual(self.output.read_bytes(), self.whole)

    def slurm_task(self, task, count, **variables):
        """One task of an array as Slurm starts it."""
        script = runner.GOLDEN.parent.parent / "examples" / "slurm-batch.sh"
        return subprocess.Popen(
            ["sh", script, self.input, self.folder / "parts", "-m", tiny_model()],
            stderr=subprocess.PIPE, start_new_session=True, env=runner.environment(
                SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_COUNT=str(count),
                BERTQA=str(runner.BINARY), **variables))

    def expect_whole_parts(self):
        result = runner.run("merge", *(self.folder / "parts").glob("*.jsonl"), "--quiet")
        self.assertEqual(result.stdout.encode(), self.whole)

    def test_slurm_array_with_a_task_queued_again(self):
        for task in (3, 1, 2, 1):
            self.assertEqual(self.slurm_task(task, 3).communicate(), (None, b""))
        self.expect_whole_parts()

    def test_slurm_task_is_killed_and_queued_again(self):
        part = self.folder / "parts" / "2.jsonl"
        for task in (1, 2, 3):
            process = self.slurm_task(task, 3)
            if task == 2:
                while not (part.exists() and part.stat().st_size) and process.poll() is None:
                    pass
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.assertTrue(part.with_suffix(".jsonl.resume").exists())
        self.assertEqual(runner.run("merge", part).status, 2)
        process = self.slurm_task(2, 1, SHARDS="3")  # alone, it is an array of one
        self.assertEqual((process.communicate()[1], process.returncode), (b"", 0))
        self.expect_whole_parts()

    def test_slurm_task_that_cannot_run_fails(self):
        process = self.slurm_task(4, 3)
        self.assertIn(b"--shard 4/3: I/N is expected", process.communicate()[1])
        self.assertEqual(process.returncode, 2)

    def test_missing_and_doubled_are_named(self):
        parts = [self.shard(index, 2) for index in (1, 2)]
        lines = parts[1].read_text().splitlines(keepends=True)
        parts[1].write_text("".join(lines[2:]))
        result = runner.run("merge", parts[0], parts[0], parts[1], "--records", 401)
        self.assertEqual(result.status, 1)
        self.assertIn("bertqa: 3 records missing: 2, 4, 401\n", result.stderr)
        self.assertRegex(result.stderr, r"records doubled \(the first stays\): 1, 3, 5, ")

    def test_retry_replaces_errors(self):
        self.run_tiny("batch", self.input, "-o", self.output)
        fixed = make_records(self.COUNT)
        for record in fixed:
            record.setdefault("context", "the fox")
        self.write("in.jsonl", fixed)
        retry = self.folder / "retry.jsonl"
        result = self.run_tiny("batch", self.input, "--retry-errors", self.output, "-o", retry)
        self.check(result, 0)
        self.assertEqual(len(retry.read_text().splitlines()), self.failed)
        whole = self.run_tiny("batch", self.input).stdout
        self.check(runner.run("merge", self.output, retry), 0, whole)

    def test_bad_shards(self):
        for text in ("0/2", "3/2", "1", "1/", "a/b", "1/2/3", "-1/2"):
            self.check_usage(self.run_tiny("batch", self.input, f"--shard={text}"),
                             f"--shard {text}: I/N is expected, two whole numbers with 1 <= I <= N")

    def test_unfinished_shard_is_refused(self):
        self.stop_in_the_middle()
        result = runner.run("merge", self.output)
        self.assertEqual(result.status, 2)
        self.assertIn("is not finished", result.stderr)


class Signals(ResumeCase):
    COUNT = 3000

    def test_interrupted_and_terminated(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(status=status):
                self.output.unlink(missing_ok=True)
                # As a shell starts a command: nothing is ignored.
                process = self.start("--max-batch-tokens", "64", preexec_fn=lambda: [
                    signal.signal(one, signal.SIG_DFL) for one in (signal.SIGINT, signal.SIGTERM)])
                deadline = time.monotonic() + 60
                while not (self.output.exists() and self.output.stat().st_size > 0):
                    self.assertLess(time.monotonic(), deadline)
                process.send_signal(number)
                errors = process.communicate(timeout=60)[1].decode()
                self.assertEqual(process.returncode, status, errors)
                self.assertTrue(self.output.read_bytes().endswith(b"\n"))
                count = self.output.read_bytes().count(b"\n")
                self.assertIn(f"interrupted after {count} records", errors)
                self.expect_whole(self.resume())

    def test_hang_up_under_nohup_is_ignored(self):
        process = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        while not self.state.exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(self.output.read_bytes(), self.whole)


if __name__ == "__main__":
    unittest.main()
