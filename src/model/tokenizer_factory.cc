#include "model/tokenizer_factory.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "bertqa/error.h"
#include "model/vocabulary_source.h"
#include "text/bpe_files.h"
#include "text/json_node.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_json.h"
#include "text/wordpiece.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

/// What the pieces of a family are like.
enum class PieceKind { kWordPiece, kMpnetWordPiece, kByteLevelBpe, kSentencePiece, kAny };

/// Classes of transformers, without the "Fast" that half of them end with, and the "model_type"
/// of a config.json whose folder names no class.
struct ClassRow {
  std::string_view name;
  std::string_view model_type;
  PieceKind kind;
};

constexpr auto kClasses = std::to_array<ClassRow>({
    {"BertTokenizer", "bert", PieceKind::kWordPiece},
    {"DistilBertTokenizer", "distilbert", PieceKind::kWordPiece},
    {"ElectraTokenizer", "electra", PieceKind::kWordPiece},
    {"MobileBertTokenizer", "mobilebert", PieceKind::kWordPiece},
    {"MPNetTokenizer", "mpnet", PieceKind::kMpnetWordPiece},
    {"RobertaTokenizer", "roberta", PieceKind::kByteLevelBpe},
    {"CamembertTokenizer", "camembert", PieceKind::kSentencePiece},
    {"XLMRobertaTokenizer", "xlm-roberta", PieceKind::kSentencePiece},
    {"AlbertTokenizer", "albert", PieceKind::kSentencePiece},
    {"DebertaV2Tokenizer", "deberta-v2", PieceKind::kSentencePiece},
    {"PreTrainedTokenizer", "modernbert", PieceKind::kAny},
});

bool IsWordPiece(PieceKind kind) {
  return kind == PieceKind::kWordPiece || kind == PieceKind::kMpnetWordPiece;
}

PairLayout LayoutOf(PieceKind kind) {
  return kind == PieceKind::kMpnetWordPiece ? PairLayout::kMpnet : PairLayout::kBert;
}

JsonNode ReadIfThere(const fs::path& path) {
  return Exists(path) ? JsonNode::ReadFile(path) : JsonNode::EmptyObject(path);
}

/// For a "model_type" that no row has.
constexpr ClassRow kAnyClass = {"", "", PieceKind::kAny};

const ClassRow& RowOfModelType(const fs::path& directory) {
  const auto type = ReadIfThere(directory / "config.json").Find("model_type");
  for (const ClassRow& row : kClasses) {
    if (type && type->IsString() && type->String() == row.model_type) {
      return row;
    }
  }
  const bool has_vocabulary = Exists(directory / "vocab.txt");
  return type && !has_vocabulary ? kAnyClass : kClasses.front();
}

const ClassRow& RowOf(const fs::path& directory) {
  const auto node = ReadIfThere(directory / "tokenizer_config.json").Find("tokenizer_class");
  if (!node) {
    return RowOfModelType(directory);
  }
  constexpr std::string_view kFast = "Fast";
  std::string_view name = node->String();
  if (name.ends_with(kFast)) {
    name.remove_suffix(kFast.size());
  }
  std::string known;
  for (const ClassRow& row : kClasses) {
    if (row.name == name) {
      return row;
    }
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  node->Fail(ErrorCode::kUnsupported,
             "\"" + node->String() + "\" is not supported; expected one of " + known);
}

/// Whether a tokenizer.json describes what WordPieceTokenizer does, which is the faster one. A file
/// that is not even such is left to it too: it says what is wrong.
bool IsPlainBert(const fs::path& path) {
  const JsonNode root = JsonNode::ReadFile(path);
  const auto has_type = [&root](const char* part, std::string_view type) {
    const auto node = root.Find(part);
    return !node || !node->Find("type") || node->At("type").String() == type;
  };
  if (!has_type("model", "WordPiece") || !has_type("normalizer", "BertNormalizer") ||
      !has_type("pre_tokenizer", "BertPreTokenizer")) {
    return false;
  }
  const auto model = root.Find("model");
  const auto limit = model ? model->Find("max_input_chars_per_word") : std::nullopt;
  if (model && (model->StringOr("continuing_subword_prefix", "##") != "##" ||
                (limit && limit->Number() != static_cast<double>(kMaxWordCharacters)))) {
    return false;
  }
  if (const auto added = root.Find("added_tokens")) {
    for (const JsonNode& token : added->Items()) {
      if (!token.BoolOr("special", false)) {
        return false;  // text is searched for it
      }
    }
  }
  return true;
}

bool FitsWordPiece(const fs::path& directory, const ClassRow& row) {
  if (!IsWordPiece(row.kind)) {
    return false;
  }
  return Exists(directory / "vocab.txt") || !Exists(directory / "tokenizer.json") ||
         IsPlainBert(directory / "tokenizer.json");
}

LoadedTokenizer LoadWordPieceFiles(const fs::path& directory, const ClassRow& row) {
  const WordPieceConfig config = ReadTokenizerConfig(directory, LayoutOf(row.kind));
  const VocabularyText vocabulary = ReadVocabularyText(directory / "vocab.txt");
  const std::string name = vocabulary.source.string();
  return {.tokenizer =
              std::make_unique<WordPieceTokenizer>(Vocabulary(vocabulary.text, name), config, name),
          .description = config.lowercase ? "WordPiece, uncased" : "WordPiece, cased",
          .source = vocabulary.source,
          .is_whole_vocabulary = true};
}

bool FitsTokenizerJson(const fs::path& directory, const ClassRow& /*row*/) {
  return Exists(directory / "tokenizer.json");
}

LoadedTokenizer LoadJson(const fs::path& directory, const ClassRow& /*row*/) {
  const fs::path path = directory / "tokenizer.json";
  return {.tokenizer = LoadTokenizerJson(path),
          .description = "tokenizer.json",
          .source = path,
          .is_whole_vocabulary = false};
}

bool FitsByteLevelBpe(const fs::path& directory, const ClassRow& row) {
  return row.kind == PieceKind::kByteLevelBpe && Exists(directory / "vocab.json") &&
         Exists(directory / "merges.txt");
}

LoadedTokenizer LoadBpe(const fs::path& directory, const ClassRow& /*row*/) {
  return {.tokenizer = LoadByteLevelBpe(directory),
          .description = "byte-level BPE",
          .source = directory / "vocab.json",
          .is_whole_vocabulary = false};
}

bool FitsSentencePiece(const fs::path& directory, const ClassRow& row) {
  return row.kind == PieceKind::kSentencePiece &&
         Exists(directory / SentencePieceFileName(row.model_type));
}

LoadedTokenizer LoadSentencePieceFile(const fs::path& directory, const ClassRow& row) {
  return {.tokenizer = LoadSentencePiece(directory, row.model_type),
          .description = "SentencePiece",
          .source = directory / SentencePieceFileName(row.model_type),
          .is_whole_vocabulary = false};
}

/// A way to get a tokenizer. The first that fits is taken: what is fastest, then what the fast
/// tokenizers of transformers read, then the files of the original ones.
struct SourceRow {
  std::string_view files;  ///< for messages
  bool (*fits)(const fs::path& directory, const ClassRow& row);
  LoadedTokenizer (*load)(const fs::path& directory, const ClassRow& row);
};

constexpr auto kSources = std::to_array<SourceRow>({
    {"vocab.txt", FitsWordPiece, LoadWordPieceFiles},
    {"tokenizer.json", FitsTokenizerJson, LoadJson},
    {"vocab.json with merges.txt", FitsByteLevelBpe, LoadBpe},
    {"a SentencePiece model", FitsSentencePiece, LoadSentencePieceFile},
});

}  // namespace

LoadedTokenizer LoadTokenizer(const fs::path& directory) {
  const ClassRow& found = RowOf(directory);
  std::string known;
  for (const SourceRow& row : kSources) {
    if (row.fits(directory, found)) {
      return row.load(directory, found);
    }
    known += (known.empty() ? "" : ", ") + std::string(row.files);
  }
  throw Error(ErrorCode::kUnreadable,
              directory.string() + ": no tokenizer: expected one of " + known + ", found none");
}

std::optional<PairLayout> FindWordPieceLayout(const fs::path& directory) {
  const ClassRow& found = RowOf(directory);
  return FitsWordPiece(directory, found) ? std::optional(LayoutOf(found.kind)) : std::nullopt;
}

std::string WordPieceClass(PairLayout layout) {
  return layout == PairLayout::kMpnet ? "MPNetTokenizer" : "BertTokenizer";
}

}  // namespace bertqa
