#include "text/sentencepiece_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa::spm {
namespace {

class SentencePieceConfigTest : public testing::Test {
 public:
  SentencePieceConfigTest() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    directory_ = std::filesystem::path(testing::TempDir()) /
                 ("bertqa_spm_config_" + std::to_string(getpid()) + name);
    std::filesystem::create_directories(directory_);
  }
  ~SentencePieceConfigTest() override { std::filesystem::remove_all(directory_); }

 protected:
  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(directory_ / file) << text;
  }
  Settings Read(std::string_view family) const {
    return ReadSettings(directory_, FamilyNamed(family));
  }
  void ExpectError(ErrorCode code, const std::string& file, const std::string& message) const {
    EXPECT_EQ(ErrorOf(code, [&] { Read("deberta-v2"); }),
              (directory_ / file).string() + ": " + message);
  }

  std::filesystem::path directory_;
};

TEST_F(SentencePieceConfigTest, WithoutFilesIsTheFamilys) {
  EXPECT_EQ(Read("albert"),
            (Settings{true, false, false, {"<unk>", "[CLS]", "[SEP]", "<pad>", "[MASK]"}}));
  EXPECT_EQ(Read("deberta-v2"),
            (Settings{false, true, false, {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"}}));
  const SpecialNames roberta = {"<unk>", "<s>", "</s>", "<pad>", "<mask>"};
  EXPECT_EQ(Read("xlm-roberta"), (Settings{false, true, false, roberta}));
  EXPECT_EQ(Read("camembert"), (Settings{false, true, false, roberta}));
}

TEST_F(SentencePieceConfigTest, ReadsAllSettings) {
  Write("tokenizer_config.json",
        R"({"tokenizer_class": "AlbertTokenizerFast", "do_lower_case": false, "keep_accents": true,
            "split_by_punct": true, "unk_token": "u", "cls_token": {"content": "c"},
            "sep_token": "s", "pad_token": "p", "mask_token": "m"})");
  EXPECT_EQ(Read("albert"), (Settings{false, true, true, {"u", "c", "s", "p", "m"}}));
}

TEST_F(SentencePieceConfigTest, AbsentTokensComeFromTheMap) {
  Write("tokenizer_config.json", R"({"cls_token": "c", "sep_token": null})");
  Write("special_tokens_map.json", R"({"cls_token": "ignored", "sep_token": {"content": "s"}})");
  const Settings settings = Read("xlm-roberta");
  EXPECT_EQ(settings.names.cls, "c");
  EXPECT_EQ(settings.names.sep, "s");
  EXPECT_EQ(settings.names.mask, "<mask>");
}

TEST_F(SentencePieceConfigTest, ErrorsNameFileAndKey) {
  const std::string config = "tokenizer_config.json";
  Write(config, R"({"do_lower_case": 1})");
  ExpectError(ErrorCode::kMalformed, config,
              "\"do_lower_case\": expected true or false, found number");
  Write(config, R"({"tokenizer_class": "AlbertTokenizer"})");
  ExpectError(ErrorCode::kUnsupported, config,
              "\"tokenizer_class\": expected DebertaV2Tokenizer or DebertaV2TokenizerFast, found "
              "\"AlbertTokenizer\"");
  Write(config, "[]");
  ExpectError(ErrorCode::kMalformed, config, "expected a JSON object, found array");
  Write(config, R"({"cls_token": ""})");
  const std::string token = "a string or an object with a string \"content\"";
  ExpectError(ErrorCode::kMalformed, config,
              "\"cls_token\": expected " + token + ", found an empty string");
  Write(config, "{}");
  Write("special_tokens_map.json", R"({"mask_token": {"content": 3}})");
  ExpectError(ErrorCode::kMalformed, "special_tokens_map.json",
              "\"mask_token\": expected " + token + ", found number");
}

TEST_F(SentencePieceConfigTest, BrokenJsonNamesTheFile) {
  Write("tokenizer_config.json", "{");
  EXPECT_TRUE(ErrorOf(ErrorCode::kMalformed, [&] {
                Read("albert");
              }).starts_with((directory_ / "tokenizer_config.json").string() + ": "));
}

TEST(SentencePieceFamilyTest, AnotherNameGetsTheList) {
  EXPECT_EQ(FindFamily("bert"), nullptr);
  EXPECT_EQ(ErrorOf(ErrorCode::kUnsupported, [] { FamilyNamed("bert"); }),
            "SentencePiece tokenizer: expected one of the families albert, xlm-roberta, camembert, "
            "deberta-v2, found \"bert\"");
}

}  // namespace
}  // namespace bertqa::spm
