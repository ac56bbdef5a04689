#!/usr/bin/env python3
"""Compares our WordPiece tokenizer with BertTokenizerFast: ids and offsets of every token.

The oracle is transformers' BertTokenizerFast with `encode_special_tokens = True`: "[SEP]" in a text
is plain text. It counts code points, we count bytes; its offsets are converted.

    pip install tokenizers==0.22.2 transformers==4.57.6
    tools/compare_tokenizer.py compare --dump build/bin/tokenizer_dump --vocab vocab.txt \\
        --squad dev-wiki.json dev-noanswer.json --random 200000
    tools/compare_tokenizer.py golden --vocab vocab.txt --output tests/golden
    tools/compare_tokenizer.py time --dump build/bin/tokenizer_dump --vocab vocab.txt \\
        --squad dev-wiki.json
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unicodedata

import tokenizers
import transformers

# name: (lowercase, strip_accents, tokenize_chinese_chars)
VARIANTS = {
    "uncased": (True, None, True),
    "cased": (False, None, True),
    "uncased-accents": (True, False, True),
    "cased-stripped": (False, True, True),
    "uncased-no-cjk": (True, None, False),
    "cased-plain": (False, False, False),
    "uncased-plain": (True, False, False),
}

SPECIAL_TEXTS = ["[SEP]", "[CLS]", "[UNK]", "[PAD]", "[MASK]", "[sep]", "##", "##s", "[unused1]"]


def spread(*ranges):
    return [chr(c) for first, last in ranges for c in range(first, last + 1)]


ALPHABET = {
    "ascii": spread((0x00, 0x7F)),
    "letters": list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "latin": spread((0x80, 0x24F), (0x1E00, 0x1EFF)),
    "marks": spread((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x64B, 0x65F),
                    (0x1DC0, 0x1DFF), (0x20D0, 0x20F0), (0xFE20, 0xFE2F), (0x302A, 0x302F), (0x3099, 0x309A)),
    "reordered": list("\u0344\u0345\u0f71\u0f72\u0f73\u0f75\u0f81\u05b0\u0323\u0301\u0327\u0334")
    + spread((0x1D165, 0x1D172), (0x302E, 0x302F), (0x1CF2, 0x1CF9), (0xF71, 0xF84)),
    "case": list("İIıißẞſKÅΣσςǅǆŉΐΰᾈᾳﬁﬃǰẖᲐაⴀႠꭰᏸ"),
    "greek, cyrillic": spread((0x370, 0x52F), (0x1F00, 0x1FFF)),
    "indic, thai": spread((0x900, 0x97F), (0xB80, 0xBFF), (0xE00, 0xE7F), (0x0F40, 0x0FBC)),
    "arabic, hebrew": spread((0x590, 0x6FF)),
    "cjk": spread((0x4E00, 0x4E40), (0x3400, 0x3410), (0x20000, 0x20010), (0xF900, 0xF920),
                  (0x2F800, 0x2F810), (0x3000, 0x30FF), (0xFF00, 0xFFEF)),
    "hangul": spread((0x1100, 0x11FF), (0xAC00, 0xAC60), (0xD790, 0xD7A3), (0xA960, 0xA97C)),
    "punctuation": spread((0x2010, 0x2060), (0x2E00, 0x2E5D), (0x3001, 0x3020), (0xFE10, 0xFE6B))
    + list("≠≮≯\u037e\u0387\u1fef¡§«·¿‽"),
    "space": list(" \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u180e\u2003\u2028\u2029")
    + list("\u202f\u205f\u3000"),
    "format": list("\u00ad\u200b\u200c\u200d\u200e\u202a\u2060\ufeff\u0600\u06dd\U000e0041\ufff9"),
    "private, unassigned": list("\ue000\uf8ff\U000f0000\U0010fffd\u0378\uffff\U0003ffff")
    + list("\ufffd\ufffd"),
    "emoji": list("😀👩👨👧🏽🇩🇪❤\ufe0f\u200d☺✈") + ["👩\u200d👩\u200d👧", "✌🏽", "❤\ufe0f\u200d🔥"],
    "special": SPECIAL_TEXTS,
}


def random_text(rng, words):
    """A string of up to 60 parts; a third stay within one group, so that long words come up."""
    groups = list(ALPHABET.values())
    own = rng.choice(groups)
    parts = []
    for _ in range(rng.choice((1, 2, 3, 5, 8, 13, 21, 34, 60))):
        kind = rng.random()
        if kind < 0.30:
            parts.append(rng.choice(own))
        elif kind < 0.55:
            parts.append(rng.choice(rng.choice(groups)))
        elif kind < 0.70:
            parts.append(rng.choice(words))
        elif kind < 0.82:
            parts.append(" ")
        elif kind < 0.90:
            parts.append(rng.choice(ALPHABET["marks"] + ALPHABET["reordered"]))
        elif kind < 0.97:
            parts.append(rng.choice("aeiouAEIOUxyz"))
        elif kind < 0.99:
            parts.append(chr(rng.choice((rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)))))
        else:
            parts.append(rng.choice(own) * rng.randrange(30, 130))
    return "".join(parts)


def random_texts(seed, count, words):
    rng = random.Random(seed)
    return [random_text(rng, words) for _ in range(count)]


def every_code_point():
    """Each scalar value inside a word, at its end, between marks, and on its own."""
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    return ["".join(f"a{c}b e\u0301{c}\u0323 {c} " for c in points[begin : begin + 48])
            for begin in range(0, len(points), 48)]


def squad_texts(paths):
    texts = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for article in json.load(file)["data"]:
                for paragraph in article["paragraphs"]:
                    texts.append(paragraph["context"])
                    texts.extend(qa["question"] for qa in paragraph["qas"])
    return texts


def read_vocabulary(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read().rstrip("\n").split("\n")


def small_alphabet(size):
    """All of ASCII and about `size` others of the alphabet."""
    singles = dict.fromkeys(c for group in ALPHABET.values() for part in group for c in part)
    rng = random.Random(1)
    return [c for c in singles if ord(c) < 0x80 or rng.random() < size / len(singles)]


def assigned_alphabet():
    """Every assigned character but most ideographs."""
    assigned = [chr(c) for c in range(0x110000)
                if unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")]
    return [c for c in assigned
            if not "\u4e40" < c < "\ua000" and not "\U00020010" < c < "\U0002b700"]


def rich_vocabulary(words, alphabet):
    """A vocabulary that few words fall out of: the alphabet in every form that a variant can give
    it, as a word's beginning and inside it, and some whole words."""
    entries = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    for char in alphabet:
        for form in (char, char.lower(), unicodedata.normalize("NFD", char)):
            for piece in (form, *form):
                if not any(c.isspace() for c in piece):
                    entries.setdefault(piece)
                    entries.setdefault("##" + piece)
    for word in words:
        entries.setdefault(word)
        entries.setdefault(word.capitalize())
    return [entry for entry in entries if entry and entry != "##" and "\r" not in entry]


def oracle(vocab_path, variant):
    lowercase, strip_accents, chinese = VARIANTS[variant]
    fast = transformers.BertTokenizerFast(
        vocab_file=vocab_path, do_lower_case=lowercase, strip_accents=strip_accents,
        tokenize_chinese_chars=chinese)
    backend = fast.backend_tokenizer
    backend.encode_special_tokens = True
    backend.no_truncation()
    backend.no_padding()
    return backend


def byte_offsets(text):
    offsets = [0]
    for char in text:
        offsets.append(offsets[-1] + len(char.encode("utf-8")))
    return offsets


def expected_tokens(backend, texts):
    """For each text its tokens as [id, byte begin, byte end]."""
    result = []
    for begin in range(0, len(texts), 10000):
        batch = texts[begin : begin + 10000]
        for text, encoding in zip(batch, backend.encode_batch(batch, add_special_tokens=False)):
            place = byte_offsets(text)
            result.append([[i, place[b], place[e]]
                           for i, (b, e) in zip(encoding.ids, encoding.offsets)])
    return result


def settings(variant):
    lowercase, strip_accents, chinese = VARIANTS[variant]
    strip = "null" if strip_accents is None else int(strip_accents)
    return [f"lowercase={int(lowercase)}", f"strip_accents={strip}", f"chinese={int(chinese)}"]


def dump_input(texts):
    blobs = [text.encode("utf-8") for text in texts]
    return b"".join(b"%d\n%s" % (len(blob), blob) for blob in blobs)


def our_tokens(dump, vocab_path, variant, texts):
    done = subprocess.run([dump, vocab_path, *settings(variant)], input=dump_input(texts),
                          stdout=subprocess.PIPE, check=True)
    return [[[int(n) for n in token.split(":")] for token in line.split()]
            for line in done.stdout.decode().splitlines()]


def compare(arguments):
    words = [w for w in read_vocabulary(arguments.vocab) if w.isalpha() and len(w) > 2][:8000]
    squad = squad_texts(arguments.squad)
    points = every_code_point()
    texts = squad + points + random_texts(arguments.seed, arguments.random, words)
    print(f"tokenizers {tokenizers.__version__}, transformers {transformers.__version__}, seed "
          f"{arguments.seed}: {len(squad)} questions and contexts, {len(points)} texts with "
          f"every code point, {arguments.random} random strings")
    print("| vocabulary | variant | texts | tokens | unknown | texts that differ |")
    print("|---|---|---|---|---|---|")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        rich = os.path.join(folder, "rich.txt")
        with open(rich, "w", encoding="utf-8", newline="") as file:
            file.write("\n".join(rich_vocabulary(words, assigned_alphabet())) + "\n")
        for name, path in (("model", arguments.vocab), ("rich", rich)):
            for variant in VARIANTS:
                backend = oracle(path, variant)
                expected = expected_tokens(backend, texts)
                found = our_tokens(arguments.dump, path, variant, texts)
                assert len(found) == len(expected)
                differ = [i for i in range(len(texts)) if expected[i] != found[i]]
                failures += len(differ)
                unknown = sum(t[0] == backend.token_to_id("[UNK]") for e in expected for t in e)
                print(f"| {name} | {variant} | {len(texts)} | {sum(map(len, expected))} | "
                      f"{unknown} | {len(differ)} |", flush=True)
                for i in differ[: arguments.show]:
                    print(f"  {texts[i]!r}\n  expected {expected[i]}\n  found    {found[i]}")
    return 1 if failures else 0


OWN_SENTENCES = [
    "", " ", "\t\n ", "The naïve café owner's résumé — 42 % déjà vu!",
    "I can't re-tokenize [SEP] this.",
    "İstanbul'da ISPARTA ılık", "straße STRASSE STRAẞE", "ὈΔΥΣΣΕΎΣ Ὀδυσσεύς", "東京は日本の首都です。",
    "한국어 형태소", "सभी मनुष्यों को", "👩\u200d👩\u200d👧 said \u201chi\u201d",
    "soft\u00adhyphen zero\u200bwidth",
    "a\ufffdb\x00c\x7fd", "non\u00a0breaking\u2003em", "x≠y and a≮b;\u037e", "ﬁne ﬂow",
    "co\u0323\u0301op e\u0301\u0323",
]


def golden(arguments):
    """Writes tokenizer_vocab.txt and tokenizer_<variant>.jsonl."""
    words = [w for w in read_vocabulary(arguments.vocab) if w.isalpha() and len(w) > 2][:500]
    vocab_path = os.path.join(arguments.output, "tokenizer_vocab.txt")
    with open(vocab_path, "w", encoding="utf-8", newline="") as file:
        file.write("\n".join(rich_vocabulary(words, small_alphabet(1400))) + "\n")
    for number, variant in enumerate(VARIANTS):
        texts = OWN_SENTENCES + random_texts(1000 + number, 110, words)
        path = os.path.join(arguments.output, f"tokenizer_{variant}.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for text, tokens in zip(texts, expected_tokens(oracle(vocab_path, variant), texts)):
                record = {"text": text, "tokens": tokens}
                file.write(json.dumps(record, separators=(",", ":")) + "\n")
    return 0


def measure(arguments):
    """One thread each, one call a text, contexts only; the best of five rounds."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    texts = []
    for path in arguments.squad:
        with open(path, encoding="utf-8") as file:
            texts += [p["context"] for a in json.load(file)["data"] for p in a["paragraphs"]]
    backend = oracle(arguments.vocab, "uncased")
    theirs, ours, tokens = [], [], 0
    for _ in range(5):
        begin = time.perf_counter()
        tokens = sum(len(backend.encode(text, add_special_tokens=False).ids) for text in texts)
        theirs.append(time.perf_counter() - begin)
        done = subprocess.run([arguments.dump, "--time", arguments.vocab, *settings("uncased")],
                              input=dump_input(texts), stdout=subprocess.PIPE, check=True)
        seconds, count = done.stdout.split()
        assert int(count) == tokens
        ours.append(float(seconds))
    size = sum(len(text.encode("utf-8")) for text in texts)
    print(f"{len(texts)} contexts, {size} bytes, {tokens} tokens: tokenizers "
          f"{tokenizers.__version__} {min(theirs):.4f} s, ours {min(ours):.4f} s "
          f"({size / min(ours) / 1e6:.0f} MB/s), ratio {min(theirs) / min(ours):.1f}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("compare", compare), ("golden", golden), ("time", measure)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("--vocab", required=True, help="vocab.txt of an uncased BERT")
        if name == "golden":
            command.add_argument("--output", required=True, help="folder for the golden files")
            continue
        command.add_argument("--dump", required=True, help="the program tokenizer_dump")
        command.add_argument("--squad", nargs="*", default=[], help="SQuAD files")
        command.add_argument("--random", type=int, default=200000, help="random strings")
        command.add_argument("--seed", type=int, default=5)
        command.add_argument("--show", type=int, default=3, help="differences to print a variant")
    arguments = parser.parse_args()
    return arguments.function(arguments)


if __name__ == "__main__":
    sys.exit(main())
