#include "memory/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace bertqa {
namespace {

std::atomic<bool> holds = false;
AllocationRule rule_now;  // written before `holds` is
std::atomic<std::size_t> calls = 0;
std::atomic<std::size_t> failed_calls = 0;

bool Fails(std::size_t bytes) {
  if (!holds) {
    return false;
  }
  const std::size_t call = ++calls;
  const bool is_hit = rule_now.first != 0 &&
                      (rule_now.and_all_later ? call >= rule_now.first : call == rule_now.first);
  const bool fails = is_hit || (rule_now.max_bytes != 0 && bytes > rule_now.max_bytes);
  failed_calls += fails ? 1 : 0;
  return fails;
}

}  // namespace

FailingAllocations::FailingAllocations(const AllocationRule& rule) {
  rule_now = rule;
  calls = 0;
  failed_calls = 0;
  holds = true;
}

FailingAllocations::~FailingAllocations() {
  holds = false;
}

std::size_t FailingAllocations::failures() {
  return failed_calls;
}

}  // namespace bertqa

// NOLINTBEGIN(cppcoreguidelines-no-malloc): these are what new and delete are made of

void* operator new(std::size_t bytes) {
  void* const memory = bertqa::Fails(bytes) ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

// NOLINTEND(cppcoreguidelines-no-malloc)
