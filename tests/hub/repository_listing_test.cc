#include "hub/repository_listing.h"

#include <gtest/gtest.h>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

const std::string kCommit(40, 'c');
const std::string kSha1(40, '1');
const std::string kSha256(64, '2');

std::string Listing(const std::string& siblings) {
  return R"({"id":"a/b","sha":")" + kCommit + R"(","siblings":[)" + siblings + "]}";
}

std::string FailureOf(const std::string& json) {
  return ErrorOf(ErrorCode::kMalformed, [&] { ParseListing(json, "PLACE"); });
}

TEST(RepositoryListingTest, ReadsSmallAndLargeFiles) {
  const RepositoryListing listing = ParseListing(
      Listing(R"({"rfilename":"config.json","size":7,"blobId":")" + kSha1 +
              R"("},{"rfilename":"model.safetensors","size":5000000000,"blobId":")" + kSha1 +
              R"(","lfs":{"sha256":")" + kSha256 + R"(","size":5000000000,"pointerSize":135}})"),
      "PLACE");
  EXPECT_EQ(listing.commit, kCommit);
  ASSERT_EQ(listing.files.size(), 2U);
  const RemoteFile* const small = listing.Find("config.json");
  ASSERT_NE(small, nullptr);
  EXPECT_EQ(small->hash, kSha1);
  EXPECT_EQ(small->size_bytes, 7U);
  EXPECT_FALSE(small->is_large);
  const RemoteFile* const large = listing.Find("model.safetensors");
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(large->hash, kSha256);
  EXPECT_EQ(large->size_bytes, 5000000000U);
  EXPECT_TRUE(large->is_large);
  EXPECT_EQ(listing.Find("other"), nullptr);
}

TEST(RepositoryListingTest, RefusesWhatIsNoListing) {
  for (const char* json :
       {"", "[]", "{", "null", R"({"sha":"main","siblings":[]})", R"({"siblings":[]})"}) {
    EXPECT_TRUE(FailureOf(json).starts_with("PLACE: not the Hub's answer: ")) << json;
  }
  FailureOf(R"({"sha":")" + kCommit + R"("})");
  FailureOf(Listing("7"));
  FailureOf(Listing(R"({"size":1})"));
}

TEST(RepositoryListingTest, NamesAServerThatGivesNoHashes) {
  EXPECT_EQ(FailureOf(Listing(R"({"rfilename":"config.json"})")),
            "PLACE: not the Hub's answer: \"siblings\": hashes of the files are expected "
            "(\"blobId\", \"lfs\")");
}

TEST(RepositoryListingTest, RefusesPathsThatLeaveTheirFolder) {
  for (const char* path :
       {"../x", "a/../../x", "/etc/passwd", "a//b", "./x", "a/.", "", "..", "a\\u0000b"}) {
    EXPECT_NE(FailureOf(Listing(R"({"rfilename":")" + std::string(path) +
                                R"(","size":1,"blobId":")" + kSha1 + R"("})"))
                  .find("no path of a file"),
              std::string::npos)
        << path;
  }
}

TEST(RepositoryListingTest, RefusesHashesThatAreNone) {
  for (const std::string& hash : {std::string("../../x"), kSha256, std::string(40, 'G')}) {
    FailureOf(Listing(R"({"rfilename":"a","size":1,"blobId":")" + hash + R"("})"));
  }
  FailureOf(Listing(R"({"rfilename":"a","size":1,"lfs":{"size":1,"sha256":")" + kSha1 + R"("}})"));
}

TEST(RepositoryListingTest, MessagesCannotDriveTheTerminal) {
  const std::string message =
      FailureOf(Listing("{\"rfilename\":\"../\\u001b[2J\\u009b\",\"size\":1}"));
  EXPECT_NE(message.find(R"("../\u001b[2J\u009b")"), std::string::npos) << message;
}

TEST(RepositoryListingTest, PlainFileNames) {
  for (const char* name : {"config.json", "model-00001-of-00002.safetensors", "a_b"}) {
    EXPECT_TRUE(IsPlainFileName(name)) << name;
  }
  for (const char* name : {"", ".git", "-x", "a/b", "..", "a b", "a\n", "ä", "a:b", "a\\b"}) {
    EXPECT_FALSE(IsPlainFileName(name)) << name;
  }
}

}  // namespace
}  // namespace bertqa
