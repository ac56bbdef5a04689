#!/usr/bin/env python3
"""Writes tests/golden/eval_*.json: what the official SQuAD scripts and Python 3.11 say.

    eval_golden.py --v1 evaluate-v1.1.py --v2 evaluate-v2.0.py --out tests/golden \
        [--data dev.json --predictions predictions.json --sample 200]

The official scripts are run as they are, as programs. Python must be 3.11: `str.lower` and `\\w`
follow its Unicode version, and sum() adds up another way from 3.12 on.
"""
import argparse
import importlib.util
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

SEED = 20261125

WORDS = """a an the The AN A-the a's thea the_ _a Paris paris PARIS, New York-based U.S. "quoted" 42 3.14
1,000 ΟΔΟΣ ΟΔΟΣ. ΑΣ Σ ΣΑΣ Σ'Σ İstanbul IİI ı ß ẞ Straße É e\u0301 E\u0301 a\u0301 \u0301a café naïve
日本 東京 한국 ½ ² Ⅷ ⅷ ١٢ x_y — … “the” ‘a’ the’s a\u200bthe a\u00adan 😀 👩\u200d🚀 \U0001e030a
a\U0001e030 ʰΣ ªΣ ⓐΣ ǅ ﬁ Ǆ ! ' $5 %""".split()
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u2009", "\u200b", "\x1c", "\x85", "\u2028", "-", ""]


def random_text(rng, most):
    text = ""
    for _ in range(rng.randint(0, most)):
        text += rng.choice(WORDS) + rng.choice(SPACES)
    return text


def mutate(rng, text):
    """A prediction near `text`: the same, a part of it, more than it, or something else."""
    kind = rng.randint(0, 5)
    if kind == 0:
        return text
    if kind == 1:
        return text.swapcase() + rng.choice(["", ".", " the"])
    if kind == 2:
        return text[: rng.randint(0, len(text))]
    if kind == 3:
        return rng.choice(WORDS) + " " + text + " " + rng.choice(WORDS)
    if kind == 4:
        return ""
    return random_text(rng, 4)


def random_questions(rng, size, unanswerable):
    questions = []
    for i in range(size):
        answers = [random_text(rng, 4) for _ in range(rng.randint(1, 3))]
        if rng.random() < unanswerable:
            answers = []
        questions.append([f"q{i}", answers])
    if size > 4 and rng.random() < 0.5:  # a repeated id with other answers
        questions.append([questions[1][0], [random_text(rng, 3)]])
    return questions


def random_scores(rng, questions):
    """Few different values, so that many are equal, in an order of their own."""
    ids = list(dict.fromkeys(q[0] for q in questions)) + ["unknown"]
    rng.shuffle(ids)
    return [[i, rng.choice([-2.5, -1.0, 0.0, 0.1, 0.3, 0.7, 1.0, 1.5, 20.25])] for i in ids]


def predict(rng, questions):
    return {q[0]: mutate(rng, rng.choice(q[1]) if q[1] else "") for q in questions}


def run(script, *arguments):
    finished = subprocess.run([sys.executable, script, *map(str, arguments)], check=True, capture_output=True, text=True)
    return json.loads(finished.stdout)


def official(case, scripts):
    """The figures of the official script for `case`, as [name, value] in its order."""
    qas = [{"id": i, "answers": [{"text": t} for t in answers]} for i, answers in case["questions"]]
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "data.json")
        predictions = pathlib.Path(folder, "predictions.json")
        data.write_text(json.dumps({"version": "1.1", "data": [{"paragraphs": [{"qas": qas}]}]}))
        predictions.write_text(json.dumps(case["predictions"]))
        if case["version"] == 1:
            figures = run(scripts[1], data, predictions)
            return [["exact", figures["exact_match"]], ["f1", figures["f1"]], ["total", len(qas)]]
        arguments = [data, predictions, "--na-prob-thresh", case["threshold"]]
        if case["scores"] is not None:
            scores = pathlib.Path(folder, "scores.json")
            scores.write_text(json.dumps(dict(case["scores"])))
            arguments += ["--na-prob-file", scores]
        return [list(item) for item in run(scripts[2], *arguments).items()]


def random_cases(rng):
    for i in range(14):
        questions = random_questions(rng, [1, 2, 7, 23][i % 4], 0)
        predictions = predict(rng, questions)
        if i % 3 == 0 and len(predictions) > 2:
            del predictions["q1"]
        yield {"version": 1, "questions": questions, "predictions": predictions, "scores": None, "threshold": 1.0}
    for i in range(36):
        questions = random_questions(rng, [1, 2, 7, 23][i % 4], [0.4, 0.4, 0, 1][i // 4 % 4])
        scores = None if i % 5 == 4 else random_scores(rng, questions)
        threshold = [1.0, 0.3, -1.0][i % 3]
        yield {"version": 2, "questions": questions, "predictions": predict(rng, questions), "scores": scores, "threshold": threshold}


def real_cases(rng, options):
    """Real questions and predictions; for 2.0 every fourth is made unanswerable."""
    articles = json.loads(pathlib.Path(options.data).read_text())["data"]
    predictions = json.loads(pathlib.Path(options.predictions).read_text())
    questions = [[qa["id"], [a["text"] for a in qa["answers"]]] for article in articles for p in article["paragraphs"] for qa in p["qas"]]
    step = max(1, len(questions) // options.sample)
    questions = questions[::step][: options.sample]
    predictions = {q[0]: predictions[q[0]] for q in questions}
    yield {"version": 1, "questions": questions, "predictions": predictions, "scores": None, "threshold": 1.0}
    questions = [[i, answers if n % 4 else []] for n, (i, answers) in enumerate(questions)]
    scores = [[q[0], round(rng.gauss(0 if q[1] else 1, 1), 1)] for q in questions]
    yield {"version": 2, "questions": questions, "predictions": predictions, "scores": scores, "threshold": 0.5}


def figures(scripts, options):
    rng = random.Random(SEED)
    cases = list(random_cases(rng))
    if options.data:
        cases += real_cases(rng, options)
    for case in cases:
        case["figures"] = official(case, scripts)
    return cases


def normalisations(script):
    """[text, normalised] by the official function, for random texts."""
    spec = importlib.util.spec_from_file_location("official", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rng = random.Random(SEED + 1)
    texts = [random_text(rng, 8) for _ in range(900)]
    # Every kind of character next to a sigma and next to an article.
    for code_point in rng.sample([c for c in range(0x20000) if not 0xD800 <= c < 0xE000], 600):
        c = chr(code_point)
        texts.append(rng.choice([f"a{c}Σ", f"AΣ{c}B", f"{c}Σ{c}", f"a{c}the", f"{c}a{c} b"]))
    return [[text, module.normalize_answer(text)] for text in texts]


def ranges(keys):
    """[first, last, key] of runs of equal keys; keys that are None are left out."""
    runs = []
    for code_point, key in keys:
        if key is None:
            continue
        if runs and runs[-1][1] == code_point - 1 and runs[-1][2] == key:
            runs[-1][1] = code_point
        else:
            runs.append([code_point, code_point, key])
    return runs


def sigma_context(c):
    """Told by what `str.lower` makes of a sigma beside `c`: skipped, cased or neither."""
    if (c + "Σ").lower().endswith("ς"):
        return "cased"
    return "ignored" if ("a" + c + "Σ").lower().endswith("ς") else None


def lower_shift(c):
    lower = c.lower()
    return ord(lower) - ord(c) if len(lower) == 1 and lower != c else None


def character_table():
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    return {
        "word": ranges((p, True if re.match(r"\w", chr(p)) else None) for p in points),
        "space": ranges((p, True if not chr(p).split() else None) for p in points),
        "lower": ranges((p, lower_shift(chr(p))) for p in points),
        "sigma": ranges((p, sigma_context(chr(p))) for p in points),
        "longer_when_lowered": [p for p in points if len(chr(p).lower()) > 1],
    }


def write_lines(path, rows):
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--v1", required=True, help="the official evaluate-v1.1.py")
    parser.add_argument("--v2", required=True, help="the official evaluate-v2.0.py")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--data", help="a SQuAD 1.1 file")
    parser.add_argument("--predictions", help="predictions for it")
    parser.add_argument("--sample", type=int, default=200, help="how many questions of it")
    options = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"eval_golden.py: expected Python 3.11, found {sys.version.split()[0]}")
    if bool(options.data) != bool(options.predictions):
        sys.exit("eval_golden.py: --data and --predictions belong together")
    write_lines(options.out / "eval_figures.json", figures({1: options.v1, 2: options.v2}, options))
    write_lines(options.out / "eval_normalize.json", normalisations(options.v1))
    table = json.dumps(character_table(), separators=(",", ":")).replace('],"', '],\n"')
    (options.out / "eval_characters.json").write_text(table + "\n")


if __name__ == "__main__":
    main()
