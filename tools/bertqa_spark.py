"""Questions that are rows of Spark, answered by `bertqa batch`: a process for each partition.

    spark.sparkContext.addPyFile("tools/bertqa_spark.py")
    answers = rows.mapInPandas(bertqa_spark.answers(), bertqa_spark.schema())
    lines = bertqa_spark.pipe(spark.sparkContext.textFile("rows.jsonl"))

`bertqa` and its model must be on every worker, at the same place. A record that fails is a row (a
line) with an error; a process that fails raises ProcessError, with what it wrote to stderr, and so
fails the task. `answers` needs pandas and pyarrow, as mapInPandas does; `pipe` needs neither.
"""

import collections
import functools
import json
import subprocess
import tempfile
import threading

_ANSWER = {"answer": "STRING", "start": "BIGINT", "end": "BIGINT", "probability": "DOUBLE",
           "logit": "DOUBLE"}
_COLUMNS = {**_ANSWER, "null_probability": "DOUBLE", "null_logit": "DOUBLE", "reason": "STRING",
            "answers": f"ARRAY<STRUCT<{', '.join(f'`{n}`: {t}' for n, t in _ANSWER.items())}>>",
            "warnings": "ARRAY<STRING>", "error_code": "STRING", "error_message": "STRING"}
# Rows are handed on in frames of this many.
FRAME_ROWS = 1000
# What of a failed process's stderr goes into the error.
STDERR_BYTES = 4000


class ProcessError(RuntimeError):
    """`bertqa` could not be started, died, or did not answer every record."""


def schema(id_type="STRING"):
    """The columns that answers() makes, for mapInPandas: `id` as it is in the rows, then what a line
    of `batch` has. `answer` is null where there is none (then `reason` says why) and where the record
    failed (then `error_code` and `error_message` say why)."""
    return ", ".join([f"`id` {id_type}", *(f"`{name}` {kind}" for name, kind in _COLUMNS.items())])


def answers(options=(), program="bertqa"):
    """The function for DataFrame.mapInPandas. It takes frames with the columns `question` and
    `context`, and `id` if the rows have one, and gives the answers in the order of the rows.

    options  of `bertqa batch`, such as ("--model", "/models/deberta", "--top-k", 3). A process has
             one thread unless they say otherwise: --threads is best what spark.task.cpus is.
    program  `bertqa`, by name or path."""
    return functools.partial(_answer_frames, _command(program, options))


def pipe(lines, options=(), program="bertqa"):
    """An RDD of JSONL records becomes one of the lines that `bertqa batch` writes of them, in order.
    Options and program as in answers()."""
    return lines.mapPartitions(functools.partial(_answer_lines, _command(program, options)))


def _command(program, options):
    return [program, "batch", "--quiet", "--threads", "1", *(str(option) for option in options)]


class _Feeder(threading.Thread):
    """Writes lines to the process, so that writing and reading never wait for each other.
    A daemon: the iterator of lines may never end once whoever reads the answers went away."""

    def __init__(self, stdin, lines):
        super().__init__(daemon=True)
        self.error = None
        self._stdin = stdin
        self._lines = lines

    def run(self):
        try:
            with self._stdin:
                for line in self._lines:
                    self._stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            pass  # the process ended early: its exit status says more
        except BaseException as error:  # of the iterator: the reader raises it
            self.error = error


def _answer_lines(command, lines):
    """What the command writes of the lines, a line at a time. Raises ProcessError where it fails."""
    with tempfile.TemporaryFile() as stderr:  # a file: nobody has to read along
        process = _start(command, stderr)
        feeder = _Feeder(process.stdin, lines)
        feeder.start()
        try:
            with process.stdout:
                for line in process.stdout:
                    yield line.decode().rstrip("\n")
            status = process.wait()
        finally:
            process.kill()  # whoever reads went away, or it ended and nothing happens
            process.wait()
        if status not in (0, 1):  # 1: some records failed
            end = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
            raise ProcessError(f"{' '.join(command)}: {end}: {_last_words(stderr)}")
        feeder.join()
        if feeder.error is not None:
            raise feeder.error


def _start(command, stderr):
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
    except OSError as error:
        raise ProcessError(f"{command[0]}: cannot be started on this worker: "
                           f"{error.strerror}") from error


def _last_words(stderr):
    size = stderr.seek(0, 2)
    stderr.seek(max(0, size - STDERR_BYTES))
    return stderr.read().decode(errors="replace").strip() or "nothing on stderr"


def _records(frames, ids):
    """The rows as lines of JSON. Their ids go to `ids`, since they may be of any type, null, or
    doubled; in the lines a number takes their place, by which the order is checked."""
    number = 0
    for frame in frames:
        missing = [name for name in ("question", "context") if name not in frame.columns]
        if missing:
            raise ValueError(f"no column {' and '.join(missing)}: question, context and perhaps id "
                             f"are expected, the rows have {', '.join(frame.columns)}")
        row_ids = frame["id"] if "id" in frame.columns else [None] * len(frame)
        for row_id, question, context in zip(row_ids, frame["question"], frame["context"]):
            number += 1
            ids.append(row_id)
            yield json.dumps({"id": number, "question": _text(question), "context": _text(context)})


def _text(value):
    """pandas has None, NaN and NA for null, which becomes the record's error."""
    return value if isinstance(value, str) else None


def _row(row_id, record):
    row = {"id": row_id, **{name: record.get(name) for name in _COLUMNS}}
    if "error" in record:
        row["error_code"] = record["error"]["code"]
        # The line is one of the partition, which nobody sees.
        row["error_message"] = record["error"]["message"].removeprefix(f"line {record['line']}: ")
    return row


def _frame(rows):
    import pandas  # where mapInPandas runs it is there
    # dtype: pandas would make floating-point numbers of offsets that may be null.
    return pandas.DataFrame({name: [row[name] for row in rows] for name in ("id", *_COLUMNS)},
                            dtype=object)


def _answer_frames(command, frames):
    ids = collections.deque()  # of what is at work: no more than the process and two pipes hold
    rows = []
    number = 0
    for line in _answer_lines(command, _records(frames, ids)):
        number += 1
        record = json.loads(line)
        if record.get("id", record.get("line")) != number:  # a line that is too long has no id
            raise ProcessError(f"bertqa: record {number} is expected, it wrote {line[:200]}")
        rows.append(_row(ids.popleft(), record))
        if len(rows) == FRAME_ROWS:
            yield _frame(rows)
            rows = []
    if ids:
        raise ProcessError(f"bertqa: {len(ids)} records have no answer")
    yield _frame(rows)
