"""`bertqa pull` and `--model ORG/NAME` against a server that behaves as the Hub does."""

import json
import os
import unittest

import runner
from hub_case import NAME, QUESTION, HubTest
from terminal import run_on_terminal

NEEDED = {"README.md", "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"}


class Pull(HubTest):
    def test_pulls_what_is_needed_and_answers_with_it(self):
        folder = self.pulled(self.program("pull", NAME))
        self.assertEqual({path.name for path in folder.iterdir()}, NEEDED)
        self.assertEqual(folder, self.snapshot())
        asked = self.program(*QUESTION, "-m", NAME)
        self.hub.close()  # no network from here on
        self.check(asked, 0)
        self.assertNotEqual(asked.stdout.strip(), "")
        local = self.folder / "local"
        local.mkdir()
        for name in NEEDED:
            (local / name).write_bytes(self.files[name])
        self.assertEqual(self.program(*QUESTION, "-m", local).stdout, asked.stdout)
        self.assertEqual(self.program(*QUESTION, "-m", NAME).stdout, asked.stdout)
        self.assertEqual(self.program(*QUESTION, env={"BERTQA_MODEL": NAME}).stdout, asked.stdout)

    def test_layout_of_the_cache(self):
        self.program("pull", NAME)
        self.assertEqual((self.repository / "refs" / "main").read_text(), self.commit)
        for name in NEEDED:
            link = self.snapshot() / name
            self.assertEqual(os.readlink(link), f"../../blobs/{self.blob(name).name}")
            self.assertEqual(link.read_bytes(), self.files[name])
        self.assertEqual({path.name for path in (self.repository / "blobs").iterdir()},
                         {self.blob(name).name for name in NEEDED})
        self.whole()

    def test_what_is_here_is_not_fetched_again(self):
        self.program("pull", NAME)
        self.hub.forget()
        self.pulled(self.program("pull", NAME))
        self.assertEqual([request.path for request in self.hub.asked()],
                         [f"/api/models/{NAME}/revision/main?blobs=true"])

    def test_new_commit_fetches_what_changed(self):
        self.program("pull", NAME)
        new = self.hub.add(NAME, {**self.files, "README.md": b"# New\n"})
        self.hub.forget()
        folder = self.pulled(self.program("pull", NAME), commit=new)
        self.assertEqual([request.path for request in self.hub.asked()][1:],
                         [f"/{NAME}/resolve/{new}/README.md"])
        self.assertEqual((folder / "README.md").read_bytes(), b"# New\n")
        self.assertEqual((self.repository / "refs" / "main").read_text(), new)

    def test_revisions(self):
        other = self.hub.add(NAME, {**self.files, "README.md": b"# PR\n"}, ref="refs/pr/3")
        name = f"{NAME}@refs/pr/3"
        self.pulled(self.program("pull", name), name, other)
        self.assertEqual((self.repository / "refs/refs/pr/3").read_text(), other)
        self.check(self.program(*QUESTION, "-m", name), 0)
        self.assertEqual(self.program(*QUESTION, "-m", NAME).status, 3, "main was not pulled")
        by_commit = f"{NAME}@{self.commit}"
        self.pulled(self.program("pull", by_commit), by_commit)
        self.check(self.program(*QUESTION, "-m", by_commit), 0)
        self.assertFalse((self.repository / "refs" / self.commit).exists())

    def test_renamed_repository_is_followed(self):
        self.hub.renamed["old-name"] = NAME
        self.pulled(self.program("pull", "old-name"), "old-name")
        self.check(self.program(*QUESTION, "-m", "old-name"), 0)

    def test_small_files_behind_a_redirect(self):
        self.hub.resolve_cache = True
        self.hub.repositories[NAME].token = "mine"
        self.pulled(self.program("pull", NAME, env={"HF_TOKEN": "mine"}))
        self.whole()
        self.assertEqual((self.snapshot() / "vocab.txt").read_bytes(), self.files["vocab.txt"])
        redirected = [r for r in self.hub.asked() if r.path.startswith("/api/resolve-cache/")]
        self.assertEqual(len(redirected), len(NEEDED) - 1)

    def test_sharded_weights(self):
        shards = {f"model-0000{i}-of-00002.safetensors": b"shard %d" % i for i in (1, 2)}
        index = json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors",
                                           "b": "model-00002-of-00002.safetensors",
                                           "c": "model-00001-of-00002.safetensors"}}).encode()
        del self.files["model.safetensors"]
        commit = self.hub.add(NAME, {**self.files, **shards, "pytorch_model.bin": b"old",
                                     "model.safetensors.index.json": index})
        folder = self.pulled(self.program("pull", NAME), commit=commit)
        self.assertEqual({path.name for path in folder.iterdir()},
                         NEEDED - {"model.safetensors"} | set(shards)
                         | {"model.safetensors.index.json"})

    def test_pickled_weights_where_there_is_nothing_else(self):
        del self.files["model.safetensors"]
        commit = self.hub.add(NAME, {**self.files, "pytorch_model.bin": b"old"})
        folder = self.pulled(self.program("pull", NAME), commit=commit)
        self.assertIn("pytorch_model.bin", {path.name for path in folder.iterdir()})

    def test_empty_file(self):
        commit = self.hub.add(NAME, {**self.files, "LICENSE": b""})
        folder = self.pulled(self.program("pull", NAME), commit=commit)
        self.assertEqual((folder / "LICENSE").read_bytes(), b"")

    def test_cache_folder_by_hf_hub_cache(self):
        cache = self.folder / "other"
        self.program("pull", NAME, env={"HF_HUB_CACHE": str(cache)})
        self.assertTrue((cache / "models--org--tiny/refs/main").is_file())
        self.assertFalse(self.cache.exists())

    def test_proxy(self):
        # The Hub's own server stands in for a proxy: it is asked for the whole address.
        result = self.program("pull", NAME, env={
            "HF_ENDPOINT": "http://hub.invalid", "NO_PROXY": "", "http_proxy": self.hub.url})
        self.assertEqual(result.status, 3)
        self.assertTrue(self.hub.asked("hub")[0].path.startswith("http://hub.invalid/api/models/"))


class Model(HubTest):
    def test_unknown_model_says_how(self):
        self.fails(self.program(*QUESTION, "-m", NAME),
                   f'model "{NAME}": not found; looked for "{NAME}" (no such directory), '
                   f"{self.folder}/home/models/{NAME}, {runner.BUNDLED.parent}/{NAME}, "
                   f"{self.repository}; `bertqa pull {NAME}` fetches it")
        self.assertEqual(self.hub.asked(), [])

    def test_pull_option_fetches(self):
        result = self.program(*QUESTION, "-m", NAME, "--pull")
        self.assertEqual((result.status, result.stderr),
                         (0, f"bertqa: pulled {NAME} at commit {self.commit[:12]}\n"))
        self.hub.forget()
        self.check(self.program(*QUESTION, "-m", NAME, "--pull", "--quiet"), 0)
        self.assertEqual(self.hub.asked(), [], "what is here needs no network")

    def test_quiet_pull(self):
        self.check(self.program(*QUESTION, "-m", NAME, "--pull", "--quiet"), 0)

    def test_terminal_fetches_by_itself_and_shows_progress(self):
        self.hub.break_next("cdn", "slow", piece=len(self.weights) // 3, pause=0.15)
        status, shown = run_on_terminal(*QUESTION, "-m", NAME, env=self.variables())
        self.assertEqual(status, 0, shown)
        self.assertRegex(shown, r"\rmodel\.safetensors  [0-9.]+ kB of [0-9.]+ kB, ")
        self.assertIn(f"pulled {NAME} at commit", shown)

    def test_terminal_does_not_fetch_offline(self):
        status, shown = run_on_terminal(*QUESTION, "-m", NAME,
                                        env=self.variables(HF_HUB_OFFLINE="1"))
        self.assertEqual(status, 3)
        self.assertIn("`bertqa pull org/tiny` fetches it", shown)
        self.assertEqual(self.hub.asked(), [])

    def test_directory_and_own_models_win(self):
        self.program("pull", NAME)
        for place in (self.folder / "home" / "models" / NAME, self.folder / NAME):
            place.mkdir(parents=True)
            self.fails(self.program(*QUESTION, "-m", NAME),
                       f"{place if 'home' in str(place) else NAME}/config.json: cannot open: No "
                       "such file or directory")

    def test_half_a_snapshot_is_no_model(self):
        self.program("pull", NAME)
        (self.snapshot() / "model.safetensors").unlink()
        asked = self.program(*QUESTION, "-m", NAME)
        self.assertIn("`bertqa pull org/tiny` fetches it", asked.stderr)
        self.pulled(self.program("pull", NAME))
        self.check(self.program(*QUESTION, "-m", NAME), 0)

    def test_info_and_export(self):
        self.program("pull", NAME)
        self.assertEqual(json.loads(self.program("info", "-m", NAME, "--json").stdout)["directory"],
                         str(self.snapshot()))
        self.assertEqual(self.program("export", "-m", NAME, "-o", "out").status, 0)
        self.assertTrue((self.folder / "out" / "model.safetensors").is_file())


if __name__ == "__main__":
    unittest.main()
