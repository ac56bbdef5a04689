#!/usr/bin/env python3
"""Writes tests/golden/checkpoints/: the weights of one tiny model in every form that people have.

    tests/golden/make_checkpoints.py

`base/` is a model directory with model.safetensors; every other folder holds the same weights in
another form, and no more. The values are bfloat16's, with no tiny ones among them, so that every
floating type holds them exactly: what is read must give the same logits, bit for bit. Each
form is read back here, by transformers, or by torch.load where transformers would not find the
names. Keys in the legacy files are addresses: they differ from run to run. Needs torch 2.13,
transformers 4.57.6.
"""

import collections
import json
import os
import pickle
import shutil
import struct
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForQuestionAnswering

HERE = Path(__file__).parent / "checkpoints"
PIECES = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz?.,"))
HIDDEN, POSITIONS = 8, 40
BIN = "pytorch_model.bin"


def make_model():
    torch.manual_seed(7)
    model = BertForQuestionAnswering(BertConfig(
        vocab_size=len(PIECES), hidden_size=HIDDEN, num_attention_heads=2, num_hidden_layers=2,
        intermediate_size=12, max_position_embeddings=POSITIONS, initializer_range=0.3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
            parameter.copy_(parameter.to(torch.bfloat16))
            parameter[parameter.abs() < 2**-12] = 0
            assert torch.equal(parameter.half().float(), parameter)
    return model.eval()


def folder_of(name):
    folder = HERE / name
    folder.mkdir(parents=True)
    return folder


def save(weights, name, legacy=False):
    path = folder_of(name) / BIN
    torch.save(weights, path, _use_new_zipfile_serialization=not legacy)
    return path


def as_type(state, dtype):
    return collections.OrderedDict((name, tensor.to(dtype)) for name, tensor in state.items())


def shared_and_transposed(state):
    """Every tensor a view of one storage, every matrix stored column by column, as Parameters."""
    storage = torch.empty(sum(tensor.numel() for tensor in state.values()) + 3)
    views, begin = collections.OrderedDict(), 3
    for name, tensor in state.items():
        part = storage[begin:begin + tensor.numel()]
        view = part.view(tensor.shape[::-1]).t() if tensor.dim() == 2 else part.view(tensor.shape)
        view.copy_(tensor)
        views[name] = torch.nn.Parameter(view)
        begin += tensor.numel()
    return views


def old_names(state):
    """As DataParallel saved a model of 2018 that also had the heads of pre-training."""
    old = collections.OrderedDict()
    for name, tensor in state.items():
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        old["module." + name.replace("LayerNorm.bias", "LayerNorm.beta")] = tensor
    old["module.bert.embeddings.position_ids"] = torch.arange(POSITIONS).unsqueeze(0)
    old["module.bert.pooler.dense.weight"] = torch.ones(HIDDEN, HIDDEN)
    old["module.bert.pooler.dense.bias"] = torch.ones(HIDDEN)
    old["module.cls.predictions.bias"] = torch.ones(len(PIECES))
    old["module.cls.predictions.decoder.weight"] = old[  # tied: one storage, two names
        "module.bert.embeddings.word_embeddings.weight"]
    old["module.cls.seq_relationship.bias"] = torch.ones(2)
    return old


def save_with_views(state, name):
    """The variant of the legacy form that PyTorch wrote while storages could be parts of others:
    every tensor here is in a part of one storage of its type. torch.save no longer makes it."""
    flat = torch.cat([tensor.flatten() for tensor in state.values()])
    parts, begin = {}, 0
    for key, tensor in state.items():
        parts[key] = (begin, tensor.numel())
        begin += tensor.numel()

    class Part:
        def __init__(self, key):
            self.key = key

    class Tensor:
        def __init__(self, key):
            self.key = key

        def __reduce__(self):
            tensor = state[self.key]
            return torch._utils._rebuild_tensor_v2, (
                Part(self.key), 0, tuple(tensor.shape), tensor.stride(), False,
                collections.OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            if not isinstance(obj, Part):
                return None
            offset, count = parts[obj.key]
            return ("storage", torch.FloatStorage, "1000", "cpu", flat.numel(),
                    ("view of " + obj.key, offset, count))

    path = folder_of(name) / BIN
    with open(path, "wb") as file:
        for value in (0x1950A86A20F9469CFC6C, 1001,
                      {"protocol_version": 1001, "little_endian": True,
                       "type_sizes": {"short": 2, "int": 4, "long": 8}}):
            pickle.dump(value, file, protocol=2)
        Pickler(file, protocol=2).dump(
            collections.OrderedDict((key, Tensor(key)) for key in state))
        pickle.dump(["1000"], file, protocol=2)
        file.write(struct.pack("<q", flat.numel()) + flat.numpy().tobytes())
    return path


def save_tied(state, name):
    """The word embeddings under the name of the decoder only, as the metadata tells."""
    words = "bert.embeddings.word_embeddings.weight"
    tensors = {key: tensor for key, tensor in state.items() if key != words}
    tensors["cls.predictions.decoder.weight"] = state[words]
    save_file(tensors, folder_of(name) / "model.safetensors",
              metadata={"format": "pt", words: "cls.predictions.decoder.weight"})


def check(state, read):
    for name, tensor in state.items():
        assert torch.equal(read[name].to(tensor.dtype), tensor), name


def check_folder(state, folder):
    """As transformers reads it, which wants a config.json beside it."""
    config = folder / "config.json"
    shutil.copy(HERE / "base" / "config.json", config)
    check(state, BertForQuestionAnswering.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True).state_dict())
    config.unlink()


def main():
    os.environ["HF_HUB_OFFLINE"] = "1"
    shutil.rmtree(HERE, ignore_errors=True)
    model = make_model()
    base = folder_of("base")
    model.save_pretrained(base)
    (base / "generation_config.json").unlink(missing_ok=True)
    (base / "vocab.txt").write_text("".join(piece + "\n" for piece in PIECES))
    (base / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}, indent=2) + "\n")
    state = collections.OrderedDict(load_file(base / "model.safetensors"))
    check(model.state_dict(), state)

    for folder, safe in (("sharded-safetensors", True), ("sharded-bin", False)):
        model.save_pretrained(HERE / folder, max_shard_size="3KB", safe_serialization=safe)
        for name in ("config.json", "generation_config.json"):
            (HERE / folder / name).unlink(missing_ok=True)
        check_folder(state, HERE / folder)
    for suffix, legacy in (("zip", False), ("legacy", True)):
        save(model.state_dict(), suffix, legacy)  # an OrderedDict with _metadata
        for dtype in (torch.float16, torch.bfloat16, torch.float64):
            short = str(dtype).removeprefix("torch.")
            save(as_type(state, dtype), f"{suffix}-{short}", legacy)
        save(shared_and_transposed(state), f"{suffix}-views", legacy)
        old = torch.load(save(old_names(state), f"{suffix}-old-names", legacy), weights_only=True)
        check(old_names(state), old)
        for form in ("", "-float16", "-bfloat16", "-float64", "-views"):
            check_folder(state, HERE / (suffix + form))
    check(state, torch.load(save_with_views(state, "legacy-parts"), weights_only=True))
    save_tied(state, "tied")
    save_file(as_type(state, torch.float64), folder_of("float64") / "model.safetensors",
              metadata={"format": "pt"})
    check_folder(state, HERE / "float64")


if __name__ == "__main__":
    main()
