#include "encoder/pickle_machine.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "bertqa/error.h"

namespace bertqa {
namespace {

// A BERT of 24 layers has about 8,000; a bound on memory for what claims to be a model.
constexpr std::size_t kMaxValues = 500'000;
// What is copied for each tensor is bounded too: one long key or tuple could be used by all of
// them.
constexpr std::size_t kMaxKeyBytes = 64;    // PyTorch's keys are decimal numbers
constexpr std::size_t kMaxDimensions = 64;  // PyTorch's own limit

constexpr std::string_view kRebuildTensor = "torch._utils _rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils _rebuild_parameter";
constexpr std::string_view kOrderedDict = "collections OrderedDict";
constexpr std::array<std::string_view, 5> kFirstArgument = {
    "torch.jit._pickle build_intlist", "torch.jit._pickle build_tensorlist",
    "torch.jit._pickle build_doublelist", "torch.jit._pickle build_boollist",
    "torch.jit._pickle restore_type_tag"};  // these only tag their first argument with a type

bool TakesFirstArgument(std::string_view name) {
  return name == kRebuildParameter ||
         std::find(kFirstArgument.begin(), kFirstArgument.end(), name) != kFirstArgument.end();
}

std::optional<DType> StorageType(std::string_view global) {
  constexpr std::string_view kPrefix = "torch ";
  return global.starts_with(kPrefix) ? DTypeFromStorage(global.substr(kPrefix.size()))
                                     : std::nullopt;
}

bool IsScriptClass(std::string_view name) {
  return name.starts_with("__torch__.") || name.starts_with("__torch__ ");
}

bool IsAllowed(std::string_view name) {
  return name == kRebuildTensor || name == kOrderedDict || TakesFirstArgument(name) ||
         StorageType(name).has_value() || IsScriptClass(name);
}

/// "module.name", in printable ASCII, and not all of a long one: names come from the file.
std::string Quoted(std::string_view name) {
  std::string text = "\"";
  const std::size_t end_of_module = name.find(' ');
  for (std::size_t index = 0; index < std::min<std::size_t>(name.size(), 80); ++index) {
    const char character = index == end_of_module ? '.' : name[index];
    text += character >= ' ' && character <= '~' ? character : '?';
  }
  return text + "\"";
}

}  // namespace

void PickleMachine::FailMalformed(const std::string& what) const {
  throw Error(ErrorCode::kMalformed, place_ + ": not a valid pickle: " + what);
}

void PickleMachine::FailUnsupported(const std::string& what) const {
  throw Error(ErrorCode::kUnsupported, place_ + ": " + what);
}

void PickleMachine::RequireRoom(std::size_t count) const {
  if (count >= kMaxValues) {
    FailMalformed("more than " + std::to_string(kMaxValues) + " values");
  }
}

void PickleMachine::PushGlobal(std::string name) {
  if (!IsAllowed(name)) {
    FailUnsupported("global " + Quoted(name) + " is not allowed: archives are read as weights");
  }
  Push(PickleGlobal{.name = std::move(name)});
}

void PickleMachine::PushMemo(std::uint32_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) {
    FailMalformed("memo " + std::to_string(key) + " is used before it is set");
  }
  Push(found->second);
}

void PickleMachine::Memoize(std::uint32_t key) {
  if (stack_.empty()) {
    FailMalformed("the stack is empty");
  }
  RequireRoom(memo_.size());
  memo_[key] = stack_.back();
}

PickleRef PickleMachine::Pop() {
  if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size())) {
    FailMalformed("the stack is empty");
  }
  const PickleRef value = stack_.back();
  stack_.pop_back();
  return value;
}

std::vector<PickleRef> PickleMachine::PopToMark() {
  if (marks_.empty()) {
    FailMalformed("no mark is set");
  }
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<PickleRef> values(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return values;
}

void PickleMachine::MakeTuple(std::size_t count) {
  PickleSequence tuple;
  tuple.items.resize(count);
  for (std::size_t left = count; left > 0; --left) {
    tuple.items[left - 1] = Pop();
  }
  Push(std::move(tuple));
}

void PickleMachine::MakeTupleFromMark() {
  Push(PickleSequence{.items = PopToMark()});
}

void PickleMachine::Append() {
  const PickleRef item = Pop();
  const PickleRef list = Pop();
  As<PickleSequence>(list, "a list").items.push_back(item);
  Push(list);
}

void PickleMachine::AppendFromMark() {
  const std::vector<PickleRef> items = PopToMark();
  const PickleRef list = Pop();
  auto& target = As<PickleSequence>(list, "a list").items;
  target.insert(target.end(), items.begin(), items.end());
  Push(list);
}

void PickleMachine::SetItem() {
  const PickleRef value = Pop();
  const PickleRef key = Pop();
  SetItems({key, value});
}

void PickleMachine::SetItemsFromMark() {
  SetItems(PopToMark());
}

void PickleMachine::SetItems(const std::vector<PickleRef>& keys_and_values) {
  if (keys_and_values.size() % 2 != 0) {
    FailMalformed("a key without a value");
  }
  const PickleRef dict = Pop();
  auto& items = As<PickleDict>(dict, "a dict").items;
  for (std::size_t index = 0; index < keys_and_values.size(); index += 2) {
    items.emplace_back(keys_and_values[index], keys_and_values[index + 1]);
  }
  Push(dict);
}

void PickleMachine::PersistentId() {
  // ("storage", torch.HalfStorage, "0", "cpu", element count[, None or view metadata])
  const auto& id = As<PickleSequence>(Pop(), "a storage's tuple").items;
  if (id.size() < 5 || id.size() > 6 || As<std::string>(id[0], "\"storage\"") != "storage") {
    FailMalformed("a storage's tuple of five or six is expected");
  }
  const std::string& type = As<PickleGlobal>(id[1], "a storage type").name;
  const std::optional<DType> dtype = StorageType(type);
  const std::int64_t count = As<std::int64_t>(id[4], "a storage's size");
  if (!dtype || count < 0) {
    FailMalformed("a storage type and size are expected, not " + Quoted(type) + " and " +
                  std::to_string(count));
  }
  PickleStorage storage{
      .key = StorageKey(id[2]), .dtype = *dtype, .element_count = static_cast<std::size_t>(count)};
  if (id.size() == 6 && !std::holds_alternative<PickleNone>(id[5]->content)) {
    storage.part = StoragePart(id[5]);
  }
  Push(std::move(storage));
}

std::string PickleMachine::StorageKey(PickleRef key) const {
  const std::string& text = As<std::string>(key, "a storage's key");
  if (text.size() > kMaxKeyBytes) {
    FailMalformed("a storage's key of " + std::to_string(text.size()) + " bytes");
  }
  return text;
}

PickleStorage::Part PickleMachine::StoragePart(PickleRef metadata) const {
  // (a key of the part, its offset, its size), both in elements
  const auto& items = As<PickleSequence>(metadata, "a part of a storage").items;
  if (items.size() != 3) {
    FailMalformed("a part of a storage is expected to be a tuple of three");
  }
  return {.offset = As<std::int64_t>(items[1], "a part's offset"),
          .element_count = As<std::int64_t>(items[2], "a part's size")};
}

void PickleMachine::NewObject() {
  Pop();  // the arguments of __new__; a script class has none
  const std::string& name = As<PickleGlobal>(Pop(), "a class").name;
  if (!IsScriptClass(name)) {
    FailMalformed("a TorchScript class is expected, not " + Quoted(name));
  }
  Push(PickleObject{});
}

void PickleMachine::Build() {
  const PickleRef state = Pop();
  const PickleRef target = Pop();
  if (auto* object = std::get_if<PickleObject>(&target->content)) {
    object->state = state;
  } else {
    As<PickleDict>(target, "an object");  // an OrderedDict's attributes carry no weights
  }
  Push(target);
}

void PickleMachine::Reduce() {
  const auto& arguments = As<PickleSequence>(Pop(), "a tuple of arguments").items;
  const std::string& name = As<PickleGlobal>(Pop(), "a function").name;
  if (name == kRebuildTensor) {
    Push(RebuildTensor(arguments));
  } else if (name == kOrderedDict && arguments.empty()) {
    Push(PickleDict{});
  } else if (TakesFirstArgument(name) && !arguments.empty()) {
    Push(arguments[0]);
  } else {
    FailMalformed(Quoted(name) + " is called with " + std::to_string(arguments.size()) +
                  " arguments");
  }
}

PickleRef PickleMachine::RebuildTensor(const std::vector<PickleRef>& arguments) {
  // (storage, offset, sizes, strides, requires_grad, backward_hooks[, metadata])
  if (arguments.size() < 4) {
    FailMalformed("a tensor of " + std::to_string(arguments.size()) + " arguments");
  }
  PickleTensor tensor{.storage = As<PickleStorage>(arguments[0], "a tensor's storage"),
                      .offset = As<std::int64_t>(arguments[1], "a tensor's offset"),
                      .sizes = Integers(arguments[2]),
                      .strides = Integers(arguments[3])};
  return New(std::move(tensor));
}

std::vector<std::int64_t> PickleMachine::Integers(PickleRef tuple) const {
  const auto& items = As<PickleSequence>(tuple, "a tuple of sizes").items;
  if (items.size() > kMaxDimensions) {
    FailMalformed("a tensor of " + std::to_string(items.size()) + " dimensions");
  }
  std::vector<std::int64_t> values;
  values.reserve(items.size());
  for (const PickleRef item : items) {
    values.push_back(As<std::int64_t>(item, "a whole number"));
  }
  return values;
}

PickleDocument PickleMachine::Finish() {
  document_.root = Pop();
  if (!stack_.empty()) {
    FailMalformed("more than one value is left at its end");
  }
  return std::move(document_);
}

}  // namespace bertqa
