"""The Hub's Python client as a second witness: that fake_hub.py is faithful, and that the cache is
the same for both.

Needs the module huggingface_hub, of the interpreter $BERTQA_HUB_PYTHON or this one; without it the
tests are skipped.
"""

import os
import subprocess
import sys
import unittest

from hub_case import NAME, QUESTION, HubTest

PYTHON = os.environ.get("BERTQA_HUB_PYTHON", sys.executable)
PATTERNS = ["*.json", "*.txt", "model.safetensors", "README.md"]


def has_client():
    found = subprocess.run([PYTHON, "-c", "import huggingface_hub"], capture_output=True,
                           check=False)
    return found.returncode == 0


@unittest.skipUnless(has_client(), f"{PYTHON} has no module huggingface_hub")
class PythonClient(HubTest):
    def python(self, text, **variables):
        """Runs the text after `import huggingface_hub as hub`; what it prints."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        result = subprocess.run(
            [PYTHON, "-c", "import huggingface_hub as hub\n" + text], check=False, text=True,
            env={**clean, **self.variables(), "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                 "HF_HUB_DISABLE_TELEMETRY": "1", **variables}, capture_output=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.strip()

    def download(self, **variables):
        return self.python(f"print(hub.snapshot_download({NAME!r}, allow_patterns={PATTERNS}))",
                           **variables)

    def test_server_is_faithful(self):
        self.assertEqual(self.download(), str(self.snapshot()))
        self.assertEqual((self.snapshot() / "model.safetensors").read_bytes(), self.weights)
        listing = self.python(
            f"info = hub.model_info({NAME!r}, files_metadata=True)\n"
            "print(info.sha, [(s.rfilename, s.size, s.lfs.sha256 if s.lfs else s.blob_id)"
            " for s in info.siblings if s.rfilename == 'model.safetensors'])")
        self.assertEqual(listing, f"{self.commit} [('model.safetensors', {len(self.weights)}, "
                         f"'{self.blob('model.safetensors').name}')]")
        for name, error in (("org/none", "RepositoryNotFoundError"), (NAME, "GatedRepoError")):
            self.hub.repositories[NAME].gated = True
            text = self.python(f"try:\n hub.hf_hub_download({name!r}, 'other.json')\n"
                               "except Exception as error:\n print(type(error).__name__)")
            self.assertEqual(text, error)

    def test_server_is_faithful_with_small_files_behind_a_redirect(self):
        self.hub.resolve_cache = True
        self.assertEqual(self.download(), str(self.snapshot()))
        self.assertEqual((self.snapshot() / "vocab.txt").read_bytes(), self.files["vocab.txt"])

    def test_what_the_client_fetched_is_used(self):
        self.download()
        self.hub.forget()
        self.check(self.program(*QUESTION, "-m", NAME), 0)
        self.pulled(self.program("pull", NAME))
        self.assertEqual([request.path for request in self.hub.asked()],
                         [f"/api/models/{NAME}/revision/main?blobs=true"])
        self.assertIn(f"{NAME}  ", self.program("models").stdout)

    def test_what_was_pulled_is_used_by_the_client(self):
        self.program("pull", NAME)
        self.hub.forget()
        self.assertEqual(self.download(HF_HUB_OFFLINE="1"), str(self.snapshot()))
        self.assertEqual(self.hub.asked(), [])
        self.assertEqual(self.download(), str(self.snapshot()))
        self.assertEqual([request for request in self.hub.asked() if "/resolve/" in request.path],
                         [])
        text = self.python("report = hub.scan_cache_dir()\n"
                           "print(len(report.warnings), [(r.repo_id, len(r.revisions))"
                           " for r in report.repos])")
        self.assertEqual(text, f"0 [('{NAME}', 1)]")

    def test_each_goes_on_where_the_other_broke_off(self):
        blob = self.blob("model.safetensors")
        incomplete = blob.with_suffix(".incomplete")
        for fetch in (lambda: self.pulled(self.program("pull", NAME)), self.download):
            blob.parent.mkdir(parents=True, exist_ok=True)
            incomplete.write_bytes(self.weights[:5000])  # where and how both leave it
            self.hub.forget()
            fetch()
            self.assertEqual([request.headers.get("range") for request in self.hub.asked("cdn")],
                             ["bytes=5000-"])
            self.whole()
            self.program("models", "remove", NAME)

    def test_both_take_the_same_lock(self):
        blob = self.blob("model.safetensors")
        lock = self.cache / ".locks" / "models--org--tiny" / f"{blob.name}.lock"
        lock.parent.mkdir(parents=True)
        holder = subprocess.Popen(
            [PYTHON, "-c", "import sys, filelock\n"
             f"with filelock.FileLock({str(lock)!r}):\n"
             " print('held', flush=True)\n sys.stdin.read()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.wait, 30)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        self.assertEqual(holder.stdout.readline(), "held\n")
        process = self.start("pull", NAME)
        self.assertEqual(process.stderr.readline(), "bertqa: waiting for another process that "
                         f"fetches {NAME}/model.safetensors\n")
        holder.stdin.close()
        self.assertEqual(process.wait(30), 0)
        self.whole()


if __name__ == "__main__":
    unittest.main()
