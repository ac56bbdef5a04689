// The small files of a model directory: config.json, bertqa.json, and all that a tokenizer is read
// from. The first byte of an input chooses the file; a tokenizer that is accepted reads a text.

#include <array>
#include <string>

#include "encoder/config.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/scratch_folder.h"
#include "model/directory.h"
#include "model/tokenizer_factory.h"
#include "text/bpe_files.h"
#include "text/golden_tokenizers.h"
#include "text/sentencepiece_config.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_json.h"
#include "text/wordpiece.h"

namespace bertqa::fuzz {
namespace {

using std::filesystem::path;

void CheckTokenizer(const Tokenizer& tokenizer) {
  for (const std::string text : {"Ab, cd\xC3\xA9  12\n[SEP]\xE6\x97\xA5x<s>\xCC\x81 ab", "", " "}) {
    const std::string breach = FindBreach(tokenizer, text, tokenizer.Encode(text));
    if (!breach.empty()) {
      Fail(breach);
    }
  }
  const PairTemplate& pair = tokenizer.pair_template();
  for (const auto* ids : {&pair.prefix, &pair.separator, &pair.suffix}) {
    for (const TokenId id : *ids) {
      Require(id >= 0 && static_cast<std::size_t>(id) < tokenizer.vocabulary_size(),
              "the template is of the vocabulary");
    }
  }
  Require(pair.null_position < pair.prefix.size(), "there is a token for no answer");
}

void RunConfig(std::string_view bytes) {
  const path file = Folder().Write("config.json", bytes);
  Accepts([&] {
    const EncoderConfig config = ReadEncoderConfig(file);
    Require(config.hidden_size > 0 && config.layers > 0 && config.attention_heads > 0 &&
                config.layer_width() % config.attention_heads == 0,
            "heads divide a layer's width");
    Require(config.max_positions > config.first_position(), "there is room for a window");
  });
  Accepts([&] { ReadTrainingDefaults(file); });
  Folder().Remove("config.json");
}

void RunNotes(std::string_view bytes) {
  Folder().Write("bertqa.json", bytes);
  Accepts([&] { ReadModelNotes(Folder().path()); });
  Folder().Remove("bertqa.json");
}

void RunTokenizerJson(std::string_view bytes) {
  Accepts([&] { CheckTokenizer(*ParseTokenizerJson(bytes, "tokenizer.json")); });
}

/// The model file of the family that the next byte chooses.
void RunSentencePiece(Input input) {
  constexpr std::array<const char*, 4> kFamilies = {"albert", "xlm-roberta", "camembert",
                                                    "deberta-v2"};
  const char* const family = kFamilies[input.TakeByte() % kFamilies.size()];
  const std::string name(SentencePieceFileName(family));
  Folder().Write(name, input.rest());
  Accepts([&] { CheckTokenizer(*LoadSentencePiece(Folder().path(), family)); });
  Folder().Remove(name);
}

void RunWordPiece(std::string_view bytes) {
  const path file = Folder().Write("vocab.txt", bytes);
  Accepts([&] { CheckTokenizer(*LoadWordPiece(file, {})); });
  Folder().Remove("vocab.txt");
}

/// Several files of one folder, a NUL behind each but the last; what there is decides the kind.
void RunFolder(std::string_view bytes) {
  constexpr std::array<const char*, 4> kNames = {"tokenizer_config.json", "vocab.json",
                                                 "merges.txt", "tokenizer.json"};
  for (const char* const name : kNames) {
    const std::size_t end = bytes.find('\0');
    if (end > 0) {
      Folder().Write(name, bytes.substr(0, end));
    }
    bytes = end == bytes.npos ? std::string_view() : bytes.substr(end + 1);
    if (end == bytes.npos) {
      break;
    }
  }
  Accepts([&] { CheckTokenizer(*LoadTokenizer(Folder().path()).tokenizer); });
  Accepts([&] { CheckTokenizer(*LoadByteLevelBpe(Folder().path())); });
  Accepts([&] { ReadTokenizerConfig(Folder().path()); });
  Accepts([&] { spm::ReadSettings(Folder().path(), spm::FamilyNamed("albert")); });
  for (const char* const name : kNames) {
    Folder().Remove(name);
  }
}

void Run(Input input) {
  switch (input.TakeByte() % 6) {
    case 0:
      return RunConfig(input.rest());
    case 1:
      return RunNotes(input.rest());
    case 2:
      return RunTokenizerJson(input.rest());
    case 3:
      return RunSentencePiece(input);
    case 4:
      return RunWordPiece(input.rest());
    default:
      return RunFolder(input.rest());
  }
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run({data, size});
  return 0;
}
