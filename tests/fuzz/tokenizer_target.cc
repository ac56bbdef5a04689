// Tokenizers of every kind, over the vocabularies of tests/golden: what tokenizer.h promises of ids
// and spans. The first byte of an input chooses the tokenizer.

#include <vector>

#include "base/utf8.h"
#include "fuzz/fuzz_target.h"
#include "text/golden_tokenizers.h"

namespace bertqa::fuzz {
namespace {

std::vector<std::unique_ptr<const Tokenizer>> MakeAll() {
  std::vector<std::unique_ptr<const Tokenizer>> tokenizers;
  for (const GoldenTokenizer& golden : GoldenTokenizers()) {
    tokenizers.push_back(golden.make());
  }
  return tokenizers;
}

void Run(Input input) {
  static const auto tokenizers = MakeAll();
  const Tokenizer& tokenizer = *tokenizers[input.TakeByte() % tokenizers.size()];
  if (FindInvalidUtf8(input.rest())) {
    Require(!Accepts([&] { tokenizer.Encode(input.rest()); }), "what is no UTF-8 is refused");
  }
  const std::string text = AsUtf8(input.rest());
  const Encoding encoding = tokenizer.Encode(text);
  const std::string breach = FindBreach(tokenizer, text, encoding);
  if (!breach.empty()) {
    Fail(breach);
  }
  for (const TokenId id : encoding.ids) {
    Require(!tokenizer.Piece(id).empty(), "a token has a spelling");
  }
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run({data, size});
  return 0;
}
