#include "model/build_model.h"

#include <utility>

#include "encoder/bert_encoder.h"
#include "model/directory.h"
#include "model/vocabulary_source.h"
#include "text/wordpiece.h"

namespace bertqa {

std::unique_ptr<const Tokenizer> ReadTokenizer(const std::filesystem::path& vocabulary_file,
                                               const WordPieceConfig& tokenizer,
                                               const BertConfig& config) {
  const VocabularyText vocabulary = ReadVocabularyText(vocabulary_file);
  const std::string name = vocabulary.source.string();
  Vocabulary pieces(vocabulary.text, name);
  RequireVocabularySize(vocabulary.source, pieces.size(), config);
  return std::make_unique<WordPieceTokenizer>(std::move(pieces), tokenizer, name);
}

std::unique_ptr<const Tokenizer> ReadTokenizer(const std::filesystem::path& directory,
                                               const BertConfig& config) {
  return ReadTokenizer(directory / "vocab.txt", ReadTokenizerConfig(directory), config);
}

Model BuildModel(std::unique_ptr<const Tokenizer> tokenizer, const Checkpoint& checkpoint,
                 const ModelDefaults& defaults, const LoadOptions& options, std::string name) {
  const ComputeOptions compute = ChooseCompute(options.precision, ChosenIsa());
  return {.tokenizer = std::move(tokenizer),
          .qa = BuildBertEncoder(checkpoint, compute, options.threads),
          .defaults = defaults,
          .name = std::move(name)};
}

}  // namespace bertqa
