#include "autograd/span_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bertqa {
namespace {

constexpr std::size_t kHeads = 2;  // start and end

/// log soft-max(logits / temperature) of one window and one head.
std::vector<double> LogSoftmax(std::span<const double> logits, double temperature) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const double logit : logits) {
    largest = std::max(largest, logit / temperature);
  }
  double sum = 0;
  for (const double logit : logits) {
    sum += std::exp(logit / temperature - largest);
  }
  const double log_sum = largest + std::log(sum);
  std::vector<double> log_probabilities;
  log_probabilities.reserve(logits.size());
  for (const double logit : logits) {
    log_probabilities.push_back(logit / temperature - log_sum);
  }
  return log_probabilities;
}

/// One head of one window; `derivative` [T] is added to.
struct HeadLoss {
  std::span<const double> logits;
  std::span<double> derivative;

  double AddCrossEntropy(std::size_t target, double weight) const {
    const std::vector<double> log_probabilities = LogSoftmax(logits, 1);
    for (std::size_t token = 0; token < logits.size(); ++token) {
      derivative[token] +=
          weight * (std::exp(log_probabilities[token]) - (token == target ? 1.0 : 0.0));
    }
    return -weight * log_probabilities[target];
  }

  /// T² · KL(teacher ‖ student); its derivative is T · (student - teacher).
  double AddDivergence(std::span<const double> teacher, double temperature, double weight) const {
    const std::vector<double> student_log = LogSoftmax(logits, temperature);
    const std::vector<double> teacher_log = LogSoftmax(teacher, temperature);
    double divergence = 0;
    for (std::size_t token = 0; token < logits.size(); ++token) {
      const double wanted = std::exp(teacher_log[token]);
      divergence += wanted > 0 ? wanted * (teacher_log[token] - student_log[token]) : 0;
      derivative[token] += weight * temperature * (std::exp(student_log[token]) - wanted);
    }
    return weight * temperature * temperature * divergence;
  }
};

}  // namespace

double SpanLoss(const TrainingBatch& batch, const Distillation& distillation,
                std::span<const float> logits, double scale, std::span<float> gradient) {
  const bool has_teacher = !batch.teacher_start.empty();
  const double soft = has_teacher ? distillation.weight : 0;
  double sum = 0;
  std::vector<double> values;
  std::vector<double> wanted;
  std::vector<double> derivative;
  for (std::size_t window = 0; window < batch.inputs.window_count(); ++window) {
    const std::size_t begin = batch.inputs.offsets[window];
    const std::size_t end = batch.inputs.offsets[window + 1];
    for (std::size_t head = 0; head < kHeads; ++head) {
      values.clear();
      for (std::size_t token = begin; token < end; ++token) {
        values.push_back(static_cast<double>(logits[token * kHeads + head]));
      }
      derivative.assign(values.size(), 0);
      const HeadLoss loss{values, derivative};
      const auto& targets = head == 0 ? batch.start_positions : batch.end_positions;
      sum += loss.AddCrossEntropy(targets[window], (1 - soft) / kHeads);
      if (has_teacher) {
        const auto& teacher = head == 0 ? batch.teacher_start : batch.teacher_end;
        wanted.assign(teacher.begin() + static_cast<std::ptrdiff_t>(begin),
                      teacher.begin() + static_cast<std::ptrdiff_t>(end));
        sum += loss.AddDivergence(wanted, distillation.temperature, soft / kHeads);
      }
      for (std::size_t token = begin; token < end; ++token) {
        gradient[token * kHeads + head] = static_cast<float>(scale * derivative[token - begin]);
      }
    }
  }
  return sum;
}

}  // namespace bertqa
