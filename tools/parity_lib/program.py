"""Our side: what `bertqa inspect --json` tells."""

import json
import subprocess

from parity_lib.comparison import Reading, Window, without_space


def inspect(binary, folder, question, context, limits):
    """The JSON of one question. Raises RuntimeError with the program's message."""
    done = subprocess.run(
        [binary, "inspect", "--json", "--precision", "fp32", "--no-answer", "off", "--model", folder,
         "--window-tokens", str(limits.window), "--overlap-tokens", str(limits.overlap),
         "--max-question-tokens", str(limits.question), "--max-answer-tokens", str(limits.answer),
         "--question", question, "--context", context],
        capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.strip() or f"status {done.returncode}")
    return json.loads(done.stdout)


def reading_of(inspection, suffix, texts):
    """The windows as the model gets them. A context token comes once, with the window that answers
    for it, and has its logits from there; `suffix` special tokens stand behind the context. `texts` are
    the question and the context."""
    context = [token for token in inspection["tokens"] if token["segment"] == "context"]
    windows = []
    for number, window in enumerate(inspection["windows"]):
        rest = [token for token in inspection["tokens"]
                if token["window"] == number and token["segment"] != "context"]
        split = len(rest) - suffix
        inside = context[window["first_token"]:window["last_token"] + 1]
        windows.append(window_of(rest[:split] + inside + rest[split:], number, texts))
    joint = inspection["joint"]
    answer = None if joint["answer"] is None else (joint["start"], joint["end"])
    return Reading(windows, answer, joint["logit"] or 0.0)


def window_of(tokens, number, texts):
    """The tokens of window `number`, those that another one answers for among them."""
    by_segment = dict(zip(("question", "context"), texts))
    spans = [None if token["start"] is None else
             without_space(by_segment[token["segment"]], (token["start"], token["end"]))
             for token in tokens]
    logits = {place: (token["start_logit"], token["end_logit"])
              for place, token in enumerate(tokens) if token["window"] == number}
    return Window([token["id"] for token in tokens], spans, logits)
