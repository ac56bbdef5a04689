"""Inputs of extreme shapes, and runs that get too little memory: nothing is lost, nothing grows."""

import json
import os
import resource
import subprocess
import unittest

import runner
from runner import CliTest, peak_kib, run, tiny_model

MEBIBYTE = 1 << 20
IS_SANITIZED = any(kind in str(runner.BINARY) for kind in ("asan", "tsan"))
GOOD = {"id": 1, "question": "who?", "context": "the big fox is in Paris"}


class Shapes(CliTest):
    def test_one_context_of_10_mb(self):
        """All of it is searched. Most of its words are none of the vocabulary, a token each, so that
        the test is quick; what is resident is a few copies of the text, and 24 bytes a token."""
        text = ("\N{CYRILLIC SMALL LETTER ZHE}" * 30 + " ") * (9_000_000 // 61)
        text += "the fox is in Paris. " * (1_000_000 // 21)
        path = self.write("long.jsonl", json.dumps({**GOOD, "context": text}, ensure_ascii=False))
        output = self.folder / "out.jsonl"
        peak = peak_kib("batch", "-m", tiny_model(), path, "-o", output)
        answer = json.loads(output.read_text())
        self.assertEqual(text[answer["start"]:answer["end"]], answer["answer"])
        file = self.write("long.txt", text)
        asked = self.run_tiny("ask", "-q", "who?", "--json", file).records()[0]
        self.assertEqual((asked["start"], asked["logit"]), (answer["start"], answer["logit"]))
        if not IS_SANITIZED:
            self.assertLess(peak, 300 * 1024)

    def test_10_000_contexts_of_one_word(self):
        words = [f"w{number}" for number in range(10_000)]
        for word in words:
            self.write(word, word)
        result = self.run_tiny("ask", "-q", "who?", "--json", "-k", 3, *words, cwd=self.folder)
        self.assertEqual(result.status, 0, result.stderr)
        for answer in result.records()[0]["answers"]:
            self.assertEqual(answer["file"][answer["start"]:answer["end"]], answer["answer"])
        lines = [{"id": number, "question": "who?", "context": word}
                 for number, word in enumerate(words)]
        answers = self.check(self.run_tiny("batch", self.write("w.jsonl", lines)), 0).records()
        self.assertEqual([answer["id"] for answer in answers], list(range(10_000)))
        for word, answer in zip(words, answers):
            self.assertEqual(word[answer["start"]:answer["end"]], answer["answer"])

    def test_1_000_identical_ids(self):
        """They are names, not keys: each record has its answer. SQuAD's predictions are keyed by
        them, so there the first stays and each other is named."""
        lines = [{"id": "same", "question": "who?", "context": f"fox {number}"}
                 for number in range(1000)]
        path = self.write("same.jsonl", lines)
        answers = self.check(self.run_tiny("batch", path), 0).records()
        self.assertEqual([answer["id"] for answer in answers], ["same"] * 1000)
        for line, answer in zip(lines, answers):
            self.assertEqual(line["context"][answer["start"]:answer["end"]], answer["answer"])
        result = self.run_tiny("batch", "--output-format", "squad", path)
        self.assertEqual(json.loads(result.stdout), {"same": answers[0]["answer"]})
        self.assertEqual((result.status, result.stderr.splitlines()),
                         (1, [f'bertqa: line {number}: id "same" came before; its first answer stays'
                              for number in range(2, 1001)] +
                          ["bertqa: 999 of 1000 records failed"]))


@unittest.skipIf(IS_SANITIZED, "sanitizers reserve terabytes of addresses")
class LittleMemory(CliTest):
    """RLIMIT_AS (`ulimit -v`) counts addresses, also those of mapped weights and of libraries."""

    @classmethod
    def setUpClass(cls):
        cls.needed = cls.addresses_of_a_run()

    @staticmethod
    def addresses_of_a_run():
        """The most address space that a run with small records takes, in bytes."""
        with subprocess.Popen(runner.command_line("batch", "-m", tiny_model(), "--threads", 2),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=runner.environment()) as process:
            process.stdin.write(json.dumps(GOOD).encode() + b"\n")
            process.stdin.flush()
            process.stdout.readline()
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                peak = next(line for line in status if line.startswith("VmPeak:"))
            process.stdin.close()
        return int(peak.split()[1]) * 1024

    def test_a_record_that_does_not_fit_fails_alone(self):
        """Whether the reader, the JSON or the tokenizer finds that there is no memory."""
        huge = {**GOOD, "id": 2, "context": "a " * 7_500_000}  # 15 MB, 7.5 million tokens
        for limit in (self.needed // 3, self.needed // 2, self.needed, self.needed + 96 * MEBIBYTE):
            with self.subTest(limit=limit, needed=self.needed):
                first, second, third = self.answers_one_by_one(
                    limit, [GOOD, huge, {**GOOD, "id": 3, "context": "the dog"}])
                second.pop("id", None)  # not known where the line was not kept
                self.assertEqual(second, {"line": 2, "error": {
                    "code": "internal", "message": "line 2: out of memory"}})
                self.assertEqual((first["id"], third["id"]), (1, 3))
                self.assertIn("answer", first)
                self.assertIn("answer", third)

    def answers_one_by_one(self, limit, records):
        """Each is sent when the one before it is answered: one that is read or tokenized while the
        huge one has all the memory could fail as well."""
        with subprocess.Popen(
                runner.command_line("batch", "-m", tiny_model(), "--threads", 2),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=runner.environment(),
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        ) as process:
            results = []
            for record in records:
                process.stdin.write(json.dumps(record).encode() + b"\n")
                process.stdin.flush()
                results.append(json.loads(process.stdout.readline()))
            process.stdin.close()
            self.assertEqual(process.stderr.read(), b"bertqa: 1 of 3 records failed\n")
        self.assertEqual(process.returncode, 1)
        return results

    def test_too_little_for_the_run_itself_is_said_in_a_line(self):
        """However little there is: an answer, or one line that says what there was no memory for, or
        the loader's own words; never a signal."""
        statuses = set()
        for mebibytes in range(16, 120, 8):  # less does not hold the program itself
            result = run("ask", "-q", "who?", "-c", "the fox", "--threads", 2,
                         address_bytes=mebibytes * MEBIBYTE)
            statuses.add(result.status)
            with self.subTest(mebibytes=mebibytes, stderr=result.stderr):
                self.assertIn(result.status, (0, 3, 4, 127))
                if result.status in (3, 4):
                    self.assertRegex(result.stderr, r"\Abertqa: [^\n]+\n\Z")
                    self.assertRegex(result.stderr, "memory|cannot start")
        self.assertIn(4, statuses)


if __name__ == "__main__":
    unittest.main()
