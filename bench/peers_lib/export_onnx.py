"""ONNX files: plain, fused by ONNX Runtime's transformer optimiser, and dynamically quantised."""

import warnings

import onnx
import torch

from peers_lib.families import BY_NAME

BERT = BY_NAME["bert-base"]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = ("start_logits", "end_logits")


class SpanLogits(torch.nn.Module):
    """(ids, mask, segments where the family has them) -> (start logits, end logits), all [B, T]."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        segments = getattr(model.config, "type_vocab_size", 0) > 1
        self.inputs = INPUTS if segments else INPUTS[:2]

    def forward(self, *inputs):
        out = self.model(**dict(zip(self.inputs, inputs)))
        return out.start_logits, out.end_logits


def export(checkpoint, out):
    """The graph with eager attention, whose pattern the optimisers know; any batch and length."""
    from transformers import AutoModelForQuestionAnswering
    model = SpanLogits(AutoModelForQuestionAnswering.from_pretrained(
        checkpoint, dtype=torch.float32, attn_implementation="eager", local_files_only=True)).eval()
    example = tuple(torch.ones(2, 17, dtype=torch.long) for _ in model.inputs)
    names = list(model.inputs)
    axes = {name: {0: "batch", 1: "tokens"} for name in (*names, *OUTPUTS)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, example, str(out), input_names=names, output_names=list(OUTPUTS),
                          dynamic_axes=axes, opset_version=17, dynamo=False)


def fuse(checkpoint, plain, out, family=BERT):
    """Attention, GELU and LayerNorm with residual as single operators. Raises if one was missed
    that the family is known to allow."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model
    from transformers import AutoConfig
    options = FusionOptions(family.optimizer)
    options.enable_shape_inference = family.has_known_shapes
    config = AutoConfig.from_pretrained(checkpoint, local_files_only=True)
    optimized = optimize_model(str(plain), model_type=family.optimizer, opt_level=0,
                               optimization_options=options, num_heads=config.num_attention_heads,
                               hidden_size=config.hidden_size)
    fused = optimized.get_fused_operator_statistics()
    layers = config.num_hidden_layers
    gelus = fused["BiasGelu"] + fused["FastGelu"]
    is_whole = not family.is_like_bert or (
        gelus == layers and fused["SkipLayerNormalization"] >= 2 * layers)
    if fused["Attention"] != min(family.fused, layers) or not is_whole:
        raise ValueError(f"{family.name}: the optimiser did not fuse every layer: {fused}")
    optimized.save_model_to_file(str(out))


def quantize(fused, reduce_range, out):
    """8-bit weights by output channel, activations quantised as they come. The embeddings stay as
    they are: they cost no time, and quantised they cost 0.2 of F1 with the bundled model."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    quantize_dynamic(str(fused), str(out), per_channel=True, reduce_range=reduce_range,
                     weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Attention"],
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
