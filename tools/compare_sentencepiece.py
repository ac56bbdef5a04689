#!/usr/bin/env python3
"""Compares our SentencePiece tokenizers with the fast ones of transformers: ids and spans.

The oracle is what transformers makes of the model file (AlbertTokenizerFast, XLMRobertaTokenizerFast,
CamembertTokenizerFast, DebertaV2TokenizerFast), with the differences that docs/tokenizer.md names:
names of special tokens are plain text, symbols that the user of the trainer defined are pieces like
others, and a span leaves out the white space in front of a word. It counts code points, we bytes.

    pip install tokenizers==0.22.2 transformers==4.57.6 sentencepiece==0.2.3 protobuf
    tools/compare_sentencepiece.py train --corpus tests/golden/sentencepiece_corpus.txt \\
        --output tests/golden/models
    tools/compare_sentencepiece.py golden --models tests/golden/models --output tests/golden
    tools/compare_sentencepiece.py compare --dump build/bin/tokenizer_dump \\
        --models tests/golden/models --squad dev-wiki.json --random 200000
    tools/compare_sentencepiece.py time --dump build/bin/tokenizer_dump \\
        --models tests/golden/models --squad dev-wiki.json
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import compare_tokenizer as common

# folder: (family, class, file, settings, the trainer's options)
CONTROL = {"control_symbols": "[CLS],[SEP],[MASK]", "user_defined_symbols": '(,),",-,.,–,£,€',
           "pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1}
DEBERTA = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]",
           "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
KINDS = {
    "spm-albert": ("albert", "AlbertTokenizerFast", "spiece.model", {},
                   {**CONTROL, "normalization_rule_name": "nmt_nfkc", "vocab_size": 900}),
    "spm-albert-cased": ("albert", "AlbertTokenizerFast", "spiece.model",
                         {"do_lower_case": False, "keep_accents": True},
                         {**CONTROL, "normalization_rule_name": "identity", "vocab_size": 900}),
    "spm-xlm-roberta": ("xlm-roberta", "XLMRobertaTokenizerFast", "sentencepiece.bpe.model", {},
                        {"normalization_rule_name": "nmt_nfkc", "vocab_size": 1400}),
    "spm-camembert": ("camembert", "CamembertTokenizerFast", "sentencepiece.bpe.model", {},
                      {"normalization_rule_name": "identity", "vocab_size": 1000}),
    "spm-camembert-bpe": ("camembert", "CamembertTokenizerFast", "sentencepiece.bpe.model", {},
                          {"normalization_rule_tsv": "RULES", "vocab_size": 1200,
                           "model_type": "bpe"}),
    "spm-deberta": ("deberta-v2", "DebertaV2TokenizerFast", "spm.model", {},
                    {**DEBERTA, "normalization_rule_name": "nmt_nfkc", "vocab_size": 1400,
                     "byte_fallback": True}),
    "spm-deberta-punct": ("deberta-v2", "DebertaV2TokenizerFast", "spm.model",
                          {"do_lower_case": True, "split_by_punct": True},
                          {**DEBERTA, "normalization_rule_name": "identity", "vocab_size": 1000,
                           "model_type": "bpe"}),
}

# What a small map of characters may hold: one to two, two to one, to nothing, to a space.
RULES = [("½", "1/2"), ("…", "..."), ("e\u0301", "é"), ("\u00a0", " "), ("\u200b", ""), ("ﬁ", "fi"),
         ("\t", " "), ("\n", " "), ("\r", " "), ("\ufffd", " "), ("\u3000", " ")]


# Of Unicode, as Rust has it; Python's isspace() knows others.
WHITE_SPACE = ("\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
               "\u2009\u200a\u2028\u2029\u202f\u205f\u3000")


def train(arguments):
    import sentencepiece

    for folder, (_, _, file, settings, options) in KINDS.items():
        path = pathlib.Path(arguments.output, folder)
        path.mkdir(parents=True, exist_ok=True)
        options = dict(options)
        rules = path / "rules.tsv"
        if options.get("normalization_rule_tsv"):
            rules.write_text("".join(
                "\t".join(" ".join(f"{ord(c):X}" for c in side) for side in rule) + "\n"
                for rule in RULES), encoding="utf-8")
            options["normalization_rule_tsv"] = str(rules)
        options.setdefault("model_type", "unigram")
        sentencepiece.SentencePieceTrainer.train(
            input=arguments.corpus, model_prefix=str(path / "trained"), character_coverage=1.0,
            hard_vocab_limit=False, num_threads=1, minloglevel=2, **options)
        (path / "trained.model").rename(path / file)
        (path / "trained.vocab").unlink()
        rules.unlink(missing_ok=True)
        (path / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": KINDS[folder][1].removesuffix("Fast"), **settings},
                       indent=2) + "\n", encoding="utf-8")
    return 0


class Oracle:
    def __init__(self, folder, kind):
        import tokenizers
        import transformers

        _, name, file, settings, _ = kind
        fast = getattr(transformers, name)(vocab_file=str(pathlib.Path(folder, file)), **settings)
        state = json.loads(fast.backend_tokenizer.to_str())
        state["added_tokens"] = [t for t in state["added_tokens"] if t["special"]]
        self.backend = tokenizers.Tokenizer.from_str(json.dumps(state))
        self.backend.encode_special_tokens = True
        self.specials = [t["content"] for t in state["added_tokens"]]
        self.specials += [f"<0x{byte:02X}>" for byte in range(256)]
        maps = [n for n in state["normalizer"]["normalizers"] if n["type"] == "Precompiled"]
        self.charsmap = None
        if maps:
            one = {**state, "normalizer": maps[0]}
            self.charsmap = tokenizers.Tokenizer.from_str(json.dumps(one)).normalizer
        self.keeps_accents = "Albert" not in name or settings.get("keep_accents", False)
        self.strips_first = "Deberta" in name
        self.cache = {}

    def mapped(self, text):
        """What the map of characters makes of a character or a cluster."""
        if text not in self.cache:
            self.cache[text] = self.charsmap.normalize_str(text) if self.charsmap else text
        return self.cache[text]

    def without_space(self, text, begin, end):
        """Where the text of a token begins behind what became a space, or nothing."""
        become = self.mapped if self.keeps_accents else self.backend.normalizer.normalize_str
        while begin < end:
            if end - begin > 1 and become(text[begin : begin + 2]) in ("", " "):
                begin += 2  # perhaps a cluster
            elif become(text[begin]) in ("", " "):
                begin += 1
            else:
                break
        return begin

    def vanishes(self, char):
        """As the first character of a text: what the first steps that may drop it do with it."""
        if self.strips_first:
            return char in WHITE_SPACE
        return not (self.mapped(char) if self.keeps_accents
                    else self.backend.normalizer.normalize_str(char))

    def is_fit(self, text):
        """Not where the oracle makes ids of special tokens' names, and not where it loses count of
        characters: one that vanishes behind one that became several."""
        if any(name in text for name in self.specials):
            return False
        if self.strips_first and not self.mapped(text.lstrip(WHITE_SPACE)[:1] or "x"):
            return False
        return not any(len(self.mapped(text[begin : i])) > i - begin and not self.mapped(text[i])
                       for i in range(1, len(text)) for begin in (i - 1, max(0, i - 2)))

    def encode(self, text):
        """[id, byte begin, byte end] of each token."""
        skipped = 0  # it also loses count where the first character vanishes
        while skipped < len(text) and self.vanishes(text[skipped]):
            skipped += 1
        encoding = self.backend.encode(text[skipped:], add_special_tokens=False)
        tokens, waiting = [], 0
        for number, piece, (begin, end) in zip(encoding.ids, encoding.tokens, encoding.offsets):
            begin, end = begin + skipped, end + skipped
            if piece.startswith("▁"):
                begin = self.without_space(text, begin, end)
            if begin == end:  # the space alone: has the first character of the next token
                waiting += 1
                tokens.append([number, None, None])
                continue
            for i in range(1, waiting + 1):
                tokens[-i][1:] = [begin, begin + 1]
            waiting = 0
            tokens.append([number, begin, end])
        place = common.byte_offsets(text)
        return [[i, place[b], place[e]] for i, b, e in tokens[: len(tokens) - waiting]]


SPECIAL = ["", " ", "\t\n ", "a  b   c ", "  a", "x\u00a0y", "▁", "a▁b", "a ▁▁ b ▁", "9,9 1,234 12,",
           "``a'' '''b``` '", "(a)b-c.d", "café cafe\u0301", "ﬁne ﬂow ½ … ㎏ ＡＢＣ１２３",
           "한국어 한\u1100\u1161", "\r\n\u00a0\u0301x", "ﬁ\u0301x é\u0323", "x\u0600a", "\u00a8 \ufdfa",
           "\x01a\x02b\x7f", "a\u200bb\u200dc\u00ad", "😀👩\u200d👩\u200d👧❤\ufe0f🇩🇪",
           "aaaaaaaaaaaaaaaaaaa -------- ....... 111111111", "東京は　日本の首都です。",
           "İstanbul ISPARTA Straße ΟΔΟΣ"]


def texts_for(seed, count):
    words = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/sentencepiece_corpus.txt"
    sentences = words.read_text(encoding="utf-8").splitlines()
    parts = sorted({w for s in sentences for w in s.split()})
    return SPECIAL + common.OWN_SENTENCES + common.random_texts(seed, count, parts)


def golden(arguments):
    for number, (folder, kind) in enumerate(KINDS.items()):
        oracle = Oracle(pathlib.Path(arguments.models, folder), kind)
        path = pathlib.Path(arguments.output, f"tokenizer_{folder}.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for text in texts_for(2000 + number, 160):
                if oracle.is_fit(text):
                    record = {"text": text, "tokens": oracle.encode(text)}
                    file.write(json.dumps(record, separators=(",", ":")) + "\n")
    return 0


def our_tokens(dump, folder, family, texts, *options):
    done = subprocess.run([dump, *options, str(folder), f"family={family}"],
                          input=common.dump_input(texts), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def show(text, expected, found):
    """The first tokens that differ, and the text there."""
    first = next((i for i, (e, f) in enumerate(zip(expected, found)) if e != f),
                 min(len(expected), len(found)))
    begin = max(0, (expected[first - 1] if first else [0, 0, 0])[1] - 8)
    end = (expected + found)[first][2] + 16 if first < len(expected + found) else len(text)
    around = text.encode("utf-8")[begin:end].decode("utf-8", errors="ignore")
    print(f"  byte {begin}: {around!a}\n    expected {expected[first : first + 4]}\n"
          f"    found    {found[first : first + 4]}")


def compare(arguments):
    texts = common.squad_texts(arguments.squad) + texts_for(arguments.seed, arguments.random)
    if not arguments.no_code_points:
        texts += common.every_code_point()
    print("| model | texts | tokens | unknown | texts that differ |\n|---|---|---|---|---|")
    failures = 0
    for folder, kind in KINDS.items():
        if arguments.only and folder not in arguments.only:
            continue
        path = pathlib.Path(arguments.models, folder)
        oracle = Oracle(path, kind)
        fit = [text for text in texts if oracle.is_fit(text)]
        expected = [oracle.encode(text) for text in fit]
        found = [[[int(n) for n in token.split(":")] for token in line.split()]
                 for line in our_tokens(arguments.dump, path, kind[0], fit).splitlines()]
        assert len(found) == len(expected)
        differ = [i for i in range(len(fit)) if expected[i] != found[i]]
        failures += len(differ)
        unknown = oracle.backend.token_to_id("<unk>" if kind[0] != "deberta-v2" else "[UNK]")
        print(f"| {folder} | {len(fit)} | {sum(map(len, expected))} | "
              f"{sum(t[0] == unknown for e in expected for t in e)} | {len(differ)} |", flush=True)
        for i in differ[: arguments.show]:
            show(fit[i], expected[i], found[i])
    return 1 if failures else 0


def measure(arguments):
    """One thread each, one call a text, contexts only; the best of five rounds."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    texts = []
    for path in arguments.squad:
        with open(path, encoding="utf-8") as file:
            texts += [p["context"] for a in json.load(file)["data"] for p in a["paragraphs"]]
    size = sum(len(text.encode("utf-8")) for text in texts)
    print("| model | tokens | theirs, tokens/s | ours, tokens/s | ratio |\n|---|---|---|---|---|")
    for folder, kind in KINDS.items():
        path = pathlib.Path(arguments.models, folder)
        backend = Oracle(path, kind).backend
        theirs, ours = [], []
        for _ in range(5):
            begin = time.perf_counter()
            tokens = sum(len(backend.encode(t, add_special_tokens=False).ids) for t in texts)
            theirs.append(time.perf_counter() - begin)
            ours.append(float(our_tokens(arguments.dump, path, kind[0], texts, "--time").split()[0]))
        print(f"| {folder} | {tokens} | {tokens / min(theirs):.0f} | {tokens / min(ours):.0f} | "
              f"{min(theirs) / min(ours):.1f} |")
    print(f"{len(texts)} contexts, {size} bytes")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("train", train), ("golden", golden), ("compare", compare),
                           ("time", measure)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        if name == "train":
            command.add_argument("--corpus", required=True, help="a text, one sentence a line")
        else:
            command.add_argument("--models", required=True, help="the folder that `train` wrote")
        if name in ("train", "golden"):
            command.add_argument("--output", required=True)
            continue
        command.add_argument("--dump", required=True, help="the program tokenizer_dump")
        command.add_argument("--squad", nargs="*", default=[], help="SQuAD files")
        command.add_argument("--random", type=int, default=200000, help="random strings")
        command.add_argument("--seed", type=int, default=5)
        command.add_argument("--no-code-points", action="store_true",
                             help="leave out the texts with every code point (minutes)")
        command.add_argument("--only", nargs="*", help="these models")
        command.add_argument("--show", type=int, default=3, help="differences to print a model")
    arguments = parser.parse_args()
    return arguments.function(arguments)


if __name__ == "__main__":
    sys.exit(main())
