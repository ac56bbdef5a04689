#!/usr/bin/env python3
"""Fine-tunes with transformers' Trainer as the question-answering tutorial does, for comparison.

reference_train.py MODEL DATA --log LOG [--output DIR]     DATA is SQuAD JSON

Writes a line of JSON a step (step, loss, learning_rate, gradient_norm) and at last one with seconds
and tokens a second. --one-by-one feeds windows alone and accumulates: nothing is padded then, so
that the losses can be compared with those of `bertqa train --order file` (the tutorial's loss sees
the padding otherwise). Needs torch and transformers 4.57.
"""

import argparse
import json
import time

import torch
import transformers


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--log", required=True)
    parser.add_argument("--output", help="where the trained model goes")
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--max-steps", type=int, default=-1, help="stop after so many")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--warmup-ratio", type=float, default=0.1)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--window-tokens", type=int, default=384)
    parser.add_argument("--overlap-tokens", type=int, default=128)
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def read_examples(path):
    """(question, context, first answer's start and text, or None) in the file's order."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                answers = question.get("answers") or [None]
                yield question["question"], paragraph["context"], answers[0]


def label(offsets, sequence_ids, cls_index, answer):
    """Start and end position of the answer in a window, as the tutorial's preprocessing has it."""
    if answer is None:
        return cls_index, cls_index
    start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
    first = sequence_ids.index(1)
    last = len(sequence_ids) - 1 - sequence_ids[::-1].index(1)
    if offsets[first][0] > start or offsets[last][1] < end:
        return cls_index, cls_index
    token = first
    while token <= last and offsets[token][0] <= start:
        token += 1
    start_position = token - 1
    token = last
    while token >= first and offsets[token][1] >= end:
        token -= 1
    return start_position, token + 1


def make_features(arguments, tokenizer):
    features = []
    for question, context, answer in read_examples(arguments.data):
        encoded = tokenizer(question, context, truncation="only_second",
                            max_length=arguments.window_tokens, stride=arguments.overlap_tokens,
                            return_overflowing_tokens=True, return_offsets_mapping=True)
        for window, ids in enumerate(encoded["input_ids"]):
            start, end = label(encoded["offset_mapping"][window], encoded.sequence_ids(window),
                               ids.index(tokenizer.cls_token_id), answer)
            features.append({"input_ids": ids,
                             "token_type_ids": encoded["token_type_ids"][window],
                             "attention_mask": encoded["attention_mask"][window],
                             "start_positions": start, "end_positions": end})
    return features


class InOrderTrainer(transformers.Trainer):
    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)


class Log(transformers.TrainerCallback):
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")

    def write(self, **values):
        self.file.write(json.dumps(values) + "\n")
        self.file.flush()

    def on_log(self, _arguments, state, _control, logs=None, **_):
        if "loss" in logs:
            self.write(step=state.global_step, loss=logs["loss"],
                       learning_rate=logs["learning_rate"], gradient_norm=logs["grad_norm"])


def main():
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model, use_fast=True)
    model = transformers.BertForQuestionAnswering.from_pretrained(
        arguments.model, dtype=torch.float32, hidden_dropout_prob=arguments.dropout,
        attention_probs_dropout_prob=arguments.dropout)
    features = make_features(arguments, tokenizer)
    batch, accumulate = arguments.batch_size, 1
    if arguments.one_by_one:
        batch, accumulate = 1, arguments.batch_size
    settings = transformers.TrainingArguments(
        output_dir=arguments.output or "unused", use_cpu=True, report_to=[], save_strategy="no",
        num_train_epochs=arguments.epochs, max_steps=arguments.max_steps,
        per_device_train_batch_size=batch, gradient_accumulation_steps=accumulate,
        learning_rate=arguments.learning_rate, warmup_ratio=arguments.warmup_ratio,
        weight_decay=arguments.weight_decay, lr_scheduler_type="linear", max_grad_norm=1.0,
        logging_steps=1, bf16=arguments.bf16, disable_tqdm=True)
    log = Log(arguments.log)
    trainer = InOrderTrainer(
        model=model, args=settings, train_dataset=features, callbacks=[log],
        data_collator=transformers.DataCollatorWithPadding(tokenizer, padding="longest"))
    begin = time.perf_counter()
    steps = trainer.train().global_step
    seconds = time.perf_counter() - begin
    windows = min(len(features), steps * arguments.batch_size)
    tokens = sum(len(feature["input_ids"]) for feature in features[:windows])
    log.write(seconds=seconds, windows=windows, tokens=tokens, tokens_per_second=tokens / seconds)
    if arguments.output:
        trainer.save_model(arguments.output)
        tokenizer.save_pretrained(arguments.output)


if __name__ == "__main__":
    main()
