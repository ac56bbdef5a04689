#!/usr/bin/env python3
"""Small tokenizers of every kind in tests/golden/tokenizers/, with the tokens that Hugging Face's
fast tokenizers give: make them, or compare ours with them on many more texts.

    pip install tokenizers==0.22.2 transformers==4.57.6 sentencepiece==0.2.3 protobuf
    tests/golden/make_tokenizers.py golden models/minilm-l6-squad/vocab.txt
    tests/golden/make_tokenizers.py compare models/minilm-l6-squad/vocab.txt \\
        --dump build/bin/tokenizer_dump --random 20000

vocab.txt gives English words for the texts. The vocabularies are trained on the script's own texts.
Special tokens in a text are plain text (`encode_special_tokens`). Expected spans are the oracle's
without its post-processor, white space at their ends taken off (docs/tokenizer.md).
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import sentencepiece
from compare_tokenizer import (OWN_SENTENCES, byte_offsets, dump_input, every_code_point,
                               random_texts, read_vocabulary)
from tokenizers import (AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers,
                        processors, trainers)
from transformers import (AlbertTokenizerFast, BertTokenizerFast, DebertaV2TokenizerFast,
                          MPNetTokenizerFast, RobertaTokenizerFast, XLMRobertaTokenizerFast)

FOLDER = HERE / "tokenizers"
SENTENCES = OWN_SENTENCES + [
    "  two  leading and   many    spaces     inside  ", "it's we'll they've I'd I'm you're 'S '",
    "tab\tnew\nline\r\nreturn \n\n x", "x\u00a0y \u00a0 z\u3000", "12,345.67 \u00b2\u2460\u216b \u0663\u0664",
    "a \u2581 b\u2581\u2581c", "``quoted'' text", "<unk> and other <tags>", "\u2028line\u2029paragraph",
    "e\u0301le\u0300ve \u00c5ngstro\u0308m \u212b \uac00\u11a8 \u1100\u1161\u11a8",
    "\ud55c\u200d\uad6d \u0915\u094d\u0937\u093f \u0e19\u0e49\u0e33 \ufb01n \uff21\uff22 \u337f \ufdfa",
    "\U0001f1e9\U0001f1ea\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \u270c\U0001f3fd", "\x01\x1f\x7f\x85\u200b\ufeff.",
    "|||IP||| on the    IP| ||| <mid> word<mid>word x<mid> ", "a" * 80, "\u0301" * 3 + " " * 30 + "end",
]
# Some of sentencepiece's nmt_nfkc: white space, ligatures, full-width forms, what vanishes.
RULES = {chr(c): " " for c in (*range(9, 14), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
                               0x205F, 0x3000)} | {chr(c): "" for c in (*range(1, 9), *range(14, 32), 127, 0xFEFF)} | {
    "\u200b": " ", "\r\n": " ", "\ufb01": "fi", "\ufb02": "fl", "\ufdfa": "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647",
    "\u00b2": "2", "\u00bd": "1\u20442", "\u00e5": "a\u030a", "A\u030a": "\u00c5", "e\u0301": "\u00e9", "\u2026": "...",
    "\u337f": "\u682a\u5f0f\u4f1a\u793e", "\u0600": "#", "\u0e33": "\u0e4d\u0e32", "\u1100\u1161": "\uac00"} | {
    chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def training_texts(words):
    return SENTENCES * 2 + [" ".join(words[i : i + 12]) for i in range(0, len(words), 12)] * 3


def byte_level_bpe(texts, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=900, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def sentencepiece_model(texts, folder, special):
    """A unigram model; its charsmap is of RULES."""
    rules = pathlib.Path(folder, "rules.tsv")
    rules.write_text("".join("%s\t%s\n" % tuple(" ".join("%X" % ord(c) for c in part) for part in pair)
                             for pair in RULES.items()))
    prefix = str(pathlib.Path(folder, "spm"))
    bos, pad, eos, unk, mask = special
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t.replace("\0", "") for t in texts]), model_prefix=prefix, vocab_size=700,
        hard_vocab_limit=False, minloglevel=2, normalization_rule_tsv=str(rules),
        bos_piece=bos, eos_piece=eos, unk_piece=unk, pad_piece=pad, pad_id=3, control_symbols=[mask],
        num_threads=1)
    return prefix + ".model"


def roberta(texts, folder):
    model = byte_level_bpe(texts, SPECIAL).model
    model.save(folder)
    return (folder + "/vocab.json", folder + "/merges.txt")


def modernbert(texts):
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer = byte_level_bpe(texts, [])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens([AddedToken("|||IP|||", normalized=True)]
                         + [AddedToken(" " * n, normalized=True) for n in range(16, 1, -1)]
                         + [AddedToken("<mid>", normalized=False, single_word=True, lstrip=True, rstrip=True)])
    tokenizer.add_special_tokens([AddedToken(t, lstrip=t == "[MASK]") for t in special])
    template_of(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def template_of(tokenizer, cls, sep):
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in (cls, sep)])


def character_bpe(texts, **options):
    """A BPE over characters, with the options that no family of ours needs together."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", **options))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Split("th", "merged_with_next")])
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=700, special_tokens=SPECIAL, limit_alphabet=150, show_progress=False,
        **{k: v for k, v in options.items() if k.endswith("ix")}))
    template_of(tokenizer, "<s>", "</s>")
    return tokenizer


def fallback_bpe(texts):
    """The layout of Llama: spaces by the normalizer, bytes for unknown characters."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=900, limit_alphabet=100, show_progress=False, max_token_length=8,
        special_tokens=SPECIAL + ["<0x%02X>" % b for b in range(256)]))
    template_of(tokenizer, "<s>", "</s>")
    return tokenizer


def word_piece(texts):
    """WordPiece behind other steps than BERT's."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits()])
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=700, special_tokens=BERT_SPECIAL, limit_alphabet=150, show_progress=False))
    template_of(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def unigram_fallback(texts):
    """Unigram with bytes for unknown characters, a space before the first piece alone."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.Strip(left=False)])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Metaspace(prepend_scheme="first"),
        pre_tokenizers.Split("e", "merged_with_previous"),
        pre_tokenizers.Punctuation("merged_with_next")])
    tokenizer.train_from_iterator(texts, trainers.UnigramTrainer(
        vocab_size=600, unk_token="<unk>", special_tokens=SPECIAL + ["<0x%02X>" % b for b in range(256)],
        show_progress=False, n_sub_iterations=1))
    tokenizer.add_tokens([AddedToken("e-mail", normalized=False)])
    template_of(tokenizer, "<s>", "</s>")
    described = json.loads(tokenizer.to_str())
    described["model"]["byte_fallback"] = True
    return Tokenizer.from_str(json.dumps(described))


def cut_bytes(texts):
    """Bytes that an expression of its own cuts, and several post-processors: the layout of Llama 3."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\s+"), "isolated"),
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=700, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    template_of(tokenizer, "<s>", "</s>")
    tokenizer.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=True), tokenizer.post_processor])
    return tokenizer


def never_prepended(texts):
    """Spaces as in SentencePiece, none before the text."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=500, special_tokens=SPECIAL, limit_alphabet=120, show_progress=False))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    return tokenizer


def make_all(words):
    """name -> backend tokenizer; writes the files of "roberta"."""
    texts = training_texts(words)
    made = {}
    folder = FOLDER / "roberta"
    folder.mkdir(parents=True, exist_ok=True)
    files = roberta(texts, str(folder))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "RobertaTokenizer", "add_prefix_space": false}\n')
    made["roberta"] = RobertaTokenizerFast(*files).backend_tokenizer
    made["roberta-prefix"] = RobertaTokenizerFast(*files, add_prefix_space=True).backend_tokenizer
    made["modernbert"] = modernbert(texts)
    made["character-bpe"] = character_bpe(texts, end_of_word_suffix="</w>", ignore_merges=True)
    made["prefix-bpe"] = character_bpe(texts, continuing_subword_prefix="@@", fuse_unk=True)
    made["fallback-bpe"] = fallback_bpe(texts)
    made["wordpiece"] = word_piece(texts)
    made["unigram-fallback"] = unigram_fallback(texts)
    made["cut-bytes"] = cut_bytes(texts)
    made["never-prepended"] = never_prepended(texts)
    vocabulary = [t for t in made["wordpiece"].get_vocab(with_added_tokens=True)]
    with tempfile.TemporaryDirectory() as temporary:
        vocab = pathlib.Path(temporary, "vocab.txt")
        vocab.write_text("".join(t + "\n" for t in vocabulary))
        made["bert"] = BertTokenizerFast(str(vocab), do_lower_case=False).backend_tokenizer
        vocab.write_text("".join(t + "\n" for t in SPECIAL[:4] + vocabulary + ["<mask>"]))
        made["mpnet"] = MPNetTokenizerFast(str(vocab)).backend_tokenizer
        spm = sentencepiece_model(texts, temporary, SPECIAL)
        made["xlm-roberta"] = XLMRobertaTokenizerFast(spm).backend_tokenizer
        spm = sentencepiece_model(texts, temporary, ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"])
        made["deberta-v3"] = DebertaV2TokenizerFast(spm, split_by_punct=True).backend_tokenizer
        spm = sentencepiece_model(texts, temporary, ["[CLS]", "<pad>", "[SEP]", "<unk>", "[MASK]"])
        made["albert"] = AlbertTokenizerFast(spm).backend_tokenizer
    for tokenizer in made.values():
        tokenizer.no_truncation()
        tokenizer.no_padding()
    return made


def is_space(char):
    return char.isspace() and not "\x1c" <= char <= "\x1f"


def trim(text, begin, end):
    """What ComposedTokenizer does to a span, by slicing."""
    for drops in (lambda c: c == " ", is_space):
        inner_begin, inner_end = begin, end
        while inner_begin < inner_end and drops(text[inner_begin]):
            inner_begin += 1
        while inner_begin < inner_end and drops(text[inner_end - 1]):
            inner_end -= 1
        if inner_begin < inner_end:
            begin, end = inner_begin, inner_end
    return begin, end


def expected_tokens(tokenizer, texts):
    """[id, byte begin, byte end] of each token of each text."""
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.post_processor = None
    plain.encode_special_tokens = tokenizer.encode_special_tokens = True
    result = []
    for text in texts:
        place, encoding = byte_offsets(text), plain.encode(text, add_special_tokens=False)
        theirs = tokenizer.encode(text, add_special_tokens=False)
        assert theirs.ids == encoding.ids
        row = []
        for number, (token, span, own) in enumerate(zip(encoding.ids, encoding.offsets, theirs.offsets)):
            begin, end = trim(text, *span)
            if theirs.offsets != encoding.offsets and own[0] < own[1] and number > 0:
                assert own == (begin, end), (text, span, own)  # RoBERTa's own trimming
            row.append([token, place[begin], place[end]])
        result.append(row)
    return result


def golden(arguments):
    words = [w for w in read_vocabulary(arguments.vocab) if w.isalpha() and len(w) > 2][:1500]
    for number, (name, tokenizer) in enumerate(make_all(words).items()):
        if arguments.only and name not in arguments.only:
            continue
        if name != "roberta":
            text = tokenizer.to_str()
            (FOLDER / f"{name}.json").write_text(text + "\n")
        texts = texts_for(name, SENTENCES + random_texts(2000 + number, 90, words))
        with open(FOLDER / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for text, tokens in zip(texts, expected_tokens(tokenizer, texts)):
                file.write(json.dumps({"text": text, "tokens": tokens}, separators=(",", ":")) + "\n")
    return 0


# Where the oracle is not ours (docs/tokenizer.md): its Unigram takes special tokens in a text for
# what they are, and its Precompiled shifts the spans behind characters that vanish.
UNIGRAM = ("xlm-roberta", "deberta-v3", "albert", "unigram-fallback")
AVOIDED = SPECIAL + BERT_SPECIAL + [key for key, value in RULES.items() if not value]


def texts_for(name, texts):
    return [t for t in texts if name not in UNIGRAM or not any(s in t for s in AVOIDED)]


def compare(arguments):
    words = [w for w in read_vocabulary(arguments.vocab) if w.isalpha() and len(w) > 2][:8000]
    texts = SENTENCES + random_texts(arguments.seed, arguments.random, words)
    if arguments.code_points:
        texts += every_code_point()
    failures = 0
    print("| tokenizer | texts | tokens | texts that differ |\n|---|---|---|---|")
    for name in arguments.only or [p.stem for p in sorted(FOLDER.glob("*.jsonl"))]:
        path = FOLDER / "roberta" if name == "roberta" else FOLDER / f"{name}.json"
        backend = (RobertaTokenizerFast(str(path / "vocab.json"), str(path / "merges.txt")).backend_tokenizer
                   if name == "roberta" else Tokenizer.from_file(str(path)))
        some = texts_for(name, texts)
        expected = expected_tokens(backend, some)
        done = subprocess.run([arguments.dump, str(path)], input=dump_input(some), stdout=subprocess.PIPE,
                              check=True)
        found = [[[int(n) for n in token.split(":")] for token in line.split()]
                 for line in done.stdout.decode().splitlines()]
        assert len(found) == len(expected)
        differ = [i for i in range(len(some)) if expected[i] != found[i]]
        failures += len(differ)
        print(f"| {name} | {len(some)} | {sum(map(len, expected))} | {len(differ)} |", flush=True)
        for i in sorted(differ, key=lambda i: len(some[i]))[: arguments.show]:
            print(f"  {some[i]!r}\n  expected {expected[i]}\n  found    {found[i]}")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("golden", "compare"))
    parser.add_argument("vocab", help="vocab.txt of an uncased BERT")
    parser.add_argument("--dump", help="the program tokenizer_dump")
    parser.add_argument("--only", nargs="*", help="names of tokenizers")
    parser.add_argument("--random", type=int, default=20000, help="random strings")
    parser.add_argument("--code-points", action="store_true", help="texts with every code point")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", type=int, default=3, help="differences to print")
    arguments = parser.parse_args()
    return golden(arguments) if arguments.command == "golden" else compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
