"""`bertqa batch` as a stream: co-process, closed pipe, full disk, same bytes, bounded memory."""

import json
import os
import pathlib
import random
import selectors
import subprocess
import time
import unittest

import runner
from runner import CliTest, peak_kib, run, tiny_model

WORDS = "the a big small fox dog river city country tower Paris is was born built in by of".split()


def make_records(count, longest, seed=11):
    """Records of mixed lengths, some of them broken or empty."""
    numbers = random.Random(seed)
    records = []
    for number in range(count):
        words = numbers.choices(WORDS, k=numbers.choice([1, 5, 40, numbers.randint(1, longest)]))
        record = {"id": number, "context": " ".join(words),
                  "question": " ".join(numbers.choices(WORDS, k=numbers.randint(1, 12))) + "?"}
        if number % 29 == 5:
            record["context"] = ""
        if number % 31 == 7:
            del record["question"]
        records.append(record)
    return records


class CoProcess:
    """A `bertqa batch` that is asked a line at a time."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            runner.command_line("batch", "-m", tiny_model(), *args),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=runner.environment(), bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def send(self, data):
        self.process.stdin.write(data.encode())

    def read_lines(self, count, seconds=60):
        """The next lines; fails if they do not come in time though input is only paused."""
        data = b""
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while data.count(b"\n") < count:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise AssertionError(f"{data.count(10)} of {count} lines after {seconds} s")
                chunk = os.read(self.process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise AssertionError(self.process.stderr.read().decode())
                data += chunk
        return data.decode()


class Stream(CliTest):
    def test_co_process_answers_while_input_pauses(self):
        first = json.dumps({"id": 1, "question": "who?", "context": "the fox is big"}) + "\n"
        expected = self.run_tiny("batch", stdin=first).stdout
        with CoProcess() as process:
            for _ in range(3):
                process.send(first)
                self.assertEqual(process.read_lines(1), expected)
            process.send(first * 40)
            self.assertEqual(process.read_lines(40), expected * 40)
            process.send("{}\n")
            self.assertIn("missing_field", process.read_lines(1))
            process.process.stdin.close()
            self.assertEqual(process.process.wait(timeout=60), 1)

    def test_co_process_whose_first_line_is_blank_or_comes_in_pieces(self):
        line = json.dumps({"id": 1, "question": "who?", "context": "the fox is big"}) + "\n"
        with CoProcess() as process:
            process.send("\n")
            process.send(line[:20])
            time.sleep(0.2)
            process.send(line[20:])
            self.assertEqual(json.loads(process.read_lines(1))["id"], 1)

    def test_co_process_whose_first_line_is_no_record(self):
        for line, code in (("{}", "missing_field"), ("{broken}", "bad_json"), ("x", "bad_json")):
            with CoProcess() as process:
                process.send(line + "\n")  # as short as it gets: nothing more may be waited for
                self.assertEqual(json.loads(process.read_lines(1))["error"]["code"], code)

    def test_closed_pipe_ends_quietly(self):
        path = self.write("many.jsonl", make_records(3000, 5))
        for args in (("batch", path), ("batch", path, "--output-format", "squad")):
            process = subprocess.Popen(
                runner.command_line(*args, "-m", tiny_model()),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=runner.environment())
            self.assertTrue(process.stdout.readline())
            process.stdout.close()
            errors = process.stderr.read().decode()
            process.stderr.close()
            process.wait(timeout=60)
            self.assertNotIn("internal", errors)
            self.assertNotIn("Broken pipe", errors)

    def test_interrupted(self):
        with CoProcess() as process:
            process.send('{"question":"who?","context":"fox"}\n')
            process.read_lines(1)
            process.process.terminate()
            self.assertEqual(process.process.wait(timeout=60), 143)

    def test_output_file_grows_while_it_runs(self):
        output = self.folder / "out.jsonl"
        with CoProcess("-o", str(output)) as process:
            process.send('{"question":"who?","context":"fox"}\n')
            end = time.monotonic() + 60
            while not (output.exists() and output.read_text().endswith("\n")):
                self.assertLess(time.monotonic(), end, "no answer in the file after 60 s")
                time.sleep(0.02)


class SameBytes(CliTest):
    """Threads, batch limits and neighbours change no byte of an answer."""

    @classmethod
    def setUpClass(cls):
        cls.records = make_records(300, 900)

    def answers(self, records, *args):
        path = self.write("records.jsonl", records)
        result = self.run_tiny("batch", path, *args)
        self.assertEqual(result.status, 1, result.stderr)  # some records are broken on purpose
        return result.stdout

    def test_threads_and_batch_limits(self):
        expected = self.answers(self.records)
        ids = [json.loads(line)["id"] for line in expected.splitlines()]
        self.assertEqual(ids, list(range(300)))
        for args in (("--threads", "1"), ("--threads", "2"), ("--threads", "5"),
                     ("--max-batch-tokens", "1"), ("--max-batch-tokens", "64"),
                     ("--max-batch-tokens", "512"), ("--max-batch-tokens", "8192"),
                     ("--max-batch-tokens", "64", "--threads", "1")):
            with self.subTest(args=args):
                self.assertTrue(self.answers(self.records, *args) == expected)

    def test_neighbours(self):
        def by_id(text):
            lines = {}
            for line in text.splitlines():
                answer = json.loads(line)
                answer.pop("line", None)
                answer.get("error", {}).pop("message", None)
                lines[answer["id"]] = line if "error" not in answer else json.dumps(answer)
            return lines

        expected = by_id(self.answers(self.records))
        for seed in (1, 2):
            shuffled = list(self.records)
            random.Random(seed).shuffle(shuffled)
            self.assertTrue(by_id(self.answers(shuffled)) == expected, f"seed {seed}")

    def test_alone_and_with_the_bundled_model(self):
        records = [record for record in make_records(30, 700, seed=3) if "question" in record]
        path = self.write("few.jsonl", records)
        expected = run("batch", path).stdout
        for args in (("--threads", "1"), ("--max-batch-tokens", "64"),
                     ("--max-batch-tokens", "8192")):
            with self.subTest(args=args):
                self.assertTrue(run("batch", path, *args).stdout == expected)
        for index in (0, 7, len(records) - 1):
            alone = run("batch", stdin=json.dumps(records[index])).stdout
            self.assertEqual(alone, expected.splitlines(keepends=True)[index])


class Resources(CliTest):
    def test_memory_does_not_grow_with_the_input(self):
        peaks = {}
        for count in (500, 20000):
            # The whole input of the larger run has about 32 MB; 4 times that with its tokens.
            line = json.dumps({"question": "who?", "context": " ".join(WORDS * 20)}) + "\n"
            # Line by line: a child's peak begins at the memory of the process that started it.
            path = self.write(f"{count}.jsonl", "")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(line for _ in range(count))
            peaks[count] = peak_kib("batch", "-m", tiny_model(), path, "--threads", "2")
        self.assertLess(peaks[20000] - peaks[500], 12 * 1024, peaks)

    @unittest.skipUnless(pathlib.Path("/dev/full").exists(), "no /dev/full here")
    def test_full_disk(self):
        path = self.write("in.jsonl", make_records(100, 5))
        with open("/dev/full", "wb") as full:
            result = self.run_tiny("batch", path, stdout=full)
        self.check(result, 4, "",
                   "bertqa: standard output: cannot write: No space left on device\n")
        result = self.run_tiny("batch", path, "-o", "/dev/full")
        self.check(result, 4, "", "bertqa: /dev/full: cannot write: No space left on device\n")

    def test_file_that_may_not_grow_keeps_whole_lines_before_the_error(self):
        path = self.write("in.jsonl", make_records(300, 5))
        output = self.folder / "out.jsonl"
        result = self.run_tiny("batch", path, "-o", output, limit_bytes=8192)
        self.check(result, 4, "", f"bertqa: {output}: cannot write: File too large\n")
        self.assertEqual(output.stat().st_size, 8192)


if __name__ == "__main__":
    unittest.main()
