"""What a person at a terminal sees."""

import time
import unittest

import runner
from runner import CliTest, tiny_model
from terminal import run_on_terminal
from train_case import TrainTest

BOLD, DIM, GREEN, OFF = "\x1b[1m", "\x1b[2m", "\x1b[1;32m", "\x1b[0m"
QUESTION = "Who built the lighthouse?"
TEXT = ("Varn is a town by the sea. The lighthouse\nwas built by   Ida Holm in 1874. "
        "Its lamp is bright.")


def plain(text):
    for code in (BOLD, DIM, GREEN, OFF):
        text = text.replace(code, "")
    return text


class Ask(CliTest):
    def show(self, *args, **keywords):
        status, shown = run_on_terminal("ask", "-q", QUESTION, *args, **keywords)
        self.assertEqual(status, 0, shown)
        return shown.replace("\r\n", "\n")

    def test_answer_bold_and_its_sentence_with_the_answer_highlighted(self):
        shown = self.show("-c", TEXT)
        self.assertRegex(plain(shown), r"^Ida Holm  \(\d+\.\d %, line 2\)\n"
                         r"  The lighthouse was built by Ida Holm in 1874\.\n$")
        self.assertTrue(shown.startswith(f"{BOLD}Ida Holm{OFF}  {DIM}("), repr(shown))
        self.assertIn(f"was built by {GREEN}Ida Holm{OFF} in 1874.", shown)

    def test_file_and_line(self):
        path = self.write("varn.txt", "\n" + TEXT)
        self.assertIn(f", {path}:3)", plain(self.show(path)))

    def test_no_colour(self):
        coloured = self.show("-c", TEXT)
        for args, env in ((["--color", "never"], {}), ([], {"NO_COLOR": "1"}),
                          ([], {"TERM": "dumb"})):
            self.assertEqual(self.show("-c", TEXT, *args, env=env), plain(coloured))

    def test_always(self):
        shown = self.show("-c", TEXT, "--color", "always", env={"NO_COLOR": "1"})
        self.assertIn(f"{BOLD}Ida Holm{OFF}", shown)
        result = self.run_tiny("ask", "-q", "who?", "-c", "fox", "--color", "always")
        self.check(result, 0, "fox\n")  # a pipe gets the answer alone, whatever the colour

    def test_control_characters_do_not_reach_the_terminal(self):
        status, shown = run_on_terminal("ask", "-m", tiny_model(), "-q", "who?", "-c",
                                        "fox \x1b]0;owned\x07 dog", "--color", "never", "-k", "9",
                                        "--dedupe", "none")
        self.assertEqual(status, 0)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\x07", shown)

    def test_several_questions_and_answers(self):
        status, shown = run_on_terminal("ask", "-m", tiny_model(), "-q", "who?", "-q", "when?",
                                        "-c", "the big fox", "--color", "never", "-k", "2")
        self.assertEqual(status, 0)
        self.assertIn("who?\r\n", shown)
        self.assertIn("when?\r\n", shown)

    def test_no_answer(self):
        args = ("ask", "-m", tiny_model(), "-q", "who?", "--color", "never")
        status, shown = run_on_terminal(*args, "-c", "")
        self.assertEqual((status, shown), (1, "no answer: the text is empty\r\n"))
        status, shown = run_on_terminal(*args, "-c", "the fox", "--no-answer", "on",
                                        "--null-threshold", "-1000")
        self.assertEqual(status, 1)
        self.assertRegex(shown, r"^no answer  \(\d+\.\d %\)\r\nbest guess:\r\n")

    def test_json_is_the_same_as_in_a_pipe(self):
        args = ("-q", "who?", "-c", "the big fox", "--json")
        _, shown = run_on_terminal("ask", "-m", tiny_model(), *args)
        self.assertEqual(shown.replace("\r\n", "\n"), self.run_tiny("ask", *args).stdout)


class Batch(CliTest):
    def test_progress_leaves_no_trace(self):
        output = self.folder / "out.jsonl"

        def ask_slowly(pipe):
            """The second answer comes when it is time to draw."""
            for count in (1, 2):
                pipe.write(b'{"question": "who?", "context": "the fox"}\n')
                pipe.flush()
                runner.wait_until(lambda: output.exists() and
                                  output.read_bytes().count(b"\n") == count, "it is answered")
                time.sleep(0.15)

        args = ("batch", "-m", tiny_model(), "-o", output)
        status, shown = run_on_terminal(*args, feed=ask_slowly)
        self.assertEqual(status, 0)
        self.assertIn("\r2 questions, ", shown)
        self.assertTrue(shown.endswith("\r\x1b[K"), repr(shown[-80:]))
        output.unlink()
        status, shown = run_on_terminal(*args, "--quiet", feed=ask_slowly)
        self.assertEqual((status, shown), (0, ""))


class Train(TrainTest):
    def test_progress_is_drawn_over(self):
        status, shown = run_on_terminal(*self.arguments("--dev", self.dev))
        self.assertEqual(status, 0, shown)
        self.assertRegex(shown, r"\rstep 1 of 10, epoch 0\.20: loss \d[^\r\n]* left\x1b\[K\r")
        self.assertRegex(shown, r"\r\x1b\[Kbertqa: step 5: exact")
        self.assertTrue(shown.endswith(f"\r\nbertqa: wrote {self.output}\r\n"), shown[-200:])


class Inspect(CliTest):
    def test_table_with_bars(self):
        status, shown = run_on_terminal("inspect", "-q", QUESTION, "-c", TEXT, columns=100)
        self.assertEqual(status, 0)
        for token in ("lighthouse", "ida", "holm", "1874"):
            self.assertIn(token, shown)
        self.assertIn("\x1b[", shown)
        self.assertIn("█", shown)
        self.assertIn("Ida Holm", shown)
        status, shown = run_on_terminal("inspect", "-q", QUESTION, "-c", TEXT, "--color", "never",
                                        columns=100)
        self.assertNotIn("\x1b", shown)
        widest = max(len(line) for line in shown.replace("\r", "").split("\n"))
        self.assertLessEqual(widest, 100)


if __name__ == "__main__":
    unittest.main()
