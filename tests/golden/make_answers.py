#!/usr/bin/env python3
"""Writes a tiny random model of each family with a tokenizer of its kind, and what it answers.

    tests/golden/make_answers.py

tests/golden/models/answers-*: folders as transformers saves them; of the tokenizer's files only those
that FAMILIES names. tests/golden/answers/*.json: questions and contexts with ids, spans, windows and
logits of transformers (fast tokenizers, `…ForQuestionAnswering`, fp32, eager attention), and the
answers by the rules of include/bertqa/window.h and decode.h, written here as plainly as can be.
transformers' own question-answering pipeline agrees where the context fits into one window (its
probabilities are of one window each, so that it ranks spans of several windows otherwise).

A model's seed is the first with which no rank that matters is decided by less than MIN_GAP.
Needs transformers 4.57.6, tokenizers 0.22.2 and sentencepiece 0.2.3.
"""

import json
import math
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import tokenizers
import torch
import transformers
from sentencepiece import sentencepiece_model_pb2

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

from make_family_models import NO_SPECIAL, random_model
from make_tokenizers import SPECIAL, modernbert, roberta, sentencepiece_model

OPTIONS = {"window_tokens": 56, "overlap_tokens": 16, "max_question_tokens": 32,
           "max_answer_tokens": 8, "top_k": 3}
MIN_GAP = 1e-3
CORPUS = (HERE / "sentencepiece_corpus.txt").read_text().splitlines()
LONG = ("  The old bridge of Varn was built in 1874 by Ida Holm, an engineer. It has seven arches, and it is "
        "143 metres long.\n\nA flood took two of them away in 1923; the town council had them built again in "
        "stone. Où est le pont ? Hinter der Brücke steht das Haus des Müllers, der 12.450 Taler hatte. "
        "Старый мост пересекает реку возле рынка. Today  the bridge is a museum,\tand a train crosses the "
        "river beside it: the journey takes 2 hours.")
CASES = [  # question, context
    ("Who built the tower?", "Ida Holm built the tower in 1874."),
    ("  When was it built?", "   It was   built\n in 1874,  or later."),
    ("Où est la bibliothèque ?", "  À côté de l'hôtel, derrière le théâtre."),
    ("Wo steht das Haus?", "Das Haus 🏠 steht in 東京 🙂, nicht in  Köln."),
    ("首都は？", "東京は日本の首都です。 Tokyo is big."),
    ("Which one?", "é 👩‍👩‍👧 한국 x"),
    ("Who built the old bridge?", LONG),
    ("What is the bridge today?", "\n" + LONG + " " + LONG),
]


def byte_places(text):
    """The byte offset of each code point, and of the end."""
    places = [0]
    for char in text:
        places.append(places[-1] + len(char.encode()))
    return places


# --- tokenizers of each kind, trained on the corpus


def word_pieces(lower):
    trained = tokenizers.BertWordPieceTokenizer(lowercase=lower)
    trained.train_from_iterator(CORPUS, vocab_size=700, limit_alphabet=150, show_progress=False)
    vocabulary = trained.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)


def word_piece(name, lower=True):
    def make(folder):
        path = folder / "vocab.txt"
        path.write_text("".join(piece + "\n" for piece in word_pieces(lower)))
        return getattr(transformers, name)(str(path), do_lower_case=lower)
    return make


def mpnet(folder):
    path = folder / "vocab.txt"
    path.write_text("".join(piece + "\n" for piece in SPECIAL[:4] + word_pieces(True)[1:] + ["<mask>"]))
    return transformers.MPNetTokenizerFast(str(path))


def byte_level(folder):
    return transformers.RobertaTokenizerFast(*roberta(CORPUS, str(folder)))


def without_places(path):
    """Takes the names of the trainer's temporary files out of a model."""
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(Path(path).read_bytes())
    model.trainer_spec.ClearField("model_prefix")
    model.normalizer_spec.ClearField("normalization_rule_tsv")
    Path(path).write_bytes(model.SerializeToString())
    return path


def unigram(name, special):
    def make(folder):
        path = without_places(sentencepiece_model(CORPUS, str(folder), special))
        return getattr(transformers, name)(path)
    return make


def modern(folder):
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=modernbert(CORPUS), cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
        unk_token="[UNK]", mask_token="[MASK]", model_input_names=["input_ids", "attention_mask"])


DEBERTA_SPECIAL = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
ALBERT_SPECIAL = ["[CLS]", "<pad>", "[SEP]", "<unk>", "[MASK]"]
SMALL = {"max_position_embeddings": 64}
AFTER_PAD = {"max_position_embeddings": 66, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
# name: (tokenizer, its files that are kept, row of make_family_models.FAMILIES)
FAMILIES = {
    "bert": (word_piece("BertTokenizerFast"), ["vocab.txt"], ("Bert", SMALL, torch.float16, True)),
    "distilbert": (word_piece("DistilBertTokenizerFast", lower=False), ["tokenizer.json"],
                   ("DistilBert", SMALL, torch.float16, False)),
    "roberta": (byte_level, ["vocab.json", "merges.txt"],
                ("Roberta", AFTER_PAD, torch.float16, False)),
    "camembert": (unigram("CamembertTokenizerFast", SPECIAL), ["sentencepiece.bpe.model"],
                  ("Camembert", AFTER_PAD, torch.bfloat16, False)),
    "xlm-roberta": (unigram("XLMRobertaTokenizerFast", SPECIAL), ["tokenizer.json"],
                    ("XLMRoberta", AFTER_PAD, torch.float16, False)),
    "albert": (unigram("AlbertTokenizerFast", ALBERT_SPECIAL), ["spiece.model"],
               ("Albert", {**SMALL, "embedding_size": 16}, torch.float16, True)),
    "electra": (word_piece("ElectraTokenizerFast"), ["vocab.txt", "tokenizer.json"],
                ("Electra", {**SMALL, "embedding_size": 24}, torch.float16, True)),
    "mpnet": (mpnet, ["tokenizer.json"],
              ("MPNet", {"max_position_embeddings": 66, "layer_norm_eps": 1e-5}, torch.float16, False)),
    "mobilebert": (word_piece("MobileBertTokenizerFast"), ["vocab.txt"],
                   ("MobileBert", {**SMALL, "embedding_size": 12, "intra_bottleneck_size": 20,
                                   "initializer_range": 0.14}, torch.float16, True)),
    "modernbert": (modern, ["tokenizer.json"],
                   ("ModernBert", {**SMALL, **NO_SPECIAL, "num_hidden_layers": 3, "local_attention": 24},
                    torch.float16, False)),
    "deberta-v2": (unigram("DebertaV2TokenizerFast", DEBERTA_SPECIAL), ["spm.model"],
                   ("DebertaV2", {**SMALL, "relative_attention": True, "position_buckets": 8,
                                  "norm_rel_ebd": "layer_norm", "share_att_key": True,
                                  "pos_att_type": "p2c|c2p", "position_biased_input": False},
                    torch.float16, False)),
}


# --- tokens and windows


def trim(text, begin, end):
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    return begin, end


def tokens_of(tokenizer, text, word_marks_are_words):
    """[id, begin, end] of each token, in code points: no white space at the ends of a span. Of a token
    that is white space alone (SentencePiece's mark of a word) it is the first character of its word
    where a SentencePiece model was read, else the white space (docs/tokenizer.md)."""
    plain = tokenizers.Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    plain.no_truncation()
    plain.post_processor = None  # RoBERTa's makes empty spans
    plain.encode_special_tokens = True
    encoding = plain.encode(text, add_special_tokens=False)
    tokens = []
    for token, (begin, end) in zip(encoding.ids, encoding.offsets):
        inner_begin, inner_end = trim(text, begin, end)
        if inner_begin < inner_end:
            tokens.append([token, inner_begin, inner_end])
        else:
            tokens.append([token, begin, None if word_marks_are_words else end])
    for index in reversed(range(len(tokens))):
        if tokens[index][2] is None:
            following = tokens[index + 1][1]
            tokens[index][1:] = [following, following + 1]
    return tokens


def windows_of(tokenizer, question, context):
    """transformers' own windows: ids, segments, and which places are of the context."""
    tokenizer.backend_tokenizer.no_padding()
    encoded = tokenizer(question, context, truncation="only_second", return_overflowing_tokens=True,
                        max_length=OPTIONS["window_tokens"], stride=OPTIONS["overlap_tokens"])
    return [{"ids": window.ids, "segments": window.type_ids,
             "places": [i for i, part in enumerate(window.sequence_ids) if part == 1]}
            for window in encoded.encodings]


def add_logits(model, takes_segments, windows):
    with torch.inference_mode():
        for window in windows:
            inputs = {"input_ids": torch.tensor([window["ids"]])}
            if takes_segments:
                inputs["token_type_ids"] = torch.tensor([window["segments"]])
            output = model(**inputs)
            window["start"] = output.start_logits[0].tolist()
            window["end"] = output.end_logits[0].tolist()


# --- the decoder of include/bertqa/decode.h, exhaustively


def place_windows(windows, context_ids):
    """Where each window's slice of the context begins: step = slice - overlap."""
    begin = 0
    for window in windows:
        slice_ids = [window["ids"][place] for place in window["places"]]
        assert slice_ids == context_ids[begin:begin + len(slice_ids)]
        window["begin"], window["end_token"] = begin, begin + len(slice_ids)
        begin += len(slice_ids) - OPTIONS["overlap_tokens"]
    assert windows[-1]["end_token"] == len(context_ids)


def max_context_window(windows, token):
    """The window in which the token has most context; of equals the earlier (max is the first)."""
    def score(index):
        window = windows[index]
        if not window["begin"] <= token < window["end_token"]:
            return -1
        left, right = token - window["begin"], window["end_token"] - 1 - token
        return 100 * min(left, right) + (window["end_token"] - window["begin"])
    return max(range(len(windows)), key=score)


def valid_spans(windows):
    """(logit, window, first, last) of each valid span, best first."""
    spans = []
    for index, window in enumerate(windows):
        def logit(kind, token):
            return numpy.float32(window[kind][window["places"][token - window["begin"]]])
        for first in range(window["begin"], window["end_token"]):
            if max_context_window(windows, first) != index:
                continue
            for last in range(first, min(first + OPTIONS["max_answer_tokens"], window["end_token"])):
                spans.append((logit("start", first) + logit("end", last), index, first, last))
    return sorted(spans, key=lambda span: (-span[0], *span[1:]))


def best_spans(spans):
    """The best that share no token with a better one, and how many ranks decided about them."""
    chosen, rank = [], 0
    for rank, (_, _, first, last) in enumerate(spans):
        if all(last < other[2] or other[3] < first for other in chosen):
            chosen.append(spans[rank])
            if len(chosen) == OPTIONS["top_k"]:
                break
    return chosen, rank + 1


def decode(case, windows, tokens):
    """Adds the answers; returns the smallest difference of logits that decided about them."""
    context = case["context"]
    spans = valid_spans(windows)
    null_logit = min(numpy.float32(w["start"][0]) + numpy.float32(w["end"][0]) for w in windows)
    largest = max(float(spans[0][0]), float(null_logit))
    terms = [math.exp(float(logit) - largest) for logit in [null_logit] + [s[0] for s in spans]]
    chosen, ranks = best_spans(spans)
    places = byte_places(context)
    case["null_logit"], case["null_probability"] = float(null_logit), terms[0] / sum(terms)
    case["answers"] = []
    for logit, _, first, last in chosen:
        whole = tokens[first][1], tokens[last][2]
        begin, end = trim(context, *whole)
        begin, end = (begin, end) if begin < end else whole
        case["answers"].append({
            "answer": context[begin:end], "start": begin, "end": end,
            "bytes": [places[begin], places[end]], "logit": float(logit),
            "probability": math.exp(float(logit) - largest) / sum(terms)})
    return min(float(a[0]) - float(b[0]) for a, b in zip(spans[:ranks], spans[1:]))


def pipelines_answer(model, tokenizer, case):
    pipeline = transformers.QuestionAnsweringPipeline(model=model, tokenizer=tokenizer)
    return pipeline(question=case["question"], context=case["context"], align_to_words=False,
                    max_seq_len=OPTIONS["window_tokens"], doc_stride=OPTIONS["overlap_tokens"],
                    max_answer_len=OPTIONS["max_answer_tokens"])["answer"]


# --- files


def cases_of(folder, tokenizer, keep, family):
    """The golden cases, and the smallest difference of logits that decided."""
    model = getattr(transformers, family[0] + "ForQuestionAnswering").from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True).eval()
    reads_sentencepiece = any(name.endswith(".model") for name in keep)
    cases, gap, witnessed = [], math.inf, 0
    for question, context in CASES:
        case = {"question": question, "context": context}
        tokens = tokens_of(tokenizer, context, reads_sentencepiece)
        windows = windows_of(tokenizer, question, context)
        place_windows(windows, [token[0] for token in tokens])
        add_logits(model, family[3], windows)
        gap = min(gap, decode(case, windows, tokens))
        if len(windows) == 1 and gap > MIN_GAP:
            answer = pipelines_answer(model, tokenizer, case)
            if answer.strip():  # else of the mark of a word alone, which has its first character here
                assert answer.strip() == case["answers"][0]["answer"], (question, answer, case)
                witnessed += 1
        for key, text, row in (("question_tokens", question,
                                tokens_of(tokenizer, question, reads_sentencepiece)),
                               ("context_tokens", context, tokens)):
            places = byte_places(text)
            case[key] = [[token, places[begin], places[end]] for token, begin, end in row]
        case["windows"] = [{"ids": w["ids"], "segments": w["segments"] if family[3] else [],
                            "start": [float(f"{x:.7g}") for x in w["start"]],
                            "end": [float(f"{x:.7g}") for x in w["end"]]} for w in windows]
        cases.append(case)
    assert gap <= MIN_GAP or witnessed >= 3, witnessed
    assert any(len(case["windows"]) > 3 for case in cases)
    return cases, gap


def write_family(name, first_seed):
    make_tokenizer, keep, family = FAMILIES[name]
    folder = HERE / "models" / f"answers-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        tokenizer = make_tokenizer(Path(temporary))
        tokenizer.backend_tokenizer.encode_special_tokens = True
        tokenizer.save_pretrained(folder)
    for path in folder.iterdir():
        if path.name not in keep + ["tokenizer_config.json"]:
            path.unlink()
    vocabulary = max(tokenizer.get_vocab().values()) + 1
    prefix, changes, *rest = family
    family = (prefix, {**changes, "vocab_size": vocabulary}, *rest)
    for seed in range(first_seed, first_seed + 100):
        random_model(folder, family, seed)
        cases, gap = cases_of(folder, tokenizer, keep, family)
        if gap > MIN_GAP:
            break
    path = HERE / "answers" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**OPTIONS, "cases": cases}, ensure_ascii=False,
                               separators=(",", ":")) + "\n")
    print(f"{name}: {vocabulary} pieces, seed {seed}, gap {gap:.4f}, windows "
          f"{[len(case['windows']) for case in cases]}")


def main():
    transformers.logging.set_verbosity_error()
    for number, name in enumerate(FAMILIES):
        if not sys.argv[1:] or name in sys.argv[1:]:
            write_family(name, 1000 + 100 * number)


if __name__ == "__main__":
    main()
