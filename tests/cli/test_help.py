"""`--help` and `--version`."""

import re
import unittest

from runner import CliTest, run

RUN_OPTIONS = {"-m,--model": "ORG/NAME[@REVISION]", "--pull": "", "-t,--threads": "cores",
               "--precision": "[auto]", "--max-batch-tokens": "[768]",
               "--quiet": "", "--verbose": "", "--color": "[auto]"}
ANSWER_OPTIONS = {"-k,--top-k": "[1]", "--max-answer-tokens": "[30]",
                  "--max-question-tokens": "[64]", "--window-tokens": "384",
                  "--overlap-tokens": "128", "--dedupe": "[overlap]", "--decode": "[joint]",
                  "--no-answer": "what the model was trained for",
                  "--null-threshold": "the model's"}
# What each command's help says about each option: its name and its default.
OPTIONS = {
    "ask": {"-q,--question": "(required)", "-c,--context": "", "--context-file": "", "--json": "",
            "--offsets": "[codepoint]", "--server": "$BERTQA_SERVER", **ANSWER_OPTIONS,
            **RUN_OPTIONS},
    "batch": {"-o,--output": "stdout", "--overwrite": "", "--resume": "",
              "--shard": "", "--retry-errors": "", "--input-format": "[auto]",
              "--output-format": "[jsonl]", "--keep-fields": "", "--max-line-bytes": "[16777216]",
              "--offsets": "[codepoint]", "--server": "$BERTQA_SERVER", **ANSWER_OPTIONS,
              **RUN_OPTIONS},
    "merge": {"-o,--output": "stdout", "--overwrite": "", "--records": "last one found",
              "--quiet": ""},
    "eval": {"--predictions": "", "--na-probs": "", "--save-predictions": "",
             "--reliability": "", "--json": "",
             "--threshold-search": "", "--min-f1": "", "--min-em": "", **ANSWER_OPTIONS,
             **RUN_OPTIONS},
    "inspect": {"-q,--question": "(required)", "-c,--context": "", "--context-file": "",
                "--json": "", "--svg": "", "--offsets": "[codepoint]", **ANSWER_OPTIONS,
                **RUN_OPTIONS},
    "train": {"-m,--model": "bundled", "--pull": "", "--data": "(required)", "--dev": "",
              "-o,--output": "(required)", "--resume": "", "--overwrite": "", "--epochs": "[2]",
              "--learning-rate": "3e-5; 1e-4", "--batch-size": "[32]", "--warmup-ratio": "[0.1]",
              "--weight-decay": "[0.01]", "--max-grad-norm": "[1]", "--dropout": "the base's",
              "--seed": "[42]", "--order": "[shuffled]", "--freeze-embeddings": "",
              "--eval-every": "an epoch's", "--patience": "never", "--window-tokens": "[384]",
              "--overlap-tokens": "[128]", "--max-question-tokens": "[64]",
              "--no-answer": "on if there are any", "--strict": "", "--teacher": "",
              "--distill-weight": "[0.5]", "--distill-temperature": "[2]", "-t,--threads": "cores",
              "--precision": "[auto]", "--device": "[auto]", "--max-batch-tokens": "[2048]",
              "--save-minutes": "[5]", "--quiet": ""},
    "import": {"-o,--output": "$BERTQA_HOME/models/", "--config": "beside it",
               "--vocab": "beside it", "--half": "", "--overwrite": "", "--quiet": ""},
    "export": {"-m,--model": "", "--pull": "", "-o,--output": "(required)", "--format": "[safetensors]",
               "--overwrite": "", "--quiet": ""},
    "info": {"-m,--model": "", "--pull": "", "--json": ""},
    "pull": {"--quiet": "", "ORG/NAME": "(required)"},
    "models": {"--json": ""},
    "serve": {"--host": "[127.0.0.1]", "--port": "[8080]", "--unix": "", "-m,--model": "default",
              "-t,--threads": "cores", "--precision": "[auto]", "--max-batch-tokens": "[768]",
              "--max-wait-ms": "[0]", "--max-queue": "[256]", "--max-body-bytes": "[16777216]",
              "--timeout-ms": "[60000]", "--api-key-file": "", "--cors-origin": "",
              "--log-format": "[text]", "--quiet": ""},
}


def _entries(text):
    """The help's options: each with its own text, folded into one line."""
    return [" ".join(part.split()) for part in re.split(r"\n  (?=\S)", text)]


class Help(CliTest):
    def test_every_option_with_its_default(self):
        for command, options in OPTIONS.items():
            with self.subTest(command=command):
                result = self.check(run(command, "--help"), 0)
                entries = _entries(result.stdout)
                for option, default in options.items():
                    matching = [entry for entry in entries
                                if (entry + " ").startswith(option + " ")]
                    self.assertEqual(len(matching), 1, (option, result.stdout))
                    self.assertIn(default, matching[0])

    def test_no_option_is_missing_here(self):
        for command, options in OPTIONS.items():
            text = run(command, "--help").stdout
            named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text))
            known = {name.split(",")[-1] for name in options} | {"--help"}
            self.assertEqual(named - known, set(), command)

    def test_fits_a_terminal(self):
        for command in OPTIONS:
            for line in run(command, "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_first_page_names_the_commands_and_the_exit_statuses(self):
        result = self.check(run("--help"), 0)
        for command in OPTIONS:
            self.assertRegex(result.stdout, rf"\n +{command} ")
        self.assertIn("Exit status: 0 done", result.stdout)
        self.assertIn("\nUsage: bertqa ask [OPTIONS] [FILE...]\n", run("ask", "--help").stdout)

    def test_version(self):
        self.assertRegex(self.check(run("--version"), 0).stdout, r"^bertqa \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
