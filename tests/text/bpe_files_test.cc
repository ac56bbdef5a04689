#include "text/bpe_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error_of.h"
#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr std::string_view kVocabulary =
    R"({"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4, "[CLS]": 5})";

/// A model directory of a RoBERTa; tests spoil a file.
class BpeFilesTest : public testing::Test {
 protected:
  BpeFilesTest() {
    std::filesystem::create_directories(folder_);
    Write("vocab.json", kVocabulary);
    Write("merges.txt", "#version: 0.2\na b\n");
  }
  ~BpeFilesTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, std::string_view bytes) const {
    WriteFileAtomically(folder_ / name, bytes);
  }

  std::vector<TokenId> Ids(std::string_view text) const {
    return LoadByteLevelBpe(folder_)->Encode(text).ids;
  }

  /// `message` follows the folder's name.
  void ExpectMalformed(const std::string& message) const {
    const std::string found = ErrorOf(ErrorCode::kMalformed, [&] { LoadByteLevelBpe(folder_); });
    EXPECT_TRUE(found.starts_with((folder_ / message).string())) << found;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("bertqa-bpe-" + std::to_string(getpid()));
};

TEST_F(BpeFilesTest, MergesMayHaveEndsOfWindowsAndEmptyLines) {
  EXPECT_EQ(Ids("ab"), (std::vector<TokenId>{4}));
  Write("merges.txt", "\r\na b\r\n\n");
  EXPECT_EQ(Ids("ab"), (std::vector<TokenId>{4}));
  Write("merges.txt", "a b");
  EXPECT_EQ(Ids("ab"), (std::vector<TokenId>{4}));
  Write("merges.txt", "");
  EXPECT_EQ(Ids("ab"), (std::vector<TokenId>{2, 3}));
}

TEST_F(BpeFilesTest, LinesThatAreNoMergeAreNamed) {
  Write("merges.txt", "#version: 0.2\nab\n");
  ExpectMalformed("merges.txt:2: expected two pieces, found \"ab\"");
  Write("merges.txt", "a b c\n");
  ExpectMalformed("merges.txt:1: expected two pieces, found \"a b c\"");
}

TEST_F(BpeFilesTest, VocabulariesThatCannotBeAreNamed) {
  Write("vocab.json", "{}");
  ExpectMalformed("vocab.json: expected pieces, found none");
  Write("vocab.json", R"({"<s>": 0, "a": 1})");
  ExpectMalformed("vocab.json: expected the special token \"</s>\", found none");
}

TEST_F(BpeFilesTest, TheConfigurationNamesSpecialTokens) {
  Write("tokenizer_config.json", R"({"cls_token": "[CLS]", "sep_token": {"content": "</s>"}})");
  const auto tokenizer = LoadByteLevelBpe(folder_);
  EXPECT_EQ(tokenizer->pair_template().prefix, (std::vector<TokenId>{5}));
  EXPECT_EQ(tokenizer->pair_template().suffix, (std::vector<TokenId>{1}));
}

TEST_F(BpeFilesTest, TheConfigurationAddsTokens) {
  Write("tokenizer_config.json", R"({"added_tokens_decoder": {"7": {"content": "<x>"}}})");
  EXPECT_EQ(Ids("a<x>b"), (std::vector<TokenId>{2, 7, 3}));
  for (const char* key : {"", "x", "-1", "12345678"}) {
    Write("tokenizer_config.json",
          std::string(R"({"added_tokens_decoder": {")") + key + R"(": {"content": "<x>"}}})");
    ExpectMalformed(std::string("tokenizer_config.json: .added_tokens_decoder.") + key +
                    ": expected an id as the key");
  }
}

}  // namespace
}  // namespace bertqa
