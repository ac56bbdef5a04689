"""`bertqa models` and `bertqa models remove`."""

import json
import unittest

import runner
from hub_case import NAME, QUESTION, HubTest


class Models(HubTest):
    def listed(self):
        """Name -> record, of what is not bundled."""
        records = self.check(self.program("models", "--json"), 0).records()
        self.assertEqual(records[0]["source"], "bundled")
        return {record["name"]: record for record in records if record["source"] != "bundled"}

    def test_bundled_ones_alone(self):
        result = self.check(self.program("models"), 0)
        self.assertRegex(result.stdout, r"\Aminilm-l6-squad  bundled  -             [0-9.]+ MB\n\Z")
        self.assertEqual(self.listed(), {})

    def test_pulled_and_local_ones(self):
        self.program("pull", NAME)
        other = self.hub.add(NAME, {**self.files, "README.md": b"# Next\n"}, ref="v2")
        self.program("pull", f"{NAME}@v2")
        self.program("pull", f"{NAME}@{other}")
        runner.write_tiny_model(self.folder / "home" / "models" / "mine")
        runner.write_tiny_model(self.folder / "home" / "models" / "team" / "ours")
        (self.folder / "home" / "models" / "team" / "a" / "b").mkdir(parents=True)
        listed = self.listed()
        self.assertEqual(set(listed), {NAME, f"{NAME}@v2", "mine", "team/ours"})
        size = sum(len(self.files[path.name]) for path in self.snapshot().iterdir())
        self.assertEqual(listed[NAME], {
            "name": NAME, "source": "hub", "revision": self.commit, "refs": ["main"],
            "size_bytes": size, "complete": True, "directory": str(self.snapshot())})
        self.assertEqual(listed[f"{NAME}@v2"]["revision"], other)
        self.assertEqual((listed["mine"]["source"], listed["mine"]["revision"]), ("local", None))
        table = self.program("models").stdout
        self.assertRegex(table, rf"(?m)^{NAME}     +hub      {self.commit[:12]}  [0-9.]+ kB$")
        for name in listed:
            self.check(self.program(*QUESTION, "-m", name), 0)

    def test_unfinished_download(self):
        self.hub.break_next("cdn", "longer")
        self.hub.break_next("api", "status", code=500)
        self.program("pull", NAME)
        blob = self.blob("model.safetensors")
        self.assertEqual(self.listed(), {})
        blob.with_suffix(".incomplete").write_bytes(b"x" * 1000)
        record = self.listed()[NAME]
        self.assertEqual((record["complete"], record["revision"]), (False, None))
        self.assertGreaterEqual(record["size_bytes"], 1000)
        self.assertRegex(self.program("models").stdout, rf"(?m)^{NAME} +hub +unfinished +[0-9.]+ ")
        self.check(self.program("models", "remove", NAME, "--quiet"), 0)
        self.assertFalse(self.repository.exists())

    def test_other_things_in_the_cache_are_left_out(self):
        for folder in ("datasets--org--data/snapshots", "models--org--other/blobs", ".locks"):
            (self.cache / folder).mkdir(parents=True)
        (self.cache / "version.txt").write_text("1")
        self.assertEqual(self.listed(), {})

    def test_remove(self):
        self.program("pull", NAME)
        self.hub.add("org/keep", self.files)
        self.program("pull", "org/keep")
        result = self.check(self.program("models", "remove", NAME), 0, "",
                            f"bertqa: removed {NAME}, {self.size()}\n")
        self.assertEqual(result.stdout, "")
        self.assertFalse(self.repository.exists())
        self.assertFalse((self.cache / ".locks" / "models--org--tiny").exists())
        self.assertEqual(set(self.listed()), {"org/keep"})
        self.assertEqual(self.program(*QUESTION, "-m", NAME).status, 3)
        self.check(self.program(*QUESTION, "-m", "org/keep"), 0)

    def size(self):
        names = ("README.md", "config.json", "model.safetensors", "tokenizer_config.json",
                 "vocab.txt")
        return f"{sum(len(self.files[name]) for name in names) / 1000:.1f} kB"

    def test_what_cannot_be_removed(self):
        self.fails(self.program("models", "remove", "minilm-l6-squad"),
                   'model "minilm-l6-squad": is bundled, it cannot be removed', status=2)
        mine = self.folder / "home" / "models" / "mine"
        runner.write_tiny_model(mine)
        self.fails(self.program("models", "remove", "mine"),
                   f'model "mine": was not pulled; it is your own: {mine}', status=2)
        self.assertTrue((mine / "config.json").exists())
        for name in ("org/none", "../x", "", "/", str(mine)):
            self.fails(self.program("models", "remove", name), f'model "{name}": was not pulled; '
                       f"there is no such model in {self.cache}")
        self.fails(self.program("models", "remove", f"{NAME}@v1"), f'model "{NAME}@v1": all '
                   "revisions are removed together; name it without one", status=2)

    def test_help_of_remove_and_usage(self):
        text = self.check(self.program("models", "remove", "--help"), 0).stdout
        self.assertIn("Usage: bertqa models remove [OPTIONS] ORG/NAME", text)
        self.fails(self.program("models", "remove"),
                   "ORG/NAME is required (see bertqa models remove --help)", status=2)


if __name__ == "__main__":
    unittest.main()
