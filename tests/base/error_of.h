#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "bertqa/error.h"

namespace bertqa {

/// The message of the Error that `action` throws, whose code must be `code`. "", and a failure of
/// the test, if it throws nothing; what else it throws goes through.
inline std::string ErrorOf(ErrorCode code, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace bertqa
