#!/usr/bin/env python3
"""Makes random models of every family at odd sizes, with tokenizers of their kinds, to check parity on.

    tools/make_parity_models.py OUT_FOLDER
    tools/check_parity.py --bertqa build/bin/bertqa OUT_FOLDER/*

Tokenizers are those of tests/golden and the bundled vocabulary. Weights keep the hidden states' size
from layer to layer, so that fp32 itself is exact to 1e-5. Needs transformers 4.57.6, sentencepiece.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
WORDPIECE = ROOT / "models" / "minilm-l6-squad" / "vocab.txt"
# family: (class prefix, tokenizers: a file, or a folder of files)
FAMILIES = {
    "bert": ("Bert", [WORDPIECE]),
    "distilbert": ("DistilBert", [WORDPIECE]),
    "electra": ("Electra", [WORDPIECE]),
    "mpnet": ("MPNet", [GOLDEN / "tokenizers/mpnet.json"]),
    "roberta": ("Roberta", [GOLDEN / "tokenizers/roberta", GOLDEN / "tokenizers/roberta-prefix.json"]),
    "camembert": ("Camembert", [GOLDEN / "models/spm-camembert"]),
    "xlm-roberta": ("XLMRoberta", [GOLDEN / "models/spm-xlm-roberta",
                                   GOLDEN / "tokenizers/xlm-roberta.json"]),
    "albert": ("Albert", [GOLDEN / "models/spm-albert", GOLDEN / "models/spm-albert-cased",
                          GOLDEN / "tokenizers/albert.json"]),
    "mobilebert": ("MobileBert", [WORDPIECE]),
    "modernbert": ("ModernBert", [GOLDEN / "tokenizers/modernbert.json"]),
    "deberta-v2": ("DebertaV2", [GOLDEN / "models/spm-deberta", GOLDEN / "models/spm-deberta-punct",
                                 GOLDEN / "tokenizers/deberta-v3.json"]),
}
# hidden, heads, layers, inner, positions, embedding (where the family has one), activation
SHAPES = [(24, 3, 2, 50, 514, 16, "gelu"), (60, 5, 3, 100, 200, 60, "gelu_new"),
          (128, 2, 1, 333, 514, 140, "relu"), (96, 12, 4, 64, 130, 96, "gelu")]
LIKE_ROBERTA = ("roberta", "camembert", "xlm-roberta")
# What only one family has: of hidden size, embedding size and activation.
OF_THEIR_OWN = {
    "mobilebert": lambda hidden, embedding, activation: {
        "embedding_size": embedding, "intra_bottleneck_size": hidden // 2,
        "normalization_type": "no_norm" if hidden < 90 else "layer_norm"},
    "modernbert": lambda hidden, embedding, activation: {
        **{f"{name}_token_id": 0 for name in ("pad", "bos", "eos", "cls", "sep")},
        "hidden_activation": activation, "local_attention": 32, "norm_bias": hidden < 90,
        "global_attn_every_n_layers": 2},
    "deberta-v2": lambda hidden, embedding, activation: {
        "embedding_size": embedding, "relative_attention": True, "position_buckets": 16,
        "pos_att_type": "c2p|p2c", "share_att_key": hidden < 90, "type_vocab_size": 2 * (hidden // 60),
        "norm_rel_ebd": "layer_norm", "position_biased_input": hidden > 90,
        "conv_kernel_size": 3 if hidden == 96 else 0},
}


def put_tokenizer(family, prefix, source, folder, lowercase):
    """The tokenizer's files, and which class they are of."""
    settings = {"tokenizer_class": f"{prefix}Tokenizer" if family != "modernbert" else
                "PreTrainedTokenizerFast"}
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True)
    elif source.suffix == ".json":
        shutil.copyfile(source, folder / "tokenizer.json")
        settings["add_prefix_space"] = "prefix" in source.stem
    else:
        shutil.copyfile(source, folder / "vocab.txt")
        settings["do_lower_case"] = lowercase
    if not (folder / "tokenizer_config.json").exists():
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "config.json").write_text(json.dumps({"model_type": family}))
    return transformers.AutoTokenizer.from_pretrained(folder)


def configuration_of(family, shape, tokenizer):
    """A shape in the family's words."""
    hidden, heads, layers, inner, positions, embedding, activation = shape
    options = {"vocab_size": max(tokenizer.get_vocab().values()) + 1,
               "max_position_embeddings": positions}
    if family == "distilbert":
        return {**options, "dim": hidden, "n_heads": heads, "n_layers": layers, "hidden_dim": inner,
                "activation": "gelu" if activation == "gelu_new" else activation}
    options |= {"hidden_size": hidden, "num_attention_heads": heads, "num_hidden_layers": layers,
                "intermediate_size": inner, "hidden_act": activation}
    if family in ("albert", "electra"):
        options["embedding_size"] = embedding
    if family in LIKE_ROBERTA:
        options |= {"type_vocab_size": 1, "pad_token_id": tokenizer.pad_token_id or 1}
    if family == "modernbert":
        del options["hidden_act"]
    return options | OF_THEIR_OWN.get(family, lambda *_: {})(hidden, embedding, activation)


def randomize(model, seed, scale):
    """Norms, biases and all."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter)
            if name.lower().endswith("norm.weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.1 * noise)
            elif name.endswith("_embeddings.weight"):
                parameter.copy_(noise)
            else:
                parameter.copy_(scale * noise / parameter.shape[1] ** 0.5)


def main():
    out = Path(sys.argv[1])
    for family, (prefix, sources) in FAMILIES.items():
        for source in sources:
            for number, shape in enumerate(SHAPES):
                folder = out / f"{family}-{source.stem}-{shape[0]}"
                folder.mkdir(parents=True)
                tokenizer = put_tokenizer(family, prefix, source, folder, number % 2 == 0)
                config = getattr(transformers, f"{prefix}Config")(
                    **configuration_of(family, shape, tokenizer))
                model = getattr(transformers, f"{prefix}ForQuestionAnswering")(config)
                # Where nothing is normalised, larger weights would make numbers of millions.
                randomize(model, number, 0.4 if family == "mobilebert" else 1.5)
                model.save_pretrained(folder)


if __name__ == "__main__":
    main()
