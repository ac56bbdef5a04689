"""What the tests of this folder share: a Hub with a model, and the program that asks it."""

import pathlib
import signal
import subprocess

import runner
from fake_hub import FakeHub
from hub_handler import git_sha1, is_large, sha256
from runner import CliTest, run

NAME = "org/tiny"
QUESTION = ("ask", "-q", "who?", "-c", "the big fox")


def model_files():
    """A BERT checkpoint that answers, as {path: content}, and files that are not needed."""
    folder = runner.GOLDEN / "models" / "tiny-32"
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    files["README.md"] = b"---\nlicense: mit\n---\n# Tiny\n"
    files[".gitattributes"] = b"*.safetensors filter=lfs\n"
    files["tf_model.h5"] = b"other weights"
    files["onnx/model.bin"] = b"more weights"
    return files


class HubTest(CliTest):
    def setUp(self):
        super().setUp()
        self.hub = FakeHub()
        self.addCleanup(self.hub.close)
        self.files = model_files()
        self.weights = self.files["model.safetensors"]
        self.commit = self.hub.add(NAME, self.files)
        self.cache = self.folder / "hf" / "hub"
        self.repository = self.cache / "models--org--tiny"

    def variables(self, **changes):
        """Of the program's environment."""
        return {"HF_ENDPOINT": self.hub.url, "HF_HOME": str(self.folder / "hf"),
                "BERTQA_HOME": str(self.folder / "home"), "NO_PROXY": "*", **changes}

    def program(self, *args, **keywords):
        """Runs it to its end."""
        variables = self.variables(**keywords.pop("env", {}))
        return run(*args, env=variables, cwd=self.folder, **keywords)

    def start(self, *args):
        """The program, in the background."""
        process = subprocess.Popen(
            runner.command_line(*args), env=runner.environment(**self.variables()),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()

        self.addCleanup(end)
        return process

    def snapshot(self, commit=None):
        return self.repository / "snapshots" / (commit or self.commit)

    def blob(self, path, files=None):
        content = (files or self.files)[path]
        return self.repository / "blobs" / (sha256 if is_large(path) else git_sha1)(content)

    def pulled(self, result, name=NAME, commit=None):
        """It went well: the folder on stdout, a note on stderr."""
        commit = commit or self.commit
        self.assertEqual((result.status, result.stderr),
                         (0, f"bertqa: pulled {name} at commit {commit[:12]}\n"), result)
        folder = pathlib.Path(result.stdout.rstrip("\n"))
        self.assertEqual(folder.name, commit)
        return folder

    def fails(self, result, message, status=3):
        self.check(result, status, "", f"bertqa: {message}\n")

    def whole(self):
        """What is in the cache is the model, bit for bit, and nothing is left over."""
        self.assertEqual((self.snapshot() / "model.safetensors").read_bytes(), self.weights)
        self.assertEqual(list(self.repository.rglob("*.incomplete")), [])
        self.assertEqual(list(self.repository.rglob("*.tmp*")), [])
