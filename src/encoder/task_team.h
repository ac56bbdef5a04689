#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bertqa {

/// A fixed number of threads that share the tasks of one stage after another: the caller's, and
/// helpers that sleep in between. Which thread runs a task never changes what the task computes.
/// Not thread-safe: one caller at a time.
class TaskTeam {
 public:
  /// `task_index` counts the stage's tasks; `worker_index` < size() says whose scratch to use.
  using Task = std::function<void(std::size_t task_index, std::size_t worker_index)>;

  /// REQUIRES: threads >= 1. Throws Error{kInternal} if the system has no more threads.
  explicit TaskTeam(std::size_t threads);
  ~TaskTeam();
  TaskTeam(const TaskTeam&) = delete;
  TaskTeam& operator=(const TaskTeam&) = delete;

  std::size_t size() const { return helpers_.size() + 1; }

  /// Runs tasks 0 to `count` - 1, each once, and returns when all are done. Rethrows the first
  /// exception of a task; tasks not begun by then are left out.
  void ForEach(std::size_t count, const Task& task);

 private:
  void Help(std::size_t worker_index);
  void RunTasks(std::size_t worker_index) noexcept;
  void Stop();

  std::vector<std::thread> helpers_;
  // The stage: written by the caller before `stage_` changes, read by helpers after.
  const Task* task_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_task_ = 0;
  std::atomic<std::size_t> stage_ = 0;         // counts stages; helpers wait for it to change
  std::atomic<std::size_t> busy_helpers_ = 0;  // helpers that have not finished the stage
  std::atomic<bool> stopping_ = false;
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
};

}  // namespace bertqa
