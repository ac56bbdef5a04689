#include "encoder/task_team.h"

#include <system_error>
#include <utility>

#include "bertqa/error.h"

namespace bertqa {
namespace {

// Stages follow each other within microseconds; going to sleep and waking up takes tens of them.
constexpr int kYieldsBeforeSleep = 100;

/// Returns once `value` is no longer `old_value`.
void WaitWhileEqual(const std::atomic<std::size_t>& value, std::size_t old_value) {
  for (int yields = 0; yields < kYieldsBeforeSleep; ++yields) {
    if (value.load(std::memory_order_acquire) != old_value) {
      return;
    }
    std::this_thread::yield();
  }
  value.wait(old_value, std::memory_order_acquire);
}

}  // namespace

TaskTeam::TaskTeam(std::size_t threads) {
  helpers_.reserve(threads - 1);
  try {
    for (std::size_t worker_index = 1; worker_index < threads; ++worker_index) {
      helpers_.emplace_back([this, worker_index] { Help(worker_index); });
    }
  } catch (const std::system_error& error) {
    Stop();
    throw Error(ErrorCode::kInternal, "encoder: cannot start " + std::to_string(threads) +
                                          " threads: " + error.code().message());
  }
}

TaskTeam::~TaskTeam() {
  Stop();
}

void TaskTeam::Stop() {
  stopping_ = true;
  ++stage_;
  stage_.notify_all();
  for (std::thread& helper : helpers_) {
    helper.join();
  }
}

void TaskTeam::ForEach(std::size_t count, const Task& task) {
  task_ = &task;
  count_ = count;
  next_task_.store(0, std::memory_order_relaxed);
  const bool shared = count > 1 && !helpers_.empty();
  if (shared) {
    busy_helpers_.store(helpers_.size(), std::memory_order_relaxed);
    stage_.fetch_add(1, std::memory_order_release);
    stage_.notify_all();
  }
  RunTasks(/*worker_index=*/0);
  if (shared) {
    for (std::size_t busy = busy_helpers_; busy != 0; busy = busy_helpers_) {
      WaitWhileEqual(busy_helpers_, busy);
    }
  }
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

void TaskTeam::Help(std::size_t worker_index) {
  std::size_t seen_stage = 0;
  while (true) {
    WaitWhileEqual(stage_, seen_stage);
    seen_stage = stage_.load(std::memory_order_acquire);
    if (stopping_) {
      return;
    }
    RunTasks(worker_index);
    if (busy_helpers_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      busy_helpers_.notify_one();
    }
  }
}

void TaskTeam::RunTasks(std::size_t worker_index) noexcept {
  try {
    for (std::size_t task = next_task_++; task < count_; task = next_task_++) {
      (*task_)(task, worker_index);
    }
  } catch (...) {
    const std::scoped_lock lock(failure_mutex_);
    if (!failure_) {
      failure_ = std::current_exception();
    }
    next_task_ = count_;
  }
}

}  // namespace bertqa
