#!/usr/bin/env python3
"""Adds unanswerable questions: real ones about another paragraph, and altered ones about their own.

add_unanswerable.py TRAIN OUTPUT [--share S] [--altered A] [--seed N]

TRAIN is a SQuAD file. Of a question drawn at random there is added, until S of all questions have no
answer or none are left to draw, either

- the question as it is, about that paragraph of its article which shares most words with it and holds
  none of its answers: a model learns that familiar words are not an answer yet; or
- (A of those drawn) the question altered, about its own paragraph: a name or a number exchanged for
  one of the same kind from another question of the article that the paragraph has not, a word for its
  opposite, or (a third of them) a negation added. A model learns to look at each word. Of SQuAD 2.0's
  half were written so (Rajpurkar et al. 2018, table 1: entity swap, antonym, negation).

The copies' ids end in "-elsewhere" and "-altered".
"""

import argparse
import collections
import functools
import json
import random
import re

NAME_OR_NUMBER = re.compile(r"\b(?:[A-Z][\w'’]*\w(?: [A-Z][\w'’]*\w)*|\d[\d,.]*\d|\d)\b")

OPPOSITES = """
    first/last earliest/latest early/late oldest/newest oldest/youngest old/new older/newer
    largest/smallest large/small larger/smaller biggest/smallest big/small highest/lowest high/low
    higher/lower longest/shortest long/short longer/shorter most/least more/less more/fewer many/few
    best/worst better/worse strong/weak stronger/weaker strongest/weakest fast/slow faster/slower
    maximum/minimum major/minor main/secondary primary/secondary upper/lower top/bottom inside/outside
    before/after begin/end began/ended start/stop started/stopped opened/closed open/close
    created/destroyed founded/dissolved built/demolished won/lost win/lose winner/loser born/died
    increase/decrease increased/decreased rise/fall rose/fell accept/reject accepted/rejected
    allow/prevent allowed/prevented support/oppose supported/opposed agreed/disagreed liked/disliked
    friend/enemy joined/left entered/left arrived/departed gained/lost succeeded/failed
    north/south northern/southern east/west eastern/western left/right male/female men/women
    man/woman father/mother son/daughter brother/sister husband/wife king/queen buy/sell bought/sold
    positive/negative common/rare famous/unknown legal/illegal possible/impossible similar/different
    same/different include/exclude included/excluded with/without public/private hot/cold warm/cold
    rich/poor young/old easy/difficult success/failure advantage/disadvantage domestic/foreign
"""


def opposites():
    """Each word's opposite; of several, the one that is listed first."""
    found = {}
    for one, other in (pair.split("/") for pair in OPPOSITES.split()):
        found.setdefault(one, other)
        found.setdefault(other, one)
    return found


OPPOSITE = opposites()
AUXILIARY = re.compile(r"\b(did|does|do|is|are|was|were|has|have|had|could|would|should)\b", re.I)
SUBJECT_AND_VERB = re.compile(r"(who|what|which \w+) (?=\w+ed\b)", re.I)
NEGATION = re.compile(r"\b(?:not|never|no|none|cannot)\b|n['’]t\b", re.I)


@functools.cache  # a paragraph's are asked for with each question of its article
def words(text):
    return frozenset(re.findall(r"\w+", text.lower()))


def kind(text):
    """A number by its length, so that a year becomes a year; a name by its words."""
    return ("number", len(text)) if text[0].isdigit() else ("name", len(text.split()))


def things(text):
    """Where names and numbers are in a question; its first word is large whatever it is."""
    return [match for match in NAME_OR_NUMBER.finditer(text) if match.start() > 0]


def elsewhere(question, home, paragraphs):
    """The paragraph to ask the question about, or None."""
    asked = words(question["question"])
    answers = [answer["text"].lower() for answer in question["answers"]]
    best, best_shared = None, 2  # two common words are no familiar text
    for paragraph in paragraphs:
        if paragraph is home:
            continue
        context = paragraph["context"].lower()
        shared = len(asked & words(context))
        if shared > best_shared and not any(answer in context for answer in answers):
            best, best_shared = paragraph, shared
    return best


def exchanged(text, home, paragraphs, rng):
    """The question with a name or a number that is not its paragraph's, or None."""
    here = words(home["context"])
    places = [match for match in things(text) if words(match.group()) <= here]
    rng.shuffle(places)
    for place in places:
        others = sorted({thing.group() for paragraph in paragraphs if paragraph is not home
                         for other in paragraph["qas"] for thing in things(other["question"])
                         if kind(thing.group()) == kind(place.group())
                         and not words(thing.group()) & here})
        if others:
            return text[:place.start()] + rng.choice(others) + text[place.end():]
    return None


def reversed_sense(text, home, rng):
    """The question with a word's opposite that its paragraph has not, or None."""
    here = words(home["context"])
    places = [match for match in re.finditer(r"\w+", text)
              if match.group() in OPPOSITE and OPPOSITE[match.group()] not in here]
    if not places:
        return None
    place = rng.choice(places)
    return text[:place.start()] + OPPOSITE[place.group()] + text[place.end():]


def negated(text, rng):
    """The question of what is not so, or None."""
    if NEGATION.search(text):
        return None
    if auxiliary := AUXILIARY.search(text):
        not_ = "n't"
        if auxiliary.group().lower() in ("is", "are", "was", "were") and rng.random() < 0.5:
            not_ = " not"
        return text[:auxiliary.end()] + not_ + text[auxiliary.end():]
    if subject := SUBJECT_AND_VERB.match(text):
        return f"{subject.group()}never {text[subject.end():]}"
    return None


def altered(question, home, paragraphs, rng):
    """The question with a word changed so that its paragraph has no answer, or None."""
    text = question["question"]
    if rng.random() < 1 / 3:
        return negated(text, rng)
    opposite = reversed_sense(text, home, rng)
    other = exchanged(text, home, paragraphs, rng)
    return rng.choice([way for way in (opposite, other) if way] or [None])


def add(document, share, altered_share, rng):
    """Adds to a document until `share` of its questions have no answer; how many there are then."""
    answerable = []
    total = unanswerable = 0
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                total += 1
                if question["answers"]:
                    answerable.append((question, paragraph, article["paragraphs"]))
                else:
                    unanswerable += 1
    rng.shuffle(answerable)
    added = collections.defaultdict(list)
    count = 0
    for question, home, paragraphs in answerable:
        if unanswerable + count >= share * (total + count):
            break
        if rng.random() < altered_share:
            way, place, text = "altered", home, altered(question, home, paragraphs, rng)
        else:
            way, text = "elsewhere", question["question"]
            place = elsewhere(question, home, paragraphs)
        if place is not None and text is not None:
            added[id(place)].append({"id": f"{question['id']}-{way}", "question": text,
                                     "answers": [], "is_impossible": True})
            count += 1
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"].extend(added.get(id(paragraph), []))
    return {"added": count, "unanswerable": unanswerable + count, "questions": total + count}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("output")
    parser.add_argument("--share", type=float, default=0.2, help="of all questions [0.2]")
    parser.add_argument("--altered", type=float, default=0, help="of those drawn [0]")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with open(arguments.train, encoding="utf-8") as file:
        document = json.load(file)
    counts = add(document, arguments.share, arguments.altered, random.Random(arguments.seed))
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False)
    print("{added} questions added: {unanswerable} of {questions} have no answer".format(**counts))


if __name__ == "__main__":
    main()
