#pragma once

#include <string>

#include "encoder/config.h"

namespace bertqa {

/// The `forward` of a BERT with a question-answering head in TorchScript, over submodules named as
/// in `BertForQuestionAnswering`: the text that a TorchScript archive is compiled from.
std::string TorchScriptForward(const EncoderConfig& config);

}  // namespace bertqa
