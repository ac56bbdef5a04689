"""transformers' model and the exported TorchScript graph, both in fp32."""

import torch


class TorchEngine:
    """What the two have in common; `model` returns (start, end) for (ids, mask, segments)."""

    def __init__(self, model, settings):
        self.model = model
        self.threads = settings["threads"]
        torch.set_num_threads(self.threads)

    def run(self, stream, ids, mask, segments):
        """Start and end logits [B, T]; the number of threads is the calling thread's own."""
        if stream:
            torch.set_num_threads(self.threads)
        with torch.inference_mode():
            start, end = self.model(*map(torch.from_numpy, (ids, mask, segments)))
        return start.numpy(), end.numpy()


class TransformersEngine(TorchEngine):
    """BertForQuestionAnswering with its default attention."""

    def __init__(self, path, settings):
        from transformers import BertForQuestionAnswering
        bert = BertForQuestionAnswering.from_pretrained(
            path, dtype=torch.float32, local_files_only=True).eval()

        def logits(ids, mask, segments):
            out = bert(input_ids=ids, attention_mask=mask, token_type_ids=segments)
            return out.start_logits, out.end_logits

        super().__init__(logits, settings)


class TorchScriptEngine(TorchEngine):
    """The archive as exported; stored in half precision, computed in single."""

    def __init__(self, path, settings):
        super().__init__(torch.jit.load(path).float().eval(), settings)
