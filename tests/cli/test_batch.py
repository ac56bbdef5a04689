"""`bertqa batch`: records in, records out."""

import json
import struct
import unittest

from runner import GOLDEN, CliTest, run

TEXT = "the big fox is in Paris"


def record(number, **more):
    return {"id": number, "question": "who?", "context": TEXT, **more}


class Records(CliTest):
    def batch(self, *args, **keywords):
        return self.run_tiny("batch", *args, **keywords)

    def test_keys_and_their_order(self):
        result = self.check(self.batch(stdin=json.dumps(record("a1"))), 0)
        self.assertEqual(list(result.records()[0]),
                         ["id", "answer", "start", "end", "probability", "logit",
                          "null_probability", "null_logit", "answers"])
        unnamed = self.batch(stdin=json.dumps({"question": "who?", "context": TEXT})).records()[0]
        self.assertEqual(list(unnamed)[0], "answer")

    def test_numbers_are_the_shortest_that_read_back(self):
        texts = []
        line = self.batch("-k", "9", stdin=json.dumps(record("a"))).stdout
        json.loads(line, parse_float=texts.append)
        self.assertGreaterEqual(len(texts), 6)
        for text in texts:
            exact = struct.pack("<f", float(text))
            shortest = next(digits for digits in (f"{float(text):.{n}e}" for n in range(9))
                            if struct.pack("<f", float(digits)) == exact)
            self.assertEqual(float(text), float(shortest), text)

    def test_order_and_ids_as_they_came(self):
        ids = ['"a"', '""', "1", "-7", "1.50", "1e3", "123456789012345678901234567890", "0.1",
               '"\\u00e9\\n\\"\\/"', '"é"', '"\\ud83d\\ude00"', "-0", '"' + "x" * 3000 + '"']
        lines = [f'{{"question":"who?","id":{one},"context":"{TEXT}"}}' for one in ids]
        result = self.check(self.batch(stdin="\n".join(lines)), 0)
        self.assertEqual([line[:line.index(',"answer":')] for line in result.stdout.splitlines()],
                         ['{"id":' + one for one in ids])

    def test_keep_fields(self):
        line = ('{"topic":{"a":[1.50,"x\\u00e9"]},"id":3,"question":"who?","n":1e3,"answer":"gold",'
                f'"context":"{TEXT}","w":null,"b\\"":true}}')
        plain = self.check(self.batch(stdin=line), 0)
        kept = self.check(self.batch("--keep-fields", stdin=line), 0)
        begin = '{"id":3,"topic":{"a":[1.50,"x\\u00e9"]},"n":1e3,"w":null,"b\\"":true,'
        self.assertTrue(kept.stdout.startswith(begin), kept.stdout)
        self.assertEqual(kept.records()[0]["warnings"],
                         ['field "answer" not kept: the output has one of that name'])
        self.assertEqual(kept.stdout[len(begin):].split(',"warnings"')[0] + "}\n",
                         plain.stdout[len('{"id":3,'):])

    def test_keep_fields_of_a_broken_record(self):
        line = '{"id":3,"topic":"t","question":1,"context":"x"}'
        result = self.check(self.batch("--keep-fields", stdin=line), 1,
                            stderr="bertqa: 1 of 1 records failed\n")
        self.assertEqual(list(result.records()[0]), ["id", "topic", "line", "error"])

    def test_offsets_and_top_k(self):
        data = json.dumps({"question": "who?", "context": "😀 é fox dog"})
        ends = {}
        for unit in ("codepoint", "byte", "utf16"):
            answers = self.batch("-k", "9", "--dedupe", "none", "--offsets", unit,
                                 stdin=data).records()[0]["answers"]
            ends[unit] = max(answer["end"] for answer in answers)
        self.assertEqual(ends, {"codepoint": 11, "byte": 15, "utf16": 12})

    def test_quiet_says_nothing_of_failed_records(self):
        self.check(self.batch("--quiet", stdin="{}"), 1)

    def test_verbose_counts(self):
        lines = [json.dumps(record(1)), json.dumps(record(2, question="when?")),
                 json.dumps(record(3))]
        result = self.batch("--verbose", "--threads", 2, stdin="\n".join(lines))
        self.assertEqual(result.status, 0)
        report = dict(line.split(None, 1) for line in result.stderr.splitlines()
                      if not line.startswith("page faults"))
        self.assertRegex(report["questions"], r"^3,  [\d.]+ a second$")
        self.assertEqual(report["duplicates"], "1")
        self.assertRegex(report["windows"], r"^2,  in [12] batches$")
        self.assertRegex(report["tokens"], r"^\d+,  \d+ a second$")
        self.assertRegex(report["run"], r"^\d+\.\d{3} s   on 2 threads$")
        self.assertRegex(report["memory"], r"^\d+\.\d MiB at most$")
        for stage in ("read", "tokenize", "encode", "decode", "write"):
            self.assertRegex(report[stage], r"^\d+\.\d{3} s +\d+\.\d %$")
        self.assertIn(report["precision"].split()[0], ("fp32", "bf16", "int8"))


class LineEnds(CliTest):
    """None of them changes an answer."""

    def setUp(self):
        super().setUp()
        self.lines = [json.dumps(record(number)) for number in range(3)]
        self.expected = self.run_tiny("batch", stdin="\n".join(self.lines) + "\n").stdout
        self.assertEqual(len(self.expected.splitlines()), 3)

    def test_other_line_ends(self):
        joined = "\n".join(self.lines)
        for name, data in (("no newline at the end", joined),
                           ("CRLF", joined.replace("\n", "\r\n") + "\r\n"),
                           ("blank lines", "\n \n" + joined.replace("\n", "\n\t\n\r\n") + "\n\n"),
                           ("byte-order mark", "\ufeff" + joined)):
            with self.subTest(name):
                self.check(self.run_tiny("batch", stdin=data), 0, self.expected)

    def test_empty_input(self):
        for data in ("", "\n", "\ufeff", " \r\n\n"):
            self.check(self.run_tiny("batch", stdin=data), 0, "")

    def test_blank_lines_count_in_line_numbers(self):
        result = self.run_tiny("batch", stdin="\n\n" + self.lines[0] + "\n\n{}\n")
        self.assertEqual(result.records()[1]["line"], 5)


class Output(CliTest):
    def setUp(self):
        super().setUp()
        self.input = self.write("in.jsonl", [record(1)])
        self.output = self.folder / "out.jsonl"
        self.expected = self.run_tiny("batch", self.input).stdout

    def batch(self, *args):
        return self.run_tiny("batch", self.input, "-o", self.output, *args)

    def test_new_or_empty_file_is_written(self):
        self.check(self.batch(), 0, "")
        self.assertEqual(self.output.read_text(), self.expected)
        self.output.write_text("")
        self.check(self.batch(), 0, "")
        self.assertEqual(self.output.read_text(), self.expected)

    def test_what_is_there_is_not_replaced(self):
        self.output.write_text("precious")
        self.check_usage(self.batch(), f"{self.output}: is not empty; --overwrite replaces it")
        self.assertEqual(self.output.read_text(), "precious")

    def test_overwrite(self):
        self.output.write_text("old " * 1000)
        self.check(self.batch("--overwrite"), 0, "")
        self.assertEqual(self.output.read_text(), self.expected)

    def test_what_is_there_survives_an_error_before_the_first_answer(self):
        self.output.write_text("precious")
        result = run("batch", "-m", "/nowhere", self.input, "-o", self.output, "--overwrite")
        self.assertEqual((result.status, self.output.read_text()), (3, "precious"))

    def test_the_input_is_not_the_output(self):
        before = self.input.read_bytes()
        link = self.folder / "same.jsonl"
        link.symlink_to(self.input)
        for path in (self.input, link):
            for more in ([], ["--overwrite"]):
                result = self.run_tiny("batch", self.input, "-o", path, *more)
                self.check_usage(result, f"{path}: is the input, it cannot be the output as well")
        self.assertEqual(self.input.read_bytes(), before)


class Squad(CliTest):
    SAMPLE = GOLDEN / "eval_sample_v1.json"

    def setUp(self):
        super().setUp()
        self.document = json.loads(self.SAMPLE.read_text())
        self.records = [{"id": qa["id"], "question": qa["question"],
                         "context": paragraph["context"]}
                        for article in self.document["data"]
                        for paragraph in article["paragraphs"] for qa in paragraph["qas"]]
        self.expected = self.run_tiny("batch", self.write("r.jsonl", self.records)).stdout

    def test_recognised_pretty_printed_or_on_one_line(self):
        reordered = {"data": self.document["data"], "version": "1.1"}
        for name, text in (("pretty", json.dumps(self.document, indent=2)),
                           ("one line", json.dumps(self.document)),
                           ("one line, no newline", json.dumps(self.document) + "\n"),
                           ("data first", json.dumps(reordered)),
                           ("mark", "\ufeff" + json.dumps(self.document)),
                           ("blank line first", "\n" + json.dumps(reordered, indent=1))):
            with self.subTest(name):
                self.check(self.run_tiny("batch", stdin=text), 0, self.expected)
        self.check(self.run_tiny("batch", self.SAMPLE), 0, self.expected)

    def test_long_document_on_one_line(self):
        big = json.loads(json.dumps(self.document))
        big["data"].append({"title": "t" * 200000, "paragraphs": []})
        self.check(self.run_tiny("batch", stdin=json.dumps(big)), 0, self.expected)

    def test_a_record_with_a_data_field_is_no_document(self):
        line = {"data": "x", "id": 1, "question": "who?", "context": TEXT}
        result = self.check(self.run_tiny("batch", stdin=json.dumps(line)), 0)
        self.assertEqual(result.records()[0]["id"], 1)

    def test_a_long_record_that_begins_with_data_is_no_document(self):
        line = {"data": "x", "id": 1, "question": "who?", "context": TEXT, "rest": "y" * 100000}
        result = self.check(self.run_tiny("batch", stdin=json.dumps(line)), 0)
        self.assertEqual(result.records()[0]["id"], 1)

    def test_format_can_be_forced(self):
        self.check(self.run_tiny("batch", "--input-format", "squad", self.SAMPLE), 0,
                   self.expected)
        result = self.run_tiny("batch", "--input-format", "jsonl", stdin=json.dumps(self.document))
        self.assertEqual(result.records()[0]["error"]["code"], "missing_field")

    def test_predictions(self):
        result = self.check(self.run_tiny("batch", self.SAMPLE, "--output-format", "squad"), 0)
        predictions = json.loads(result.stdout)
        answers = [json.loads(line) for line in self.expected.splitlines()]
        self.assertEqual(list(predictions.items()), [(a["id"], a["answer"]) for a in answers])

    def test_predictions_of_records_without_an_id_or_an_answer(self):
        lines = [record(7), {"question": "who?", "context": TEXT}, record("e", context=""),
                 record(7), {"id": "f"}]
        result = self.run_tiny("batch", "--output-format", "squad",
                               self.write("r2.jsonl", lines))
        self.check(result, 1, stderr='bertqa: line 2: no "id", which --output-format squad needs\n'
                   "bertqa: line 4: id 7 came before; its first answer stays\n"
                   'bertqa: id "f": line 5: no "question"\n'
                   "bertqa: 3 of 5 records failed\n")
        predictions = json.loads(result.stdout)
        self.assertEqual((list(predictions), predictions["e"]), (["7", "e"], ""))

    def test_no_records(self):
        result = self.run_tiny("batch", "--output-format", "squad", stdin="")
        self.check(result, 0, "{}\n")

    def test_a_broken_document_is_found_before_a_model_is_loaded(self):
        document = {"version": "1.1", "data": [{"paragraphs": [
            {"context": "x", "qas": [{"id": "1", "question": 5}]}]}]}
        path = self.write("dev.json", json.dumps(document))
        self.check(run("batch", "-m", "/nowhere", path), 3, "",
                   f"bertqa: {path}: document.data[0].paragraphs[0].qas[0].question: "
                   "is number, a string is expected\n")


if __name__ == "__main__":
    unittest.main()
