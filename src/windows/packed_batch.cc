#include "bertqa/window.h"

namespace bertqa {

void AppendWindow(PackedBatch& batch, const PairTemplate& pair, std::span<const TokenId> question,
                  std::span<const TokenId> context, const Window& window) {
  const auto append = [&batch](std::span<const TokenId> ids, std::int32_t segment) {
    batch.ids.insert(batch.ids.end(), ids.begin(), ids.end());
    batch.segments.insert(batch.segments.end(), ids.size(), segment);
  };
  append(pair.prefix, pair.question_segment);
  append(question, pair.question_segment);
  append(pair.separator, pair.question_segment);
  append(context.subspan(window.context_begin, window.size()), pair.context_segment);
  append(pair.suffix, pair.context_segment);
  batch.offsets.push_back(batch.ids.size());
}

}  // namespace bertqa
