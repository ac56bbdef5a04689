#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bertqa {

/// What a run of training has gone through, in the order of the steps.
struct LearningCurve {
  struct Step {
    std::size_t step = 0;
    double loss = 0;
    double learning_rate = 0;
  };
  struct Evaluation {
    std::size_t step = 0;
    double exact = 0;  ///< percent, as f1
    double f1 = 0;
  };

  std::string title;
  std::vector<Step> steps;
  std::vector<Evaluation> evaluations;
};

/// An SVG picture, three panels over the same steps: the loss of each step (thin) and its moving
/// average (thick); exact match and F1 of the evaluations, the best F1 ringed; the learning rate. A
/// panel with nothing to show is left out. However many steps, at most 600 points a line: each is
/// the mean of its neighbours. Steps and evaluations that are no finite numbers are left out, and
/// the description says how many. Well-formed for any title that is UTF-8.
std::string FormatLearningCurveSvg(const LearningCurve& curve);

}  // namespace bertqa
