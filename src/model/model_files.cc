#include "model/model_files.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json_text.h"
#include "model/build_model.h"
#include "model/tokenizer_factory.h"
#include "model/vocabulary_source.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string Text(const Json& json) {
  return json.dump(2) + "\n";
}

std::string TokenizerConfigText(const WordPieceConfig& tokenizer, const EncoderConfig& config) {
  return Text({{"do_lower_case", tokenizer.lowercase},
               {"strip_accents", tokenizer.strip_accents ? Json(*tokenizer.strip_accents) : Json()},
               {"tokenize_chinese_chars", tokenizer.tokenize_chinese_chars},
               {"model_max_length", config.max_window_tokens()},
               {"tokenizer_class", WordPieceClass(tokenizer.layout)},
               {"cls_token", tokenizer.cls_token},
               {"sep_token", tokenizer.sep_token},
               {"pad_token", tokenizer.pad_token},
               {"unk_token", tokenizer.unk_token},
               {"mask_token", tokenizer.mask_token}});
}

/// vocab.txt and the settings, whatever they were read from.
std::vector<ModelFiles::TokenizerFile> WordPieceFiles(const fs::path& vocabulary_file,
                                                      PairLayout layout,
                                                      const EncoderConfig& config) {
  const WordPieceConfig tokenizer = ReadTokenizerConfig(vocabulary_file.parent_path(), layout);
  const VocabularyText vocabulary = ReadVocabularyText(vocabulary_file);
  const std::string name = vocabulary.source.string();
  const WordPieceTokenizer checked(Vocabulary(vocabulary.text, name), tokenizer, name);
  RequireVocabularySize(vocabulary.source, checked.vocabulary_size(), config);
  return {{"vocab.txt", vocabulary.text},
          {"tokenizer_config.json", TokenizerConfigText(tokenizer, config)}};
}

/// What tokenizers of other kinds are made of.
std::vector<ModelFiles::TokenizerFile> CopiedFiles(const fs::path& directory,
                                                   const EncoderConfig& config) {
  ReadTokenizer(directory, config);  // checks it, and names the file
  std::vector<ModelFiles::TokenizerFile> files;
  for (const char* name :
       {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
        "merges.txt", "spiece.model", "spm.model", "sentencepiece.bpe.model"}) {
    if (Exists(directory / name)) {
      files.push_back({name, ReadFile(directory / name)});
    }
  }
  return files;
}

}  // namespace

ModelFiles ReadModelFiles(const fs::path& config, const fs::path& vocabulary) {
  ModelFiles files = {.tokenizer = {},
                      .configuration = ReadJsonText(config),
                      .config = ReadEncoderConfig(config),
                      .notes = {}};
  const fs::path directory = vocabulary.parent_path();
  if (const auto layout = FindWordPieceLayout(directory)) {
    files.tokenizer = WordPieceFiles(vocabulary, *layout, files.config);
  } else {
    files.tokenizer = CopiedFiles(directory, files.config);
  }
  return files;
}

std::string WithDType(const std::string& configuration, DType dtype) {
  Json json = Json::parse(configuration);
  json.erase("torch_dtype");  // the key's name before transformers 4.56
  json["dtype"] = NameOf(dtype);
  return Text(json);
}

std::string WithQuestionAnsweringHead(const std::string& configuration) {
  Json json = Json::parse(configuration);
  json["architectures"] = {"BertForQuestionAnswering"};
  // A classifier's labels: transformers would give the head an output for each.
  for (const char* key : {"num_labels", "id2label", "label2id", "problem_type"}) {
    json.erase(key);
  }
  return Text(json);
}

void WriteModelFiles(const ModelFiles& files, const fs::path& folder) {
  for (const ModelFiles::TokenizerFile& file : files.tokenizer) {
    WriteFileAtomically(folder / file.name, file.bytes);
  }
  WriteFileAtomically(folder / "config.json", files.configuration);
  WriteFileAtomically(folder / "bertqa.json", FormatModelNotes(files.notes));
}

}  // namespace bertqa
