"""tools/bertqa_spark.py in Spark: a local-cluster of two workers, each a process of its own.

Needs the modules pyspark, pandas and pyarrow, of the interpreter $BERTQA_SPARK_PYTHON or this one,
and Java; without them the tests are skipped. test_spark_module.py needs nothing of it.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import runner
from runner import CliTest, tiny_model

PYTHON = os.environ.get("BERTQA_SPARK_PYTHON", sys.executable)
TOOL = runner.GOLDEN.parent.parent / "tools" / "bertqa_spark.py"
SESSION = pathlib.Path(__file__).resolve().parent / "spark_session.py"
DEADLINE_SECONDS = 500


def what_lacks():
    """Why there can be no Spark here, or None."""
    for module in ("pyspark", "pandas", "pyarrow"):
        found = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False)
        if found.returncode != 0:
            return f"{PYTHON} has no module {module}"
    java = os.path.join(os.environ["JAVA_HOME"], "bin/java") if "JAVA_HOME" in os.environ else "java"
    if shutil.which(java) is None:
        return f"there is no Java: {java} is not found"
    return None


def make_records(count):
    records = []
    for number in range(count):
        record = {"id": number, "question": f"who is {number}?", "context": f"the fox is {number}"}
        if number % 9 == 4:
            del record["context"]
        if number % 9 == 5:
            record["context"] = ""
        records.append(record)
    return records


LACK = what_lacks()


@unittest.skipIf(LACK, LACK)
class Spark(CliTest):
    def spark_home(self):
        """pyspark's folder is a SPARK_HOME but for what a cluster writes there: its own, of links."""
        package = subprocess.run(
            [PYTHON, "-c", "import pyspark; print(pyspark.__path__[0])"], text=True,
            capture_output=True, check=True).stdout.strip()
        home = self.folder / "spark"
        home.mkdir()
        for name in ("bin", "sbin", "jars", "python"):
            (home / name).symlink_to(pathlib.Path(package, name))
        return home

    def session(self, records):
        path = self.write("records.jsonl", records)
        result = subprocess.run(
            [PYTHON, SESSION, path, TOOL, runner.BINARY, tiny_model()], text=True,
            capture_output=True, cwd=self.folder, timeout=DEADLINE_SECONDS, check=False,
            env=runner.environment(
                SPARK_HOME=str(self.spark_home()), SPARK_LOCAL_IP="127.0.0.1",
                SPARK_LOCAL_HOSTNAME="localhost", SPARK_WORKER_DIR=str(self.folder / "work"),
                SPARK_LOCAL_DIRS=str(self.folder / "local"), PYSPARK_PYTHON=PYTHON,
                PYSPARK_DRIVER_PYTHON=PYTHON))
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_two_workers(self):
        records = make_records(200)
        told = self.session(records)
        expected = self.run_tiny("batch", self.folder / "records.jsonl").records()

        self.assertEqual({pathlib.Path(path).name for path in told["executors"]}, {"0", "1"})
        self.assertEqual(len(told["rows"]), 200)
        for row, line in zip(told["rows"], expected):
            self.check_row(row, line)
        self.assertEqual((told["limited"], told["none"]), (1, 0))
        for name in ("lines", "spark_pipe"):
            self.assertEqual([self.without_line(json.loads(line)) for line in told[name]],
                             [self.without_line(line) for line in expected])
        for name in ("rows_failure", "lines_failure"):
            self.assertIn('exit status 3: bertqa: model "none": not found', told[name])

    def without_line(self, record):
        """A line's number is one of its partition."""
        if "error" in record:
            record = {**record, "line": None, "error": {
                **record["error"], "message": re.sub(r"^line \d+", "", record["error"]["message"])}}
        return record

    def check_row(self, row, line):
        if "error" in line:
            self.assertEqual((row["id"], row["error_code"]), (line["id"], "wrong_type"))
            self.assertEqual(row["error_message"], '"context" is null, a string is expected')
            self.assertIsNone(row["answers"])
        else:
            error = {"error_code": None, "error_message": None, "reason": None, "warnings": None}
            self.assertEqual(row, {**error, **line})


if __name__ == "__main__":
    unittest.main()
