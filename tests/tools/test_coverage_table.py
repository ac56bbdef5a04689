"""The table of docs/coverage.md."""

import unittest

import coverage_table

CPUINFO = "processor\t: 0\nflags\t\t: fpu avx2 fma avx512_vnni amx_tile\n\nprocessor\t: 1\n"
KERNEL = """int before;
BERTQA_TARGET_BEGIN("avx2,fma")
int known;
BERTQA_TARGET_END
BERTQA_TARGET_BEGIN("avx512vnni,avx512bf16")
int foreign;
BERTQA_TARGET_END
int after;
"""


def lcov(**files):
    """{name: {line: executions}} as llvm-cov writes it; lines above 100 have no branch there."""
    return "".join(f"SF:{path_of(name)}\n" + "".join(
        f"DA:{number},{count}\n" + (f"BRDA:{number},0,0,{count}\n" if number < 100 else "")
        for number, count in lines.items()) + "end_of_record\n" for name, lines in files.items())


def export(**files):
    """{name: [(line, column, when true, when false)]} likewise."""
    return {"data": [{"files": [{"filename": path_of(name), "branches": [
        [line, column, line, column + 3, when_true, when_false, 0, 0, 4]
        for line, column, when_true, when_false in branches]} for name, branches in files.items()]}]}


def path_of(name):
    return name.replace("__", "/") + ".cc"


class CoverageTableTest(unittest.TestCase):
    def setUp(self):
        self.flags = coverage_table.processor_flags(CPUINFO)

    def tally(self, lines, branches):
        return coverage_table.tally(lcov(**lines), export(**branches), lambda path: KERNEL, self.flags)

    def test_marks_in_the_names_of_instruction_sets_do_not_count(self):
        self.assertEqual(self.flags, {"fpu", "avx2", "fma", "avx512vnni", "amxtile"})
        self.assertEqual(coverage_table.foreign_lines(KERNEL, self.flags), {5, 6, 7})
        self.assertEqual(coverage_table.foreign_lines(KERNEL, self.flags | {"avx512bf16"}), set())

    def test_lines_and_branches_by_room(self):
        rooms, missing = self.tally({"src__text__a": {1: 5, 2: 0}, "tools__bertqa__b": {9: 1}},
                                    {"src__text__a": [(1, 3, 5, 0)]})
        self.assertEqual(rooms["text"].cells(), ["2", "50.0", "2", "50.0"])
        self.assertEqual(rooms["tools/bertqa"].cells(), ["1", "100.0", "0", "–"])
        self.assertEqual(missing, ["src/text/a.cc:1: 1 of 2 branches", "src/text/a.cc:2: not reached"])

    def test_a_condition_of_several_instances_counts_once(self):
        rooms, missing = self.tally({"src__text__a": {1: 5}}, {"src__text__a": [
            (1, 3, 5, 0), (1, 3, 0, 2), (1, 9, 0, 4)]})
        self.assertEqual(rooms["text"].cells(), ["1", "100.0", "4", "75.0"])
        self.assertEqual(missing, ["src/text/a.cc:1: 1 of 4 branches"])

    def test_what_the_compiler_decides_is_no_branch(self):
        rooms, missing = self.tally({"src__text__a": {101: 5}}, {"src__text__a": [(101, 3, 0, 0)]})
        self.assertEqual((rooms["text"].cells(), missing), (["1", "100.0", "0", "–"], []))

    def test_what_the_processor_lacks_stands_apart_and_is_no_part_of_the_sum(self):
        rooms, missing = self.tally({"src__kernels__a": {3: 1, 6: 0, 8: 1}}, {})
        self.assertEqual((rooms["kernels"].lines, rooms[coverage_table.APART].lines), (2, 1))
        self.assertEqual(missing, [])
        self.assertIn("| **in all** | 2 | 100.0 |", coverage_table.table(rooms))

    def test_what_others_wrote_does_not_count(self):
        rooms, missing = self.tally({"__usr__include__hwy__a": {1: 0}, "build__b": {1: 0}}, {})
        self.assertEqual((dict(rooms), missing), ({}, []))

    def test_only_the_table_of_the_page_is_replaced(self):
        page = "head\n" + coverage_table.BEGIN + "old\n" + coverage_table.END + "tail\n"
        self.assertEqual(coverage_table.with_table(page, "new\n"), page.replace("old", "new"))


if __name__ == "__main__":
    unittest.main()
