#include "golden_tokens.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace bertqa {
namespace {

nlohmann::json ToJson(const Encoding& encoding) {
  nlohmann::json tokens = nlohmann::json::array();
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    tokens.push_back({encoding.ids[i], encoding.spans[i].begin, encoding.spans[i].end});
  }
  return tokens;
}

}  // namespace

void ExpectGoldenTokens(const Tokenizer& tokenizer, const std::string& path, std::size_t least) {
  std::ifstream file(path);
  std::string line;
  std::size_t count = 0;
  while (std::getline(file, line)) {
    const auto record = nlohmann::json::parse(line);
    const auto text = record.at("text").get<std::string>();
    EXPECT_EQ(ToJson(tokenizer.Encode(text)), record.at("tokens")) << record.at("text");
    ++count;
  }
  EXPECT_GE(count, least) << path;
}

}  // namespace bertqa
