#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"

namespace bertqa {

/// A file of tests/golden that tools/eval_golden.py wrote.
inline nlohmann::json ReadGolden(const std::string& name) {
  return nlohmann::json::parse(ReadFile("golden/" + name));
}

}  // namespace bertqa
