"""Results that survive a stopped run, and what is left to do after one."""

import tempfile
import unittest
from pathlib import Path

from peers_lib import schedule
from peers_lib.contenders import layouts, that_run_here
from peers_lib.options import PLANS
from peers_lib.store import Store


class StoreTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "results.jsonl")

    def test_values_are_there_after_reopening(self):
        Store(self.path).put("run", "a", 0, value={"seconds": 1.5})
        self.assertEqual(Store(self.path).get("run", "a", 0), {"seconds": 1.5})

    def test_a_line_cut_short_is_measured_again(self):
        store = Store(self.path)
        store.put("run", "a", 0, value=1)
        store.put("run", "a", 1, value=2)
        self.path.write_text(self.path.read_text()[:-8])
        reopened = Store(self.path)
        self.assertIsNone(reopened.get("run", "a", 1))
        reopened.put("run", "a", 1, value=3)
        self.assertEqual(Store(self.path).values("run", "a"), [1, 3])

    def test_other_inputs_are_refused_and_fresh_starts_over(self):
        Store.opened_for(self.path, False, {"squad": "1", "bertqa": "1"}).put("run", value=1)
        with self.assertRaisesRegex(ValueError, "another bertqa"):
            Store.opened_for(self.path, False, {"squad": "1", "bertqa": "2"})
        self.assertIsNone(
            Store.opened_for(self.path, True, {"squad": "1", "bertqa": "2"}).get("run"))


class ScheduleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = Store(Path(folder.name, "results.jsonl"))
        self.contenders = that_run_here(["ort-fp32", "bertqa-fp32"], native_bf16=False)

    def left(self, model="minilm", contenders=None):
        tasks = schedule.tasks_left(contenders or self.contenders, PLANS[model], 5, self.store,
                                    "run")
        return [(task.contender.name, task.repetition) for task in tasks]

    def test_contenders_alternate(self):
        self.assertEqual(self.left()[:3],
                         [("ort-fp32", 0), ("bertqa-fp32", 0), ("ort-fp32", 1)])

    def test_what_was_measured_is_not_repeated(self):
        self.store.put("run", "ort-fp32", 0, value={})
        self.assertEqual(self.left()[0], ("bertqa-fp32", 0))
        self.assertEqual(len(self.left()), 9)

    def test_slow_contenders_run_less_with_large_models(self):
        slow = that_run_here(["pipeline"], native_bf16=False)
        self.assertEqual(len(self.left("bert-large", slow)), 3)
        self.assertEqual(len(self.left("minilm", slow)), 5)

    def test_an_estimate_scales_the_run_and_not_the_start(self):
        self.assertEqual(schedule.estimate(whole=5, run=2, asked=50, wanted=100), 7)

    def test_clock(self):
        self.assertEqual(schedule.clock(125.4), "2:05")


class ContendersTest(unittest.TestCase):
    def test_bf16_runs_only_where_it_is_native(self):
        names = {contender.name for contender in that_run_here([], native_bf16=False)}
        self.assertNotIn("bertqa-bf16", names)
        self.assertIn("bertqa-int8", names)

    def test_an_unknown_name_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "called tensorflow"):
            that_run_here(["tensorflow"], native_bf16=True)

    def test_layouts_use_all_cores(self):
        self.assertEqual(layouts(1), [(1, 1)])
        self.assertEqual(layouts(2), [(1, 2), (2, 1)])
        self.assertEqual(layouts(8), [(1, 8), (4, 2), (8, 1)])


if __name__ == "__main__":
    unittest.main()
