#include "text/tokenizer_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

/// A small tokenizer that is right; tests spoil it.
Json Good() {
  return Json::parse(R"({
    "added_tokens": [{"id": 0, "content": "[CLS]", "special": true, "normalized": false},
                     {"id": 1, "content": "[SEP]", "special": true, "normalized": false}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]},
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0]},
    "model": {"type": "BPE", "vocab": {"[CLS]": 0, "[SEP]": 1, "a": 2, "b": 3, "ab": 4},
              "merges": ["a b"]}})");
}

std::unique_ptr<Tokenizer> Parse(const Json& json) {
  return ParseTokenizerJson(json.dump(), "t.json");
}

void ExpectError(ErrorCode code, const std::string& message, const Json& json) {
  try {
    Parse(json);
    FAIL() << "no error; expected " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(std::string(error.what()).substr(0, message.size()), message);
  }
}

TEST(TokenizerJsonTest, ReadsWhatItDescribes) {
  const Encoding encoding = Parse(Good())->Encode("AB ba");
  EXPECT_EQ(encoding.ids, (std::vector<TokenId>{4, 3, 2}));
  EXPECT_EQ(encoding.spans, (std::vector<ByteSpan>{{0, 2}, {3, 4}, {4, 5}}));
}

TEST(TokenizerJsonTest, MergesMayBePairs) {
  Json json = Good();
  json["model"]["merges"] = Json::array({Json::array({"a", "b"})});
  EXPECT_EQ(Parse(json)->Encode("ab").ids, (std::vector<TokenId>{4}));
}

TEST(TokenizerJsonTest, ModelWithoutTypeIsKnownByWhatItHolds) {
  Json json = Good();
  json["model"].erase("type");
  EXPECT_EQ(Parse(json)->Encode("ab").ids, (std::vector<TokenId>{4}));
}

TEST(TokenizerJsonTest, UnsupportedComponentsNameTheirPlace) {
  Json json = Good();
  json["normalizer"]["normalizers"].push_back({{"type", "Nmt"}});
  ExpectError(ErrorCode::kUnsupported,
              "t.json: .normalizer.normalizers[1].type: \"Nmt\" is not supported; expected one of "
              "BertNormalizer, Lowercase, NFC",
              json);
  json = Good();
  json["pre_tokenizer"] = {{"type", "UnicodeScripts"}};
  ExpectError(ErrorCode::kUnsupported,
              "t.json: .pre_tokenizer.type: \"UnicodeScripts\" is not supported", json);
  json = Good();
  json["model"]["type"] = "WordLevel";
  ExpectError(ErrorCode::kUnsupported, "t.json: .model.type: \"WordLevel\" is not supported", json);
  json = Good();
  json["post_processor"] = {{"type", "ByteLevel"}};
  ExpectError(ErrorCode::kUnsupported, "t.json: .post_processor.type: \"ByteLevel\" is not", json);
  json = Good();
  json["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "[a-z]"}}}};
  ExpectError(ErrorCode::kUnsupported,
              "t.json: .pre_tokenizer.pattern.Regex: the expression \"[a-z]\" is not supported",
              json);
  json = Good();
  json["model"]["dropout"] = 0.1;
  ExpectError(ErrorCode::kUnsupported, "t.json: .model.dropout: random merges are not", json);
}

TEST(TokenizerJsonTest, ByteLevelGoesWithBpeAlone) {
  Json json = Good();
  json["pre_tokenizer"] = {{"type", "ByteLevel"}};
  json["model"] = {{"type", "WordPiece"}, {"vocab", {{"[UNK]", 2}}}, {"unk_token", "[UNK]"}};
  ExpectError(ErrorCode::kUnsupported,
              "t.json: .model: expected \"BPE\" behind the pre-tokenizer \"ByteLevel\"", json);
}

TEST(TokenizerJsonTest, WrongTypesNameTheirPlace) {
  Json json = Good();
  json["model"]["vocab"]["b"] = "three";
  ExpectError(ErrorCode::kMalformed,
              "t.json: .model.vocab.b: expected a whole number from 0 to 10000000, found \"three\"",
              json);
  json = Good();
  json["model"]["merges"] = Json::array({"ab"});
  ExpectError(ErrorCode::kMalformed, "t.json: .model.merges[0]: expected two pieces to merge",
              json);
  json = Good();
  json.erase("model");
  ExpectError(ErrorCode::kMalformed, "t.json: expected a member \"model\", found none", json);
  json = Good();
  json["post_processor"]["cls"][1] = 5;
  ExpectError(ErrorCode::kMalformed,
              "t.json: .post_processor.cls[1]: expected a whole number from 0 to 4, found 5", json);
  json = Good();
  json["added_tokens"][1]["id"] = 2;
  ExpectError(ErrorCode::kMalformed,
              "t.json: .added_tokens[1].id: expected the id of \"[SEP]\", found that of \"a\"",
              json);
  json = Good();
  json["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "AAAA"}};
  ExpectError(ErrorCode::kMalformed,
              "t.json: .normalizer.precompiled_charsmap: expected the size of a double array and "
              "the array, found the size 0 with 3 bytes",
              json);
  json["normalizer"]["precompiled_charsmap"] = "a b";
  ExpectError(ErrorCode::kMalformed,
              "t.json: .normalizer.precompiled_charsmap: expected sentencepiece's normalization",
              json);
}

TEST(TokenizerJsonTest, TemplateMustBeOfTwoTexts) {
  Json json = Good();
  json["post_processor"] = Json::parse(R"({"type": "TemplateProcessing", "special_tokens":
      {"[SEP]": {"id": "[SEP]", "ids": [1]}}, "pair": [
        {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]})");
  ExpectError(ErrorCode::kUnsupported, "t.json: .post_processor.pair: expected special tokens, the",
              json);
}

TEST(TokenizerJsonTest, AddedTokensAreFoundAndSpecialOnesAreNot) {
  Json json = Good();
  json["added_tokens"].push_back({{"id", 9}, {"content", "<X>"}, {"normalized", true}});
  const auto tokenizer = Parse(json);
  EXPECT_EQ(tokenizer->vocabulary_size(), 10U);
  const Encoding encoding = tokenizer->Encode("a<x>b[SEP]");
  EXPECT_EQ(encoding.ids, (std::vector<TokenId>{2, 9, 3}));  // no piece for the rest
  EXPECT_EQ(encoding.spans, (std::vector<ByteSpan>{{0, 1}, {1, 4}, {4, 5}}));
}

}  // namespace
}  // namespace bertqa
