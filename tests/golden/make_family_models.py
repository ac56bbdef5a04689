#!/usr/bin/env python3
"""Writes a tiny random model of each family but BERT: tests/golden/models/family-* and the logits.

    tests/golden/make_family_models.py

make_models.py does the same for BERT. Logits are transformers' `…ForQuestionAnswering`, fp32, eager
attention, one window at a time. RoBERTa and its like get no segments, as their tokenizers give
none; the padding piece stands inside some windows, where it changes their positions.
Needs transformers 4.57.6.
"""

from pathlib import Path

import torch
import transformers

from make_models import PIECES, rounded, write_json

HERE = Path(__file__).parent
# ModernBERT's own are beyond the small vocabulary.
NO_SPECIAL = {f"{name}_token_id": number for number, name in
              enumerate(("pad", "unk", "cls", "sep", "bos", "eos"))}
# name: (class prefix, changes to the defaults below, stored type, whether it takes segments)
FAMILIES = {
    "distilbert": ("DistilBert", {"sinusoidal_pos_embds": True, "activation": "relu"},
                   torch.float32, False),
    "roberta": ("Roberta", {"layer_norm_eps": 1e-5, "type_vocab_size": 1}, torch.float16, False),
    "camembert": ("Camembert", {"layer_norm_eps": 1e-3, "type_vocab_size": 1,
                                "hidden_act": "gelu_new"}, torch.bfloat16, False),
    "xlm-roberta": ("XLMRoberta", {"layer_norm_eps": 1e-5, "type_vocab_size": 2,
                                   "pad_token_id": 4}, torch.float32, False),
    "albert": ("Albert", {"embedding_size": 20, "type_vocab_size": 3, "num_hidden_layers": 3},
               torch.float32, True),
    "albert-wide": ("Albert", {"embedding_size": 32, "hidden_act": "gelu"}, torch.float16, True),
    "electra": ("Electra", {"embedding_size": 70, "layer_norm_eps": 1e-5}, torch.float32, True),
    "electra-base": ("Electra", {"embedding_size": 32, "hidden_act": "relu"}, torch.float16, True),
    "mpnet": ("MPNet", {"layer_norm_eps": 1e-5, "max_position_embeddings": 150}, torch.float16,
              False),
    # As many ids as tokenizers/modernbert.json has.
    "modernbert": ("ModernBert", {
        "vocab_size": 922, "num_hidden_layers": 4, "max_position_embeddings": 300,
        "local_attention": 24, **NO_SPECIAL}, torch.float16, False),
    "modernbert-biased": ("ModernBert", {
        "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 37,
        "global_attn_every_n_layers": 2, "local_attention": 7, "local_rope_theta": None,
        "global_rope_theta": 500.0, "norm_eps": 1e-3, "hidden_activation": "relu",
        "classifier_activation": "gelu_new", "attention_bias": True, "mlp_bias": True,
        "norm_bias": True, "classifier_bias": True, **NO_SPECIAL}, torch.float32, False),
    # As many ids as models/spm-deberta has.
    "deberta-v3": ("DebertaV2", {
        "vocab_size": 1256, "relative_attention": True, "position_buckets": 8, "norm_rel_ebd": "layer_norm",
        "share_att_key": True, "pos_att_type": "p2c|c2p", "position_biased_input": False,
        "max_position_embeddings": 20}, torch.float16, False),
    "deberta-v2": ("DebertaV2", {
        "relative_attention": True, "max_relative_positions": 12, "pos_att_type": ["c2p", "p2c"],
        "embedding_size": 20, "type_vocab_size": 3, "layer_norm_eps": 1e-3,
        "conv_kernel_size": 5, "conv_groups": 4}, torch.float32, True),
    "deberta-c2p": ("DebertaV2", {
        "relative_attention": True, "position_buckets": 9, "max_relative_positions": 30,
        "pos_att_type": "c2p", "position_biased_input": False, "embedding_size": 40,
        "conv_kernel_size": 3, "conv_act": "gelu", "hidden_act": "gelu_new"}, torch.bfloat16,
                    False),
    "deberta-p2c": ("DebertaV2", {
        "relative_attention": True, "position_buckets": 6, "max_relative_positions": 15,
        "pos_att_type": ["p2c"], "position_biased_input": False, "norm_rel_ebd": "none",
        "type_vocab_size": 2, "num_attention_heads": 2}, torch.float16, True),
    "deberta-absolute": ("DebertaV2", {"pos_att_type": "c2p|p2c", "share_att_key": True,
                                       "conv_kernel_size": 1, "conv_act": "relu"}, torch.float32,
                         False),
}
# Without normalisation values grow from layer to layer: weights are smaller here.
MOBILEBERTS = {
    "mobilebert": ("MobileBert", {"embedding_size": 12, "intra_bottleneck_size": 20,
                                  "initializer_range": 0.14}, torch.float16, True),
    "mobilebert-hidden": ("MobileBert", {"embedding_size": 20, "intra_bottleneck_size": 32,
                                         "key_query_shared_bottleneck": False,
                                         "trigram_input": False, "num_feedforward_networks": 2,
                                         "hidden_act": "gelu_new", "initializer_range": 0.14},
                          torch.bfloat16, True),
    "mobilebert-norm": ("MobileBert", {"embedding_size": 32, "intra_bottleneck_size": 24,
                                       "use_bottleneck_attention": True, "trigram_input": False,
                                       "num_feedforward_networks": 3, "hidden_act": "gelu",
                                       "normalization_type": "layer_norm", "layer_norm_eps": 1e-2},
                        torch.float32, True),
    "mobilebert-wide": ("MobileBert", {"embedding_size": 32, "use_bottleneck": False,
                                       "num_feedforward_networks": 1, "type_vocab_size": 3,
                                       "normalization_type": "layer_norm", "layer_norm_eps": 1e-2},
                        torch.float16, True),
}
SHAPE = {"vocab_size": len(PIECES), "hidden_size": 32, "num_attention_heads": 4,
         "num_hidden_layers": 2, "intermediate_size": 52, "max_position_embeddings": 70,
         "initializer_range": 0.3}
DISTILBERT_KEYS = {"hidden_size": "dim", "num_attention_heads": "n_heads",
                   "num_hidden_layers": "n_layers", "intermediate_size": "hidden_dim"}


def random_model(folder, family, seed):
    prefix, changes, dtype, _ = family
    options = {**SHAPE, **changes}
    if prefix == "DistilBert":
        options = {DISTILBERT_KEYS.get(key, key): value for key, value in options.items()}
    torch.manual_seed(seed)
    config = getattr(transformers, prefix + "Config")(**options)
    model = getattr(transformers, prefix + "ForQuestionAnswering")(config)
    spread = options["initializer_range"] / 1.5
    with torch.no_grad():
        for parameter in model.parameters():  # biases, norms and the row of the padding too
            parameter.copy_(parameter + spread * torch.randn_like(parameter))
    model.to(dtype).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def random_windows(config, seed):
    generator = torch.Generator().manual_seed(seed)
    after_pad = config.model_type in ("roberta", "camembert", "xlm-roberta", "mpnet")
    limit = config.max_position_embeddings - (config.pad_token_id + 1 if after_pad else 0)
    if config.model_type == "deberta-v2" and not config.position_biased_input:
        distances = getattr(config, "max_relative_positions", -1)
        distances = distances if distances > 0 else config.max_position_embeddings
        limit = (2 * distances - 1) * config.num_hidden_layers
    windows = []
    for length in (1, 2, 17, limit - 1, limit):
        ids = torch.randint(0, config.vocab_size, (length,), generator=generator)
        if length == 17:
            ids[5] = ids[9] = config.pad_token_id
        windows.append((ids.tolist(), [int(index > length // 3) for index in range(length)]))
    return windows


def logits_of(family, folder, seed):
    prefix, _, _, takes_segments = family
    model = getattr(transformers, prefix + "ForQuestionAnswering").from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True).eval()
    rows = []
    with torch.inference_mode():
        for ids, segments in random_windows(model.config, seed):
            inputs = {"input_ids": torch.tensor([ids]),
                      "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
            if takes_segments:
                inputs["token_type_ids"] = torch.tensor([segments])
            output = model(**inputs)
            rows.append({"ids": ids, "segments": segments,
                         "start": output.start_logits[0].tolist(),
                         "end": output.end_logits[0].tolist()})
    return rounded(rows)


def main():
    for first_seed, families in ((100, FAMILIES), (200, MOBILEBERTS)):
        for seed, (name, family) in enumerate(families.items(), start=first_seed):
            folder = HERE / "models" / f"family-{name}"
            random_model(folder, family, seed)
            write_json(HERE / "logits" / f"family-{name}.json", logits_of(family, folder, seed))


if __name__ == "__main__":
    main()
