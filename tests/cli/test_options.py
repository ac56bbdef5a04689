"""Options that contradict each other, and where a model is looked for."""

import os
import unittest

import runner
from runner import CliTest, run, tiny_model

NO_MODEL = ("-m", "/nowhere/at-all")


class FoundBeforeTheModelIsLoaded(CliTest):
    """The model does not exist: only an error that comes first can be reported."""

    def ask(self, *args, **keywords):
        return run("ask", *NO_MODEL, "-q", "who?", *args, **keywords)

    def test_without_an_error_the_model_is_the_error(self):
        result = self.ask("-c", "text")
        self.assertEqual(result.status, 3)
        self.assertIn("/nowhere/at-all", result.stderr)

    def test_context_and_files(self):
        self.check_usage(self.ask("-c", "text", "file.txt"),
                         "--context and FILEs: the text comes from one of them")

    def test_standard_input_twice(self):
        self.check_usage(self.ask("-", "-"), "standard input (-) is named twice")

    def test_decode_independent_has_one_answer(self):
        self.check_usage(self.ask("-c", "text", "--decode", "independent", "-k", "2"),
                         "--top-k above 1 and --decode independent: that decode has one answer")

    def test_threshold_without_abstaining(self):
        self.check_usage(self.ask("-c", "text", "--no-answer", "off", "--null-threshold", "1"),
                         "--null-threshold and --no-answer off contradict each other")

    def test_quiet_and_verbose(self):
        result = self.ask("-c", "text", "--quiet", "--verbose")
        self.check_usage(result, "--quiet excludes --verbose (see bertqa ask --help)")

    def test_overlap_that_leaves_no_room(self):
        for args in (("--overlap-tokens", "317"), ("--window-tokens", "195"),
                     ("--max-question-tokens", "253")):
            with self.subTest(args=args):
                result = self.ask("-c", "text", *args)
                self.assertEqual((result.status, result.stdout), (2, ""))
                for option in ("--window-tokens", "--overlap-tokens", "--max-question-tokens"):
                    self.assertIn(option, result.stderr)
        # One token less of each is enough: now the model is the error.
        for args in (("--overlap-tokens", "316"), ("--window-tokens", "196"),
                     ("--max-question-tokens", "252")):
            with self.subTest(args=args):
                self.assertEqual(self.ask("-c", "text", *args).status, 3)

    def test_values_out_of_range_or_of_no_kind(self):
        for option, value in (("-k", "0"), ("-k", "-1"), ("-k", "x"), ("--threads", "0"),
                              ("--max-batch-tokens", "0"), ("--max-answer-tokens", "0"),
                              ("--null-threshold", "high"), ("--dedupe", "some"),
                              ("--offsets", "utf32"), ("--no-answer", "maybe"),
                              ("--decode", "both"), ("--color", "red")):
            with self.subTest(option=option, value=value):
                result = self.ask("-c", "text", option, value)
                self.assertEqual((result.status, result.stdout), (2, ""))
                self.assertIn(option.lstrip("-").replace("k", "top-k") if option == "-k"
                              else option, result.stderr)
                self.assertIn("(see bertqa ask --help)\n", result.stderr)
                self.assertIn(value, result.stderr)

    def test_choices_are_listed(self):
        result = self.ask("-c", "text", "--dedupe", "some")
        for choice in ("overlap", "exact", "none"):
            self.assertIn(choice, result.stderr)

    def test_unreadable_input(self):
        self.check(self.ask("missing.txt"), 3, stdout="",
                   stderr="bertqa: missing.txt: cannot open: No such file or directory\n")
        self.check(run("batch", *NO_MODEL, "missing.jsonl"), 3, stdout="",
                   stderr="bertqa: missing.jsonl: cannot open: No such file or directory\n")

    def test_unwritable_output(self):
        self.check(run("batch", *NO_MODEL, "-o", "/nowhere/out.jsonl"), 4, stdout="",
                   stderr="bertqa: /nowhere/out.jsonl: cannot write: No such file or directory\n")
        self.check(run("inspect", *NO_MODEL, "-q", "q", "-c", "c", "--svg", "/nowhere/a.svg"), 4,
                   stdout="",
                   stderr="bertqa: /nowhere/a.svg: cannot write: No such file or directory\n")
        data = runner.GOLDEN / "eval_sample_v1.json"
        self.check(run("eval", *NO_MODEL, data, "--save-predictions", "/nowhere/p.json"), 4,
                   stdout="",
                   stderr="bertqa: /nowhere/p.json: cannot write: No such file or directory\n")

    def test_eval_conflicts(self):
        data = runner.GOLDEN / "eval_sample_v1.json"
        for args, message in (
                (["--na-probs", "n.json"], "--na-probs belongs to --predictions"),
                (["--predictions", "p.json", "--threshold-search"],
                 "--threshold-search with --predictions needs --na-probs"),
                (["--predictions", "p.json", "--save-predictions", "s.json"],
                 "--predictions and --save-predictions contradict each other"),
                (["--predictions", "p.json", *NO_MODEL],
                 "--predictions and --model: no model is needed"),
                (["--threshold-search"],
                 f"--threshold-search: {data} is a SQuAD 1.1 file, where every question has an "
                 "answer")):
            with self.subTest(args=args):
                self.check_usage(run("eval", data, *args, cwd=self.folder), message)


class Usage(CliTest):
    def test_no_command(self):
        self.check_usage(run(), "A subcommand is required (see bertqa --help)")

    def test_unknown_command_and_option(self):
        self.assertEqual(run("answer").status, 2)
        result = run("ask", "-q", "who?", "--contxt", "text")
        self.assertEqual((result.status, result.stdout), (2, ""))
        self.assertIn("--contxt", result.stderr)

    def test_window_that_the_model_does_not_take(self):
        result = run("ask", "-m", tiny_model(), "-q", "who?", "-c", "fox", "--window-tokens", "513")
        self.check_usage(result, "--window-tokens 513: the model takes at most 512")

    def test_question_that_looks_like_a_list_or_an_option(self):
        for question in ("[who, what]", "-1", "who, what?", "%%", "{who}", "\"who\""):
            with self.subTest(question=question):
                result = self.run_tiny("ask", "--json", "-c", "fox", "-q" + question)
                self.check(result, 0)
                self.assertEqual([r["question"] for r in result.records()], [question])

    def test_text_that_looks_like_a_list_or_an_option(self):
        for text in ("[big, fox]", "-fox", "--fox", "fox,dog"):
            with self.subTest(text=text):
                result = self.run_tiny("ask", "--json", "-q", "who?", "--context=" + text, "-k",
                                       "99", "--dedupe", "none")
                self.check(result, 0)
                self.assertEqual(max(a["end"] for a in result.records()[0]["answers"]), len(text))

    def test_a_file_after_a_question_is_a_file(self):
        path = self.write("a.txt", "fox")
        self.check(self.run_tiny("ask", "-q", "who?", path), 0, "fox\n")

    def test_words_that_are_commands_elsewhere(self):
        self.write("eval", "fox")
        result = self.run_tiny("ask", "-q", "info", "eval", "--json", cwd=self.folder)
        self.assertEqual([(r["question"], r["file"]) for r in result.records()],
                         [("info", "eval")])

    def test_option_with_an_empty_value_takes_no_more(self):
        result = self.run_tiny("ask", "--context=", "-q", "who?")
        self.check(result, 1, "\n")

    def test_file_whose_name_is_odd(self):
        for name in ("[a].txt", "-a.txt", "a b,c.txt"):
            with self.subTest(name=name):
                self.write(name, "fox")
                result = self.run_tiny("ask", "-q", "who?", "--", name, cwd=self.folder)
                self.check(result, 0, stdout="fox\n")


class ModelLookup(CliTest):
    ARGS = ("ask", "-q", "who?", "-c", "the fox is big", "--json")

    def setUp(self):
        super().setUp()
        self.expected = run(*self.ARGS, "-m", tiny_model()).stdout
        models = self.folder / "home" / "models"
        models.mkdir(parents=True)
        os.symlink(tiny_model(), models / "little")
        (models / "team").mkdir()
        os.symlink(tiny_model(), models / "team" / "little")

    def test_environment_variable(self):
        self.check(run(*self.ARGS, env={"BERTQA_MODEL": str(tiny_model())}), 0, self.expected)

    def test_option_beats_the_environment_variable(self):
        result = run(*self.ARGS, "-m", tiny_model(), env={"BERTQA_MODEL": "/nowhere"})
        self.check(result, 0, self.expected)

    def test_name_under_bertqa_home(self):
        home = {"BERTQA_HOME": str(self.folder / "home")}
        for name in ("little", "team/little"):
            self.check(run(*self.ARGS, "-m", name, env=home), 0, self.expected)

    def test_home_defaults(self):
        data = self.folder / "data" / "bertqa"
        data.mkdir(parents=True)
        os.rename(self.folder / "home" / "models", data / "models")
        result = run(*self.ARGS, "-m", "little", env={"XDG_DATA_HOME": str(data.parent)})
        self.check(result, 0, self.expected)
        (self.folder / ".local").mkdir()
        os.rename(data.parent, self.folder / ".local" / "share")
        result = run(*self.ARGS, "-m", "little", env={"HOME": str(self.folder)})
        self.check(result, 0, self.expected)

    def test_bundled_name(self):
        result = self.check(run("info", "-m", "minilm-l6-squad"), 0)
        self.assertEqual(result.stdout, run("info").stdout)

    def test_directory_wins_over_a_name(self):
        os.symlink(runner.BUNDLED, self.folder / "home" / "models" / "both")
        os.symlink(tiny_model(), self.folder / "both")
        result = run(*self.ARGS, "-m", "both", cwd=self.folder,
                     env={"BERTQA_HOME": str(self.folder / "home")})
        self.check(result, 0, self.expected)

    def test_unknown_name_says_where_it_was_looked_for(self):
        home = self.folder / "home"
        for args, env in ((("-m", "nobody/none"), {}), ((), {"BERTQA_MODEL": "nobody/none"})):
            result = run(*self.ARGS, *args, env={"BERTQA_HOME": str(home), **env})
            self.assertEqual((result.status, result.stdout), (3, ""))
            self.assertIn("nobody/none", result.stderr)
            self.assertIn(str(home / "models"), result.stderr)
            self.assertIn(str(runner.BUNDLED.parent), result.stderr)


if __name__ == "__main__":
    unittest.main()
