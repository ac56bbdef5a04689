"""`bertqa` end to end on a tiny model of each family, against transformers' ids and logits and an
exhaustive decoder (tests/golden/make_answers.py)."""

import json
import unittest

import runner
from runner import CliTest, run

FAMILIES = sorted(path.stem for path in (runner.GOLDEN / "answers").glob("*.json"))
TOLERANCE = 1e-4


def load(family):
    return json.loads((runner.GOLDEN / "answers" / f"{family}.json").read_text())


def options(golden):
    names = ("window_tokens", "overlap_tokens", "max_question_tokens", "max_answer_tokens", "top_k")
    return ["--precision", "fp32"] + [f"--{name.replace('_', '-')}={golden[name]}" for name in names]


def model(family):
    return ["-m", runner.GOLDEN / "models" / f"answers-{family}"]


class Families(CliTest):
    def check_record(self, record, case, offsets="codepoint"):
        def place(answer):
            start, end = answer["bytes"] if offsets == "byte" else (answer["start"], answer["end"])
            return {"answer": answer["answer"], "start": start, "end": end}

        expected = case["answers"]
        self.assertEqual([{key: answer[key] for key in ("answer", "start", "end")}
                          for answer in record["answers"]], [place(answer) for answer in expected])
        self.assertEqual({key: record[key] for key in ("answer", "start", "end")}, place(expected[0]))
        pairs = [(record[key], case[key]) for key in ("null_logit", "null_probability")]
        for key in ("logit", "probability"):
            pairs += zip([answer[key] for answer in [record, *record["answers"]]],
                         [answer[key] for answer in [expected[0], *expected]])
        for found, wanted in pairs:
            self.assertAlmostEqual(found, wanted, delta=TOLERANCE)

    def test_all_are_there(self):
        """As many as `bertqa` says that it knows."""
        folder = self.folder / "unknown"
        folder.mkdir()
        (folder / "config.json").write_text('{"model_type": "?"}')
        known = run("info", "-m", folder).stderr.split(";")[1].split('"')[1::2]
        self.assertEqual(FAMILIES, sorted(known))

    def test_batch(self):
        for family in FAMILIES:
            golden = load(family)
            records = [{"id": number, "question": case["question"], "context": case["context"]}
                       for number, case in enumerate(golden["cases"])]
            path = self.write(f"{family}.jsonl", records)
            for extra in ([], ["--threads", 2, "--max-batch-tokens", 2000, "--offsets", "byte"]):
                with self.subTest(family=family, extra=extra):
                    result = run("batch", path, *model(family), *options(golden), *extra)
                    self.check(result, 0)
                    self.assertEqual(len(result.records()), len(records))
                    for record, case in zip(result.records(), golden["cases"]):
                        self.check_record(record, case, "byte" if extra else "codepoint")

    def test_ask(self):
        for family in FAMILIES:
            golden = load(family)
            for case in (golden["cases"][1], golden["cases"][-1]):
                with self.subTest(family=family, question=case["question"]):
                    path = self.folder / "context.txt"
                    path.write_bytes(case["context"].encode())
                    common = ["ask", "-q", case["question"], path, *model(family)]
                    result = run(*common, *options(golden), "--json")
                    self.check(result, 0)
                    self.check_record(result.records()[0], case)
                    answer = " ".join(case["answers"][0]["answer"].split())
                    self.check(run(*common, *options({**golden, "top_k": 1})), 0,
                               stdout=answer + "\n")


if __name__ == "__main__":
    unittest.main()
