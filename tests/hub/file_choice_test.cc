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

/// What a repository of the Hub holds besides, in one family or another.
Paths WithWhatIsNotNeeded(const Paths& needed) {
  Paths all = {".gitattributes",
               "1_Pooling/config.json",
               "coreml/question-answering/float32_model.mlpackage/Data/weight.bin",
               "flax_model.msgpack",
               "generation_config.json",
               "model.onnx",
               "onnx/config.json",
               "onnx/model.onnx",
               "onnx/model_quantized.onnx",
               "onnx/tokenizer.json",
               "onnx/vocab.txt",
               "openvino/openvino_model.bin",
               "optimizer.pt",
               "rng_state.pth",
               "runs/May05/events.out.tfevents.1",
               "rust_model.ot",
               "saved_model.tar.gz",
               "scheduler.pt",
               "tf_model.h5",
               "trainer_state.json",
               "training_args.bin"};
  all.insert(all.end(), needed.rbegin(), needed.rend());
  return all;
}

TEST(FileChoiceTest, OfEachFamilyTheNeededFilesAndNoOthers) {
  const Paths repositories[] = {
      // BERT, ELECTRA, DistilBERT, MobileBERT, MPNet; the last two often without safetensors
      {"config.json", "README.md", "LICENSE", "vocab.txt", "tokenizer.json",
       "tokenizer_config.json", "special_tokens_map.json", "model.safetensors"},
      {"config.json", "README.md", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json",
       "pytorch_model.bin"},
      // RoBERTa
      {"config.json", "README.md", "vocab.json", "merges.txt", "tokenizer_config.json",
       "special_tokens_map.json", "model.safetensors"},
      // XLM-RoBERTa, CamemBERT
      {"config.json", "README.md", "tokenizer_config.json", "special_tokens_map.json",
       "sentencepiece.bpe.model", "model.safetensors"},
      // ALBERT
      {"config.json", "tokenizer_config.json", "spiece.model", "special_tokens_map.json",
       "pytorch_model.bin"},
      // DeBERTa-v3
      {"config.json", "README.md", "tokenizer.json", "tokenizer_config.json", "spm.model",
       "added_tokens.json", "special_tokens_map.json", "model.safetensors"},
      // ModernBERT
      {"config.json", "README.md", "tokenizer.json", "tokenizer_config.json",
       "special_tokens_map.json", "model.safetensors"},
  };
  for (const Paths& needed : repositories) {
    EXPECT_EQ(PathsOf(ChooseFiles(ListingOf(WithWhatIsNotNeeded(needed)), "a/b").files), needed);
  }
}

TEST(FileChoiceTest, AnIndexIsTakenRatherThanTheSameWeightsAsAPickle) {
  const FileChoice choice =
      ChooseFiles(ListingOf(WithWhatIsNotNeeded(
                      {"config.json", "model-00001-of-00002.safetensors",
                       "model-00002-of-00002.safetensors", "model.safetensors.index.json",
                       "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin",
                       "pytorch_model.bin", "pytorch_model.bin.index.json"})),
                  "a/b");
  EXPECT_EQ(PathsOf(choice.files), (Paths{"config.json", "model.safetensors.index.json"}));
  EXPECT_EQ(choice.index, "model.safetensors.index.json");
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
