"""`bertqa train`: what it writes and what it refuses."""

import importlib.util
import json
import unittest
import xml.etree.ElementTree

import runner
import tiny_model
from runner import run
from train_case import FOLDER, TrainTest, jsonl, questions, squad


class Result(TrainTest):
    def test_squad_file_and_then_every_command(self):
        result = self.train("--dev", self.dev)
        self.assertIn("bertqa: 40 questions (0 without an answer) in 40 windows", result.stderr)
        self.assertRegex(result.stderr, r"\nstep 10 of 10, epoch 2\.00: loss \d")
        self.assertRegex(result.stderr, r"\nbertqa: step 5: exact \d+\.\d\d, f1 \d+\.\d\d, the best")
        self.assertTrue(result.stderr.endswith(f"bertqa: wrote {self.output}\n"), result.stderr)
        self.assertEqual(self.names(), FOLDER)
        record = next(questions(1, 2))
        asked = run("ask", "-m", self.output, "-q", record["question"], "-c", record["context"])
        self.assertEqual((asked.status, asked.stderr), (0, ""))
        rows = self.write("rows.jsonl", jsonl(5, 2))
        records = self.check(run("batch", "-m", self.output, rows), 0).records()
        self.assertEqual([record["id"] for record in records], [f"q{i}" for i in range(5)])
        report = json.loads(self.check(run("eval", "-m", self.output, self.dev, "--json"),
                                       0).stdout)
        best = max((line for line in self.log() if "f1" in line), key=lambda line: line["f1"])
        self.assertEqual(report["total"], 12)
        self.assertEqual((report["exact"], report["f1"]), (best["exact"], best["f1"]))
        self.assertIn("ece", report)

    def test_jsonl_gives_the_weights_of_squad(self):
        self.train(data=self.write("train.jsonl", jsonl(40, 1)))
        self.assertEqual(self.weights(), self.weights(self.whole_run()[0]))

    def test_it_learns(self):
        self.train("--epochs", 60, "--learning-rate", 1e-2, "--dropout", 0, "--eval-every", 100,
                   "--dev", self.write("same.json", squad(40, 1)))
        log = self.log()
        losses = [line["loss"] for line in log if "loss" in line]
        self.assertLess(losses[-1], 0.5 * losses[0])
        scores = [line["f1"] for line in log if "f1" in line]
        self.assertEqual(len(scores), 3)
        self.assertGreater(max(scores), 40)

    def test_log_and_curve(self):
        self.train("--dev", self.dev, "--eval-every", 4)
        steps = [line for line in self.log() if "loss" in line]
        self.assertEqual([line["step"] for line in steps], list(range(1, 11)))
        self.assertEqual([line["windows"] for line in steps], [8] * 10)
        for line in steps:
            self.assertEqual(list(line), ["step", "epoch", "loss", "learning_rate",
                                          "gradient_norm", "windows", "tokens"])
        # Up over a tenth of the steps, then down to nothing.
        self.assertEqual([round(line["learning_rate"] / 1e-3 * 9) for line in steps],
                         [0, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        evaluations = [line for line in self.log() if "f1" in line]
        self.assertEqual([line["step"] for line in evaluations], [4, 8, 10])
        picture = xml.etree.ElementTree.parse(self.output / "learning-curve.svg").getroot()
        self.assertEqual(picture.tag, "{http://www.w3.org/2000/svg}svg")

    def test_unanswerable_questions(self):
        data = self.write("train2.json", squad(40, 1, unanswerable=True))
        dev = self.write("dev2.json", squad(16, 2, unanswerable=True))
        result = self.train("--dev", dev, data=data)
        self.assertIn("40 questions (10 without an answer)", result.stderr)
        notes = json.loads((self.output / "bertqa.json").read_text())
        self.assertTrue(notes["no_answer"])
        info = json.loads(run("info", "-m", self.output, "--json").stdout)
        for key in ("no_answer", "null_threshold", "temperature"):
            self.assertEqual(info[key], notes[key])
        result = self.train("--no-answer", "off", "--overwrite", data=data)
        self.assertIn("10 questions without an answer are left out", result.stderr)
        self.assertFalse(json.loads((self.output / "bertqa.json").read_text())["no_answer"])

    def test_quiet(self):
        self.assertEqual(self.train("--quiet", "--dev", self.dev).stderr, "")

    def test_plain_encoder_gets_a_fresh_head(self):
        shapes = tiny_model.tensor_shapes()
        shapes = {key: shapes[key] for key in shapes if not key.startswith("qa_outputs")}
        shapes["cls.predictions.bias"] = [len(tiny_model.VOCABULARY)]
        self.base = self.folder / "encoder"
        tiny_model.write_tiny_model(self.base, shapes=shapes)
        result = self.train()
        self.assertIn("bertqa: the base has no qa_outputs.weight, qa_outputs.bias: drawn from the "
                      "seed\n", result.stderr)
        self.assertIn("bertqa: of the base not used: cls.predictions.bias\n", result.stderr)
        self.assertEqual(run("ask", "-m", self.output, "-q", "a ?", "-c", "ax by").status, 0)

    def test_teacher(self):
        teacher = self.folder / "teacher"
        tiny_model.write_tiny_model(teacher, seed=6)
        distilled = self.folder / "distilled"
        result = self.train("--teacher", teacher, "--distill-weight", 0.9, output=distilled)
        self.assertIn("the teacher's logits of 40 windows", result.stderr)
        self.assertEqual(self.names(distilled), FOLDER | {"teacher-logits.safetensors"})
        self.assertNotEqual(self.weights(self.whole_run()[0]), self.weights(distilled))

    def test_frozen_embeddings_stay(self):
        self.train("--freeze-embeddings")
        frozen = self.tensor("bert.embeddings.word_embeddings.weight", self.output)
        self.assertEqual(frozen, self.tensor("bert.embeddings.word_embeddings.weight", self.base))
        self.assertNotEqual(self.tensor("qa_outputs.weight", self.output),
                            self.tensor("qa_outputs.weight", self.base))

    def tensor(self, name, model):
        file = self.weights(model)
        size = int.from_bytes(file[:8], "little")
        begin, end = json.loads(file[8:8 + size])[name]["data_offsets"]
        return file[8 + size + begin:8 + size + end]

    def test_export_as_torchscript(self):
        self.copy_of_whole_run()
        script = self.folder / "script"
        self.check(run("export", "-m", self.output, "-o", script, "--format", "torchscript",
                       "--quiet"), 0, "")
        self.assertEqual(self.answers(script), self.answers(self.output))

    def answers(self, model):
        return self.check(run("batch", "-m", model, self.write("rows.jsonl", jsonl(5, 3))),
                          0).stdout

    @unittest.skipIf(importlib.util.find_spec("transformers") is None,
                     "this Python has no transformers")
    def test_export_loads_in_transformers(self):
        import torch
        import transformers
        self.copy_of_whole_run()
        exported = self.folder / "exported"
        self.check(run("export", "-m", self.output, "-o", exported, "--quiet"), 0, "")
        network, report = transformers.BertForQuestionAnswering.from_pretrained(
            exported, output_loading_info=True)
        self.assertEqual((report["missing_keys"], report["unexpected_keys"]),
                         (type(report["missing_keys"])(), type(report["unexpected_keys"])()))
        tokenizer = transformers.BertTokenizer(exported / "vocab.txt")
        record = jsonl(1, 3)[0]
        with torch.no_grad():
            logits = network.eval()(**tokenizer(record["question"], record["context"],
                                                return_tensors="pt"))
        inspected = json.loads(run("inspect", "-m", exported, "--precision", "fp32", "--json", "-q",
                                   record["question"], "-c", record["context"]).stdout)
        tokens = inspected["tokens"]
        for name, expected in (("start", logits.start_logits), ("end", logits.end_logits)):
            self.assertEqual(len(tokens), expected.shape[1])
            for token, value in zip(tokens, expected[0].tolist()):
                self.assertAlmostEqual(token[f"{name}_logit"], value, delta=1e-4)


class Refuses(TrainTest):
    def expect(self, status, message, *args, **keywords):
        """The last line of the messages."""
        result = self.run_train(*args, **keywords)
        self.assertEqual(result.status, status, result.stderr)
        self.assertEqual(result.stderr.splitlines()[-1], f"bertqa: {message}")
        return result

    def test_output_that_exists(self):
        self.output.mkdir()
        (self.output / "precious").write_text("x")
        self.expect(2, f"{self.output}: exists; --resume goes on with a run, --overwrite replaces "
                    "it")
        self.expect(2, f"--resume: {self.output} holds no checkpoint to go on from", "--resume")
        self.assertEqual(self.names(), {"precious"})
        self.train("--overwrite")
        self.assertEqual(self.names(), FOLDER | {"precious"})

    def test_resume_without_a_run(self):
        self.expect(2, f"--resume: {self.output} holds no checkpoint to go on from", "--resume")
        self.expect(2, "--resume and --overwrite contradict each other", "--resume", "--overwrite")
        self.assertFalse(self.output.exists())

    def test_resume_of_another_run(self):
        self.copy_of_whole_run()
        before = {path.name: path.read_bytes() for path in self.output.iterdir()}
        for option, value, ours in (("--learning-rate", "2e-3", "0.001"), ("--seed", "7", "42"),
                                    ("--batch-size", "9", "8"), ("--threads", "1", "2"),
                                    ("--dropout", "0.25", "0.1")):
            with self.subTest(option=option):
                result = run(*self.arguments(option, value), "--resume")
                self.assertEqual((result.status, result.stdout), (2, ""))
                self.assertIn(f"bertqa: --resume: the run in {self.output} has {option} {ours}, "
                              "this command ", result.stderr)
        other = self.write("other.json", squad(40, 5))
        result = self.run_train("--resume", data=other)
        self.assertEqual(result.status, 2)
        self.assertIn(" has data and windows ", result.stderr)
        result = self.run_train("--resume", "--dev", self.dev)
        self.assertEqual(result.status, 2)
        self.assertIn(" has --dev none, this command given", result.stderr)
        self.assertEqual({path.name: path.read_bytes() for path in self.output.iterdir()}, before)

    def test_data_that_cannot_be_read(self):
        gone = self.folder / "gone.json"
        self.expect(3, f"{gone}: cannot open: No such file or directory", data=gone)
        self.expect(3, f"{self.folder}: is a directory, a file is expected", data=self.folder)
        self.expect(3, f"{gone}: cannot open: No such file or directory", "--dev", gone)
        self.assertFalse(self.output.exists())

    def test_malformed_data(self):
        records = jsonl(3, 1)
        lines = [json.dumps(record) for record in records]
        path = self.folder / "bad.jsonl"
        del records[1]["context"]
        for line, message in (
                ('{"question": ', "line 2: not valid JSON at byte 13"),
                (json.dumps(records[1]), 'line 2: no "context"'),
                (json.dumps({**records[0], "answer_start": "3"}),
                 'line 2: "answer_start" is a string, a whole number is expected')):
            self.write("bad.jsonl", "\n".join([lines[0], line, lines[2], ""]))
            self.expect(3, f"{path}: {message}", data=path)
        path = self.write("bad.json", '{"data": [{"paragraphs": [{"context": "x"}]}]}')
        self.expect(3, f'{path}: document.data[0].paragraphs[0]: no "qas"', data=path)
        path = self.write("empty.json", '{"data": []}')
        self.expect(3, f"{path}: nothing in it to train on", data=path)
        self.assertFalse(self.output.exists())

    def test_mislabelled_answer(self):
        records = jsonl(8, 1)
        records[3]["answer_text"] = "zz"
        path = self.write("train.jsonl", records)
        result = self.train(data=path)
        self.assertRegex(result.stderr, 'bertqa: id q3: answer "zz" is expected at '
                         rf'{records[3]["answer_start"]}, found "\w\w"\n')
        self.assertIn("bertqa: 1 record cannot be trained on and is left out\n", result.stderr)
        self.assertIn("bertqa: 7 questions", result.stderr)
        refused = self.folder / "refused"
        result = self.expect(3, f"{path}: 1 record cannot be trained on (--strict)", "--strict",
                             data=path, output=refused)
        self.assertIn("bertqa: id q3: ", result.stderr)
        self.assertFalse(refused.exists())

    def test_what_cannot_be_learnt_is_counted(self):
        records = jsonl(8, 1)
        records[1]["context"] = ""
        records[1]["answer_start"] = records[1]["answer_text"] = None
        records[2].update(question="a " * 20 + "?")
        long = " ".join("ab" for _ in range(40))
        records.append({"id": "long", "question": "a ?", "context": long,
                        "answer_start": 0, "answer_text": long[:80]})
        path = self.write("train.jsonl", records)
        result = self.train("--window-tokens", 40, "--overlap-tokens", 8, "--max-question-tokens",
                            10, data=path)
        self.assertIn("bertqa: 1 questions are left out: no token in the question, the text or the "
                      "answer\n", result.stderr)
        self.assertIn("bertqa: 1 answers are whole in no window: longer than --overlap-tokens\n",
                      result.stderr)
        self.assertIn("bertqa: 1 questions are cut to 10 tokens\n", result.stderr)

    def test_bad_numbers(self):
        for option, value, expected in (
                ("--epochs", "0", "a number above 0, at most 1000, is expected"),
                ("--epochs", "nan", "a number above 0, at most 1000, is expected"),
                ("--dropout", "1", "a number from 0 to below 1 is expected"),
                ("--warmup-ratio", "1.5", "a number from 0 to 1 is expected"),
                ("--weight-decay", "-1", "0 or more is expected"),
                ("--max-grad-norm", "-1", "0 (never) or more is expected"),
                ("--save-minutes", "-1", "0 (after each step) or more is expected")):
            with self.subTest(option=option, value=value):
                self.expect(2, f"{option}: {expected}", f"{option}={value}")
        for args in (("--batch-size", 0), ("--threads", 0), ("--epochs", "many"),
                     ("--precision", "int8"), ("--device", "tpu"), ("--order", "random"),
                     ("--distill-weight", 0.5)):
            with self.subTest(args=args):
                result = self.run_train(*args)
                self.assertEqual(result.status, 2, result.stderr)
                self.assertIn(args[0], result.stderr)
                self.assertIn("(see bertqa train --help)", result.stderr)
        self.expect(2, "--window-tokens 513: the model allows 512", "--window-tokens", 513)
        self.assertFalse(self.output.exists())

    def test_questions_of_the_dev_file(self):
        none = self.write("none.json", '{"version": "1.1", "data": []}')
        self.expect(3, f"{none}: no question in it", "--dev", none)
        blank = json.loads(squad(1, 2))
        blank["data"][0]["paragraphs"][0]["qas"][0]["question"] = " "
        blank = self.write("blank.json", json.dumps(blank))
        self.expect(3, f"{blank}: id q0: the question is empty", "--dev", blank)

    def test_teacher_with_short_windows(self):
        teacher = self.folder / "teacher"
        shapes = tiny_model.tensor_shapes()
        shapes["bert.embeddings.position_embeddings.weight"][0] = 64
        tiny_model.write_tiny_model(teacher, shapes=shapes)
        config = {**tiny_model.CONFIG, "max_position_embeddings": 64}
        (teacher / "config.json").write_text(json.dumps(config))
        self.expect(2, f"--teacher {teacher}: windows of 384 tokens are expected, it takes 64",
                    "--teacher", teacher)

    def test_teacher_of_another_vocabulary(self):
        self.expect(2, f"--teacher {runner.BUNDLED}: the vocabulary of the model to train is "
                    "expected, this one's differs", "--teacher", runner.BUNDLED)
        self.assertFalse(self.output.exists())


if __name__ == "__main__":
    unittest.main()
