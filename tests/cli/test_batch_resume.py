"""`batch --resume`, `--shard`, `--retry-errors`, `merge`: nothing lost, nothing doubled."""

import fcntl
import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from unittest import mock

import runner
from resume_case import SEED, ResumeCase, make_records
from runner import tiny_model
from tiny_model import write_tiny_model

KILLS = int(os.environ.get("BERTQA_KILLS", "200"))


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
        self.expect_refused("--dedupe", "overlap", "none", "--dedupe", "none")
        content = self.input.read_bytes()
        self.input.write_bytes(content.replace(b"who is 399", b"who is 398"))
        self.assertIn("--resume: input is not the same: ", self.resume().stderr)
        self.input.write_bytes(content)
        self.assertEqual(self.output.read_bytes(), before)
        self.expect_whole(self.resume())

    def expect_refused(self, name, begun, now, *args, **keywords):
        """Another `name` than the run had: both values are said, the output stays as it is."""
        before = self.output.read_bytes()
        result = self.resume(*args, **keywords)
        self.assertEqual(result.status, 2, result.stderr)
        self.assertRegex(result.stderr, f"^bertqa: --resume: {name} is not the same: the run that "
                         f"{self.state} is of has {begun}, this command {now}; --overwrite begins "
                         "anew\n$")
        self.assertEqual(self.output.read_bytes(), before)

    def test_another_model(self):
        model = self.folder.with_name(self.folder.name + "-model")
        self.addCleanup(shutil.rmtree, model)
        write_tiny_model(model)
        self.model = model
        self.stop_in_the_middle()
        for name, old, new in (("config.json", b"1e-12", b"2e-12"), ("vocab.txt", b"fox", b"fex"),
                               ("tokenizer_config.json", b"true", b"false"),
                               ("model.safetensors", b"\0", b"\1")):
            with self.subTest(name):
                file = model / name
                content = file.read_bytes()
                place = content.rindex(old)
                file.write_bytes(content[:place] + new + content[place + len(old):])
                self.expect_refused("model", "[0-9a-f]{16}", "[0-9a-f]{16}")
                file.write_bytes(content)
        self.expect_whole(self.resume())

    def test_another_build_of_the_program(self):
        self.stop_in_the_middle()
        program = self.folder.with_name(self.folder.name + "-bertqa")
        self.addCleanup(program.unlink)
        shutil.copy(runner.BINARY, program)
        with open(program, "ab") as file:
            file.write(b"\0")
        with mock.patch.object(runner, "BINARY", program):
            value = r"\d+\.\d+\.\d+ [0-9a-f]{16}"
            self.expect_refused("program", value, value)
        self.expect_whole(self.resume())

    def test_other_kernels(self):
        args = ("--precision", "fp32")
        self.stop_in_the_middle(*args)
        self.expect_refused("kernels", "(?!baseline).+", "baseline", *args,
                            env={"BERTQA_ISA": "baseline"})
        self.whole = self.run_tiny("batch", self.input, *args).stdout.encode()
        self.expect_whole(self.resume(*args))

    def test_pipes_are_refused(self):
        self.stop_in_the_middle()
        message = "input and output must be files, no pipes"
        self.check_usage(self.run_tiny("batch", "-o", self.output, "--resume", stdin=b"{}\n"),
                         f"--resume: {self.output}: {message}")
        self.assertEqual(self.output.stat().st_size, 10000)
        pipe = self.folder.with_name(self.folder.name + "-pipe")
        self.addCleanup(pipe.unlink)
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.check_usage(self.run_tiny("batch", self.input, "-o", pipe, "--resume"),
                         f"--resume: {pipe}: {message}")
        with open(self.input, "rb") as file:  # a file all the same
            self.expect_whole(self.run_tiny("batch", "-o", self.output, "--resume", stdin=file))

    def test_two_processes_on_one_output(self):
        for args in (("--resume",), ("--overwrite",), ()):
            with self.subTest(args):
                self.output.unlink(missing_ok=True)
                process = self.start("--resume", "--max-batch-tokens", "64")
                runner.wait_until(self.state.exists, "it has begun")
                process.send_signal(signal.SIGSTOP)
                before = self.output.read_bytes()
                second = self.run_tiny("batch", self.input, "-o", self.output, *args)
                self.check_usage(second, f"{self.output}: another process is writing it")
                self.assertEqual(self.output.read_bytes(), before)
                process.send_signal(signal.SIGCONT)
                self.assertEqual((process.communicate()[1].decode(), process.returncode),
                                 (self.tail, 1))
                self.assertEqual(self.output.read_bytes(), self.whole)

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
        for args in (("--resume",), ("--shard", "1/2")):
            self.check_usage(self.run_tiny("batch", self.input, "-o", self.output,
                                           "--output-format", "squad", *args),
                             "--output-format squad is one object: --resume, --shard and "
                             "--retry-errors go on, or make parts, in lines")

    def test_a_damaged_state(self):
        self.stop_in_the_middle()
        before = self.output.read_bytes()
        for damaged in (b"", b"{", b"[]"):
            self.state.write_bytes(damaged)
            self.check(self.resume(), 3, "",
                       f"bertqa: {self.state}: damaged; --overwrite begins anew\n")
        self.assertEqual(self.output.read_bytes(), before)
        result = self.run_tiny("batch", self.input, "-o", self.output, "--overwrite")
        self.expect_whole(result)

    def test_more_records_than_the_input(self):
        self.stop_in_the_middle()
        self.output.write_bytes(self.whole + self.whole)
        self.check_usage(self.resume(), f"--resume: {self.output}: has {2 * self.COUNT} records, "
                                        "more than the input")


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

    def test_merge_into_a_pipe(self):
        """It is written into, not replaced; and nobody minds if it is closed."""
        parts = [self.shard(index, 2) for index in (1, 2)]
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
        self.addCleanup(reader.wait)
        self.addCleanup(reader.kill)
        self.assertEqual(runner.run("merge", *parts, "-o", pipe).status, 1)
        self.assertTrue(pipe.is_fifo())
        self.assertEqual(reader.communicate(timeout=60)[0], self.whole)
        read, write = os.pipe()
        os.close(read)
        with open(write, "wb") as closed:
            self.check(runner.run("merge", *parts, "--records", 9999, stdout=closed), 0, "")

    def test_two_merges_into_one_output(self):
        part = self.shard(1, 1)
        with open(self.folder / "out.jsonl.part", "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # as a merge does
            self.check_usage(runner.run("merge", part, "-o", self.output),
                             f"{self.output}: another process is writing it")
        self.assertEqual(runner.run("merge", part, "-o", self.output).status, 1)
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
        for task in (1, 3):
            self.slurm_task(task, 3).communicate()
        while not part.with_suffix(".jsonl.resume").exists():  # a kill may come too late
            part.unlink(missing_ok=True)
            process = self.slurm_task(2, 3)
            while not (part.exists() and part.stat().st_size) and process.poll() is None:
                pass
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
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

    def test_more_than_there_should_be(self):
        part = self.shard(1, 1)
        result = runner.run("merge", part, "--records", self.COUNT - 1)
        self.assertEqual((result.status, result.stdout.encode()), (1, self.whole))
        self.assertTrue(result.stderr.endswith("bertqa: more records than --records 399\n"))
        self.assertEqual(runner.run("merge", part, "--records", 399, "--quiet").stderr, "")

    def test_what_is_no_shard(self):
        part = self.shard(1, 1)
        lines = part.read_text().splitlines(keepends=True)
        for text, message in (
                (lines[1] + lines[0], ":2: record 1 after 2, the order of batch is expected"),
                (lines[0] + "nonsense\n", ":2: a record that batch wrote is expected"),
                (lines[0].replace('"record_number":1,', '"record_number":0,'),
                 ":1: a record that batch wrote is expected"),
                (lines[0].replace('"record_number":1,', '"record_number":1.5,'),
                 ":1: a record that batch wrote is expected")):
            part.write_text(text)
            self.check(runner.run("merge", part, "-o", self.output), 3, "",
                       f"bertqa: {part}{message}\n")
        self.assertFalse(self.output.exists())

    def test_an_output_that_is_not_empty(self):
        part = self.shard(1, 1)
        self.output.write_text("precious")
        self.check_usage(runner.run("merge", part, "-o", self.output),
                         f"{self.output}: is not empty; --overwrite replaces it")
        self.assertEqual(self.output.read_text(), "precious")
        self.assertEqual(runner.run("merge", part, "-o", self.output, "--overwrite").status, 1)
        self.assertEqual(self.output.read_bytes(), self.whole)

    def test_errors_to_retry_in_another_order(self):
        lines = self.shard(1, 1).read_bytes().splitlines(keepends=True)
        shuffled = self.folder / "shuffled.jsonl"
        shuffled.write_bytes(lines[22] + lines[5])
        result = self.run_tiny("batch", self.input, "--retry-errors", shuffled)
        self.check(result, 3, "", f"bertqa: {shuffled}:2: record 6 after 23, their order is "
                                  "expected\n")

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


if __name__ == "__main__":
    unittest.main()
