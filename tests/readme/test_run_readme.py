"""The runner of the README's commands: what it accepts, and that it can fail."""

import pathlib
import tempfile
import unittest

import run_readme

FENCE = "```"


def document(*blocks):
    return "# Title\n\nText.\n\n" + "\n\n".join(blocks) + "\n"


def console(text, mark="<!-- runs -->"):
    return f"{mark}\n{FENCE}console\n{text}\n{FENCE}"


class RunReadmeTest(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "README.md")
            file.write_text(text, encoding="utf-8")
            return run_readme.check(file, pathlib.Path(folder))

    def assert_passes(self, text, count):
        self.assertEqual(self.check(text), (count, []))

    def assert_fails(self, text, expected):
        _, problems = self.check(text)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(expected, problems[0])

    def test_equal_output_passes(self):
        self.assert_passes(document(console("$ echo a; echo b >&2\na\nb\n$ true")), 2)

    def test_other_output_fails(self):
        self.assert_fails(document(console("$ echo a\nb")), "printed:\na\nthe document says:\nb")

    def test_missing_and_further_lines_fail(self):
        self.assert_fails(document(console("$ echo a\na\nb")), "printed:")
        self.assert_fails(document(console("$ echo a; echo b\na")), "printed:")

    def test_exit_statuses_are_checked(self):
        self.assert_passes(document(console("$ (exit 3)", "<!-- runs: exit 3 -->")), 1)
        self.assert_fails(document(console("$ (exit 3)")), "exit status 3, expected 0")
        self.assert_fails(document(console("$ true", "<!-- runs: exit 1 -->")), "expected 1")

    def test_dots_stand_for_text_and_lines(self):
        self.assert_passes(document(console("$ seq 9; echo took 5 s\n1\n…\n9\ntook … s")), 1)
        self.assert_fails(document(console("$ seq 9\n1\n…\n8")), "printed:")

    def test_decimals_agree_roughly_and_integers_exactly(self):
        self.assert_passes(document(console('$ echo \'{"p":0.93412}\'\n{"p":0.93499}')), 1)
        self.assert_fails(document(console("$ echo 0.934\n0.944")), "printed:")
        self.assert_fails(document(console("$ echo 934\n935")), "printed:")

    def test_continued_commands_and_one_shell_for_all_blocks(self):
        text = document(console("$ x=7\n$ echo \\\n>   $x\n7"), console("$ echo $x\n7"))
        self.assert_passes(text, 3)

    def test_hidden_blocks_and_sh_blocks_run(self):
        text = document("<!-- before\necho hello > file.txt\n-->",
                        f"<!-- runs -->\n{FENCE}sh\ncp file.txt copy.txt\n{FENCE}",
                        console("$ cat copy.txt\nhello"))
        self.assert_passes(text, 3)
        self.assert_fails(document(f"<!-- runs -->\n{FENCE}sh\nfalse\ntrue\n{FENCE}"), "exit status 1")

    def test_unmarked_blocks_do_not_run(self):
        self.assert_passes(document(f"{FENCE}console\n$ false\n{FENCE}"), 0)

    def test_broken_marks_fail(self):
        self.assert_fails(document("<!-- runs -->\n\ntext"), "no ```console")
        self.assert_fails(document(console("$ true", "<!-- runs: maybe -->")), "unknown mark")
        self.assert_fails(document(f"<!-- runs -->\n{FENCE}console\n$ true"), "without an end")
        self.assert_fails(document(console("text")), "begins with")

    def test_output_without_a_last_newline(self):
        self.assert_passes(document(console("$ printf a\na\n$ printf b\nb")), 2)

    def test_a_shell_that_ends_early_fails(self):
        self.assert_fails(document(console("$ exit 0\n$ echo a\na")), "the shell ended here")


if __name__ == "__main__":
    unittest.main()
