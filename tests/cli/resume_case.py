"""What the tests of interrupted runs of `bertqa batch` share."""

import random
import subprocess

import runner
from runner import CliTest, tiny_model

SEED = 20


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
        self.model = tiny_model()
        self.input = self.write("in.jsonl", make_records(self.COUNT))
        self.output = self.folder / "out.jsonl"
        self.state = self.folder / "out.jsonl.resume"
        self.failed = len([n for n in range(self.COUNT) if n % 17 == 5])
        self.whole = self.run_tiny("batch", self.input).stdout.encode()
        self.tail = f"bertqa: {self.failed} of {self.COUNT} records failed\n"

    def run_tiny(self, command, *args, **keywords):
        return runner.run(command, "-m", self.model, *args, **keywords)

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
            runner.command_line("batch", "-m", self.model, self.input, "-o", self.output, *args),
            env=runner.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, **keywords)

    def stop_in_the_middle(self, *args):
        """As a kill leaves it: a state, and an output with half a line at its end."""
        result = self.run_tiny("batch", self.input, "-o", self.output, *args, limit_bytes=10000)
        self.assertEqual(result.status, 4)
        self.assertTrue(self.state.exists())
