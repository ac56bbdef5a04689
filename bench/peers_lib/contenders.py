"""Who takes part: each contender's runtime, precision, files and what is tuned."""

from dataclasses import dataclass

BATCHES = (1, 4, 8, 16, 32)


@dataclass(frozen=True)
class Contender:
    """One way to answer a file."""

    name: str  # in files and on the command line
    label: str  # in tables
    engine: str  # pipeline, transformers, torchscript, onnxruntime, openvino or bertqa
    precision: str  # fp32, bf16, int8 or auto
    file: str = ""  # the model's file, inside the model's work folder
    variants: tuple = ({},)  # further settings of the engine, the best of which is taken
    multiples: tuple = (1,)  # batches are padded to a multiple of so many tokens

    @property
    def ours(self):
        """Whether this is bertqa."""
        return self.engine == "bertqa"

    @property
    def tuned(self):
        """Whether batch size and threads are looked for."""
        return self.engine not in ("bertqa", "pipeline")


def openvino_variants(*groups):
    """Activations that stay floating point may be fp32 or, where it is native, bf16."""
    return tuple({"hint": hint, **group} for hint in ("f32", "bf16") for group in groups)


CONTENDERS = (
    Contender("pipeline", "transformers pipeline, one question at a time", "pipeline", "fp32",
              "checkpoint"),
    Contender("eager", "transformers, sorted batches", "transformers", "fp32", "checkpoint"),
    Contender("torchscript", "TorchScript graph, sorted batches", "torchscript", "fp32",
              "bertqa/model.pt"),
    Contender("ort-fp32", "ONNX Runtime fp32", "onnxruntime", "fp32", "onnxruntime-fp32.onnx"),
    Contender("ort-int8", "ONNX Runtime int8 (dynamic)", "onnxruntime", "int8",
              "onnxruntime-int8.onnx"),
    Contender("openvino-fp32", "OpenVINO fp32", "openvino", "fp32", "openvino/fp32.xml",
              ({"hint": "f32"},), (16, 1)),
    Contender("openvino-bf16", "OpenVINO bf16", "openvino", "bf16", "openvino/fp32.xml",
              ({"hint": "bf16"},), (16, 1)),
    Contender("openvino-int8", "OpenVINO int8 (dynamic)", "openvino", "int8",
              "openvino/int8-weights.xml", openvino_variants({"group": 32}, {"group": 128}),
              (16, 1)),
    Contender("openvino-int8-static", "OpenVINO int8 (calibrated)", "openvino", "int8",
              "openvino/int8-static.xml", openvino_variants({}), (16, 1)),
    Contender("bertqa-fp32", "**bertqa fp32**", "bertqa", "fp32"),
    Contender("bertqa-bf16", "**bertqa bf16**", "bertqa", "bf16"),
    Contender("bertqa-int8", "**bertqa int8**", "bertqa", "int8"),
    Contender("bertqa-auto", "**bertqa auto**", "bertqa", "auto"),
)


def that_run_here(names, native_bf16):
    """The named contenders (all if none is named), less bf16 where it would be emulated."""
    known = {contender.name for contender in CONTENDERS}
    unknown = sorted(set(names) - known)
    if unknown:
        raise ValueError(f"no contender is called {', '.join(unknown)}; there are "
                         f"{', '.join(sorted(known))}")
    return [contender for contender in CONTENDERS
            if (not names or contender.name in names)
            and (native_bf16 or contender.precision != "bf16")]


def variants_that_run_here(contender, native_bf16):
    """The contender's variants, less those that need bf16 where there is none."""
    return [variant for variant in contender.variants
            if native_bf16 or variant.get("hint") != "bf16"]


def layouts(cores):
    """(streams, threads of each): one with all cores, one stream a core, and between."""
    found = [(1, cores)]
    if cores >= 4:
        found.append((cores // 2, 2))
    if cores > 1:
        found.append((cores, 1))
    return found
