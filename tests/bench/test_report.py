"""Medians, targets, tables and plots."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from peers_lib import command, markdown, process, summary, svg, svg_line, targets, verbose
from peers_lib.contenders import CONTENDERS

VERBOSE = """load             0.023 s
read             0.004 s     0.0 %
run              5.165 s   on 2 threads
questions         2358,  456.6 a second
duplicates           0
windows           2374,  in 209 batches
tokens          390668,  75645 a second
precision    int8
"""


def contender(name):
    return next(c for c in CONTENDERS if c.name == name)


def row(name, seconds, f1=70.0, firsts=()):
    runs = [{"run_seconds": s, "seconds": s + 1, "peak_mib": 100, "exact": 50, "f1": f1}
            for s in seconds]
    return summary.row_of(contender(name), 100, runs, list(firsts), 100.0, True)


class SummaryTest(unittest.TestCase):
    def test_medians_and_range(self):
        found = row("ort-fp32", (1.0, 4.0, 2.0))
        self.assertEqual((found.steady, found.spread), (50, (25, 100)))
        self.assertAlmostEqual(found.whole, 100 / 3)

    def test_quality_is_held_against_fp32(self):
        rows = [row("eager", (4,)), row("ort-int8", (1,), f1=69.6), row("openvino-bf16", (2,))]
        self.assertEqual([summary.keeps_quality(r, rows) for r in rows], [True, False, True])


class TargetsTest(unittest.TestCase):
    def test_the_peer_to_beat_keeps_quality(self):
        rows = [row("eager", (4,)), row("ort-int8", (1,), f1=60), row("openvino-bf16", (2,)),
                row("bertqa-bf16", (1.5,)), row("bertqa-fp32", (2.5,))]
        ratios = {ratio.what: ratio for ratio in targets.ratios_of(rows)}
        best = ratios["best mode against any peer's best mode"]
        self.assertEqual(best.who, "bertqa-bf16 : openvino-bf16")
        self.assertAlmostEqual(best.ratio, 2 / 1.5)
        self.assertEqual(best.verdict, "met")
        self.assertEqual(ratios["best peer at the same precision, fp32"].verdict, "aim met")
        self.assertNotIn("best peer at the same precision, int8", ratios)

    def test_a_first_answer_counts_if_it_is_the_same(self):
        rows = [row("eager", (4,), firsts=[{"seconds": 3.0, "answer": "a"}]),
                row("ort-int8", (1,), firsts=[{"seconds": 0.1, "answer": "b"}]),
                row("ort-fp32", (1,), firsts=[{"seconds": 0.4, "answer": "a"}]),
                row("bertqa-fp32", (1,), firsts=[{"seconds": 0.2, "answer": "a"}])]
        found = targets.first_answer_ratios(rows)
        self.assertEqual([(r.who, r.ratio) for r in found], [("bertqa-fp32 : ort-fp32", 2.0)])


class TextTest(unittest.TestCase):
    def test_table(self):
        self.assertEqual(markdown.table(("a", "b"), [("x", "1"), ("y", "2")]),
                         "| a | b |\n| --- | ---: |\n| x | 1 |\n| y | 2 |\n")

    def test_numbers(self):
        self.assertEqual(markdown.number(1234.56), "1,234.6")
        self.assertEqual(markdown.number(None), "–")

    def test_the_command_keeps_this_machines_folders_to_itself(self):
        self.assertEqual(
            command.printable("bench/peers", ["/data/dev.json", "--venv", "/x/v", "--out=/y",
                                              "--models", "minilm"]),
            "bench/peers dev.json --models minilm")

    def test_verbose_figures(self):
        self.assertEqual(verbose.figures_of(VERBOSE), {
            "load_seconds": 0.023, "run_seconds": 5.165, "questions": 2358, "duplicates": 0,
            "windows": 2374, "tokens": 390668, "precision": "int8"})
        with self.assertRaisesRegex(ValueError, "no time of load"):
            verbose.figures_of("nothing")


class PlotTest(unittest.TestCase):
    def test_bars_are_in_proportion(self):
        root = ElementTree.fromstring(svg.bars("a < b", [("one", 10, False), ("two", 5, True)]))
        widths = [float(r.get("width")) for r in root.iter("{http://www.w3.org/2000/svg}rect")]
        self.assertAlmostEqual(widths[0], 2 * widths[1], delta=0.2)

    def test_a_line_stays_inside_its_axes(self):
        text = svg_line.line("t", "x", "y", [(128, 0.04), (100000, 15), (1000, 1)])
        root = ElementTree.fromstring(text)
        for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
            self.assertTrue(svg_line.LEFT <= float(circle.get("cx")) <= svg_line.WIDTH)
            self.assertTrue(svg_line.TOP <= float(circle.get("cy")) <= svg_line.HEIGHT)

    def test_one_point_is_a_line_too(self):
        ElementTree.fromstring(svg_line.line("t", "x", "y", [(10, 10)]))

    def test_linear_axes_begin_at_0_and_hold_the_greatest(self):
        self.assertEqual(svg_line.steps([3, 2000]), [0, 500, 1000, 1500, 2000])
        self.assertEqual(svg_line.steps([88.4]), [0, 20, 40, 60, 80, 100])
        text = svg_line.line("t", "x", "y", [(1, 50), (1000, 50)], linear=True)
        first, last = (circle for circle in ElementTree.fromstring(text).iter()
                       if circle.tag.endswith("circle"))
        self.assertEqual(first.get("cy"), last.get("cy"))
        self.assertEqual(float(last.get("cx")), svg_line.WIDTH - svg_line.RIGHT)


class ProcessTest(unittest.TestCase):
    def test_output_time_and_memory(self):
        done = process.run(["sh", "-c", "echo out; echo err >&2; sleep 0.05"])
        self.assertEqual((done.stdout, done.stderr), ("out\n", "err\n"))
        self.assertGreater(done.seconds, 0.05)
        self.assertGreater(done.peak_mib, 0)

    def test_a_launcher_that_is_ended_ends_its_child(self):
        """The moment a child exists included: the child itself sends the signal."""
        script = ("from peers_lib import process; process.end_children_when_ended(); "
                  "process.run(['sh', '-c', 'echo $$ > \"$0\"; kill -TERM $PPID; exec sleep 60', "
                  "{!r}])")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "child")
            launcher = subprocess.run([sys.executable, "-c", script.format(str(path))])
            self.assertEqual(launcher.returncode, 128 + signal.SIGTERM)
            with self.assertRaises(ProcessLookupError):
                os.kill(int(path.read_text()), 0)

    def test_a_failure_is_told(self):
        with self.assertRaisesRegex(process.ChildFailed, "status 3\nwhy"):
            process.run(["sh", "-c", "echo why >&2; exit 3"])


if __name__ == "__main__":
    unittest.main()
