"""`bertqa import`, `export` and `info`."""

import json
import shutil
import unittest

import runner
import tiny_model
from runner import BUNDLED, CliTest, run

# What is said of checkpoints that also have the heads of pre-training, by form.
UNUSED = {"legacy-old-names": "module.cls.predictions.bias, module.cls.predictions.decoder.weight, "
                              "module.cls.seq_relationship.bias",
          "zip-old-names": "module.cls.predictions.bias, module.cls.predictions.decoder.weight, "
                           "module.cls.seq_relationship.bias",
          "tied": "cls.predictions.decoder.weight"}
ASK = ("-q", "who?", "-c", "the big fox is in Paris", "--json", "-k", "5")


class RoundTrip(CliTest):
    """A model that went through import and export gives the same bytes."""

    def expect_same_answers(self, model, expected):
        self.check(run("ask", "-m", model, *ASK), 0, expected)

    def test_checkpoint_folder(self):
        source = runner.tiny_model()
        expected = run("ask", "-m", source, *ASK).stdout
        imported, exported = self.folder / "imported", self.folder / "exported"
        self.check(run("import", source, "-o", imported), 0, "",
                   f"bertqa: imported into {imported}\n")
        self.expect_same_answers(imported, expected)
        self.check(run("export", "-m", imported, "-o", exported), 0, "",
                   f"bertqa: exported {imported} into {exported}\n")
        self.expect_same_answers(exported, expected)
        for name in ("config.json", "vocab.txt", "model.safetensors"):
            self.assertTrue((exported / name).is_file(), name)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["exported", "imported"])

    def test_torchscript_archive(self):
        source = runner.tiny_model()
        expected = run("ask", "-m", source, *ASK).stdout
        script, back = self.folder / "script", self.folder / "back"
        self.check(run("export", "-m", source, "-o", script, "--format", "torchscript",
                       "--quiet"), 0, "")
        self.assertTrue((script / "model.pt").is_file())
        self.expect_same_answers(script, expected)
        self.check(run("import", script / "model.pt", "-o", back, "--quiet"), 0, "")
        self.expect_same_answers(back, expected)

    def test_archive_with_its_files_elsewhere(self):
        script, elsewhere = self.folder / "script", self.folder / "elsewhere"
        run("export", "-m", runner.tiny_model(), "-o", script, "--format", "torchscript")
        elsewhere.mkdir()
        for name in ("config.json", "vocab.txt"):
            shutil.move(script / name, elsewhere / name)
        failed = run("import", script / "model.pt", "-o", self.folder / "a")
        self.assertEqual(failed.status, 3)
        self.assertIn(str(script / "config.json"), failed.stderr)
        self.assertFalse((self.folder / "a").exists())
        self.check(run("import", script / "model.pt", "-o", self.folder / "b", "--quiet",
                       "--config", elsewhere / "config.json", "--vocab", elsewhere / "vocab.txt"),
                   0)
        self.expect_same_answers(self.folder / "b", run("ask", "-m", runner.tiny_model(),
                                                        *ASK).stdout)

    def test_bundled_archive(self):
        expected = run("ask", *ASK).stdout
        model = self.folder / "model"
        self.check(run("import", BUNDLED / "model.pt", "-o", model, "--half", "--quiet"), 0)
        self.expect_same_answers(model, expected)
        exported = self.folder / "exported"
        self.check(run("export", "-o", exported, "--quiet"), 0)
        self.expect_same_answers(exported, expected)

    def test_half_precision_halves_the_file(self):
        sizes = {}
        for args in ((), ("--half",)):
            target = self.folder / ("half" if args else "full")
            self.check(run("import", runner.tiny_model(), "-o", target, "--quiet", *args), 0)
            info = json.loads(run("info", "-m", target, "--json").stdout)
            sizes[info["weights_dtype"]] = next(
                file["size_bytes"] for file in info["files"]
                if file["name"] == info["weights_file"])
        self.assertEqual(sorted(sizes), ["float16", "float32"])
        self.assertLess(sizes["float16"], 0.6 * sizes["float32"])

    def test_default_place_has_the_name_of_the_source(self):
        home = self.folder / "home"
        env = {"BERTQA_HOME": str(home)}
        self.check(run("import", runner.tiny_model(), env=env), 0, "",
                   f"bertqa: imported into {home}/models/tiny\n")
        self.assertEqual(run("ask", "-m", "tiny", *ASK, env=env).status, 0)


class Checkpoints(CliTest):
    """Weights in every form that the golden files have: one model, the same answers."""

    FORMS = sorted(path.name for path in (runner.GOLDEN / "checkpoints").iterdir())

    def directory(self, form):
        folder = self.folder / form
        shutil.copytree(runner.GOLDEN / "checkpoints" / "base", folder)
        if form != "base":
            (folder / "model.safetensors").unlink()
            shutil.copytree(runner.GOLDEN / "checkpoints" / form, folder, dirs_exist_ok=True)
        return folder

    def test_ask_info_and_import(self):
        ask = ("-q", "a?", "-c", "b c d e f. g h", "--json", "-k", "3", "--window-tokens", "24",
               "--overlap-tokens", "4", "--max-question-tokens", "8")
        expected = self.check(run("ask", "-m", self.directory("base"), *ask), 0).stdout
        self.assertGreaterEqual(len(self.FORMS), 18)
        for form in self.FORMS:
            with self.subTest(form=form):
                folder = self.folder / "base" if form == "base" else self.directory(form)
                weights = next(path for path in folder.iterdir()
                               if path.suffix in (".bin", ".safetensors"))
                note = f"bertqa: warning: {weights}: not used: {UNUSED.get(form)}\n"
                self.check(run("ask", "-m", folder, *ask), 0, expected,
                           note if form in UNUSED else "")
                self.check(run("ask", "-m", folder, *ask, "--quiet"), 0, expected)
                info = json.loads(self.check(run("info", "-m", folder, "--json"), 0).stdout)
                self.assertEqual(info["parameters"], 1706)
                self.check(run("import", folder, "-o", self.folder / "imported", "--overwrite",
                               "--quiet"), 0)
                self.check(run("ask", "-m", self.folder / "imported", *ask), 0, expected)

    def test_index_alone_is_a_source(self):
        folder = self.directory("sharded-safetensors")
        self.check(run("import", folder / "model.safetensors.index.json", "-o",
                       self.folder / "imported", "--quiet"), 0)


class OutputFolder(CliTest):
    def test_what_is_there_is_not_replaced(self):
        target = self.folder / "there"
        target.mkdir()
        (target / "precious").write_text("x")
        for command in (("import", runner.tiny_model()), ("export", "-m", runner.tiny_model())):
            self.check_usage(run(*command, "-o", target),
                             f"{target}: exists already; --overwrite replaces it")
            self.assertEqual((target / "precious").read_text(), "x")

    def test_overwrite(self):
        target = self.folder / "there"
        for _ in range(2):
            self.check(run("import", runner.tiny_model(), "-o", target, "--overwrite", "--quiet"),
                       0)
        self.assertEqual(run("ask", "-m", target, *ASK).status, 0)

    def test_a_failure_keeps_what_is_there_and_leaves_nothing_else(self):
        target = self.folder / "there"
        target.mkdir()
        (target / "precious").write_text("x")
        broken = self.folder / "broken"
        runner.write_tiny_model(broken)
        (broken / "vocab.txt").unlink()
        result = run("import", broken, "-o", target, "--overwrite")
        self.check(result, 3, "",
                   f"bertqa: {broken / 'vocab.txt'}: cannot open: No such file or directory\n")
        self.assertEqual((target / "precious").read_text(), "x")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["broken", "there"])

    def test_missing_source(self):
        result = run("import", "/nowhere/model", "-o", self.folder / "out")
        self.check(result, 3, "", "bertqa: /nowhere/model: no such file or folder\n")
        self.assertEqual(list(self.folder.iterdir()), [])


class Broken(CliTest):
    """A tensor or a file that is wrong is named."""

    def expect(self, model, *parts):
        result = run("ask", "-m", model, *ASK)
        self.assertEqual((result.status, result.stdout), (3, ""), result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        self.assertEqual(run("info", "-m", model).status, 3)
        target = self.folder / "imported"
        self.assertEqual(run("import", model, "-o", target).status, 3)
        self.assertFalse(target.exists())

    def model(self, shapes=None):
        folder = self.folder / "model"
        runner.write_tiny_model(folder, shapes=shapes)
        return folder

    def test_missing_tensor(self):
        shapes = tiny_model.tensor_shapes()
        del shapes["bert.encoder.layer.1.output.dense.bias"]
        self.expect(self.model(shapes), "encoder.layer.1.output.dense.bias")

    def test_extra_tensor(self):
        shapes = {**tiny_model.tensor_shapes(), "bert.encoder.layer.2.output.dense.bias": [16]}
        self.expect(self.model(shapes), "encoder.layer.2.output.dense.bias")

    def test_wrong_shape(self):
        shapes = {**tiny_model.tensor_shapes(), "qa_outputs.weight": [3, 16]}
        self.expect(self.model(shapes), "qa_outputs.weight", "[3, 16]", "[2, 16]")

    def test_vocabulary_of_the_wrong_size(self):
        folder = self.model()
        lines = (folder / "vocab.txt").read_text().splitlines()
        (folder / "vocab.txt").write_text("\n".join(lines[:-1]) + "\n")
        self.expect(folder, "vocab.txt", str(len(lines)), str(len(lines) - 1))

    def test_token_twice_in_the_vocabulary(self):
        folder = self.model()
        lines = (folder / "vocab.txt").read_text().splitlines()
        lines[-1] = lines[20]
        (folder / "vocab.txt").write_text("\n".join(lines) + "\n")
        self.expect(folder, f"vocab.txt:{len(lines)}", f'"{lines[20]}"', "line 21")

    def test_configuration_of_another_family(self):
        folder = self.model()
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "model_type": "gpt2"}))
        self.expect(folder, "config.json", "gpt2")

    def test_weights_cut_in_half(self):
        folder = self.model()
        whole = (folder / "model.safetensors").read_bytes()
        for size in (len(whole) // 2, 100, 4, 0):
            (folder / "model.safetensors").write_bytes(whole[:size])
            self.expect(folder, "model.safetensors")

    def test_archive_cut_anywhere(self):
        script = self.folder / "script"
        run("export", "-m", runner.tiny_model(), "-o", script, "--format", "torchscript")
        whole = (script / "model.pt").read_bytes()
        for size in (len(whole) - 1, len(whole) // 2, 30, 0):
            (script / "model.pt").write_bytes(whole[:size])
            self.expect(script, "model.pt")


class Info(CliTest):
    def test_bundled_model(self):
        result = self.check(run("info", "--json"), 0)
        info = json.loads(result.stdout)
        self.assertEqual(list(info), [
            "directory", "family", "tokenizer", "layers", "hidden_size", "attention_heads",
            "intermediate_size", "vocabulary_size", "max_window_tokens", "parameters",
            "weights_file", "weights_dtype", "licence", "no_answer", "null_threshold",
            "temperature", "files"])
        self.assertEqual([info[key] for key in ("family", "layers", "hidden_size",
                                                "attention_heads", "vocabulary_size",
                                                "max_window_tokens", "weights_file",
                                                "weights_dtype", "no_answer")],
                         ["bert", 6, 384, 12, 30522, 512, "model.pt", "float16", False])
        sizes = {file["name"]: file["size_bytes"] for file in info["files"]}
        self.assertEqual(sizes["model.pt"], (BUNDLED / "model.pt").stat().st_size)
        text = self.check(run("info"), 0).stdout
        rows = dict(line.split(None, 1) for line in text.splitlines())
        self.assertEqual((rows["layers"], rows["weights_dtype"]), ("6", "float16"))

    def test_counts_the_parameters(self):
        info = json.loads(run("info", "-m", runner.tiny_model(), "--json").stdout)
        count = 0
        for shape in tiny_model.tensor_shapes().values():
            count += shape[0] * (shape[1] if len(shape) == 2 else 1)
        self.assertEqual(info["parameters"], count)
        self.assertIsNone(info["licence"])


if __name__ == "__main__":
    unittest.main()
