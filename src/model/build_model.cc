#include "model/build_model.h"

#include <utility>

#include "encoder/qa_encoder.h"
#include "model/directory.h"

namespace bertqa {

LoadedTokenizer ReadTokenizerOf(const std::filesystem::path& directory,
                                const EncoderConfig& config) {
  LoadedTokenizer loaded = LoadTokenizer(directory);
  const std::size_t pieces = loaded.tokenizer->vocabulary_size();
  if (loaded.is_whole_vocabulary || pieces > config.vocabulary_size) {
    RequireVocabularySize(loaded.source, pieces, config);
  }
  return loaded;
}

std::unique_ptr<const Tokenizer> ReadTokenizer(const std::filesystem::path& directory,
                                               const EncoderConfig& config) {
  return ReadTokenizerOf(directory, config).tokenizer;
}

Model BuildModel(std::unique_ptr<const Tokenizer> tokenizer, const Checkpoint& checkpoint,
                 const ModelDefaults& defaults, const LoadOptions& options, std::string name) {
  const ComputeOptions compute = ChooseCompute(options.precision, ChosenIsa());
  return {.tokenizer = std::move(tokenizer),
          .qa = BuildQaEncoder(checkpoint, compute, options.threads),
          .defaults = defaults,
          .name = std::move(name)};
}

}  // namespace bertqa
