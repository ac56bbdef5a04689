"""`batch -o`, `merge -o` and other outputs when a call that creates, writes, syncs, cuts, renames or
removes a file fails or is the last one, each of them; and then the same command again."""

import json
import unittest

import runner
from fault_case import DEATHS, FAILURES, FaultCase
from resume_case import ResumeCase
from runner import CliTest, tiny_model


class Batch(FaultCase, ResumeCase):
    COUNT = 100

    def clear(self):
        for path in self.folder.glob("out.jsonl*"):
            path.unlink()

    def run_with(self, fault, *args):
        return self.run_tiny("batch", self.input, "-o", self.output, "--threads", 1,
                             "--max-batch-tokens", 64, *args, env=fault)

    def go_on(self, _kind, _result):
        self.expect_whole(self.resume())

    def test_each_call_of_a_run(self):
        self.each_fault(FAILURES + DEATHS, self.clear, self.run_with, self.go_on)

    def test_each_call_of_a_run_that_goes_on(self):
        self.stop_in_the_middle()
        begun = {path: path.read_bytes() for path in self.folder.glob("out.jsonl*")}
        self.assertEqual(len(begun), 2)

        def prepare():
            self.clear()
            for path, content in begun.items():
                path.write_bytes(content)

        def resume(fault):
            return self.run_with(fault, "--resume")

        self.each_fault(FAILURES + DEATHS, prepare, resume, self.go_on)

    def test_writes_that_go_on_by_themselves(self):
        self.each_mended(self.clear, self.run_with, self.expect_whole)


class Merge(FaultCase, CliTest):
    def setUp(self):
        super().setUp()
        self.parts = [self.write(f"part-{index}.jsonl", [
            {"record_number": number, "id": number, "answer": "x" * 2000}
            for number in range(index, 101, 2)]) for index in (1, 2)]
        self.output = self.folder / "out.jsonl"
        self.whole = runner.run("merge", *self.parts).stdout.encode()
        self.assertGreater(len(self.whole), 3 << 16)  # several writes

    def merge(self, fault=None):
        return runner.run("merge", *self.parts, "-o", self.output, "--overwrite", env=fault)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_each_call_leaves_the_old_file_or_the_new_one(self):
        def prepare():
            self.output.write_bytes(b"old\n")

        def check(kind, _result):
            self.assertIn(self.output.read_bytes(), (b"old\n", self.whole))
            if kind in FAILURES:
                self.assertEqual(self.names(), ["out.jsonl", "part-1.jsonl", "part-2.jsonl"])
            self.check(self.merge(), 0)
            self.assertEqual(self.output.read_bytes(), self.whole)
            self.assertEqual(self.names(), ["out.jsonl", "part-1.jsonl", "part-2.jsonl"])

        self.each_fault(FAILURES + DEATHS, prepare, self.merge, check)


class Atomic(FaultCase, CliTest):
    """What other commands write is the old file or the new one."""

    def check_command(self, output, *command):
        self.assertIn(runner.run(*command).status, (0, 1))
        whole = output.read_bytes()
        self.assertGreater(len(whole), 10)
        before = sorted(self.folder.iterdir())

        def prepare():
            for path in self.folder.iterdir():
                if path not in before:
                    path.unlink()
            output.write_bytes(b"old\n")

        def run(fault):
            return runner.run(*command, env=fault)

        def check(kind, _result):
            self.assertIn(output.read_bytes(), (b"old\n", whole))
            if kind in FAILURES:
                self.assertEqual(sorted(self.folder.iterdir()), before)

        self.each_fault(FAILURES + DEATHS, prepare, run, check)

    def test_save_predictions(self):
        data = self.write("dev.json", json.dumps({"version": "1.1", "data": [{"paragraphs": [{
            "context": "the big fox", "qas": [{"id": "a", "question": "who ?", "answers": [
                {"answer_start": 0, "text": "the"}]}]}]}]}))
        output = self.folder / "predictions.json"
        self.check_command(output, "eval", "-m", tiny_model(), data, "--save-predictions", output)

    def test_heat_map(self):
        output = self.folder / "map.svg"
        self.check_command(output, "inspect", "-m", tiny_model(), "-q", "who ?", "-c",
                           "the big fox", "--svg", output)


if __name__ == "__main__":
    unittest.main()
