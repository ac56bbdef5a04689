"""Picks the engine of a job; each engine's module imports its runtime alone."""


def open_engine(name, path, settings):
    """An engine with `run(stream, ids, mask, segments)` -> start and end logits, numpy [B, T]."""
    if name == "onnxruntime":
        from peers_lib.engine_onnxruntime import OnnxRuntimeEngine
        return OnnxRuntimeEngine(path, settings)
    if name == "openvino":
        from peers_lib.engine_openvino import OpenVinoEngine
        return OpenVinoEngine(path, settings)
    from peers_lib.engine_torch import TorchScriptEngine, TransformersEngine
    return {"transformers": TransformersEngine, "torchscript": TorchScriptEngine}[name](
        path, settings)
