"""Writes a BERT question-answering checkpoint with random weights, as Hugging Face saves one."""

import json
import random
import string
import struct

HIDDEN = 16
LAYERS = 2
INTERMEDIATE = 24
MAX_TOKENS = 512

WORDS = """the a of in is was what who where when how many word fox dog Paris tower built by year
answer question context number one two three river city country born first last big small""".split()
VOCABULARY = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(string.ascii_lowercase) +
              ["##" + c for c in string.ascii_lowercase] + list(string.digits) +
              ["##" + c for c in string.digits] + list("!\"'(),-.:;?") +
              sorted({word.lower() for word in WORDS} - {"a"}))

CONFIG = {
    "architectures": ["BertForQuestionAnswering"],
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": HIDDEN,
    "intermediate_size": INTERMEDIATE,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": MAX_TOKENS,
    "num_attention_heads": 2,
    "num_hidden_layers": LAYERS,
    "position_embedding_type": "absolute",
    "type_vocab_size": 2,
    "vocab_size": len(VOCABULARY),
}


def tensor_shapes(layers=LAYERS):
    """Name and shape of every tensor, in the names of transformers' BertForQuestionAnswering."""
    shapes = {}

    def linear(name, outputs, inputs):
        shapes[name + ".weight"] = [outputs, inputs]
        shapes[name + ".bias"] = [outputs]

    def norm(name):
        shapes[name + ".weight"] = [HIDDEN]
        shapes[name + ".bias"] = [HIDDEN]

    embeddings = "bert.embeddings."
    shapes[embeddings + "word_embeddings.weight"] = [len(VOCABULARY), HIDDEN]
    shapes[embeddings + "position_embeddings.weight"] = [MAX_TOKENS, HIDDEN]
    shapes[embeddings + "token_type_embeddings.weight"] = [2, HIDDEN]
    norm(embeddings + "LayerNorm")
    for layer in range(layers):
        prefix = f"bert.encoder.layer.{layer}."
        for part in ("query", "key", "value"):
            linear(prefix + "attention.self." + part, HIDDEN, HIDDEN)
        linear(prefix + "attention.output.dense", HIDDEN, HIDDEN)
        norm(prefix + "attention.output.LayerNorm")
        linear(prefix + "intermediate.dense", INTERMEDIATE, HIDDEN)
        linear(prefix + "output.dense", HIDDEN, INTERMEDIATE)
        norm(prefix + "output.LayerNorm")
    linear("qa_outputs", 2, HIDDEN)
    return shapes


def safetensors_bytes(shapes, seed):
    """The tensors as a safetensors file of float32."""
    numbers = random.Random(seed)
    header = {"__metadata__": {"format": "pt"}}
    blocks = []
    offset = 0
    for name, shape in shapes.items():
        count = 1
        for size in shape:
            count *= size
        center = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        block = struct.pack(f"<{count}f", *(numbers.gauss(center, 0.4) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": shape,
                        "data_offsets": [offset, offset + len(block)]}
        offset += len(block)
        blocks.append(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(blocks)


def write_tiny_model(folder, seed=5, shapes=None, layers=LAYERS):
    """Makes `folder` and the checkpoint in it. `shapes` replaces the tensors that are written;
    with some hundred `layers` it takes its time to answer."""
    folder.mkdir(parents=True)
    config = {**CONFIG, "num_hidden_layers": layers}
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in VOCABULARY))
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    (folder / "model.safetensors").write_bytes(safetensors_bytes(shapes or tensor_shapes(layers), seed))
