"""A child process that answers one SQuAD file with one peer: `python -m peers_lib.worker JOB`.

JOB is a JSON object: engine, model (path), tokenizer (path), squad (path), answers (path to write),
settings. Prints one JSON object: load_seconds (imports and model), run_seconds (from opening the
file to answers written), windows, tokens (without padding).
"""

import time

BEGIN = time.perf_counter()

import json  # noqa: E402  the clock runs first: imports are part of the start
import sys  # noqa: E402

from peers_lib.squad import read_examples  # noqa: E402


def answer_batched(job):
    """Windows of the whole file in sorted batches."""
    from peers_lib import reader
    from peers_lib.engines import open_engine
    tokenizer = reader.load_tokenizer(job["tokenizer"])
    engine = open_engine(job["engine"], job["model"], job["settings"])
    loaded = time.perf_counter()
    examples = read_examples(job["squad"])
    windows, offsets = reader.windows_of(examples, tokenizer)
    spans = reader.spans_of(windows, engine, job["settings"])
    answers = reader.answers_of(examples, windows, offsets, spans)
    return loaded, answers, {"windows": len(windows), "tokens": sum(len(w.ids) for w in windows)}


def answer_one_at_a_time(job):
    """transformers' pipeline as its documentation shows it."""
    from transformers import pipeline
    answerer = pipeline("question-answering", model=job["model"], tokenizer=job["model"])
    loaded = time.perf_counter()
    answers = {example["id"]: answerer(question=example["question"],
                                       context=example["context"])["answer"]
               for example in read_examples(job["squad"])}
    return loaded, answers, {}


def main():
    job = json.loads(sys.argv[1])
    answer = answer_one_at_a_time if job["engine"] == "pipeline" else answer_batched
    loaded, answers, counts = answer(job)
    with open(job["answers"], "w", encoding="utf-8") as file:
        json.dump(answers, file, ensure_ascii=False)
    print(json.dumps({"load_seconds": loaded - BEGIN,
                      "run_seconds": time.perf_counter() - loaded, **counts}))


if __name__ == "__main__":
    main()
