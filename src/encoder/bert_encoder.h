#pragma once

#include <memory>

#include "bertqa/qa_model.h"
#include "encoder/checkpoint.h"

namespace bertqa {

/// A BERT encoder (Devlin et al. 2019) with a question-answering head, fp32, on packed windows:
/// nothing is padded but the last block of rows.
/// Same logits as `BertForQuestionAnswering` of transformers, dropout off, to 1e-4.
/// Reads all weights; `checkpoint` is not needed afterwards.
/// Throws Error{kMalformed} if a tensor's data is damaged, Error{kInternal} if memory runs out.
std::unique_ptr<const QaModel> BuildBertEncoder(const Checkpoint& checkpoint);

}  // namespace bertqa
