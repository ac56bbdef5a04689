"""tools/bertqa_spark.py without Spark: what its functions do with iterators, as a worker calls them."""

import itertools
import json
import os
import sys
import threading
import types
import unittest
from unittest import mock

import runner
from runner import CliTest, tiny_model

sys.path.insert(0, str(runner.GOLDEN.parent.parent / "tools"))
import bertqa_spark  # noqa: E402

DEADLINE_SECONDS = 60


class Frame(dict):
    """What the module uses of a pandas.DataFrame."""

    def __init__(self, columns, dtype=None):
        super().__init__(columns)
        self.columns = list(columns)
        self.dtype = dtype

    def __len__(self):
        return len(next(iter(self.values())))

    def rows(self):
        return [dict(zip(self.columns, values)) for values in zip(*self.values())]


def frames_of(records, size):
    for begin in range(0, len(records), size):
        part = records[begin:begin + size]
        yield Frame({name: [record.get(name) for record in part]
                     for name in ("question", "context", "id")})


def make_records(count):
    """Some without a text, some without an answer, ids that come twice or are null."""
    return [{"id": None if number % 10 == 7 else number // 2, "question": f"who is {number}?",
             "context": None if number % 10 == 3 else "" if number % 10 == 4 else f"the fox {number}"}
            for number in range(count)]


class Fed(CliTest):
    def setUp(self):
        super().setUp()
        clean = mock.patch.dict(os.environ, runner.environment(), clear=True)
        clean.start()
        self.addCleanup(clean.stop)
        pandas = mock.patch.dict(sys.modules, pandas=types.SimpleNamespace(DataFrame=Frame))
        pandas.start()
        self.addCleanup(pandas.stop)
        self.names = {"options": ("--model", tiny_model()), "program": str(runner.BINARY)}

    def program(self, text):
        """A program of the test's own in place of bertqa."""
        path = self.write("program", f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def answers(self, frames, **names):
        return [row for frame in bertqa_spark.answers(**{**self.names, **names})(frames)
                for row in frame.rows()]

    def lines(self, lines, **names):
        """pipe() with an RDD that has one partition."""
        rdd = types.SimpleNamespace(mapPartitions=lambda function: function(iter(lines)))
        return bertqa_spark.pipe(rdd, **{**self.names, **names})


class Answers(Fed):
    def expected(self, records):
        """The rows as `batch` on a file gives them."""
        lines = [json.dumps({**record, "id": number}) for number, record in enumerate(records, 1)]
        result = self.run_tiny("batch", stdin="".join(line + "\n" for line in lines))
        rows = []
        for record, line in zip(records, result.records()):
            error = line.get("error", {"code": None, "message": None})
            message = error["message"] and error["message"].split(": ", 1)[1]
            names = ("answer", "start", "end", "probability", "logit", "null_probability",
                     "null_logit", "reason", "answers", "warnings")
            rows.append({"id": record["id"], **{name: line.get(name) for name in names},
                         "error_code": error["code"], "error_message": message})
        return rows

    def test_rows_are_what_batch_writes_in_order(self):
        records = make_records(60)
        expected = self.expected(records)
        self.assertEqual({row["error_code"] for row in expected}, {None, "wrong_type"})
        self.assertIn("empty_context", [row["reason"] for row in expected])
        for size in (1, 7, 100):
            self.assertEqual(self.answers(frames_of(records, size)), expected)

    def test_frames_are_bounded_and_keep_whole_numbers(self):
        with mock.patch.object(bertqa_spark, "FRAME_ROWS", 25):
            frames = list(bertqa_spark.answers(**self.names)(frames_of(make_records(60), 60)))
        self.assertEqual([len(frame) for frame in frames], [25, 25, 10])
        for frame in frames:
            self.assertIs(frame.dtype, object)
            self.assertEqual(f"`{'`, `'.join(frame.columns)}`",
                             ", ".join(part for part in bertqa_spark.schema().split(" ")
                                       if part.startswith("`") and not part.endswith(":")))

    def test_options_are_those_of_batch(self):
        rows = self.answers(frames_of(make_records(3), 3),
                            options=("-m", tiny_model(), "--top-k", 2, "--max-line-bytes", 70))
        self.assertEqual([len(row["answers"]) for row in rows], [2, 2, 2])
        long = [{"question": "who?", "context": "fox " * 30}]
        rows = self.answers(frames_of(long, 1), options=("-m", tiny_model(), "--max-line-bytes", 70))
        self.assertEqual(rows[0]["error_code"], "too_long")  # its line has no id

    def test_no_rows(self):
        self.assertEqual(self.answers(iter(())), [])

    def test_rows_without_an_id_and_without_a_text(self):
        frame = Frame({"question": ["who?"], "context": ["the fox"]})
        self.assertIsNone(self.answers(iter([frame]))[0]["id"])
        with self.assertRaisesRegex(ValueError, "no column context: .*the rows have question"):
            self.answers(iter([Frame({"question": ["who?"]})]))

    def test_answers_in_another_order_are_refused(self):
        for text, finding in (("""cat >/dev/null; echo '{"id":2}'""", "record 1 is expected"),
                              ("cat >/dev/null", "2 records have no answer")):
            with self.subTest(text), self.assertRaisesRegex(bertqa_spark.ProcessError, finding):
                self.answers(frames_of(make_records(2), 2), program=self.program(text))


class Pipe(Fed):
    def test_lines_are_what_batch_writes(self):
        lines = [json.dumps(record) for record in make_records(40)] + ["", "{broken"]
        expected = self.run_tiny("batch", stdin="\n".join(lines) + "\n").stdout
        self.assertEqual("".join(line + "\n" for line in self.lines(lines)), expected)

    def test_the_input_is_read_no_further_than_it_must_be(self):
        """Millions of rows go through: neither side is collected, and neither waits for the other."""
        taken = itertools.count()
        record = json.dumps({"question": "who?", "context": "the fox " * 1000})
        answered = 0
        for _ in self.lines(record for _ in itertools.islice(taken, 3000)):
            answered += 1
            if answered == 100:
                break
        self.assertLess(next(taken), 2500)

    def test_a_reader_that_goes_away_leaves_no_process(self):
        pid = self.folder / "pid"
        program = self.program(f"echo $$ > {pid}; exec cat")  # echoes without end
        lines = self.lines(itertools.repeat('{"a": 1}'), program=program)
        self.assertEqual(next(lines), '{"a": 1}')
        lines.close()
        with self.assertRaises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    def test_output_larger_than_all_pipes_before_the_input_ends(self):
        """A program that writes much, and one that reads all first: neither blocks for ever."""
        lines = ["x" * 1000] * 2000
        for text in ("cat", "sleep 0.1; sort"):
            done = []
            worker = threading.Thread(
                target=lambda: done.extend(self.lines(lines, program=self.program(text))), daemon=True)
            worker.start()
            worker.join(DEADLINE_SECONDS)
            self.assertEqual(len(done), 2000, text)

    def test_a_process_that_fails_raises_with_its_words(self):
        with self.assertRaisesRegex(bertqa_spark.ProcessError, 'exit status 3: bertqa: model "none"'):
            list(self.lines(["{}"] * 1000, options=("-m", "none")))
        with self.assertRaisesRegex(bertqa_spark.ProcessError, "killed by signal 9: the last words"):
            list(self.lines(["{}"] * 1000, program=self.program("echo the last words >&2; kill -9 $$")))
        with self.assertRaisesRegex(bertqa_spark.ProcessError, "/none: cannot be started on this "):
            list(self.lines(["{}"], program="/none"))

    def test_an_error_of_the_input_is_raised(self):
        def lines():
            yield json.dumps({"question": "who?", "context": "fox"})
            raise LookupError("the row before this one")

        answers = self.lines(lines())
        self.assertIn('"answer"', next(answers))
        with self.assertRaisesRegex(LookupError, "the row before this one"):
            next(answers)


if __name__ == "__main__":
    unittest.main()
