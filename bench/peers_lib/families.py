"""The families of bench/families: the base shape that each one is known by."""

from dataclasses import dataclass, field

from peers_lib.options import ModelPlan


@dataclass(frozen=True)
class Family:
    """A row. `configuration` is what a base model has and the class's defaults have not; the
    defaults are hidden 768, 12 layers, 12 heads, inner 3072 for most of them."""

    model_type: str
    title: str
    model: str  # where the shape is from
    configuration: dict = field(default_factory=dict)
    layers: int = 12
    optimizer: str = "bert"  # the name by which ONNX Runtime's optimiser knows the graph
    fused: int = 12  # layers of which it makes attention one operator
    is_like_bert: bool = True  # around attention: a GELU with bias, LayerNorm behind each sum
    # Whether the optimiser may infer the graph's shapes: of DeBERTa's branches it did not in 15 minutes.
    has_known_shapes: bool = True

    @property
    def is_fused(self):
        """Whether ONNX Runtime runs all attention as one operator a layer."""
        return self.fused == self.layers

    @property
    def name(self):
        """Of files."""
        return f"{self.model_type}-base"

    @property
    def plan(self):
        """How much is run."""
        return ModelPlan(f"{self.title}, base size (random weights)", 100, 24, (1, 4, 8, 16), 5,
                         2, 6, False)


# The vocabulary is the bundled model's for all: its size costs no time, since rows are looked up.
LIKE_ROBERTA = {"max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
# ModernBERT's defaults name ids of its own vocabulary.
NO_SPECIAL = {f"{name}_token_id": 0 for name in ("pad", "bos", "eos", "cls", "sep")}
DEBERTA_V3 = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
              "intermediate_size": 3072, "type_vocab_size": 0, "layer_norm_eps": 1e-7,
              "relative_attention": True, "position_buckets": 256, "norm_rel_ebd": "layer_norm",
              "share_att_key": True, "pos_att_type": ["p2c", "c2p"],
              "position_biased_input": False}
FAMILIES = (
    Family("bert", "BERT", "bert-base-uncased"),
    Family("distilbert", "DistilBERT", "distilbert-base-uncased", layers=6, fused=0),
    Family("roberta", "RoBERTa", "roberta-base", LIKE_ROBERTA),
    Family("camembert", "CamemBERT", "camembert-base", LIKE_ROBERTA),
    Family("xlm-roberta", "XLM-RoBERTa", "xlm-roberta-base", LIKE_ROBERTA),
    Family("albert", "ALBERT", "albert-base-v2",
           {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}, fused=11),
    Family("electra", "ELECTRA", "electra-base-discriminator",
           {"embedding_size": 768, "hidden_size": 768, "num_attention_heads": 12,
            "intermediate_size": 3072}),
    Family("mpnet", "MPNet", "mpnet-base",
           {"max_position_embeddings": 514, "layer_norm_eps": 1e-5}, fused=0),
    Family("mobilebert", "MobileBERT", "mobilebert-uncased", layers=24, fused=0,
           is_like_bert=False),
    Family("modernbert", "ModernBERT", "ModernBERT-base", NO_SPECIAL, layers=22, fused=0,
           is_like_bert=False),
    Family("deberta-v2", "DeBERTa-v3", "deberta-v3-base", DEBERTA_V3, fused=0,
           has_known_shapes=False),
)
BY_NAME = {family.name: family for family in FAMILIES}


def chosen(names):
    """The families of these model types; all if none is named. Raises ValueError."""
    known = {family.model_type: family for family in FAMILIES}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"no family is called {', '.join(unknown)}; there are "
                         f"{', '.join(known)}")
    return [family for family in FAMILIES if not names or family.model_type in names]
