#pragma once

#include <span>
#include <string_view>

namespace bertqa {

struct EncoderConfig;

/// A kind of network. All are Transformer encoders (Devlin et al. 2019); what differs is data, in
/// the rows of Families().
enum class Family {
  kBert,
  kDistilBert,
  kRoberta,
  kCamembert,
  kXlmRoberta,
  kAlbert,
  kElectra,
  kMpNet,
  kModernBert,
  kDeberta,
  kMobileBert
};

/// How the position table is read.
enum class PositionRule {
  kFromZero,  ///< the window's first token is row 0
  /// RoBERTa (Liu et al. 2019) as fairseq trained it: the first token is row pad id + 1, and a
  /// padding token inside a text takes the row of the pad id and is not counted.
  kAfterPad,
  kAfterOne,  ///< the same, and the padding's id is 1 whatever config.json says
  kRotary,    ///< there is no table: queries and keys are rotated (kernels/rotary.h)
};

/// Which row of the segment table is added to a token.
enum class SegmentRule {
  kRead,      ///< that of the token's segment
  kFirst,     ///< row 0, whatever the batch says: the family's tokenizers make no segments
  kNone,      ///< there is no table
  kOptional,  ///< as kRead, if the configuration has a table
};

/// Whether a product makes hidden states of embeddings.
enum class ProjectionRule {
  kNone,
  kAlways,
  kWhereSizesDiffer,
  /// Where sizes differ, too, but without a bias, and LayerNorm comes behind it instead of before.
  kBeforeNorm,
  /// Of word embeddings, before positions and segments are added and normalised; weights for it are
  /// there even where it is not computed.
  kOfWords
};

/// Keys of config.json that not all families call the same.
struct ShapeKeys {
  const char* hidden_size;
  const char* layers;
  const char* attention_heads;
  const char* intermediate_size;
  const char* activation;
};

/// Where the tensors of a layer are, behind its place; each has a weight and a bias.
struct LayerTensorNames {
  std::string_view query;
  std::string_view key;
  std::string_view value;
  std::string_view attention_output;
  std::string_view attention_norm;
  std::string_view feed_forward_in;
  std::string_view feed_forward_out;
  std::string_view output_norm;
};

/// One row of the table.
struct FamilyTraits {
  Family family;
  std::string_view model_type;    ///< in config.json
  std::string_view architecture;  ///< how its classes' names begin: "Bert" of "BertForMaskedLM"
  std::string_view name;          ///< for people
  ShapeKeys keys;
  std::string_view default_activation;
  bool reads_epsilon;  ///< "layer_norm_eps"; else it is 1e-12
  PositionRule positions;
  SegmentRule segments;
  ProjectionRule projection;
  std::string_view projection_name;  ///< behind the prefix
  bool has_distance_bias;            ///< scores of attention get a number for their distance
  bool shares_layers;                ///< one layer's weights serve all
  std::string_view prefix;           ///< of all tensors but the head's; may lack in a file
  std::string_view layers;           ///< place of the layers; the index follows unless shared
  LayerTensorNames layer;
  std::string_view head = "qa_outputs";  ///< the question-answering head; no prefix
  /// LayerNorm stands before attention and the feed-forward layer, what passes by is not normalised
  /// (Xiong et al. 2020); else it stands behind the sums.
  bool is_pre_norm = false;
};

/// All that are known, in the order in which messages list them.
std::span<const FamilyTraits> Families();

const FamilyTraits& TraitsOf(Family family);

/// Throws Error{kUnsupported}: "<what>: a BERT is expected, the model is a RoBERTa" unless `config`
/// is one: for what knows BERT only (training, TorchScript archives).
void RequireBert(const EncoderConfig& config, std::string_view what);

}  // namespace bertqa
