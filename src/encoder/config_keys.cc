#include "encoder/config_keys.h"

#include <algorithm>
#include <array>

namespace bertqa {
namespace {

constexpr auto kHarmless = std::to_array<std::string_view>({
    // What the model is called, who wrote it, and how its tensors are stored.
    "architectures",
    "base_model",
    "dtype",
    "language",
    "license",
    "model_name",
    "name",
    "name_or_path",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "use_bfloat16",
    "vocab_file",
    "xla_device",
    // Training and its data.
    "attention_dropout",
    "attention_probs_dropout_prob",
    "dropout",
    "embedding_dropout_prob",
    "finetuning_task",
    "gradient_checkpointing",
    "hidden_dropout",
    "hidden_dropout_prob",
    "initializer_factor",
    "initializer_range",
    "max_seq_length",
    "model_max_length",
    "qa_dropout",
    "seq_length",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tie_weights_",
    "tie_word_embeddings",
    // How results are handed over, and in what portions they are computed.
    "chunk_size_feed_forward",
    "output_attentions",
    "output_hidden_states",
    "output_past",
    "output_scores",
    "return_dict",
    "return_dict_in_generate",
    "use_cache",
    // Heads for other tasks, and poolers.
    "classifier_dropout",
    "classifier_dropout_prob",
    "directionality",
    "id2label",
    "label2id",
    "legacy",
    "num_labels",
    "pooler_dropout",
    "pooler_fc_size",
    "pooler_hidden_act",
    "pooler_hidden_size",
    "pooler_num_attention_heads",
    "pooler_num_fc_layers",
    "pooler_size_per_head",
    "pooler_type",
    "prefix",
    "problem_type",
    "seq_classif_dropout",
    "summary_activation",
    "summary_last_dropout",
    "summary_type",
    "summary_use_proj",
    "task_specific_params",
    // Special tokens: the tokenizer's matter. (RoBERTa's pad id is read before.)
    "bos_token_id",
    "cls_token_id",
    "eos_token_id",
    "mask_token_id",
    "pad_token_id",
    "sep_token_id",
    "unk_token_id",
    // Generation of text.
    "bad_words_ids",
    "begin_suppress_tokens",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "length_penalty",
    "max_length",
    "min_length",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "remove_invalid_values",
    "repetition_penalty",
    "suppress_tokens",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
    // Of cross-attention, which is refused by its own key.
    "cross_attention_hidden_size",
    // DistilBERT: how the position table began; it is stored like any other.
    "sinusoidal_pos_embds",
    // ALBERT: left over from the search for its shape; no version of it reads them.
    "down_scale_factor",
    "gap_size",
    "net_structure_type",
});

}  // namespace

bool IsHarmlessKey(std::string_view key) {
  // Keys that begin so are transformers' own notes, which it writes and does not compute with.
  return key.starts_with('_') ||
         std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end();
}

}  // namespace bertqa
