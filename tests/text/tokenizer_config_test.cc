#include "text/tokenizer_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

class TokenizerConfigTest : public testing::Test {
 public:
  TokenizerConfigTest() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    directory_ = std::filesystem::path(testing::TempDir()) /
                 ("bertqa_config_" + std::to_string(getpid()) + name);
    std::filesystem::create_directories(directory_);
  }
  ~TokenizerConfigTest() override { std::filesystem::remove_all(directory_); }

 protected:
  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(directory_ / file) << text;
  }
  std::string Path(const std::string& file) const { return (directory_ / file).string(); }

  void ExpectError(ErrorCode code, const std::string& message) const {
    EXPECT_EQ(ErrorOf(code, [&] { ReadTokenizerConfig(directory_); }), message);
  }

  std::filesystem::path directory_;
};

TEST_F(TokenizerConfigTest, WithoutFilesIsBerts) {
  EXPECT_EQ(ReadTokenizerConfig(directory_), WordPieceConfig());
}

TEST_F(TokenizerConfigTest, ReadsAllSettings) {
  Write("tokenizer_config.json",
        R"({"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false,
            "tokenizer_class": "BertTokenizerFast", "unk_token": "<u>",
            "cls_token": {"__type": "AddedToken", "content": "<c>", "lstrip": false},
            "sep_token": "<s>", "pad_token": "<p>", "mask_token": "<m>"})");
  WordPieceConfig expected = {false, true, false, "<u>", "<c>", "<s>", "<p>", "<m>"};
  EXPECT_EQ(ReadTokenizerConfig(directory_), expected);
}

TEST_F(TokenizerConfigTest, AbsentSettingsComeFromTheNormalizer) {
  Write("tokenizer_config.json", R"({"tokenize_chinese_chars": true})");
  Write("tokenizer.json",
        R"({"normalizer": {"type": "BertNormalizer", "clean_text": true, "strip_accents": true,
                           "handle_chinese_chars": false, "lowercase": false}})");
  const WordPieceConfig config = ReadTokenizerConfig(directory_);
  EXPECT_FALSE(config.lowercase);
  EXPECT_EQ(config.strip_accents, true);
  EXPECT_TRUE(config.tokenize_chinese_chars);  // tokenizer_config.json wins
}

TEST_F(TokenizerConfigTest, NullStripAccentsIsASetting) {
  Write("tokenizer_config.json", R"({"strip_accents": null})");
  Write("tokenizer.json",
        R"({"normalizer": {"type": "BertNormalizer", "strip_accents": true, "lowercase": false}})");
  const WordPieceConfig config = ReadTokenizerConfig(directory_);
  EXPECT_EQ(config.strip_accents, std::nullopt);
  EXPECT_FALSE(config.lowercase);
}

TEST_F(TokenizerConfigTest, NamesFileAndKeyOfWrongTypes) {
  const std::string path = Path("tokenizer_config.json");
  Write("tokenizer_config.json", R"({"do_lower_case": "yes"})");
  ExpectError(ErrorCode::kMalformed,
              path + ": \"do_lower_case\": expected true or false, found string");
  Write("tokenizer_config.json", R"({"cls_token": 7})");
  ExpectError(ErrorCode::kMalformed,
              path +
                  ": \"cls_token\": expected a string or an object with a string \"content\", "
                  "found number");
  Write("tokenizer_config.json", R"({"sep_token": {"content": []}})");
  ExpectError(ErrorCode::kMalformed,
              path +
                  ": \"sep_token\": expected a string or an object with a string \"content\", "
                  "found array");
  Write("tokenizer_config.json", "[]");
  ExpectError(ErrorCode::kMalformed, path + ": expected a JSON object, found array");
}

TEST_F(TokenizerConfigTest, BrokenJsonNamesTheFile) {
  Write("tokenizer_config.json", "{\"do_lower_case\": ");
  EXPECT_TRUE(ErrorOf(ErrorCode::kMalformed, [&] {
                ReadTokenizerConfig(directory_);
              }).starts_with(Path("tokenizer_config.json") + ": "));
}

TEST_F(TokenizerConfigTest, OtherNormalizersAreUnsupported) {
  Write("tokenizer_config.json", "{}");
  Write("tokenizer.json", R"({"normalizer": {"type": "NFC"}})");
  ExpectError(ErrorCode::kUnsupported,
              Path("tokenizer.json") +
                  ": \"normalizer\": \"type\": expected \"BertNormalizer\", found \"NFC\"");
}

TEST_F(TokenizerConfigTest, MpnetHasNamesOfItsOwn) {
  Write("tokenizer_config.json", R"({"mask_token": "[M]"})");
  const WordPieceConfig config = ReadTokenizerConfig(directory_, PairLayout::kMpnet);
  EXPECT_EQ(config.cls_token, "<s>");
  EXPECT_EQ(config.sep_token, "</s>");
  EXPECT_EQ(config.unk_token, "[UNK]");
  EXPECT_EQ(config.mask_token, "[M]");
}

TEST_F(TokenizerConfigTest, ReadsTheBundledModel) {
  EXPECT_EQ(ReadTokenizerConfig("../models/minilm-l6-squad"), WordPieceConfig());
}

}  // namespace
}  // namespace bertqa
