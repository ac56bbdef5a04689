"""Weights that tools/average_models.py averages."""

import contextlib
import importlib.util
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

IS_INSTALLED = all(importlib.util.find_spec(name) for name in ("torch", "safetensors"))


@unittest.skipUnless(IS_INSTALLED, "this Python has no torch or no safetensors")
class AverageModelsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def model(self, name, values, tensor="qa_outputs.bias", dtype="float32"):
        import torch
        from safetensors.torch import save_file
        (self.folder / name).mkdir()
        (self.folder / name / "config.json").write_text(name)
        save_file({tensor: torch.tensor(values, dtype=getattr(torch, dtype))},
                  self.folder / name / "model.safetensors")

    def average(self, *models):
        import average_models
        parts = [f"{self.folder / model}={weight}" for model, weight in models]
        with mock.patch.object(sys, "argv", ["average_models.py", str(self.folder / "out"), *parts]):
            average_models.main()
        from safetensors.torch import load_file
        return load_file(self.folder / "out" / "model.safetensors")

    def test_weights_are_scaled_to_a_sum_of_one(self):
        self.model("a", [1.0, 0.0])
        self.model("b", [5.0, -4.0], dtype="float16")
        average = self.average(("a", 6), ("b", 2))["qa_outputs.bias"]
        self.assertEqual((str(average.dtype), average.tolist()), ("torch.float32", [2.0, -1.0]))
        self.assertEqual((self.folder / "out" / "config.json").read_text(), "a")

    def test_one_model_is_its_own_average(self):
        self.model("a", [0.1, -3e38])
        import torch
        expected = torch.tensor([0.1, -3e38]).tolist()
        self.assertEqual(self.average(("a", 0.3))["qa_outputs.bias"].tolist(), expected)

    def test_models_that_differ_are_refused(self):
        self.model("a", [1.0, 0.0])
        self.model("shape", [1.0, 0.0, 2.0])
        self.model("name", [1.0, 0.0], tensor="classifier.bias")
        for other in ("shape", "name"):
            with self.subTest(other=other):
                errors = io.StringIO()
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(errors):
                    self.average(("a", 1), (other, 1))
                self.assertIn("its tensors are not those of", errors.getvalue())
                self.assertFalse((self.folder / "out").exists())

    def test_a_weight_is_above_zero(self):
        self.model("a", [1.0])
        for weight in ("0", "-1", "nan", "inf", "", "half"):
            with self.subTest(weight=weight):
                errors = io.StringIO()
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(errors):
                    self.average(("a", weight))
                self.assertIn("a weight above 0 is expected", errors.getvalue())


if __name__ == "__main__":
    unittest.main()
