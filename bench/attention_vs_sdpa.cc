// Our attention and LayerNorm against ATen's, a window at a time, in turns. Prints Markdown.
// ATen's AVX2 path: ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2; ours: BERTQA_ISA=avx2.

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kernels/attention.h"
#include "kernels/layer_norm.h"

namespace bertqa {
namespace {

constexpr std::int64_t kHeads = 12;
constexpr int kTurns = 11;
constexpr double kTurnSeconds = 0.02;

double Seconds(const std::function<void()>& work, int repetitions) {
  const auto begin = std::chrono::steady_clock::now();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    work();
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  return elapsed.count() / repetitions;
}

int RepetitionsFor(const std::function<void()>& work) {
  Seconds(work, 2);  // warm
  return std::max(1, static_cast<int>(kTurnSeconds / Seconds(work, 3)));
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Times {
  double theirs;
  double ours;
};

/// Threads that wait for work awake, as OpenMP's do between operators, while they are resumed.
class Team {
 public:
  explicit Team(std::size_t threads) {
    for (std::size_t index = 1; index < threads; ++index) {
      threads_.emplace_back([this, index] { Serve(index); });
    }
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    stops_ = true;
    Resume();
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }

  void Resume() {
    awake_ = true;
    awake_.notify_all();
  }
  void Pause() { awake_ = false; }

  /// task(item, thread) for each item < count. REQUIRES: resumed.
  void Run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& task) {
    task_ = &task;
    count_ = count;
    next_ = 0;
    busy_ = threads_.size();
    ++round_;
    Work(0);
    while (busy_ != 0) {
    }
  }

 private:
  void Serve(std::size_t thread) {
    std::size_t seen = 0;
    while (!stops_) {
      awake_.wait(false);
      if (round_ != seen) {
        ++seen;
        Work(thread);
        --busy_;
      }
    }
  }

  void Work(std::size_t thread) {
    for (std::size_t item = next_++; item < count_; item = next_++) {
      (*task_)(item, thread);
    }
  }

  const std::function<void(std::size_t, std::size_t)>* task_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> busy_ = 0;
  std::atomic<std::size_t> round_ = 0;
  std::atomic<bool> awake_ = false;
  std::atomic<bool> stops_ = false;
  std::vector<std::thread> threads_;
};

/// Medians of turns: theirs, ours, theirs, ours, …; the team sleeps in their turns.
Times Compare(Team& team, const std::function<void()>& theirs, const std::function<void()>& ours) {
  const int their_repetitions = RepetitionsFor(theirs);
  team.Resume();
  const int our_repetitions = RepetitionsFor(ours);
  std::vector<double> their_times;
  std::vector<double> our_times;
  for (int turn = 0; turn < kTurns; ++turn) {
    team.Pause();
    Seconds(theirs, std::max(1, their_repetitions / 4));  // their threads awake, ours asleep
    their_times.push_back(Seconds(theirs, their_repetitions));
    team.Resume();
    Seconds(ours, std::max(1, our_repetitions / 4));
    our_times.push_back(Seconds(ours, our_repetitions));
  }
  return {.theirs = Median(std::move(their_times)), .ours = Median(std::move(our_times))};
}

/// What both read: q, k and v of all heads of a token in one row [tokens, 3 · heads · size].
template <typename T>
class AttentionCase {
 public:
  AttentionCase(std::int64_t tokens, std::int64_t size, std::size_t threads)
      : tokens_(tokens),
        size_(size),
        team_(threads),
        qkv_(at::randn({tokens, 3 * kHeads * size})),
        context_(at::zeros({tokens, kHeads * size})) {
    if constexpr (sizeof(T) != sizeof(float)) {
      qkv_ = qkv_.to(at::kBFloat16);
      context_ = context_.to(at::kBFloat16);
    }
    for (std::size_t thread = 0; thread < threads; ++thread) {
      scratch_.push_back(std::make_unique<AttentionScratch>(
          ChosenIsa(), static_cast<std::size_t>(tokens), static_cast<std::size_t>(size)));
    }
  }

  Times Run() {
    const Times times = Compare(team_, [this] { RunTheirs(); }, [this] { RunOurs(); });
    const at::Tensor expected = RunTheirs().transpose(1, 2).reshape({tokens_, kHeads * size_});
    const double difference = expected.sub(context_).abs().max().item().toDouble();
    if (!(difference < (sizeof(T) == sizeof(float) ? 1e-5 : 0.05))) {
      std::fprintf(stderr, "the results differ by %g\n", difference);
    }
    return times;
  }

 private:
  at::Tensor RunTheirs() const {
    const at::Tensor heads = qkv_.view({1, tokens_, 3, kHeads, size_}).permute({2, 0, 3, 1, 4});
    return at::scaled_dot_product_attention(heads[0], heads[1], heads[2]);
  }

  void RunOurs() {
    const auto size = static_cast<std::size_t>(size_);
    const std::size_t hidden = kHeads * size;
    const T* const qkv = static_cast<const T*>(qkv_.const_data_ptr());
    T* const context = static_cast<T*>(context_.mutable_data_ptr());
    team_.Run(kHeads, [&](std::size_t head, std::size_t thread) {
      const T* const query = qkv + head * size;
      Attend(ChosenIsa(),
             AttentionHead<T>{.query = query,
                              .key = query + hidden,
                              .value = query + 2 * hidden,
                              .stride = 3 * hidden,
                              .output = context + head * size,
                              .output_stride = hidden,
                              .tokens = static_cast<std::size_t>(tokens_),
                              .head_size = size},
             *scratch_[thread]);
    });
  }

  std::int64_t tokens_;
  std::int64_t size_;
  Team team_;
  at::Tensor qkv_;
  at::Tensor context_;
  std::vector<std::unique_ptr<AttentionScratch>> scratch_;
};

template <typename T>
void CompareAttention(const char* precision) {
  std::printf("\n| %s | T | SDPA, GFLOP/s | ours | ratio | SDPA, 2 threads | ours | ratio |\n",
              precision);
  std::printf("|---|---|---|---|---|---|---|---|\n");
  for (const std::int64_t size : {32, 64}) {
    for (const std::int64_t tokens : {64, 128, 180, 256, 384, 512}) {
      std::printf("| D = %d | %d |", static_cast<int>(size), static_cast<int>(tokens));
      const double work = 4e-9 * static_cast<double>(tokens * tokens * kHeads * size);
      for (const std::size_t threads : {1, 2}) {
        at::set_num_threads(static_cast<int>(threads));
        const Times times = AttentionCase<T>(tokens, size, threads).Run();
        std::printf(" %.0f | %.0f | %.2f |", work / times.theirs, work / times.ours,
                    times.theirs / times.ours);
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}

void CompareLayerNorm() {
  std::printf("\n| LayerNorm with residual, size | ATen, us for 384 rows | ours | ratio |\n");
  std::printf("|---|---|---|---|\n");
  at::set_num_threads(1);
  Team team(1);
  for (const std::int64_t size : {384, 768, 1024}) {
    const at::Tensor values = at::randn({384, size});
    const at::Tensor residual = at::randn({384, size});
    const at::Tensor weight = at::ones({size});
    const at::Tensor bias = at::zeros({size});
    at::Tensor ours = values.clone();
    const Times times = Compare(
        team, [&] { at::layer_norm(at::add(values, residual), {size}, weight, bias, 1e-12); },
        [&] {
          AddAndNormalise(ChosenIsa(), ours.mutable_data_ptr<float>(),
                          residual.const_data_ptr<float>(), 384, static_cast<std::size_t>(size),
                          weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), 1e-12F);
        });
    std::printf("| %d | %.1f | %.1f | %.2f |\n", static_cast<int>(size), times.theirs * 1e6,
                times.ours * 1e6, times.theirs / times.ours);
  }
}

}  // namespace
}  // namespace bertqa

int main() {
  const c10::InferenceMode guard;
  std::printf("%s, ours: %s; one window of 12 heads; medians of %d turns.\n",
              bertqa::ProcessorName().c_str(), std::string(NameOf(bertqa::ChosenIsa())).c_str(),
              bertqa::kTurns);
  bertqa::CompareAttention<float>("fp32");
  if (ComputesBFloat16(bertqa::ChosenIsa())) {
    bertqa::CompareAttention<bertqa::BFloat16>("bf16");
  }
  bertqa::CompareLayerNorm();
  return 0;
}
