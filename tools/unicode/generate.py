#!/usr/bin/env python3
"""Writes src/text/unicode_data.cc: what the oracle does to every single code point.

The oracle is Hugging Face `tokenizers` (its normalizers, pre-tokenizers and regular expressions),
asked about each of the 1,112,064 scalar values, so that our classes are its classes by
construction, whatever Unicode version each of its parts was built with.

    pip install tokenizers==0.22.2 sentencepiece==0.2.3
    tools/unicode/generate.py --output src/text/unicode_data.cc
    tools/unicode/generate.py --compare-utf8proc libutf8proc.so.2  # Markdown table
"""

import argparse
import ctypes
import io
import pathlib
import tempfile
import unicodedata

import sentencepiece
import tokenizers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
BLOCK_BITS = 7

(REMOVED, SPACE, PUNCTUATION, CHINESE, NONSPACING_MARK, DECOMPOSES, LOWERCASES, LETTER, NUMBER,
 WHITE_SPACE, WORD, NUMERIC, MARK, EXTENDS, PREPENDS, BREAKS) = (1 << bit for bit in range(16))


def bert_normalizer(**options):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **options})


def combining_classes(nfd):
    """Canonical combining classes, found by which neighbours the oracle's NFD swaps."""
    def swaps(first, second):
        return nfd.normalize_str(first + second) != first + second

    lowest, highest = "\u0334", "\u0345"  # classes 1 and 240, the first and the last
    assert swaps(highest, lowest)
    # One representative a class that the oracle knows to be no starter; a class of a newer Unicode
    # version than its own has none.
    reference = {}
    for code_point in CODE_POINTS:
        char = chr(code_point)
        combining = unicodedata.combining(char)
        if combining and combining not in reference:
            if swaps(char, lowest) or swaps(highest, char):
                reference[combining] = char
    order = sorted(reference)
    for low, high in zip(order, order[1:]):
        assert swaps(reference[high], reference[low]), (low, high)
    classes = {}
    for code_point in CODE_POINTS:
        char = chr(code_point)
        if nfd.normalize_str(char) != char:
            continue  # never seen after decomposition
        if not (swaps(char, lowest) or swaps(highest, char)):
            continue
        fits = [k for k in order if not swaps(reference[k], char) and not swaps(char, reference[k])]
        assert len(fits) == 1, (hex(code_point), fits)
        classes[code_point] = fits[0]
    return classes


def check_hangul(nfd):
    for code_point in HANGUL:
        index = code_point - 0xAC00
        parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28, 0x11A7 + index % 28]
        expected = "".join(map(chr, parts[: 2 if index % 28 == 0 else 3]))
        assert nfd.normalize_str(chr(code_point)) == expected, hex(code_point)


def members(pattern):
    """The characters that a regular expression of one character matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str
    return {c for c in CODE_POINTS if not split(chr(c))}


def check_white_space(white_space):
    """White space means the same to all parts of the oracle."""
    split, strip = pre_tokenizers.WhitespaceSplit().pre_tokenize_str, normalizers.Strip()
    word = pre_tokenizers.Whitespace().pre_tokenize_str
    for code_point in CODE_POINTS:
        is_space = code_point in white_space
        assert (not split(chr(code_point))) == is_space, hex(code_point)
        assert (not strip.normalize_str(chr(code_point))) == is_space, hex(code_point)
        assert (not word(chr(code_point))) == is_space, hex(code_point)


def charsmap(mapping):
    """A Precompiled normalizer, built by sentencepiece."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder, "rules.tsv")
        rules.write_text("".join(
            " ".join("%X" % ord(c) for c in key) + "\t" + " ".join("%X" % ord(c) for c in value) + "\n"
            for key, value in mapping.items()))
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["ab ba"] * 9), model_writer=model, vocab_size=6,
            hard_vocab_limit=False, minloglevel=2, normalization_rule_tsv=str(rules))
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)


def grapheme_classes():
    """Which characters join a cluster, as far as Precompiled, which takes clusters of less than
    six bytes as a whole, shows it: EXTENDS the one before, PREPENDS to the one behind, or BREAKS
    before a mark."""
    flags = dict.fromkeys(CODE_POINTS, 0)
    rare = [c for c in CODE_POINTS if c and unicodedata.category(chr(c))[0] in "CZLM"
            and unicodedata.category(chr(c)) not in ("Cn", "Co", "Ll", "Lu", "Lm")
            and not 0x3400 <= c < 0xA000 and not 0xAC00 <= c < 0xD7A4 and c < 0x16000]
    rare += [c for c in range(0xE0000, 0xE1000)]
    seen = charsmap({chr(c): "X" for c in rare} | {"a": "X"})
    for code_point in CODE_POINTS:
        char = chr(code_point)
        if seen.normalize_str("a" + char) == "X":
            flags[code_point] |= EXTENDS
    for code_point in rare:
        char = chr(code_point)
        if len(char.encode()) < 5 and not flags[code_point] & EXTENDS:
            if seen.normalize_str(char + "a") == "X":
                flags[code_point] |= PREPENDS
        if len(char.encode()) < 4 and seen.normalize_str(char + "\u0301") != "X":
            flags[code_point] |= BREAKS
    return flags


def compositions(nfd, nfc):
    """The pairs of characters that the oracle's NFC composes, without Hangul syllables."""
    pairs = {}
    for code_point in CODE_POINTS:
        char = chr(code_point)
        parts = nfd.normalize_str(char)
        if code_point in HANGUL or len(parts) < 2 or nfc.normalize_str(char) != char:
            continue
        first = nfc.normalize_str(parts[:-1])
        assert len(first) == 1, hex(code_point)
        assert nfc.normalize_str(first + parts[-1]) == char
        pairs[ord(first), ord(parts[-1])] = code_point
    return pairs


class OracleTables:
    def __init__(self):
        nfd, lower = normalizers.NFD(), normalizers.Lowercase()
        clean = bert_normalizer(clean_text=True)
        chinese = bert_normalizer(handle_chinese_chars=True)
        strip = bert_normalizer(strip_accents=True)
        split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
        check_hangul(nfd)
        self.classes = combining_classes(nfd)
        self.compositions = compositions(nfd, normalizers.NFC())
        self.decompositions, self.lowercase, self.flags = {}, {}, grapheme_classes()
        nfkd, mark = normalizers.NFKD(), normalizers.StripAccents()
        whitespace = pre_tokenizers.Whitespace().pre_tokenize_str
        digits = pre_tokenizers.Digits().pre_tokenize_str
        letters, numbers_, spaces = members(r"\p{L}"), members(r"\p{N}"), members(r"\s")
        check_white_space(spaces)
        self.compatibility = {}
        for code_point in CODE_POINTS:
            char = chr(code_point)
            flags = self.flags[code_point]
            flags |= LETTER if code_point in letters else 0
            flags |= NUMBER if code_point in numbers_ else 0
            flags |= WHITE_SPACE if code_point in spaces else 0
            flags |= WORD if len(whitespace("a" + char)) == 1 and code_point not in spaces else 0
            flags |= MARK if mark.normalize_str(char) == "" else 0
            flags |= NUMERIC if len(digits("a" + char)) == 2 else 0
            if (parts := nfkd.normalize_str(char)) != nfd.normalize_str(char):
                self.compatibility[code_point] = [ord(c) for c in parts]
            cleaned = clean.normalize_str(char)
            assert cleaned in ("", " ", char)
            flags |= REMOVED if cleaned == "" else SPACE if cleaned == " " else 0
            pieces = [piece for piece, _ in split("a" + char + "a")]
            assert pieces in (["a" + char + "a"], ["a", char, "a"], ["a", "a"])
            # After clean_text no white space but U+0020 is left.
            assert len(pieces) != 2 or flags, hex(code_point)
            flags |= PUNCTUATION if len(pieces) == 3 else 0
            flags |= CHINESE if chinese.normalize_str(char) == f" {char} " else 0
            if (decomposed := nfd.normalize_str(char)) != char:
                flags |= DECOMPOSES
                self.decompositions[code_point] = [ord(c) for c in decomposed]
            elif strip.normalize_str(char) == "":
                flags |= NONSPACING_MARK
            if (lowered := lower.normalize_str(char)) != char:
                flags |= LOWERCASES
                self.lowercase[code_point] = [ord(c) for c in lowered]
            self.flags[code_point] = flags
        for parts in [*self.decompositions.values(), *self.lowercase.values()]:
            assert len(parts) <= 4
            assert not any(self.flags[c] & SPACE and c != 0x20 for c in parts) or len(parts) == 1


def numbers(values, per_line=20, width="{}"):
    rows = []
    for begin in range(0, len(values), per_line):
        rows.append("    " + ", ".join(width.format(v) for v in values[begin : begin + per_line]))
    return ",\n".join(rows) + ",\n"


def mapping_tables(mapping):
    """Sorted keys with the place of their values in one pool; equal values share their place."""
    pool, places, rows = [], {}, []
    for code_point in sorted(mapping):
        value = tuple(mapping[code_point])
        if value not in places:
            places[value] = len(pool)
            pool.extend(value)
        rows.append((code_point, places[value], len(value)))
    return rows, pool


def write_mapping(out, name, mapping):
    rows, pool = mapping_tables(mapping)
    out.append(f"constexpr std::array<MappingRow, {len(rows)}> {name}Rows = {{{{\n")
    for begin in range(0, len(rows), 5):
        line = ", ".join("{0x%X, %d, %d}" % row for row in rows[begin : begin + 5])
        out.append(f"    {line},\n")
    out.append("}};\n\n")
    out.append(f"constexpr std::array<char32_t, {len(pool)}> {name}Pool = {{{{\n")
    out.append(numbers(pool, 12, "0x{:X}") + "}};\n\n")


def write(path, tables):
    records, record_of, by_code_point = [], {}, [0] * 0x110000
    for code_point in CODE_POINTS:
        record = (tables.flags[code_point], tables.classes.get(code_point, 0))
        if record not in record_of:
            record_of[record] = len(records)
            records.append(record)
        by_code_point[code_point] = record_of[record]
    assert len(records) <= 256, len(records)
    size = 1 << BLOCK_BITS
    blocks, block_of, stage = [], {}, []
    for begin in range(0, 0x110000, size):
        block = tuple(by_code_point[begin : begin + size])
        if block not in block_of:
            block_of[block] = len(blocks)
            blocks.append(block)
        stage.append(block_of[block])
    out = [
        "// Written by tools/unicode/generate.py from Hugging Face tokenizers "
        f"{tokenizers.__version__}; do not edit.\n",
        "// clang-format off\n",
        '#include "text/unicode_data.h"\n\n#include <array>\n\nnamespace bertqa {\nnamespace {\n\n',
    ]
    out.append(f"constexpr std::array<CharacterProperties, {len(records)}> kRecords = {{{{\n    ")
    out.append(", ".join("{%d, %d}" % record for record in records) + ",\n}};\n\n")
    out.append(f"constexpr std::array<std::uint16_t, {len(stage)}> kBlocks = {{{{\n")
    out.append(numbers(stage, 24) + "}};\n\n")
    flat = [value for block in blocks for value in block]
    out.append(f"constexpr std::array<std::uint8_t, {len(flat)}> kRecordIndices = {{{{\n")
    out.append(numbers(flat, 32) + "}};\n\n")
    decompositions = {c: v for c, v in tables.decompositions.items() if c not in HANGUL}
    write_mapping(out, "kDecomposition", decompositions)
    write_mapping(out, "kLowercase", tables.lowercase)
    write_mapping(out, "kCompatibility", tables.compatibility)
    rows = [(*pair, tables.compositions[pair]) for pair in sorted(tables.compositions)]
    out.append(f"constexpr std::array<CompositionRow, {len(rows)}> kComposition = {{{{\n")
    for begin in range(0, len(rows), 4):
        line = ", ".join("{0x%X, 0x%X, 0x%X}" % row for row in rows[begin : begin + 4])
        out.append(f"    {line},\n")
    out.append("}};\n\n}  // namespace\n\n")
    out.append(
        "constinit const UnicodeTables kUnicodeTables = {\n"
        "    kRecords, kBlocks, kRecordIndices,\n"
        "    {kDecompositionRows, kDecompositionPool},\n"
        "    {kLowercaseRows, kLowercasePool},\n    {kCompatibilityRows, kCompatibilityPool},\n"
        "    kComposition,\n};\n\n}  // namespace bertqa\n"
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(out))
    print(f"{len(records)} records, {len(blocks)} blocks, {len(decompositions)} decompositions, "
          f"{len(tables.lowercase)} lower-case mappings")


class Utf8proc:
    """The classes that one would write with utf8proc, after BERT's own definitions."""

    def __init__(self, library):
        self.library = ctypes.CDLL(library)
        self.library.utf8proc_category_string.restype = ctypes.c_char_p
        self.library.utf8proc_version.restype = ctypes.c_char_p
        self.library.utf8proc_unicode_version.restype = ctypes.c_char_p

    def category(self, code_point):
        return self.library.utf8proc_category_string(code_point).decode()

    def lower(self, code_point):
        return self.library.utf8proc_tolower(code_point)

    def nfd(self, code_point):
        buffer = (ctypes.c_int32 * 32)()
        last = ctypes.c_int(0)
        size = self.library.utf8proc_decompose_char(
            code_point, buffer, 32, 1 << 4, ctypes.byref(last))  # UTF8PROC_DECOMPOSE
        return list(buffer[:size])


def ranges(code_points):
    runs = []
    for code_point in code_points:
        if runs and code_point == runs[-1][1] + 1:
            runs[-1][1] = code_point
        else:
            runs.append([code_point, code_point])
    shown = ["U+%04X" % a if a == b else "U+%04X–%04X" % (a, b) for a, b in runs[:8]]
    return ", ".join(shown) + (f", … ({len(runs)} ranges)" if len(runs) > 8 else "")


def compare(library, tables):
    other = Utf8proc(library)
    rules = {
        "removed": lambda c, k: c in (0, 0xFFFD)
        or (k in ("Cc", "Cf", "Co") and chr(c) not in "\t\n\r"),
        "space": lambda c, k: k in ("Zs", "Zl", "Zp") or chr(c) in "\t\n\r",
        "punctuation": lambda c, k: k[0] == "P" or 33 <= c <= 126 and not chr(c).isalnum(),
        "nonspacing mark": lambda c, k: k == "Mn",
    }
    bits = dict(zip(rules, (REMOVED, SPACE, PUNCTUATION, NONSPACING_MARK)))
    print(f"utf8proc {other.library.utf8proc_version().decode()} "
          f"(Unicode {other.library.utf8proc_unicode_version().decode()})\n")
    print("| class | only the oracle | only utf8proc |\n|---|---|---|")
    categories = {c: other.category(c) for c in CODE_POINTS}
    for name, rule in rules.items():
        ours = [c for c in CODE_POINTS if tables.flags[c] & bits[name]
                and not rule(c, categories[c])]
        theirs = [c for c in CODE_POINTS if rule(c, categories[c])
                  and not tables.flags[c] & (bits[name] | DECOMPOSES * (name[0] == "n"))]
        print(f"| {name} | {len(ours)}: {ranges(ours)} | {len(theirs)}: {ranges(theirs)} |")
    for name, mapping, ask in (
        ("lower case", tables.lowercase, lambda c: [other.lower(c)]),
        ("canonical decomposition", tables.decompositions, other.nfd),
    ):
        differ = [c for c in CODE_POINTS if mapping.get(c, [c]) != ask(c)]
        print(f"| {name} differs | {len(differ)}: {ranges(differ)} | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", help="the C++ file to write")
    parser.add_argument("--compare-utf8proc", metavar="LIBRARY")
    arguments = parser.parse_args()
    tables = OracleTables()
    if arguments.output:
        write(arguments.output, tables)
    if arguments.compare_utf8proc:
        compare(arguments.compare_utf8proc, tables)


if __name__ == "__main__":
    main()
