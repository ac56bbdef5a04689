"""The table of families, its rows, and what is prepared for them."""

import unittest

from peers_lib import families, families_report
from peers_lib.contenders import CONTENDERS
from peers_lib.summary import row_of


def row(name, seconds):
    contender = next(c for c in CONTENDERS if c.name == name)
    runs = [{"run_seconds": s, "seconds": s + 1, "peak_mib": 100, "exact": 0, "f1": 0}
            for s in seconds]
    return row_of(contender, 100, runs, [], 100.0, False)


class FamiliesTest(unittest.TestCase):
    def test_all_are_there_if_none_is_named(self):
        self.assertEqual(families.chosen([]), list(families.FAMILIES))
        self.assertEqual([f.model_type for f in families.chosen(["mpnet", "bert"])],
                         ["bert", "mpnet"])

    def test_an_unknown_name_lists_the_known_ones(self):
        with self.assertRaisesRegex(ValueError, "called t5; there are bert, distilbert, "):
            families.chosen(["bert", "t5"])

    def test_names_of_files_are_the_rows_own(self):
        self.assertEqual(len(families.BY_NAME), len(families.FAMILIES))


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.results = [(families.BY_NAME[name], [row("ort-fp32", (20, 25, 50)), row("bertqa-fp32", (10, 20, 40))])
                        for name in ("bert-base", "mpnet-base")]

    def page(self, results):
        return families_report.page(results, {"onnxruntime": "1.2.3"}, "bench/families dev.json", 100,
                                    "dev.json")

    def test_medians_and_their_ratio(self):
        self.assertIn("| BERT | bert-base-uncased | 12 | 4.00 | 2.00–5.00 | 5.00 | 2.50–10.00 | 1.25 |",
                      self.page(self.results))

    def test_the_page_says_what_was_run_and_where(self):
        page = self.page(self.results)
        for part in ("`bench/families dev.json`", "onnxruntime 1.2.3", "cores", "100 questions"):
            self.assertIn(part, page)

    def test_a_note_stands_where_a_graph_is_not_fused_in_full(self):
        self.assertIn("| MPNet * |", self.page(self.results))
        self.assertIn("\\* Its optimiser", self.page(self.results))
        self.assertNotIn("\\*", self.page(self.results[:1]))


if __name__ == "__main__":
    unittest.main()
