#include "text/normalizers.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "text/normal_form.h"
#include "text/unicode.h"

namespace bertqa {
namespace {

/// Rewrites a text character by character: `rewrite(code_point, properties, origin, result)`
/// appends what becomes of each.
template <typename Rewrite>
AlignedText RewriteCharacters(const AlignedText& text, const Rewrite& rewrite) {
  AlignedText result = AlignedText::EmptyLike(text);
  const std::string_view view = text.view();
  for (std::size_t position = 0; position < view.size();) {
    const CodePoint code_point = DecodeAt(view, position);
    rewrite(code_point.value, PropertiesOf(code_point.value),
            text.Origin(position, position + code_point.size), result);
    position += code_point.size;
  }
  return result;
}

AlignedText DropCharacters(const AlignedText& text, CharacterFlag flag) {
  return RewriteCharacters(text, [flag](char32_t code_point, CharacterProperties properties,
                                        ByteSpan origin, AlignedText& result) {
    if (!properties.Is(flag)) {
      result.Append(code_point, origin);
    }
  });
}

class NormalFormStep : public Normalizer {
 public:
  explicit NormalFormStep(NormalForm form) : form_(form) {}
  AlignedText Apply(AlignedText text) const override { return Normalize(std::move(text), form_); }

 private:
  NormalForm form_;
};

class LowercaseStep : public Normalizer {
 public:
  AlignedText Apply(AlignedText text) const override {
    return RewriteCharacters(text, [](char32_t code_point, CharacterProperties properties,
                                      ByteSpan origin, AlignedText& result) {
      if (!properties.Is(kHasLowercase)) {
        result.Append(code_point, origin);
        return;
      }
      for (const char32_t part : Lowercase(code_point)) {
        result.Append(part, origin);
      }
    });
  }
};

class StripAccentsStep : public Normalizer {
 public:
  AlignedText Apply(AlignedText text) const override {
    return DropCharacters(text, kCombiningMark);
  }
};

class BertStep : public Normalizer {
 public:
  BertStep(const BasicTokenizerOptions& options, bool clean_text)
      : options_(options), clean_text_(clean_text) {}

  AlignedText Apply(AlignedText text) const override {
    if (clean_text_) {
      text = Clean(text);
    }
    if (options_.tokenize_chinese_chars) {
      text = SetChineseApart(text);
    }
    if (options_.strip_accents) {
      text = DropCharacters(Normalize(std::move(text), {}), kNonspacingMark);
    }
    return options_.lowercase ? LowercaseStep().Apply(std::move(text)) : text;
  }

 private:
  static AlignedText Clean(const AlignedText& text) {
    return RewriteCharacters(text, [](char32_t code_point, CharacterProperties properties,
                                      ByteSpan origin, AlignedText& result) {
      if (!properties.Is(kRemoved)) {
        result.Append(properties.Is(kSpace) ? U' ' : code_point, origin);
      }
    });
  }

  static AlignedText SetChineseApart(const AlignedText& text) {
    return RewriteCharacters(text, [](char32_t code_point, CharacterProperties properties,
                                      ByteSpan origin, AlignedText& result) {
      if (properties.Is(kChinese)) {
        result.Append(U' ', origin);
      }
      result.Append(code_point, origin);
      if (properties.Is(kChinese)) {
        result.Append(U' ', origin);
      }
    });
  }

  BasicTokenizerOptions options_;
  bool clean_text_;
};

class StripStep : public Normalizer {
 public:
  StripStep(bool left, bool right) : left_(left), right_(right) {}

  AlignedText Apply(AlignedText text) const override {
    const std::string_view view = text.view();
    std::size_t begin = 0;
    std::size_t first_word = view.size();
    std::size_t end = 0;
    for (std::size_t position = 0; position < view.size();) {
      const CodePoint code_point = DecodeAt(view, position);
      if (!PropertiesOf(code_point.value).Is(kWhiteSpace)) {
        first_word = std::min(first_word, position);
        end = position + code_point.size;
      }
      position += code_point.size;
    }
    begin = left_ ? first_word : 0;
    end = right_ ? std::max(begin, end) : view.size();
    if (begin == 0 && end == view.size()) {
      return text;
    }
    AlignedText result = AlignedText::EmptyLike(text);
    result.AppendPart(text, begin, end);
    return result;
  }

 private:
  bool left_;
  bool right_;
};

class ReplaceStep : public Normalizer {
 public:
  ReplaceStep(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}

  AlignedText Apply(AlignedText text) const override {
    std::optional<ByteSpan> match = pattern_.Find(text.view(), 0);
    if (!match) {
      return text;
    }
    AlignedText result = AlignedText::EmptyLike(text);
    std::size_t position = 0;
    while (match) {
      result.AppendPart(text, position, match->begin);
      result.Append(content_, LastOrigin(text, match->end));
      position = match->end;
      match = pattern_.Find(text.view(), position);
    }
    result.AppendPart(text, position, text.size());
    return result;
  }

 private:
  Pattern pattern_;
  std::string content_;
};

class PrependStep : public Normalizer {
 public:
  explicit PrependStep(std::string prefix) : prefix_(std::move(prefix)) {}

  AlignedText Apply(AlignedText text) const override {
    if (text.empty()) {
      return text;
    }
    AlignedText result = AlignedText::EmptyLike(text);
    result.Append(prefix_, FirstOrigin(text, 0));
    result.AppendPart(text, 0, text.size());
    return result;
  }

 private:
  std::string prefix_;
};

class SequenceStep : public Normalizer {
 public:
  explicit SequenceStep(std::vector<std::unique_ptr<Normalizer>> steps)
      : steps_(std::move(steps)) {}

  AlignedText Apply(AlignedText text) const override {
    for (const auto& step : steps_) {
      text = step->Apply(std::move(text));
    }
    return text;
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> steps_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeNormalForm(NormalForm form) {
  return std::make_unique<NormalFormStep>(form);
}

std::unique_ptr<Normalizer> MakeBertNormalizer(const BasicTokenizerOptions& options,
                                               bool clean_text) {
  return std::make_unique<BertStep>(options, clean_text);
}

std::unique_ptr<Normalizer> MakeLowercase() {
  return std::make_unique<LowercaseStep>();
}

std::unique_ptr<Normalizer> MakeStripAccents() {
  return std::make_unique<StripAccentsStep>();
}

std::unique_ptr<Normalizer> MakeStrip(bool left, bool right) {
  return std::make_unique<StripStep>(left, right);
}

std::unique_ptr<Normalizer> MakeReplace(Pattern pattern, std::string content) {
  return std::make_unique<ReplaceStep>(std::move(pattern), std::move(content));
}

std::unique_ptr<Normalizer> MakePrepend(std::string text) {
  return std::make_unique<PrependStep>(std::move(text));
}

std::unique_ptr<Normalizer> MakeNormalizerSequence(std::vector<std::unique_ptr<Normalizer>> steps) {
  return std::make_unique<SequenceStep>(std::move(steps));
}

}  // namespace bertqa
