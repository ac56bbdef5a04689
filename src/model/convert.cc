#include "model/convert.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "bertqa/error.h"
#include "bertqa/model.h"
#include "encoder/safetensors_writer.h"
#include "model/directory.h"
#include "model/vocabulary_source.h"
#include "text/tokenizer_config.h"
#include "text/wordpiece.h"
#include "torchscript/torchscript_writer.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The files that a conversion reads, all known to be there.
struct SourceFiles {
  fs::path directory;  // where bertqa.json and README.md would be
  fs::path weights;
  fs::path config;
  fs::path vocabulary;
};

SourceFiles FilesOf(const fs::path& directory) {
  RequireModelDirectory(directory);
  return {.directory = directory,
          .weights = FindWeights(directory),
          .config = directory / "config.json",
          .vocabulary = directory / "vocab.txt"};
}

SourceFiles FilesOf(const ImportSource& source) {
  SourceFiles files;
  if (fs::is_directory(source.weights)) {
    files = FilesOf(source.weights);
  } else {
    const fs::path beside = source.weights.parent_path();
    files = {.directory = beside,
             .weights = source.weights,
             .config = beside / "config.json",
             .vocabulary = beside / "vocab.txt"};
  }
  if (!source.config.empty()) {
    files.config = source.config;
  }
  if (!source.vocabulary.empty()) {
    files.vocabulary = source.vocabulary;
  }
  return files;
}

/// The configuration's text; its "dtype" follows the weights where they are converted.
std::string ConfigText(const fs::path& path, StoredPrecision precision) {
  std::string text = ReadFile(path);
  if (precision == StoredPrecision::kAsIs) {
    return text;
  }
  Json json = Json::parse(text);  // ReadBertConfig has parsed it before
  json.erase("torch_dtype");      // the key's name before transformers 4.56
  json["dtype"] = NameOf(DType::kFloat16);
  return json.dump(2) + "\n";
}

std::string TokenizerConfigText(const WordPieceConfig& tokenizer, const BertConfig& config) {
  const Json json = {
      {"do_lower_case", tokenizer.lowercase},
      {"strip_accents", tokenizer.strip_accents ? Json(*tokenizer.strip_accents) : Json()},
      {"tokenize_chinese_chars", tokenizer.tokenize_chinese_chars},
      {"model_max_length", config.max_positions},
      {"tokenizer_class", "BertTokenizer"},
      {"cls_token", tokenizer.cls_token},
      {"sep_token", tokenizer.sep_token},
      {"pad_token", tokenizer.pad_token},
      {"unk_token", tokenizer.unk_token},
      {"mask_token", tokenizer.mask_token}};
  return json.dump(2) + "\n";
}

void WriteWeights(const Checkpoint& checkpoint, const ConvertOptions& options,
                  const fs::path& directory) {
  if (options.format == WeightsFormat::kSafetensors) {
    WriteSafetensors(checkpoint, options.precision, directory / "model.safetensors");
  } else {
    WriteTorchScript(checkpoint, options.precision, directory / "model.pt");
  }
}

void Convert(const SourceFiles& source, const fs::path& target, const ConvertOptions& options) {
  StagedDirectory staged(target, options.overwrite);
  const fs::path& out = staged.path();
  const BertConfig config = ReadBertConfig(source.config);
  const Checkpoint checkpoint(config, OpenWeights(source.weights));
  const WordPieceConfig tokenizer = ReadTokenizerConfig(source.vocabulary.parent_path());
  WriteFileAtomically(out / "vocab.txt", ReadVocabularyText(source.vocabulary));
  if (fs::exists(source.vocabulary)) {
    // Before the copy is read, so that a message names the file that the user knows.
    RequireVocabularySize(source.vocabulary,
                          LoadWordPiece(source.vocabulary, tokenizer)->vocabulary_size(), config);
  }
  WriteFileAtomically(out / "config.json", ConfigText(source.config, options.precision));
  WriteFileAtomically(out / "tokenizer_config.json", TokenizerConfigText(tokenizer, config));
  WriteFileAtomically(out / "bertqa.json", FormatModelNotes(ReadModelNotes(source.directory)));
  if (fs::is_regular_file(source.directory / "README.md")) {
    WriteFileAtomically(out / "README.md", ReadFile(source.directory / "README.md"));
  }
  WriteWeights(checkpoint, options, out);
  LoadModel(out);
  staged.Commit();
}

}  // namespace

void ImportModel(const ImportSource& source, const fs::path& target,
                 const ConvertOptions& options) {
  Convert(FilesOf(source), target, options);
}

void ExportModel(const fs::path& directory, const fs::path& target, const ConvertOptions& options) {
  Convert(FilesOf(directory), target, options);
}

}  // namespace bertqa
