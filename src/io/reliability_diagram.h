#pragma once

#include <string>
#include <vector>

#include "bertqa/calibration.h"

namespace bertqa {

struct ReliabilityDiagram {
  std::string title;
  std::vector<ReliabilityBin> bins;
  double expected_calibration_error = 0;  ///< from 0 to 1
};

/// An SVG picture (after Guo et al. 2017, fig. 1): a bar for each bin, as high as the share of its
/// answers that are right, and what lies between that and their mean probability; the diagonal on
/// which probabilities are to be believed; and how many answers each bin has. Well-formed for any
/// title that is UTF-8.
/// Throws Error{kMalformed} if no bin has an answer.
std::string FormatReliabilityDiagramSvg(const ReliabilityDiagram& diagram);

}  // namespace bertqa
