"""Models that are not there, broken or hostile, and what fetches them: a part of test_bad_input."""

import json
import re
import shutil

import runner
from runner import BUNDLED, run

GOOD = {"id": 1, "question": "who?", "context": "the big fox"}


class BadModels:
    """To be inherited from beside CliTest."""

    def both_fail(self, model, message):
        self.fails(run("ask", "-m", model, "-q", "who?", "-c", "fox", cwd=self.folder), 3, message)
        self.fails(run("batch", "-m", model, stdin=json.dumps(GOOD), cwd=self.folder), 3, message)

    def test_no_such_model(self):
        message = ('model "no-such": not found; looked for "no-such" (no such directory), '
                   "HOME/models/no-such, SHARE/models/no-such")
        self.documented(message)
        home = self.folder / "home"
        message = message.replace("HOME", str(home)).replace("SHARE", str(BUNDLED.parents[1]))
        for command in (("ask", "-q", "who?", "-c", "fox"), ("batch",)):
            result = run(*command, "-m", "no-such", env={"BERTQA_HOME": str(home)})
            self.check(result, 3, "", f"bertqa: {message}\n")

    def hub(self, *args, **changes):
        variables = {"HF_HUB_CACHE": str(self.folder / "cache"),
                     "HF_ENDPOINT": "http://127.0.0.1:1",  # nobody listens there
                     "BERTQA_HOME": str(self.folder / "home"), "NO_PROXY": "*", **changes}
        return run(*args, env=variables)

    def test_hub_model_that_is_not_here(self):
        message = ('model "org/name": not found; looked for "org/name" (no such directory), '
                   "HOME/models/org/name, SHARE/models/org/name, CACHE/models--org--name; ")
        for part in (message, "bertqa pull org/name", "fetches it"):
            self.documented(part)
        message += "`bertqa pull org/name` fetches it"
        for place, path in (("HOME", self.folder / "home"), ("SHARE", BUNDLED.parents[1]),
                            ("CACHE", self.folder / "cache")):
            message = message.replace(place, str(path))
        for command in (("ask", "-q", "who?", "-c", "fox"), ("batch",)):
            self.check(self.hub(*command, "-m", "org/name"), 3, "", f"bertqa: {message}\n")

    def test_pull_of_no_name(self):
        self.fails(self.hub("pull", "a b"), 2, '"a b": ORG/NAME or ORG/NAME@REVISION is expected')

    def test_pull_without_network(self):
        message = "org/name: ENDPOINT cannot be reached: "
        self.documented(message)
        message = message.replace("ENDPOINT", "http://127.0.0.1:1")
        for command in (("pull", "org/name"),
                        ("ask", "-q", "who?", "-c", "fox", "-m", "org/name", "--pull")):
            result = self.hub(*command)
            self.assertEqual((result.status, result.stdout), (3, ""))
            self.assertRegex(result.stderr, rf"\Abertqa: {re.escape(message)}[^\n]+\n\Z")

    def test_pull_offline(self):
        self.fails(self.hub("pull", "org/name", HF_HUB_OFFLINE="1"), 3,
                   "org/name: nothing is fetched, since HF_HUB_OFFLINE is set")

    def test_remove_a_bundled_model(self):
        self.fails(self.hub("models", "remove", "minilm-l6-squad"), 2,
                   'model "minilm-l6-squad": is bundled, it cannot be removed')

    def test_remove_what_is_not_there(self):
        message = 'model "org/name": was not pulled; there is no such model in CACHE'
        self.documented(message)
        message = message.replace("CACHE", str(self.folder / "cache"))
        self.check(self.hub("models", "remove", "org/name"), 3, "", f"bertqa: {message}\n")

    def test_model_without_weights(self):
        folder = self.folder / "model"
        runner.write_tiny_model(folder)
        (folder / "model.safetensors").unlink()
        self.both_fail("model", "model: no weights: model.safetensors, model.pt or "
                       "pytorch_model.bin is expected, or the index of one in several files")

    def checkpoint(self, form):
        """A model directory with the golden weights of that form; its file of weights."""
        folder = self.folder / "model"
        shutil.copytree(runner.GOLDEN / "checkpoints" / "base", folder)
        (folder / "model.safetensors").unlink()
        shutil.copytree(runner.GOLDEN / "checkpoints" / form, folder, dirs_exist_ok=True)
        return folder / "pytorch_model.bin"

    def test_pickle_that_runs_code(self):
        weights = self.checkpoint("legacy")
        whole = weights.read_bytes()
        state_dict = whole.index(b"\x80\x02ccollections")
        weights.write_bytes(whole[:state_dict] + b"\x80\x02cposix\nsystem\n"
                            b"X\x0d\x00\x00\x00touch hacked!\x85R.")
        self.both_fail("model", 'model/pytorch_model.bin: state dict: global "posix.system" is not '
                       "allowed: archives are read as weights")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["model"])

    def test_legacy_weights_cut_off(self):
        weights = self.checkpoint("legacy")
        weights.write_bytes(weights.read_bytes()[:400])
        self.both_fail("model", "model/pytorch_model.bin: state dict: not a valid pickle: it is cut "
                       "off")

    def test_shard_is_missing(self):
        folder = self.checkpoint("sharded-safetensors").parent
        (folder / "model-00002-of-00003.safetensors").unlink()
        self.both_fail("model", "model/model-00002-of-00003.safetensors: cannot open: No such file "
                       "or directory")

    def test_index_that_leaves_its_folder(self):
        folder = self.checkpoint("sharded-safetensors").parent
        index = folder / "model.safetensors.index.json"
        index.write_text(index.read_text().replace("model-00002", "../model-00002"))
        self.both_fail("model", "model/model.safetensors.index.json: tensor "
                       '"bert.encoder.layer.0.attention.output.LayerNorm.bias" is said to be in '
                       '"../model-00002-of-00003.safetensors"; the name of a file in the same folder '
                       "is expected")

    def test_model_without_vocabulary(self):
        folder = self.folder / "model"
        runner.write_tiny_model(folder)
        (folder / "vocab.txt").unlink()
        self.both_fail("model", "model/vocab.txt: cannot open: No such file or directory")

    def test_archive_cut_in_half(self):
        folder = self.folder / "model"
        folder.mkdir()
        for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
            (folder / name).write_bytes((BUNDLED / name).read_bytes())
        whole = (BUNDLED / "model.pt").read_bytes()
        (folder / "model.pt").write_bytes(whole[:len(whole) // 2])
        self.both_fail("model", "model/model.pt: a PyTorch archive (zip) is expected, but its "
                       "directory is missing or damaged: the file is cut off or of another kind")
