#include "text/sentencepiece_tokenizer.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/utf8.h"
#include "text/sentencepiece_bpe.h"
#include "text/sentencepiece_normalizer.h"
#include "text/sentencepiece_unicode.h"
#include "text/sentencepiece_vocabulary.h"
#include "text/unigram.h"

namespace bertqa {
namespace {

/// Turns the tokens of words into tokens with spans.
class TokenCollector {
 public:
  explicit TokenCollector(Encoding& encoding) : encoding_(encoding) {}

  /// `character` is the first of those that `tokens` cover, in bytes of UTF-8.
  void AddWord(const spm::Character* character, const std::vector<WordToken>& tokens) {
    std::size_t byte = 0;
    for (const WordToken& token : tokens) {
      ByteSpan first;
      ByteSpan span;
      for (; byte < token.end; ++character) {
        byte += spm::Utf8Size(character->value);
        const ByteSpan origin = character->origin;
        if (origin.begin == origin.end) {
          continue;
        }
        first = first == ByteSpan{} ? origin : first;
        span = {first.begin, origin.end};
      }
      Add(token.id, first, span);
    }
  }

  /// Word marks that no text follows stand for white space at the end, and go.
  void Finish() {
    encoding_.ids.resize(encoding_.ids.size() - waiting_);
    encoding_.spans.resize(encoding_.ids.size());
  }

 private:
  /// A token of a word mark alone waits for the next token: it gets the first character of that.
  void Add(TokenId id, ByteSpan first, ByteSpan span) {
    encoding_.ids.push_back(id);
    encoding_.spans.push_back(span);
    if (span == ByteSpan{}) {
      ++waiting_;
      return;
    }
    for (; waiting_ > 0; --waiting_) {
      encoding_.spans[encoding_.spans.size() - 1 - waiting_] = first;
    }
  }

  Encoding& encoding_;
  std::size_t waiting_ = 0;  ///< tokens at the end that have no span yet
};

std::optional<Charsmap> ReadCharsmap(const spm::ModelFile& file, const std::string& name) {
  return file.charsmap.empty()
             ? std::nullopt
             : std::optional(Charsmap(file.charsmap, name + ": \"precompiled_charsmap\""));
}

std::unique_ptr<const SubwordModel> MakeModel(spm::ModelType type,
                                              const spm::Vocabulary& vocabulary) {
  if (type == spm::ModelType::kBpe) {
    return spm::MakeBpe(vocabulary.matching, vocabulary.unknown_id);
  }
  return std::make_unique<UnigramModel>(
      vocabulary.matching,
      UnigramOptions{.unknown_id = vocabulary.unknown_id, .lowest_score = vocabulary.lowest_score});
}

class SentencePieceTokenizer : public Tokenizer {
 public:
  /// Views point from one member into another: the object stays where it is.
  SentencePieceTokenizer(std::string bytes, const spm::Family& family, spm::Settings settings,
                         const std::string& name)
      : bytes_(std::move(bytes)),
        settings_(std::move(settings)),
        file_(spm::ReadModelFile(bytes_, name)),
        vocabulary_(spm::MakeVocabulary(file_, family, settings_, name)),
        normalizer_(family, settings_, ReadCharsmap(file_, name)),
        model_(MakeModel(file_.type, vocabulary_)) {
    pair_.prefix = {vocabulary_.cls_id};
    pair_.separator.assign(family.separators, vocabulary_.sep_id);
    pair_.suffix = {vocabulary_.sep_id};
    pair_.context_segment = family.context_segment;
    file_ = {};  // read, and not needed again
    vocabulary_.matching = {};
  }
  SentencePieceTokenizer(const SentencePieceTokenizer&) = delete;
  SentencePieceTokenizer& operator=(const SentencePieceTokenizer&) = delete;

  Encoding Encode(std::string_view text) const override {
    RequireUtf8(text, "text");
    spm::Characters characters;
    std::vector<std::size_t> word_begins;
    normalizer_.Normalize(text, characters, word_begins);
    word_begins.push_back(characters.size());
    Encoding encoding;
    encoding.ids.reserve(text.size() / 4 + 8);
    encoding.spans.reserve(text.size() / 4 + 8);
    TokenCollector collector(encoding);
    std::string word;
    std::vector<WordToken> tokens;
    for (std::size_t i = 0; i + 1 < word_begins.size(); ++i) {
      word.clear();
      for (std::size_t c = word_begins[i]; c < word_begins[i + 1]; ++c) {
        AppendUtf8(word, characters[c].value);
      }
      tokens.clear();
      model_->Append(word, tokens);
      collector.AddWord(characters.data() + word_begins[i], tokens);
    }
    collector.Finish();
    return encoding;
  }

  std::size_t vocabulary_size() const override { return vocabulary_.pieces.size(); }
  std::string_view Piece(TokenId id) const override {
    return vocabulary_.pieces[static_cast<std::size_t>(id)];
  }
  const PairTemplate& pair_template() const override { return pair_; }

 private:
  std::string bytes_;  ///< of the model file
  spm::Settings settings_;
  spm::ModelFile file_;
  spm::Vocabulary vocabulary_;
  spm::Normalizer normalizer_;
  std::unique_ptr<const SubwordModel> model_;
  PairTemplate pair_;
};

}  // namespace

std::unique_ptr<const Tokenizer> LoadSentencePiece(const std::filesystem::path& model_directory,
                                                   std::string_view family) {
  const spm::Family& row = spm::FamilyNamed(family);
  const std::filesystem::path file = model_directory / row.model_file;
  return std::make_unique<SentencePieceTokenizer>(
      ReadFile(file), row, spm::ReadSettings(model_directory, row), file.string());
}

std::string_view SentencePieceFileName(std::string_view family) {
  const spm::Family* row = spm::FindFamily(family);
  return row == nullptr ? std::string_view() : row->model_file;
}

}  // namespace bertqa
