#include <gtest/gtest.h>

#include "bertqa/window.h"

namespace bertqa {
namespace {

constexpr TokenId kCls = 101;
constexpr TokenId kSep = 102;

Window Slice(std::size_t begin, std::size_t end) {
  Window window;
  window.context_begin = begin;
  window.context_end = end;
  return window;
}

TEST(PackedBatchTest, BertWindowIsClsQuestionSepSliceSep) {
  const PairTemplate pair{{kCls}, {kSep}, {kSep}, 0, 1, 0};
  const std::vector<TokenId> question = {7, 8};
  const std::vector<TokenId> context = {20, 21, 22, 23};
  PackedBatch batch;
  AppendWindow(batch, pair, question, context, Slice(1, 3));
  EXPECT_EQ(batch.ids, (std::vector<TokenId>{kCls, 7, 8, kSep, 21, 22, kSep}));
  EXPECT_EQ(batch.segments, (std::vector<std::int32_t>{0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(batch.offsets, (std::vector<std::size_t>{0, 7}));
}

TEST(PackedBatchTest, SecondWindowFollowsWithoutPadding) {
  const PairTemplate pair{{kCls}, {kSep}, {kSep}, 0, 1, 0};
  const std::vector<TokenId> context = {20, 21, 22, 23};
  PackedBatch batch;
  AppendWindow(batch, pair, std::vector<TokenId>{7}, context, Slice(0, 4));
  AppendWindow(batch, pair, std::vector<TokenId>{}, context, Slice(3, 4));
  EXPECT_EQ(batch.window_count(), 2U);
  EXPECT_EQ(batch.offsets, (std::vector<std::size_t>{0, 8, 12}));
  EXPECT_EQ(std::vector<TokenId>(batch.ids.begin() + 8, batch.ids.end()),
            (std::vector<TokenId>{kCls, kSep, 23, kSep}));
  EXPECT_EQ(batch.token_count(), batch.segments.size());
}

TEST(PackedBatchTest, TemplateIsDataNotBert) {
  // XLM-R: <s> q </s></s> c </s>, one segment.
  const PairTemplate pair{{0}, {2, 2}, {2}, 0, 0, 0};
  PackedBatch batch;
  AppendWindow(batch, pair, std::vector<TokenId>{7}, std::vector<TokenId>{9}, Slice(0, 1));
  EXPECT_EQ(batch.ids, (std::vector<TokenId>{0, 7, 2, 2, 9, 2}));
  EXPECT_EQ(batch.segments, std::vector<std::int32_t>(6, 0));
}

TEST(PackedBatchTest, EmptyBatchHasNoWindow) {
  const PackedBatch batch;
  EXPECT_EQ(batch.window_count(), 0U);
  EXPECT_EQ(batch.token_count(), 0U);
}

}  // namespace
}  // namespace bertqa
