#!/usr/bin/env python3
"""Writes the tiny models in tests/golden/models/ and the logits in tests/golden/logits/.

    tests/golden/make_models.py BUNDLED_CHECKPOINT

BUNDLED_CHECKPOINT is the Hugging Face checkpoint that models/minilm-l6-squad was exported from.
The tiny models are random BERTs of odd shapes; the logits are those of transformers'
BertForQuestionAnswering, fp32, eager attention, one window at a time. Needs transformers 4.57.6.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertConfig, BertForQuestionAnswering

HERE = Path(__file__).parent
PIECES = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz?.,")
          + ["##" + letter for letter in "abcdefghijklmnopqrstuvwxyz"])
# name: hidden, heads, layers, feed-forward, positions, activation, stored type
SHAPES = {
    "tiny-32": (32, 4, 2, 64, 40, "gelu", torch.float32),
    "tiny-48": (48, 3, 1, 37, 70, "gelu_new", torch.float16),
    "tiny-20": (20, 5, 3, 52, 130, "relu", torch.bfloat16),
    "tiny-21": (21, 3, 2, 33, 40, "gelu", torch.float32),
}
QUESTION = "How many lighthouses stand on the island?"
CONTEXT = ("The island of Mørkøya lies eleven kilometres off the coast. Three lighthouses stand on it, "
           "the oldest built in 1851 by the engineer Anna Lund. ")


def write_json(path, value, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, **options) + "\n")


def random_model(name, seed):
    hidden, heads, layers, inner, positions, activation, dtype = SHAPES[name]
    torch.manual_seed(seed)
    model = BertForQuestionAnswering(BertConfig(
        vocab_size=len(PIECES), hidden_size=hidden, num_attention_heads=heads,
        num_hidden_layers=layers, intermediate_size=inner, max_position_embeddings=positions,
        hidden_act=activation, initializer_range=0.3))
    with torch.no_grad():
        for parameter in model.parameters():  # biases and norms too are to matter
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.to(dtype).save_pretrained(HERE / "models" / name)
    folder = HERE / "models" / name
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in PIECES))
    write_json(folder / "tokenizer_config.json",
               {"do_lower_case": True, "tokenizer_class": "BertTokenizer"}, indent=2)
    return folder


def logits_of(checkpoint, windows):
    model = BertForQuestionAnswering.from_pretrained(
        checkpoint, dtype=torch.float32, attn_implementation="eager", local_files_only=True).eval()
    rows = []
    with torch.inference_mode():
        for ids, segments in windows:
            output = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([segments]),
                           attention_mask=torch.ones(1, len(ids), dtype=torch.long))
            rows.append({"ids": ids, "segments": segments,
                         "start": output.start_logits[0].tolist(),
                         "end": output.end_logits[0].tolist()})
    return rows


def random_windows(positions, seed):
    generator = torch.Generator().manual_seed(seed)
    windows = []
    for length in (1, 2, 17, positions - 1, positions):
        ids = torch.randint(0, len(PIECES), (length,), generator=generator).tolist()
        windows.append((ids, [int(index > length // 3) for index in range(length)]))
    return windows


def text_windows(checkpoint):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    windows = []
    for repeats in (1, 3, 11):
        encoded = tokenizer(QUESTION, CONTEXT * repeats)
        windows.append((encoded["input_ids"], encoded["token_type_ids"]))
    return windows


def rounded(rows):
    """Nine digits name a float; the rest is noise of the printing."""
    for row in rows:
        for key in ("start", "end"):
            row[key] = [float(f"{value:.9g}") for value in row[key]]
    return rows


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for seed, name in enumerate(SHAPES):
        folder = random_model(name, seed)
        windows = random_windows(SHAPES[name][4], seed)
        write_json(HERE / "logits" / f"{name}.json", rounded(logits_of(folder, windows)))
    write_json(HERE / "logits" / "minilm-l6-squad.json",
               rounded(logits_of(sys.argv[1], text_windows(sys.argv[1]))))


if __name__ == "__main__":
    main()
