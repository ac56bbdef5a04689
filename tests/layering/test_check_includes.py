"""The layering check must be able to fail: each planted violation is found, and nothing else."""

import pathlib
import tempfile
import unittest

import check_includes

# A tree that keeps the rules.
GOOD = {
    "include/bertqa/error.h": "#include <stdexcept>\n",
    "include/bertqa/pipeline.h": '#include <vector>\n#include "bertqa/error.h"\n',
    "src/base/utf8.cc": "#include <utf8proc.h>\n",
    "src/text/vocabulary.h": '#include "bertqa/tokenizer.h"\n#include "base/utf8.h"\n',
    "src/text/CMakeLists.txt": "bertqa_add_room(text SOURCES a.cc LINK bertqa_base)\n",
    "src/decode/CMakeLists.txt": "bertqa_add_room(decode SOURCES a.cc LINK bertqa_windows)\n",
    "src/model/model.cc": '#include <nlohmann/json.hpp>\n#include "encoder/config.h"\n',
    "src/torchscript/bert.h": "#include <ATen/core/Tensor.h>\n",
    "tools/bertqa/ask.cc": '#include <CLI/CLI.hpp>\n#include "io/offsets.h"\n',
    "tests/encoder/bert_test.cc": "#include <torch/script.h>\n#include <gtest/gtest.h>\n",
}

# (file, text, what the report says)
VIOLATIONS = [
    ("src/decode/a.cc", '#include "text/vocabulary.h"\n', "decode may not use text"),
    ("src/text/a.cc", '#include "windows/a.h"\n', "text may not use windows"),
    ("src/base/a.h", '#include "text/vocabulary.h"\n', "base may not use text"),
    ("src/encoder/a.cc", '#include "text/vocabulary.h"\n', "encoder may not use text"),
    ("src/pipeline/a.cc", '#include "encoder/bert.h"\n', "pipeline may not use encoder"),
    ("src/eval/a.cc", '#include "io/offsets.h"\n', "eval may not use io"),
    ("src/decode/a.cc", '#include "bertqa/qa_model.h"\n', "may not know this public header"),
    ("src/encoder/a.cc", '#include "bertqa/qa.h"\n', "may not know this public header"),
    ("src/model/a.cc", "#include <torch/script.h>\n", "libtorch may be included in src/torchscript/"),
    ("src/pipeline/a.cc", "  #  include <c10/util/Half.h>\n", "libtorch may be included"),
    ("tools/bertqa/a.cc", "#include <ATen/ATen.h>\n", "libtorch may be included"),
    ("src/io/a.cc", "#include <CLI/CLI.hpp>\n", "CLI11 may be included in tools/"),
    ("src/io/a.h", "#include <nlohmann/json.hpp>\n", "nlohmann/json may be included in .cc"),
    ("src/text/a.h", "#include <nlohmann/json_fwd.hpp>\n", "nlohmann/json may be included in .cc"),
    ("src/windows/a.cc", "#include <utf8proc.h>\n", "utf8proc may be included in"),
    ("src/io/a.cc", "#include <gtest/gtest.h>\n", "gtest may be included in tests/"),
    ("include/bertqa/a.h", "#include <nlohmann/json.hpp>\n", "public headers include"),
    ("include/bertqa/a.h", "#include <ATen/ATen.h>\n", "public headers include"),
    ("include/bertqa/a.h", "#include <unistd.h>\n", "public headers include"),
    ("include/bertqa/a.h", '#include "base/utf8.h"\n', "public headers include"),
    ("src/text/a.cc", '#include "vocabulary.h"\n', "included as room/name.h"),
    ("src/misc/a.cc", "#include <vector>\n", "room misc is not in the table"),
    ("src/windows/CMakeLists.txt", "bertqa_add_room(windows LINK bertqa_text)\n",
     "windows may not link bertqa_text"),
    ("src/io/CMakeLists.txt", "bertqa_add_room(io PRIVATE_LINK libtorch)\n",
     "io may not link libtorch"),
]


class LayeringTest(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                file = pathlib.Path(folder, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return check_includes.check_tree(pathlib.Path(folder))[1]

    def test_a_tree_that_keeps_the_rules_passes(self):
        self.assertEqual(self.check(GOOD), [])

    def test_each_violation_is_found(self):
        for name, text, expected in VIOLATIONS:
            with self.subTest(file=name, text=text):
                problems = self.check(GOOD | {name: text})
                self.assertEqual(len(problems), 1, problems)
                self.assertIn(expected, problems[0])
                self.assertTrue(problems[0].startswith(name), problems)

    def test_the_line_is_named(self):
        problems = self.check(GOOD | {"src/text/a.cc": "/* 1\n2 */\n\n#include <CLI/CLI.hpp>\n"})
        self.assertTrue(problems[0].startswith("src/text/a.cc:4: CLI/CLI.hpp: "), problems)

    def test_comments_are_no_includes(self):
        text = "/* #include <CLI/CLI.hpp> */\n// #include <CLI/CLI.hpp>\n"
        self.assertEqual(self.check(GOOD | {"src/text/a.cc": text}), [])


if __name__ == "__main__":
    unittest.main()
