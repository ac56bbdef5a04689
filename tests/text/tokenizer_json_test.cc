#include "text/tokenizer_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error_of.h"
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
  EXPECT_EQ(ErrorOf(code, [&] { Parse(json); }).substr(0, message.size()), message);
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

struct Spoiled {
  const char* patch;  ///< RFC 7386
  ErrorCode code;
  const char* message;
};

void ExpectErrors(const Json& good, const std::vector<Spoiled>& rows) {
  for (const Spoiled& row : rows) {
    Json json = good;
    json.merge_patch(Json::parse(row.patch));
    ExpectError(row.code, row.message, json);
  }
}

TEST(TokenizerJsonTest, WhatIsNoObjectIsNamed) {
  for (const auto& [text, message] :
       {std::pair("[1]", "t.json: expected a JSON object, found array"),
        std::pair("{", "t.json: expected JSON, found: ")}) {
    const std::string found =
        ErrorOf(ErrorCode::kMalformed, [&] { ParseTokenizerJson(text, "t.json"); });
    EXPECT_TRUE(found.starts_with(message)) << found;
  }
}

TEST(TokenizerJsonTest, EachReaderSaysWhatItExpects) {
  constexpr auto kMalformed = ErrorCode::kMalformed;
  constexpr auto kUnsupported = ErrorCode::kUnsupported;
  ExpectErrors(
      Good(),
      {{R"({"normalizer": {"type": 5}})", kMalformed,
        "t.json: .normalizer.type: expected a string, found number"},
       {R"({"normalizer": "NFC"})", kMalformed,
        "t.json: .normalizer: expected an object, found string"},
       {R"({"normalizer": {"normalizers": 1}})", kMalformed,
        "t.json: .normalizer.normalizers: expected an array, found number"},
       {R"({"normalizer": {"type": "Strip", "strip_left": "yes"}})", kMalformed,
        "t.json: .normalizer.strip_left: expected true or false, found string"},
       {R"({"model": {"dropout": "0"}})", kMalformed,
        "t.json: .model.dropout: expected a number, found string"},
       {R"({"model": {"vocab": [1]}})", kMalformed,
        "t.json: .model.vocab: expected an object, found array"},
       {R"({"model": {"unk_token": "<unk>"}})", kMalformed, "t.json: .model.merges: the unknown"},
       {R"({"model": {"type": "WordPiece"}})", kMalformed,
        "t.json: .model: expected the unknown token \"[UNK]\" in the vocabulary, found none"},
       {R"({"model": {"type": "Unigram", "vocab": [["a"]]}})", kMalformed,
        "t.json: .model.vocab[0]: expected a piece and its score"},
       {R"({"model": {"merges": [["a", "b", "c"]]}})", kMalformed,
        "t.json: .model.merges[0]: expected two pieces to merge"},
       {R"({"post_processor": {"cls": ["[CLS]"]}})", kMalformed,
        "t.json: .post_processor.cls: expected a token and its id"},
       {R"({"pre_tokenizer": {"type": "ByteLevel"}, "model": {"end_of_word_suffix": "</w>"}})",
        kUnsupported, "t.json: .model: \"continuing_subword_prefix\" and"},
       {R"({"pre_tokenizer": {"type": "Punctuation", "behavior": "Kept"}})", kUnsupported,
        "t.json: .pre_tokenizer.behavior: \"Kept\" is not supported"},
       {R"({"pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "last"}})", kUnsupported,
        "t.json: .pre_tokenizer.prepend_scheme: \"last\" is not supported; expected always, first"},
       {R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers":
            [{"type": "ByteLevel"}, {"type": "Whitespace"}]}})",
        kUnsupported,
        "t.json: .pre_tokenizer.pretokenizers[1]: nothing is expected behind \"ByteLevel\""}});
  Json empty = Good();
  empty["model"]["vocab"] = Json::object();
  empty["added_tokens"] = Json::array();
  ExpectError(kMalformed, "t.json: .model.vocab: expected pieces, found none", empty);
}

TEST(TokenizerJsonTest, DefaultsAreThoseOfTheFormat) {
  Json json = Good();
  json["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", nullptr}};
  json["pre_tokenizer"] = {{"type", "Punctuation"}};  // each apart
  EXPECT_EQ(Parse(json)->Encode("ab,ab").ids, (std::vector<TokenId>{4, 4}));
  json["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "a"}};  // as of old: always
  EXPECT_EQ(Parse(json)->Encode("b").ids, (std::vector<TokenId>{4}));
  json["pre_tokenizer"]["add_prefix_space"] = false;
  EXPECT_EQ(Parse(json)->Encode("b").ids, (std::vector<TokenId>{3}));
  json["model"].erase("type");
  json["model"].erase("merges");
  json["model"]["unk_token"] = "[SEP]";
  EXPECT_EQ(Parse(json)->Encode("b").ids, (std::vector<TokenId>{3})) << "WordPiece";
  json["model"] = {{"vocab", Json::array({{"[CLS]", 0}, {"[SEP]", 0}, {"a", -1}, {"b", -1}})}};
  EXPECT_EQ(Parse(json)->Encode("ab").ids, (std::vector<TokenId>{2, 3})) << "Unigram";
}

TEST(TokenizerJsonTest, TemplatesThatAreNoPairAreRefused) {
  constexpr auto kUnsupported = ErrorCode::kUnsupported;
  Json good = Good();
  good["post_processor"] = Json::parse(R"({"type": "TemplateProcessing", "special_tokens":
      {"[CLS]": {"id": "[CLS]", "ids": [0]}, "[SEP]": {"id": "[SEP]", "ids": [1]}}, "pair": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]})");
  EXPECT_EQ(Parse(good)->pair_template().suffix, (std::vector<TokenId>{1}));
  Json json = good;
  json["post_processor"]["pair"][4]["SpecialToken"]["type_id"] = 0;
  ExpectError(kUnsupported, "t.json: .post_processor.pair: expected the special tokens up to",
              json);
  json = good;
  json["post_processor"]["pair"][1]["Sequence"]["id"] = "B";
  ExpectError(kUnsupported, "t.json: .post_processor.pair[1].Sequence.id: expected special", json);
  json = good;
  json["post_processor"]["pair"].push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
  ExpectError(kUnsupported, "t.json: .post_processor.pair[5].Sequence.id: expected special", json);
  json = good;
  json["post_processor"]["pair"].erase(3);
  ExpectError(kUnsupported, "t.json: .post_processor.pair: expected special tokens, the", json);
  json = good;
  json["post_processor"] = {{"type", "Sequence"}, {"processors", {good["post_processor"]}}};
  EXPECT_EQ(Parse(json)->pair_template().suffix, (std::vector<TokenId>{1}));
  json["post_processor"]["processors"].push_back(good["post_processor"]);
  ExpectError(kUnsupported, "t.json: .post_processor.processors[1]: one template is expected",
              json);
  json["post_processor"]["processors"] = {{{"type", "ByteLevel"}}};
  ExpectError(kUnsupported, "t.json: .post_processor: expected BertProcessing", json);
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
