#include "hub/file_choice.h"

#include <gtest/gtest.h>

#include <map>

#include "bertqa/error.h"

namespace bertqa {
namespace {

RepositoryListing ListingOf(const std::vector<std::string>& paths) {
  RepositoryListing listing;
  listing.files.reserve(paths.size());
  for (const std::string& path : paths) {
    listing.files.push_back({.path = path, .size_bytes = 1, .hash = "", .is_large = false});
  }
  return listing;
}

std::vector<std::string> PathsOf(const std::vector<RemoteFile>& files) {
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const RemoteFile& file : files) {
    paths.push_back(file.path);
  }
  return paths;
}

using Paths = std::vector<std::string>;

TEST(FileChoiceTest, TakesWhatIsNeededAndWeightsLast) {
  const FileChoice choice = ChooseFiles(
      ListingOf({".gitattributes", "model.safetensors", "pytorch_model.bin", "tf_model.h5",
                 "onnx/model.onnx", "vocab.txt", "config.json", "README.md", "train.py"}),
      "a/b");
  EXPECT_EQ(PathsOf(choice.files),
            (Paths{"config.json", "README.md", "vocab.txt", "model.safetensors"}));
  EXPECT_EQ(choice.index, "");
}

TEST(FileChoiceTest, FilesOfAllTokenizers) {
  for (const char* name : {"vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
                           "special_tokens_map.json", "added_tokens.json", "spiece.model",
                           "sentencepiece.bpe.model", "spm.model"}) {
    const FileChoice choice =
        ChooseFiles(ListingOf({"config.json", name, "model.safetensors"}), "a/b");
    EXPECT_EQ(PathsOf(choice.files), (Paths{"config.json", name, "model.safetensors"}));
  }
}

TEST(FileChoiceTest, PreferenceOfWeights) {
  Paths there = {"config.json",       "model.pt",
                 "pytorch_model.bin", "pytorch_model.bin.index.json",
                 "model.safetensors", "model.safetensors.index.json"};
  for (const char* best : {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                           "pytorch_model.bin.index.json", "model.pt"}) {
    const FileChoice choice = ChooseFiles(ListingOf(there), "a/b");
    EXPECT_EQ(PathsOf(choice.files), (Paths{"config.json", best}));
    EXPECT_EQ(choice.index, std::string(best).ends_with(".index.json") ? best : "");
    std::erase(there, best);
  }
  EXPECT_THROW(ChooseFiles(ListingOf(there), "a/b"), Error);
}

TEST(FileChoiceTest, ShardsOfAnIndex) {
  const RepositoryListing listing = ListingOf({"a-2.bin", "a-1.bin", "sub/a-3.bin"});
  EXPECT_EQ(PathsOf(ChooseShards(R"({"weight_map":{"x":"a-2.bin","y":"a-1.bin","z":"a-2.bin"}})",
                                 "I", listing)),
            (Paths{"a-1.bin", "a-2.bin"}));
  for (const char* index :
       {"", "[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})", R"({"weight_map":{"x":1}})",
        R"({"weight_map":{"x":"a-9.bin"}})", R"({"weight_map":{"x":"sub/a-3.bin"}})",
        R"({"weight_map":{"x":"../a-1.bin"}})", R"({"weight_map":{"x":"a-1.bin","y":"/x"}})"}) {
    EXPECT_THROW(ChooseShards(index, "I", listing), Error) << index;
  }
}

TEST(FileChoiceTest, WhatMakesAModel) {
  const auto holds = [](const std::map<std::string, std::string>& files) {
    return HoldsModel([&](const std::string& name) { return files.contains(name); },
                      [&](const std::string& name) { return files.at(name); });
  };
  EXPECT_TRUE(holds({{"config.json", ""}, {"model.safetensors", ""}}));
  EXPECT_TRUE(holds({{"config.json", ""}, {"pytorch_model.bin", ""}}));
  EXPECT_FALSE(holds({{"config.json", ""}}));
  EXPECT_FALSE(holds({{"model.safetensors", ""}}));
  const std::string index = R"({"weight_map":{"x":"s1","y":"s2"}})";
  EXPECT_TRUE(holds(
      {{"config.json", ""}, {"model.safetensors.index.json", index}, {"s1", ""}, {"s2", ""}}));
  EXPECT_FALSE(holds({{"config.json", ""}, {"model.safetensors.index.json", index}, {"s1", ""}}));
  EXPECT_FALSE(holds({{"config.json", ""}, {"model.safetensors.index.json", "{}"}}));
}

}  // namespace
}  // namespace bertqa
