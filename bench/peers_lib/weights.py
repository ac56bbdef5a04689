"""The checkpoints that every peer's files are made from."""

import torch
from transformers import (AutoConfig, AutoModelForQuestionAnswering, BertConfig,
                          BertForQuestionAnswering, BertTokenizerFast)

from peers_lib.families import BY_NAME

SHAPES = {"bert-base": (12, 768, 12), "bert-large": (24, 1024, 16)}  # layers, hidden, heads
SEED = 11


def make_checkpoint(name, bundled, out):
    """Writes a Hugging Face checkpoint: the bundled weights, or random ones of a known shape."""
    if name == "minilm":
        model = bundled_model(bundled)
    elif name in SHAPES:
        model = random_model(bundled, *SHAPES[name])
    else:
        model = family_model(bundled, BY_NAME[name])
    model.eval().save_pretrained(out)
    BertTokenizerFast(str(bundled / "vocab.txt")).save_pretrained(out)


def bundled_model(bundled):
    """The TorchScript archive's weights in transformers' class."""
    config = BertConfig.from_json_file(str(bundled / "config.json"))
    config.dtype = torch.float32
    model = BertForQuestionAnswering(config)
    state = torch.jit.load(str(bundled / "model.pt")).float().state_dict()
    found = model.load_state_dict(state, strict=False)
    if found.missing_keys:
        raise ValueError(f"the bundled archive lacks {found.missing_keys}")
    return model.float()


def random_model(bundled, layers, hidden, heads):
    """A BERT of some shape."""
    config = BertConfig.from_json_file(str(bundled / "config.json"))
    config.update({"num_hidden_layers": layers, "hidden_size": hidden, "dtype": "float32",
                   "num_attention_heads": heads, "intermediate_size": 4 * hidden})
    return with_random_weights(BertForQuestionAnswering(config))


def family_model(bundled, family):
    """A base model of a family, with the bundled vocabulary."""
    vocabulary = len((bundled / "vocab.txt").read_text(encoding="utf-8").splitlines())
    config = AutoConfig.for_model(family.model_type, vocab_size=vocabulary, **family.configuration)
    if config.num_hidden_layers != family.layers:
        raise ValueError(f"{family.name} has {config.num_hidden_layers} layers")
    return with_random_weights(AutoModelForQuestionAnswering.from_config(config))


def with_random_weights(model):
    """Seeded weights that keep the hidden states' size from layer to layer, so that no precision
    meets only zeros or only saturated values; rounded to half precision, which is what the
    TorchScript archive stores, so that all peers have the very same weights."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.lower().endswith("norm.weight"):
                value = 1 + 0.1 * noise
            elif parameter.dim() == 1:
                value = 0.1 * noise
            elif "embeddings" in name:
                value = noise
            else:
                value = noise / parameter.shape[1] ** 0.5
            parameter.copy_(value.half().float())
    return model
