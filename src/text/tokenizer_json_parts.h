#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "text/bpe.h"
#include "text/json_node.h"
#include "text/normalizers.h"
#include "text/piece_table.h"
#include "text/pre_tokenizers.h"
#include "text/subword_model.h"

namespace bertqa {

/// The components of a `tokenizer.json`, each from its object there. All throw Error{kUnsupported}
/// for a kind that is not known, with those that are, and Error{kMalformed} for wrong types.
std::unique_ptr<Normalizer> ReadNormalizer(const JsonNode& node);

/// A pre-tokenizer, and whether the model after it is to read bytes ("ByteLevel").
struct ReadPreTokenizerResult {
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  bool byte_level = false;
};
ReadPreTokenizerResult ReadPreTokenizer(const JsonNode& node);

/// The pieces of a model, before added tokens join them.
PieceTable ReadModelPieces(const JsonNode& model);
/// The model over `pieces`, which may hold added tokens by now.
std::unique_ptr<SubwordModel> ReadModel(const JsonNode& model,
                                        const std::shared_ptr<const PieceTable>& pieces,
                                        bool byte_level);

/// The template of a pair of texts, from the post-processor.
PairTemplate ReadPairTemplate(const JsonNode& post_processor, std::size_t vocabulary_size);

/// "Literal" or "Regex" of a Replace or Split.
Pattern ReadPattern(const JsonNode& node);

/// The reader of a component by its "type", from a table of {name, read}.
template <typename Row, std::size_t kRows>
const Row& FindComponent(const JsonNode& node, const Row (&table)[kRows]) {
  const JsonNode type = node.At("type");
  std::string known;
  for (const Row& row : table) {
    if (row.name == type.String()) {
      return row;
    }
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  type.Fail(ErrorCode::kUnsupported,
            "\"" + type.String() + "\" is not supported; expected one of " + known);
}

}  // namespace bertqa
