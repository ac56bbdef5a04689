#pragma once

#include <memory>

#include "bertqa/qa_model.h"
#include "encoder/checkpoint.h"
#include "encoder/compute_options.h"

namespace bertqa {

/// An encoder of one of Families() with a question-answering head, on packed windows: nothing is
/// padded, and libtorch is not used. In fp32 the same logits as `BertForQuestionAnswering` and its
/// like of transformers, dropout off, to 1e-4. A batch's segments are not looked at where the
/// family has none (SegmentRule). Reads all weights, on `threads` threads; `checkpoint` is not
/// needed afterwards. Throws Error{kMalformed} if a tensor's data is damaged, Error{kInternal} if
/// memory runs out.
std::unique_ptr<const QaModel> BuildQaEncoder(const Checkpoint& checkpoint,
                                              const ComputeOptions& options, std::size_t threads);

}  // namespace bertqa
