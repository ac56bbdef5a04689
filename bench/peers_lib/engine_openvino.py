"""OpenVINO: one compiled model, a request for each stream."""

import openvino


class OpenVinoEngine:
    """settings: hint (f32 or bf16) and, for dynamic quantisation, group."""

    def __init__(self, path, settings):
        cores = settings["streams"] * settings["threads"]
        config = {"NUM_STREAMS": settings["streams"], "INFERENCE_NUM_THREADS": cores,
                  "INFERENCE_PRECISION_HINT": settings["hint"]}
        if "group" in settings:
            config["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = settings["group"]
        compiled = openvino.Core().compile_model(path, "CPU", config)
        self.requests = [compiled.create_infer_request() for _ in range(settings["streams"])]

    def run(self, stream, ids, mask, segments):
        """Start and end logits [B, T]; views that the stream's next run overwrites."""
        request = self.requests[stream]
        request.infer([ids, mask, segments], share_inputs=True, share_outputs=True)
        return request.get_output_tensor(0).data, request.get_output_tensor(1).data
