#include "model/model_files.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "model/build_model.h"
#include "model/vocabulary_source.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string Text(const Json& json) {
  return json.dump(2) + "\n";
}

std::string TokenizerConfigText(const WordPieceConfig& tokenizer, const BertConfig& config) {
  return Text({{"do_lower_case", tokenizer.lowercase},
               {"strip_accents", tokenizer.strip_accents ? Json(*tokenizer.strip_accents) : Json()},
               {"tokenize_chinese_chars", tokenizer.tokenize_chinese_chars},
               {"model_max_length", config.max_positions},
               {"tokenizer_class", "BertTokenizer"},
               {"cls_token", tokenizer.cls_token},
               {"sep_token", tokenizer.sep_token},
               {"pad_token", tokenizer.pad_token},
               {"unk_token", tokenizer.unk_token},
               {"mask_token", tokenizer.mask_token}});
}

}  // namespace

ModelFiles ReadModelFiles(const fs::path& config, const fs::path& vocabulary) {
  ModelFiles files = {.vocabulary = {},
                      .configuration = ReadFile(config),
                      .config = ReadBertConfig(config),
                      .tokenizer = ReadTokenizerConfig(vocabulary.parent_path()),
                      .notes = {}};
  ReadTokenizer(vocabulary, files.tokenizer, files.config);  // checks it, and names the file
  files.vocabulary = ReadVocabularyText(vocabulary).text;
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
  WriteFileAtomically(folder / "vocab.txt", files.vocabulary);
  WriteFileAtomically(folder / "config.json", files.configuration);
  WriteFileAtomically(folder / "tokenizer_config.json",
                      TokenizerConfigText(files.tokenizer, files.config));
  WriteFileAtomically(folder / "bertqa.json", FormatModelNotes(files.notes));
}

}  // namespace bertqa
