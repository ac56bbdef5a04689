"""docs/bad-input.md: every row of its table is a test here, of the real binary, by its name.

Each test runs `ask` and `batch` on one kind of bad input. The messages that it expects must stand
in its row of the table, letter for letter.
"""

import json
import os
import pathlib
import re
import subprocess
import unittest

import runner
from bad_models import GOOD, BadModels
from runner import CliTest, run, tiny_model
from terminal import run_on_terminal

TABLE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "bad-input.md"


def documented_rows():
    """Name of the test -> its row."""
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        names = re.findall(r"`(test_\w+)`", line)
        if line.startswith("|") and names:
            assert len(names) == 1 and names[0] not in rows, line
            rows[names[0]] = line.replace("\\|", "|")
    return rows


class Table(unittest.TestCase):
    def test_every_row_has_its_test_and_every_test_its_row(self):
        tests = {name for name in dir(BadInput) if name.startswith("test_")}
        self.assertEqual(set(documented_rows()), tests)


class BadInput(BadModels, CliTest):
    def setUp(self):
        super().setUp()
        self.row = documented_rows().get(self._testMethodName, "")

    def documented(self, text):
        self.assertIn(f"`{text}`", self.row, "the table of docs/bad-input.md lacks it")

    def ask(self, *args, **keywords):
        return run("ask", "-m", tiny_model(), *args, cwd=self.folder, **keywords)

    def batch(self, *args, **keywords):
        return run("batch", "-m", tiny_model(), *args, cwd=self.folder, **keywords)

    def fails(self, result, status, message):
        """Ends with this status and this message, which the table has."""
        self.documented(message)
        self.check(result, status, "", f"bertqa: {message}\n")

    def answers(self, result, status=0, stderr=""):
        self.check(result, status, stderr=stderr)
        return result.records()

    def record_fails(self, line, code, message, **keywords):
        """A record between two good ones fails alone: order kept, nothing lost, exit 1."""
        good = json.dumps(GOOD).encode()
        line = line if isinstance(line, bytes) else line.encode()
        result = self.batch(*keywords.get("args", ()), stdin=good + b"\n" + line + b"\n" + good)
        records = self.answers(result, 1, "bertqa: 1 of 3 records failed\n")
        self.documented(message)
        self.documented(code)
        self.assertEqual(records[1]["line"], 2)
        self.assertEqual(records[1]["error"], {"code": code, "message": message})
        self.assertEqual(records[0], records[2])
        self.assertIn("answer", records[0])
        return records[1]

    def test_no_question(self):
        self.fails(self.ask("-c", "fox"), 2, "--question is required (see bertqa ask --help)")
        failed = self.record_fails('{"id":"x","context":"fox"}', "missing_field",
                                   'line 2: no "question"')
        self.assertEqual(failed["id"], "x")

    def test_no_text(self):
        message = "no text: give --context TEXT, FILEs, or a text on standard input"
        self.documented(message)
        status, shown = run_on_terminal("ask", "-m", tiny_model(), "-q", "who?")
        self.assertEqual((status, shown), (2, f"bertqa: {message}\r\n"))
        self.record_fails('{"question":"who?"}', "missing_field", 'line 2: no "context"')

    def test_no_records(self):
        message = "no input: name a FILE, or pipe records into the command"
        self.documented(message)
        status, shown = run_on_terminal("batch", "-m", tiny_model())
        self.assertEqual((status, shown), (2, f"bertqa: {message}\r\n"))

    def test_empty_question(self):
        self.fails(self.ask("-q", "", "-c", "fox"), 2, "--question: the question is empty")
        self.record_fails('{"question":"","context":"fox"}', "empty_question",
                          "line 2: the question is empty")

    def test_question_of_spaces(self):
        self.fails(self.ask("-q", " \t\n", "-c", "fox"), 2, "--question: the question is empty")
        self.record_fails('{"question":" \\t\\n","context":"fox"}', "empty_question",
                          "line 2: the question is empty")

    def test_question_without_a_token(self):
        self.fails(self.ask("-q", "\u3000\u200d", "-c", "fox"), 2, "the question is empty")
        self.record_fails('{"question":"\\u3000\\u200d","context":"fox"}', "empty_question",
                          "line 2: the question is empty")

    def test_empty_context(self):
        self.check(self.ask("-q", "who?", "-c", ""), 1, "\n")
        self.check(self.ask("-q", "who?", self.write("empty.txt", "")), 1, "\n")
        answered = self.answers(self.batch(stdin='{"question":"who?","context":""}'))[0]
        self.assertEqual(answered, {
            "answer": None, "start": None, "end": None, "probability": None, "logit": None,
            "null_probability": 1, "null_logit": None, "reason": "empty_context", "answers": []})
        self.documented('"reason":"empty_context"')

    def test_context_of_spaces(self):
        self.check(self.ask("-q", "who?", "-c", " \t\n "), 1, "\n")
        answered = self.answers(self.batch(stdin='{"question":"who?","context":" \\n\\u3000"}'))
        self.documented('"reason":"empty_context"')
        self.assertEqual(answered[0]["reason"], "empty_context")

    def test_question_longer_than_the_window(self):
        question = "who " * 1000
        warning = "question cut to 64 tokens"
        self.documented(f"warning: {warning}")
        result = self.ask("-q", question, "-c", "the big fox")
        self.check(result, 0, stderr=f"bertqa: warning: {warning}\n")
        self.assertNotEqual(result.stdout.strip(), "")
        data = json.dumps({**GOOD, "question": question})
        self.assertEqual(self.answers(self.batch(stdin=data))[0]["warnings"], [warning])

    def test_context_of_2_mb(self):
        sentence = "the small dog was born in the big city by the river. "
        text = sentence * (2_000_000 // len(sentence)) + "the FOX is in Paris"
        path = self.write("long.txt", text)
        asked = self.answers(self.ask("-q", "who?", "--json", path))[0]
        answered = self.answers(self.batch(stdin=json.dumps({"question": "who?",
                                                             "context": text})))[0]
        for result in (asked, answered):
            self.assertEqual(text[result["start"]:result["end"]], result["answer"])
        self.assertEqual(asked["start"], answered["start"])

    def test_binary_data(self):
        self.write("data.bin", b"\x7fELF\x02\x01\x01\x00\n\xd0\x0b\x00\n")
        self.fails(self.ask("-q", "who?", "data.bin"), 3,
                   "data.bin: invalid UTF-8 at byte 9 (0xD0)")
        records = self.answers(self.batch("data.bin"), 1, "bertqa: 2 of 2 records failed\n")
        for record, (code, message) in zip(records, (
                ("bad_json", "line 1: not valid JSON at byte 0"),
                ("bad_utf8", "line 2: invalid UTF-8 at byte 0"))):
            self.documented(code)
            self.documented(message)
            self.assertEqual(record["error"], {"code": code, "message": message})

    def test_invalid_utf8(self):
        self.write("latin1.txt", "Köhler".encode("latin-1"))
        self.fails(self.ask("-q", "who?", "latin1.txt"), 3,
                   "latin1.txt: invalid UTF-8 at byte 1 (0xF6)")
        self.fails(self.ask("-q", "who?", "-c", b"K\xf6hler"), 3,
                   "--context: invalid UTF-8 at byte 1 (0xF6)")
        self.fails(self.ask("-q", b"K\xf6hler?", "-c", "fox"), 3,
                   "--question: invalid UTF-8 at byte 1 (0xF6)")
        self.fails(self.ask("-q", "who?", stdin=b"K\xf6hler"), 3,
                   "standard input: invalid UTF-8 at byte 1 (0xF6)")
        self.record_fails(b'{"question":"who?","context":"K\xf6hler"}', "bad_utf8",
                          "line 2: invalid UTF-8 at byte 31")

    def test_nul_byte(self):
        path = self.write("nul.txt", b"the f\0ox is big")
        answers = self.answers(self.ask("-q", "who?", "--json", "-k", "99", "--dedupe", "none",
                                        path))[0]["answers"]
        self.assertIn((4, 8, "f\0ox"), {(a["start"], a["end"], a["answer"]) for a in answers})
        data = '{"question":"who?","context":"the f\\u0000ox is big"}'
        answered = self.answers(self.batch("-k", "99", "--dedupe", "none", stdin=data))[0]
        self.assertEqual([a["start"] for a in answered["answers"]],
                         [a["start"] for a in answers])
        self.record_fails(b'{"question":"who?","context":"f\0ox"}', "bad_json",
                          "line 2: not valid JSON at byte 31")

    def test_crlf(self):
        path = self.write("dos.txt", b"the big\r\nfox\r\n")
        answers = self.answers(self.ask("-q", "who?", "--json", "-k", "99", "--dedupe", "none",
                                        path))[0]["answers"]
        self.assertIn((4, 12, "big\r\nfox"),
                      {(a["start"], a["end"], a["answer"]) for a in answers})
        plain = self.ask("-q", "who?", "-k", "99", "--dedupe", "none", path)
        self.assertNotIn("\r", plain.stdout)
        line = json.dumps(GOOD)
        self.assertEqual(self.batch(stdin=f"{line}\r\n{line}\r\n").stdout,
                         self.batch(stdin=f"{line}\n{line}\n").stdout)

    def test_byte_order_mark(self):
        path = self.write("bom.txt", "\ufefffox")
        answer = self.answers(self.ask("-q", "who?", "--json", path))[0]
        self.assertEqual((answer["start"], answer["end"], answer["answer"]), (0, 3, "fox"))
        line = json.dumps(GOOD)
        self.assertEqual(self.batch(stdin="\ufeff" + line).stdout, self.batch(stdin=line).stdout)

    def test_blank_line(self):
        line = json.dumps(GOOD)
        records = self.answers(self.batch(stdin=f"\n{line}\n \t\n{line}\n\n"))
        self.assertEqual(len(records), 2)
        self.assertEqual(self.ask("-q", "who?", "-c", "\n\nfox\n\n").stdout, "fox\n")

    def test_lone_surrogate(self):
        self.record_fails('{"question":"who?","context":"a\\ud800b"}', "bad_utf8",
                          "line 2: lone surrogate escape \\ud800 at byte 31")
        self.write("text.txt", "fox \\ud800")
        answers = self.answers(self.ask("-q", "who?", "--json", "-k", "99", "--dedupe", "none",
                                        "text.txt"))[0]["answers"]
        self.assertEqual(max(a["end"] for a in answers), len("fox \\ud800"))
        self.fails(self.ask("-q", "who?", stdin=b"fox \xed\xa0\x80"), 3,
                   "standard input: invalid UTF-8 at byte 4 (0xED)")

    def test_repeated_key(self):
        self.record_fails('{"id":2,"question":"who?","context":"fox","question":"what?"}',
                          "bad_json", 'line 2: repeated key "question"')

    def test_bad_json_in_the_middle(self):
        self.record_fails('{"question":"who?", context:"fox"}', "bad_json",
                          "line 2: not valid JSON at byte 20")
        self.record_fails('{"question":"who?","context":"fox"', "bad_json",
                          "line 2: not valid JSON at byte 34")

    def test_deep_nesting(self):
        self.record_fails('{"question":"who?","context":"fox","x":' + "[" * 5000 + "]" * 5000 + "}",
                          "bad_json", "line 2: nested deeper than 512 levels")

    def test_number_out_of_range(self):
        self.record_fails('{"id":1e999,"question":"who?","context":"fox"}', "bad_json",
                          "line 2: a number is out of range")

    def test_not_an_object(self):
        self.record_fails('["who?","fox"]', "wrong_type",
                          "line 2: the line is a list, an object is expected")

    def test_line_of_20_mb(self):
        line = json.dumps({"question": "who?", "context": "fox " * 5_000_000})
        self.record_fails(line, "too_long",
                          "line 2: longer than 16777216 bytes (--max-line-bytes)")
        asked = self.ask("-q", "who?", self.write("line.txt", " " * 20_000_000 + "fox"))
        self.check(asked, 0, "fox\n")

    def test_wrong_type(self):
        for field, value, message in (
                ("question", "5", 'line 2: "question" is a number, a string is expected'),
                ("context", "null", 'line 2: "context" is null, a string is expected'),
                ("id", "[1]", 'line 2: "id" is a list, a string or a number is expected')):
            fields = {"question": '"who?"', "context": '"fox"', field: value}
            line = "{" + ",".join(f'"{key}":{text}' for key, text in fields.items()) + "}"
            self.record_fails(line, "wrong_type", message)

    def test_duplicate_id(self):
        data = (json.dumps(GOOD) + "\n") * 2
        records = self.answers(self.batch(stdin=data))
        self.assertEqual(records[0], records[1])
        message = "line 2: id 1 came before; its first answer stays"
        self.documented(message)
        result = self.batch("--output-format", "squad", stdin=data)
        self.check(result, 1,
                   stderr=f"bertqa: {message}\nbertqa: 1 of 2 records failed\n")
        self.assertEqual(len(json.loads(result.stdout)), 1)

    def test_missing_file(self):
        message = "gone.txt: cannot open: No such file or directory"
        self.fails(self.ask("-q", "who?", "gone.txt"), 3, message)
        self.fails(self.batch("gone.txt"), 3, message)

    def test_directory_for_a_file(self):
        (self.folder / "folder").mkdir()
        message = "folder: is a directory, a file is expected"
        self.fails(self.ask("-q", "who?", "folder"), 3, message)
        self.fails(self.batch("folder"), 3, message)
        message = "folder: cannot write: Is a directory"
        self.fails(self.batch("-o", "folder", stdin=json.dumps(GOOD)), 4, message)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_full_disk(self):
        message = "standard output: cannot write: No space left on device"
        for command in (("ask", "-q", "who?", "-c", "fox"), ("batch",)):
            with open("/dev/full", "wb") as full:
                result = run(*command, "-m", tiny_model(), stdin=json.dumps(GOOD), stdout=full)
            self.fails(result, 4, message)

    def test_closed_pipe(self):
        for command in ("ask", "-q", "who?", "-c", "fox"), ("batch",):
            read, write = os.pipe()
            os.close(read)
            with open(write, "wb") as closed:
                result = run(*command, "-m", tiny_model(), stdin=json.dumps(GOOD), stdout=closed)
            self.check(result, 0, "")
        path = self.write("many.jsonl", [GOOD] * 2000)
        first = subprocess.run(
            ["bash", "-c", 'set -o pipefail; "$0" batch -m "$1" "$2" | head -1; exit $?',
             str(runner.BINARY), str(tiny_model()), str(path)],
            capture_output=True, env=runner.environment(), check=False)
        self.assertEqual((first.returncode, first.stdout.count(b"\n"), first.stderr), (0, 1, b""))


if __name__ == "__main__":
    unittest.main()
