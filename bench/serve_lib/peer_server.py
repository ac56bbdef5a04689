"""What people write today: a question-answering server in a few lines of FastAPI.

uvicorn serves it; $PEER is "transformers" or "onnxruntime", $MODEL a checkpoint's folder, $GRAPH an
ONNX file, $WORKERS how many questions are answered at once, each on one thread.
"""

import os

import numpy
import torch
from anyio import to_thread
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
torch.set_num_threads(1)


class Question(BaseModel):
    question: str
    context: str


@app.on_event("startup")
def limit_threads():
    to_thread.current_default_thread_limiter().total_tokens = int(os.environ["WORKERS"])


def transformers_answer():
    from transformers import pipeline
    reader = pipeline("question-answering", model=os.environ["MODEL"], device="cpu")
    return lambda q: reader(question=q.question, context=q.context)


def onnxruntime_answer():
    import onnxruntime
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(os.environ["MODEL"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.environ["GRAPH"], options)

    def answer(q):
        encoded = tokenizer(q.question, q.context, truncation="only_second", max_length=384,
                            stride=128, return_overflowing_tokens=True,
                            return_offsets_mapping=True, padding="longest", return_tensors="np")
        start, end = session.run(None, {item.name: encoded[item.name].astype(numpy.int64)
                                        for item in session.get_inputs()})
        best = None
        for window in range(len(start)):
            context = numpy.array([i == 1 for i in encoded.sequence_ids(window)])
            spans = numpy.where(context[:, None] & context[None, :],
                                start[window][:, None] + end[window][None, :], -numpy.inf)
            spans = numpy.triu(spans) - numpy.triu(numpy.full_like(spans, 1e9), 30)
            place = divmod(int(spans.argmax()), spans.shape[1])
            if best is None or spans[place] > best[0]:
                offsets = encoded["offset_mapping"][window]
                best = spans[place], int(offsets[place[0]][0]), int(offsets[place[1]][1])
        return {"answer": q.context[best[1]:best[2]], "start": best[1], "end": best[2],
                "logit": float(best[0])}

    return answer


ANSWER = {"transformers": transformers_answer, "onnxruntime": onnxruntime_answer}[
    os.environ["PEER"]]()


@app.post("/v1/answer")
def answer_question(question: Question):
    return ANSWER(question)
