"""ONNX Runtime, one session that all streams call, or one session a stream."""

import onnxruntime


class OnnxRuntimeEngine:
    """A session's threads are its own, so streams of one thread each need a session each."""

    def __init__(self, path, settings):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings["threads"]
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.sessions = [onnxruntime.InferenceSession(path, options,
                                                      providers=["CPUExecutionProvider"])
                         for _ in range(settings["streams"])]
        self.inputs = {node.name for node in self.sessions[0].get_inputs()}

    def run(self, stream, ids, mask, segments):
        """Start and end logits [B, T]."""
        return self.sessions[stream].run(
            ("start_logits", "end_logits"),
            {name: value for name, value in (("input_ids", ids), ("attention_mask", mask),
                                             ("token_type_ids", segments)) if name in self.inputs})
