#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "encoder/pickle_value.h"

namespace bertqa {

/// The pickle protocol's stack machine (Python's Lib/pickletools.py describes it), without the
/// parts that run code: what a REDUCE or BUILD means is decided by a fixed list of globals. What it
/// holds is bounded by a constant and the pickle's size: a few bytes that say "that large value
/// again" take no more than a reference to it.
class PickleMachine {
 public:
  explicit PickleMachine(std::string place) : place_(std::move(place)) {}

  template <typename Content>
  void Push(Content content) {
    Push(New(std::move(content)));
  }
  void Push(PickleRef value) {
    RequireRoom(stack_.size());
    stack_.push_back(value);
  }
  void PushMark() {
    RequireRoom(marks_.size());
    marks_.push_back(stack_.size());
  }
  void PushGlobal(std::string name);
  void PushMemo(std::uint32_t key);
  void Memoize(std::uint32_t key);

  void MakeTuple(std::size_t count);
  void MakeTupleFromMark();
  void Append();
  void AppendFromMark();
  void SetItem();
  void SetItemsFromMark();
  void PersistentId();
  void NewObject();
  void Build();
  void Reduce();

  /// REQUIRES: nothing more to read.
  PickleDocument Finish();

  [[noreturn]] void FailMalformed(const std::string& what) const;
  [[noreturn]] void FailUnsupported(const std::string& what) const;

 private:
  template <typename Content>
  PickleRef New(Content content) {
    RequireRoom(document_.values.size());
    document_.values.push_back(PickleValue{std::move(content)});
    return &document_.values.back();
  }
  /// The content of `value` if it is a `Content`; fails with "<what> is expected" else.
  template <typename Content>
  Content& As(PickleRef value, const char* what) const {
    auto* content = std::get_if<Content>(&value->content);
    if (content == nullptr) {
      FailMalformed(std::string(what) + " is expected");
    }
    return *content;
  }

  /// Fails if as many values, marks or memos as `count` are too many.
  void RequireRoom(std::size_t count) const;
  PickleRef Pop();
  std::vector<PickleRef> PopToMark();
  void SetItems(const std::vector<PickleRef>& keys_and_values);
  std::string StorageKey(PickleRef key) const;
  PickleStorage::Part StoragePart(PickleRef metadata) const;
  PickleRef RebuildTensor(const std::vector<PickleRef>& arguments);
  std::vector<std::int64_t> Integers(PickleRef tuple) const;

  std::string place_;
  PickleDocument document_;
  std::vector<PickleRef> stack_;
  std::vector<std::size_t> marks_;  // stack heights
  std::unordered_map<std::uint32_t, PickleRef> memo_;
};

}  // namespace bertqa
