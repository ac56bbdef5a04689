#!/usr/bin/env python3
"""Exports a Hugging Face BERT question-answering checkpoint to a model directory with a TorchScript
archive of its weights.

    tools/export_torchscript.py CHECKPOINT OUT_DIR [--float32] [--licence TEXT]
                                [--no-answer] [--null-threshold X] [--temperature T]

CHECKPOINT is a folder as `save_pretrained` writes it, or a name on the Hub that is in the local
cache. OUT_DIR receives model.pt, config.json, vocab.txt, tokenizer_config.json and bertqa.json.
The graph is traced in fp32 with eager attention, checked at other shapes, then stored in half
precision unless --float32 is given. Needs transformers 4.57.6 and torch 2.13.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertForQuestionAnswering

TOKENIZER_KEYS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "model_max_length",
                  "tokenizer_class", "cls_token", "sep_token", "pad_token", "unk_token",
                  "mask_token")
TOLERANCE = 1e-4


class SpanLogits(torch.nn.Module):
    """(input_ids, attention_mask, token_type_ids) -> (start_logits, end_logits), all [B, T]."""

    def __init__(self, model):
        super().__init__()
        self.bert = model.bert
        self.qa_outputs = model.qa_outputs

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.bert(input_ids, attention_mask=attention_mask,
                           token_type_ids=token_type_ids).last_hidden_state  # [B, T, H]
        logits = self.qa_outputs(hidden)  # [B, T, 2]
        return logits[..., 0].contiguous(), logits[..., 1].contiguous()


def random_inputs(config, batch, tokens, seed):
    """Ids, mask and segments [B, T]; every row but the first is padded at its end."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, config.vocab_size, (batch, tokens), generator=generator)
    mask = torch.ones(batch, tokens, dtype=torch.long)
    segments = torch.zeros(batch, tokens, dtype=torch.long)
    for row in range(batch):
        segments[row, tokens // 3:] = config.type_vocab_size - 1
        mask[row, tokens - row:] = 0
    return ids, mask, segments


def verify(traced, model):
    """Compares the trace with the model at shapes that it was not traced with."""
    longest = model.config.max_position_embeddings
    for batch, tokens, seed in ((1, 5, 1), (3, min(61, longest), 2), (2, longest, 3)):
        ids, mask, segments = random_inputs(model.config, batch, tokens, seed)
        expected = model(input_ids=ids, attention_mask=mask, token_type_ids=segments)
        found = traced(ids, mask, segments)
        for name, left, right in zip(("start", "end"), found,
                                     (expected.start_logits, expected.end_logits)):
            difference = (left - right).abs().max().item()
            if not difference <= TOLERANCE:
                sys.exit(f"export: {name} logits at shape [{batch}, {tokens}] differ from the "
                         f"model's by {difference}; at most {TOLERANCE} is expected")


def export(arguments):
    model = BertForQuestionAnswering.from_pretrained(
        arguments.checkpoint, dtype=torch.float32, attn_implementation="eager",
        local_files_only=True)
    model.eval()
    config = model.config
    with torch.inference_mode():
        inputs = random_inputs(config, 2, min(17, config.max_position_embeddings), seed=0)
        traced = torch.jit.trace(SpanLogits(model).eval(), inputs)
        verify(traced, model)
    if not arguments.float32:
        traced = traced.half()
        config.dtype = "float16"
    out = arguments.out_dir
    out.mkdir(parents=True)
    save_without_source_paths(traced, out / "model.pt")
    config.to_json_file(str(out / "config.json"), use_diff=False)
    trim_config(out / "config.json")
    write_tokenizer(arguments.checkpoint, out)
    write_json(out / "bertqa.json", {
        "format_version": 1, "licence": arguments.licence, "no_answer": arguments.no_answer,
        "null_threshold": arguments.null_threshold, "temperature": arguments.temperature})


def save_without_source_paths(traced, path):
    """Saves, less the debug records: they are of no use later and name this machine's folders."""
    with tempfile.TemporaryDirectory() as folder:
        complete = str(Path(folder, path.name))  # the archive's inner folder takes the file's name
        traced.save(complete)
        reader = torch._C.PyTorchFileReader(complete)
        writer = torch._C.PyTorchFileWriter(str(path))
        for name in reader.get_all_records():
            if not name.startswith(".data/") and not name.endswith(".debug_pkl"):
                record = reader.get_record(name)
                writer.write_record(name, record, len(record))
        writer.write_end_of_file()


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=False) + "\n")


def trim_config(path):
    """Keeps what describes the network; transformers' full dump also lists generation settings."""
    keys = ("architectures", "attention_probs_dropout_prob", "classifier_dropout", "dtype",
            "hidden_act", "hidden_dropout_prob", "hidden_size", "initializer_range",
            "intermediate_size", "layer_norm_eps", "max_position_embeddings", "model_type",
            "num_attention_heads", "num_hidden_layers", "pad_token_id",
            "position_embedding_type", "type_vocab_size", "vocab_size")
    full = json.loads(path.read_text())
    write_json(path, {key: full[key] for key in keys if key in full})


def write_tokenizer(checkpoint, out):
    """vocab.txt as the checkpoint has it (else from its tokenizer), and the tokenizer's options."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, use_fast=True, local_files_only=True)
    if Path(checkpoint, "vocab.txt").is_file():
        shutil.copyfile(Path(checkpoint, "vocab.txt"), out / "vocab.txt")
    else:
        by_id = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
        (out / "vocab.txt").write_text("".join(piece + "\n" for piece, _ in by_id),
                                       encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        saved = json.loads(Path(folder, "tokenizer_config.json").read_text())
    write_json(out / "tokenizer_config.json", {key: saved[key] for key in TOKENIZER_KEYS
                                               if key in saved})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("checkpoint", help="folder of the Hugging Face checkpoint")
    parser.add_argument("out_dir", type=Path, help="the model directory to write; must not exist")
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument("--half", action="store_true", help="fp16 weights (the default)")
    precision.add_argument("--float32", action="store_true", help="keep fp32 weights")
    parser.add_argument("--licence", default="", help="the weights' licence")
    parser.add_argument("--no-answer", action="store_true",
                        help="the model was trained on unanswerable questions")
    parser.add_argument("--null-threshold", type=float, default=0)
    parser.add_argument("--temperature", type=float, default=1)
    arguments = parser.parse_args()
    if arguments.out_dir.exists():
        parser.error(f"{arguments.out_dir} exists already")
    export(arguments)
    for path in sorted(arguments.out_dir.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path}")


if __name__ == "__main__":
    main()
