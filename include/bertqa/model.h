#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bertqa/precision.h"
#include "bertqa/qa_model.h"
#include "bertqa/tokenizer.h"

namespace bertqa {

/// What a model was trained for; read from `bertqa.json` in its directory, where there is one.
struct ModelDefaults {
  bool no_answer = false;     ///< trained on unanswerable questions: abstain by default
  double null_threshold = 0;  ///< no answer iff null logit - best logit > threshold
  double temperature = 1;     ///< calibration of probabilities
};

/// A tokenizer, the model that it belongs to and their defaults. Immutable, safe to share.
struct Model {
  std::unique_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<const QaModel> qa;
  ModelDefaults defaults;
  std::string name;  ///< the directory's name
  /// What people may want to know of its files: "x/model.pt: not used: classifier.weight".
  std::vector<std::string> warnings = {};
};

struct LoadOptions {
  Precision precision = Precision::kAuto;
  std::size_t threads = 1;  ///< that loading may use; at least 1
};

/// Loads a model directory: `config.json`, the tokenizer (`vocab.txt`, `tokenizer.json`, or
/// `vocab.json` with `merges.txt`, by its class: docs/tokenizer.md), the
/// tokenizer's configuration (`tokenizer_config.json`, else `tokenizer.json`, else BERT's defaults)
/// and weights (`model.safetensors`, else `model.pt`, a TorchScript archive, else
/// `pytorch_model.bin`; the first and the last also in several files with an index; all are read as
/// weights, and nothing in them is run). Also a folder as Hugging Face saves it.
/// Throws Error{kUnreadable, kMalformed, kUnsupported} that names the file and what is wrong;
/// Error{kUsage} if the processor cannot compute in that precision.
Model LoadModel(const std::filesystem::path& directory, const LoadOptions& options = {});

/// Finds a model: an existing directory wins; a name is looked up in `search_roots`, in order.
/// Throws Error{kUnreadable} that lists where it looked.
std::filesystem::path FindModel(const std::string& directory_or_name,
                                const std::vector<std::filesystem::path>& search_roots);

/// The facts that `bertqa info` prints.
struct ModelInfo {
  struct File {
    std::string name;
    std::uintmax_t size_bytes = 0;
  };
  std::string family;         ///< "bert"
  std::string tokenizer;      ///< "WordPiece, uncased"
  std::string weights_file;   ///< "model.pt"
  std::string weights_dtype;  ///< as stored: "float16", "float32", "bfloat16" or "mixed"
  std::string licence;        ///< from bertqa.json; may be empty
  std::size_t layers = 0;
  std::size_t hidden_size = 0;
  std::size_t attention_heads = 0;
  std::size_t intermediate_size = 0;
  std::size_t vocabulary_size = 0;
  std::size_t max_window_tokens = 0;
  std::size_t parameters = 0;
  std::vector<File> files;
  ModelDefaults defaults;
};

/// Reads and checks a model directory without building the encoder. Errors as LoadModel.
ModelInfo ReadModelInfo(const std::filesystem::path& directory);

}  // namespace bertqa
