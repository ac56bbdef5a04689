#include <algorithm>
#include <string_view>
#include <utility>

#include "text/pre_tokenizers.h"

namespace bertqa {
namespace {

class Metaspace : public PreTokenizer {
 public:
  Metaspace(std::string replacement, PrependScheme scheme, bool split)
      : replacement_(std::move(replacement)), scheme_(scheme), split_(split) {}

  SplitText Apply(SplitText split) const override {
    SplitText result = {AlignedText::EmptyLike(split.text), {}};
    for (const ByteSpan piece : split.pieces) {
      const std::size_t begin = result.text.size();
      if (Prepends(split, piece)) {
        result.text.Append(replacement_, FirstOrigin(split.text, piece.begin));
      }
      AppendReplaced(split.text, piece, result.text);
      AppendCut({begin, result.text.size()}, result);
    }
    return result;
  }

 private:
  bool Prepends(const SplitText& split, ByteSpan piece) const {
    const std::string_view text = split.text.view().substr(piece.begin);
    if (scheme_ == PrependScheme::kNever || text.starts_with(' ') ||
        text.starts_with(replacement_)) {
      return false;
    }
    return scheme_ == PrependScheme::kAlways || (split.text.is_first() && piece.begin == 0) ||
           FirstOrigin(split.text, piece.begin).begin == 0;
  }

  void AppendReplaced(const AlignedText& from, ByteSpan piece, AlignedText& to) const {
    const std::string_view text = from.view().substr(0, piece.end);
    std::size_t position = piece.begin;
    while (position < piece.end) {
      const std::size_t space = std::min(text.find(' ', position), piece.end);
      to.AppendPart(from, position, space);
      if (space < piece.end) {
        to.Append(replacement_, from.Origin(space, space + 1));
      }
      position = space + 1;
    }
  }

  void AppendCut(ByteSpan piece, SplitText& result) const {
    const std::string_view text = result.text.view().substr(0, piece.end);
    while (split_ && piece.begin < piece.end) {
      std::size_t next = text.find(replacement_, piece.begin + 1);
      if (next == text.npos) {
        break;
      }
      result.pieces.push_back({piece.begin, next});
      piece.begin = next;
    }
    result.pieces.push_back(piece);
  }

  std::string replacement_;
  PrependScheme scheme_;
  bool split_;
};

}  // namespace

std::unique_ptr<PreTokenizer> MakeMetaspace(std::string replacement, PrependScheme scheme,
                                            bool split) {
  return std::make_unique<Metaspace>(std::move(replacement), scheme, split);
}

}  // namespace bertqa
