#pragma once

#include <string>
#include <string_view>

#include "bertqa/training_data.h"

namespace bertqa {

/// Reads labelled questions; `name` is what messages call the text. It is either
/// - a SQuAD 1.1 or 2.0 document: a question is unanswerable if it says `is_impossible`, or if its
///   list of answers is empty; or
/// - JSONL with `question`, `context`, `answer_start` (code points, as in SQuAD), `answer_text`,
///   and perhaps `id` (string or number) and `is_impossible`. A record that says `is_impossible`,
///   or has neither `answer_start` nor `answer_text` (null or absent), is unanswerable.
/// Of several answers the first that stands at its offset counts: the reference scripts train on
/// the first one (transformers' run_qa.py, google-research/bert's run_squad.py).
/// A record whose answer is empty, has no offset, or is not at its offset is in `skipped`, so is a
/// SQuAD question without any list of answers.
/// Throws Error{kMalformed, kBadUtf8} that names the place: "train.jsonl: line 7: no \"question\"".
TrainingData ParseTrainingData(std::string_view text, const std::string& name);

}  // namespace bertqa
