#include "encoder/sharded_weights.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/open_weights.h"
#include "encoder/safetensors_reader.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kSharded = "golden/checkpoints/sharded-safetensors";
const std::string kFirst = "model-00001-of-00003.safetensors";
const std::string kSecond = "model-00002-of-00003.safetensors";
const std::string kWords = "bert.embeddings.word_embeddings.weight";

/// A copy of the golden shards that a test changes.
class ShardedWeightsTest : public testing::Test {
 protected:
  ShardedWeightsTest() : index_(folder_.path() / "s" / "model.safetensors.index.json") {
    fs::copy(kSharded, index_.parent_path());
    json_ = Json::parse(ReadFile(index_));
  }

  fs::path Shard(const std::string& name) const { return index_.parent_path() / name; }
  void WriteIndex(const std::string& text) const {  // not synchronised: it is done often
    std::ofstream(index_, std::ios::binary) << text;
  }
  void WriteIndex() const { WriteIndex(json_.dump()); }
  void ExpectRefused(const std::string& message, ErrorCode code = ErrorCode::kMalformed) const {
    ExpectError(code, index_.string() + ": " + message, [&] { OpenWeights(index_); });
  }

  TemporaryFolder folder_;
  fs::path index_;
  Json json_;
};

TEST_F(ShardedWeightsTest, IsOneFileOverSeveral) {
  const auto sharded = OpenWeights(index_);
  const auto whole = OpenSafetensors("golden/checkpoints/base/model.safetensors");
  EXPECT_EQ(sharded->path(), index_);
  ASSERT_EQ(sharded->entries().size(), whole->entries().size());
  for (std::size_t index = 0; index < whole->entries().size(); ++index) {
    const TensorEntry& expected = whole->entries()[index];
    const auto found = std::ranges::find(sharded->entries(), expected.name, &TensorEntry::name);
    ASSERT_NE(found, sharded->entries().end()) << expected.name;
    EXPECT_EQ(found->shape, expected.shape);
    const auto at = static_cast<std::size_t>(found - sharded->entries().begin());
    EXPECT_TRUE(std::ranges::equal(sharded->Read(at).bytes, whole->Read(index).bytes));
  }
}

TEST_F(ShardedWeightsTest, NothingIsCopiedAndEachShardIsMappedOnce) {
  const auto sharded = OpenWeights(index_);
  std::vector<const void*> owners;
  for (std::size_t index = 0; index < sharded->entries().size(); ++index) {
    const TensorBytes first = sharded->Read(index);
    EXPECT_EQ(first.bytes.data(), sharded->Read(index).bytes.data());
    if (std::ranges::find(owners, first.owner.get()) == owners.end()) {
      owners.push_back(first.owner.get());
    }
  }
  EXPECT_EQ(owners.size(), 3U);
}

TEST_F(ShardedWeightsTest, OnlyPlainNamesOfFilesAreTaken) {
  for (const char* name : {"", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "./x"}) {
    json_["weight_map"][kWords] = name;
    WriteIndex();
    ExpectRefused("tensor \"" + kWords + "\" is said to be in \"" + name +
                  "\"; the name of a file in the same folder is expected");
  }
  json_["weight_map"][kWords] = std::string("a\0b", 3);
  WriteIndex();
  EXPECT_THROW(OpenWeights(index_), Error);
  for (const Json& value : {Json(1), Json(), Json(true), Json::array(), Json::object()}) {
    json_["weight_map"][kWords] = value;
    WriteIndex();
    ExpectRefused("tensor \"" + kWords + "\": the name of a file in the same folder is expected");
  }
}

TEST_F(ShardedWeightsTest, TensorsThatAreNotWhereTheIndexSaysAreNamed) {
  json_["weight_map"]["x"] = kFirst;
  WriteIndex();
  ExpectRefused("tensor \"x\" is expected in " + kFirst + ", but is not there");
  json_["weight_map"].erase("x");
  json_["weight_map"][kWords] = kSecond;
  WriteIndex();
  ExpectRefused("tensor \"" + kWords + "\" is in " + kFirst + ", but expected in " + kSecond);
  json_["weight_map"].erase(kWords);
  WriteIndex();
  ExpectRefused("tensor \"" + kWords + "\" is in " + kFirst + ", but not in the index");
}

TEST_F(ShardedWeightsTest, ShardsAreCheckedLikeOneFile) {
  fs::remove(Shard(kSecond));
  ExpectError(ErrorCode::kUnreadable,
              Shard(kSecond).string() + ": cannot open: No such file or directory",
              [&] { OpenWeights(index_); });
  fs::create_directory(Shard(kSecond));
  ExpectError(ErrorCode::kUnreadable,
              Shard(kSecond).string() + ": is a directory, a file is expected",
              [&] { OpenWeights(index_); });
  // An index is no shard: no circle of files.
  json_["weight_map"][kWords] = index_.filename().string();
  WriteIndex();
  EXPECT_THROW(OpenWeights(index_), Error);
}

TEST_F(ShardedWeightsTest, IndexMustBeOne) {
  for (const char* text : {"", "{", "[]", "1", "\"x\"", "{\"weight_map\": {}", "{\"a\": 1e999}",
                           "{\"weight_map\":{\"\xff\":\"a\"}}"}) {
    WriteIndex(text);
    EXPECT_THROW(OpenWeights(index_), Error) << text;
  }
  WriteIndex("{}");
  ExpectRefused("an object \"weight_map\" is expected");
  for (const char* text : {R"({"weight_map": 1})", R"({"weight_map": []})",
                           R"({"metadata": {"weight_map": {"a": "b"}}})"}) {
    WriteIndex(text);
    ExpectRefused("an object \"weight_map\" is expected");
  }
  WriteIndex(R"({"weight_map": {}})");
  ExpectRefused("\"weight_map\" names no tensor");
  WriteIndex(R"({"weight_map": {"a": "b", "a": "b"}})");
  ExpectRefused("\"weight_map\" has \"a\" twice");
  WriteIndex(R"({"weight_map": {"a": "b"}, "weight_map": {}})");
  ExpectRefused("\"weight_map\" is there twice");
  WriteIndex("[1]");
  ExpectRefused("a JSON object is expected");
}

TEST_F(ShardedWeightsTest, DeepIndexIsRefusedBeforeItsEnd) {
  WriteIndex("{\"metadata\": " + std::string(1'000'000, '['));
  ExpectRefused("nested deeper than 16 levels");
  std::string objects;
  for (int level = 0; level < 100'000; ++level) {
    objects += "{\"a\":";
  }
  WriteIndex(objects);
  ExpectRefused("nested deeper than 16 levels");
}

TEST_F(ShardedWeightsTest, WhatAnIndexClaimsTakesNoMemory) {
  json_["metadata"]["total_size"] = 1'000'000'000'000'000;
  WriteIndex();
  EXPECT_NO_THROW(OpenWeights(index_));
  json_["weight_map"] = {{"a", "terabyte.safetensors"}};
  WriteIndex();
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[250000000000],"data_offsets":[0,1000000000000]}})";
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size());
  WriteFileAtomically(Shard("terabyte.safetensors"), length + header + "12345678");
  ExpectError(ErrorCode::kMalformed,
              Shard("terabyte.safetensors").string() +
                  ": tensor \"a\": data_offsets [0, 1000000000000] are not inside the data, which "
                  "has 8 bytes",
              [&] { OpenWeights(index_); });
}

TEST_F(ShardedWeightsTest, AMillionNamesAreBounded) {
  std::string names = "{\"weight_map\": {";
  for (int name = 0; name < 1'000'000; ++name) {
    names += "\"" + std::to_string(name) + "\":\"b\",";
  }
  names.back() = '}';
  WriteIndex(names + "}");  // 12 MB: small enough to be read, and the first file is not there
  ExpectError(ErrorCode::kUnreadable,
              Shard("b").string() + ": cannot open: No such file or directory",
              [&] { OpenWeights(index_); });
  WriteIndex("{\"weight_map\": {}, \"x\": \"" + std::string(16U << 20U, 'x') + "\"}");
  ExpectRefused("16777243 bytes; an index of at most 16777216 is expected");
}

TEST_F(ShardedWeightsTest, EveryPrefixIsRefused) {
  for (const fs::path& path : {index_, Shard(kSecond)}) {
    const std::string whole = ReadFile(path);
    const std::size_t without_line_end = whole.size() - (path == index_ ? 1 : 0);
    for (std::size_t size = without_line_end; size > 0; --size) {
      fs::resize_file(path, size - 1);
      EXPECT_THROW(OpenWeights(index_), Error) << path << " cut to " << size - 1;
    }
    WriteFileAtomically(path, whole);
  }
}

}  // namespace
}  // namespace bertqa
