#include "base/module_loader.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

/// The message of the error that loading throws.
std::string FailureOf(const ModuleName& module) {
  return ErrorOf(ErrorCode::kUnsupported, [&] { LoadModuleSymbol(module); });
}

ModuleName TestModule() {
  return {.file = "libbertqa_loader_test.so",
          .symbol = "bertqa_loader_test_answer",
          .purpose = "test",
          .alternative = ""};
}

TEST(ModuleLoaderTest, GivesTheFunction) {
  void* const symbol = LoadModuleSymbol(TestModule());
  EXPECT_EQ(reinterpret_cast<int (*)()>(symbol)(), 42);
  EXPECT_EQ(LoadModuleSymbol(TestModule()), symbol);
}

TEST(ModuleLoaderTest, AnotherVersionIsRefused) {
  ModuleName module = TestModule();
  module.symbol = "bertqa_loader_test_answer_2";
  const std::string message = FailureOf(module);
  EXPECT_TRUE(
      message.starts_with("libbertqa_loader_test.so: needed to test, as is libtorch, but /"))
      << message;
  EXPECT_NE(message.find("/lib/bertqa/libbertqa_loader_test.so is of another version of bertqa. "),
            std::string::npos)
      << message;
  EXPECT_TRUE(message.ends_with("(-DBERTQA_WITH_TORCH=ON)")) << message;
}

TEST(ModuleLoaderTest, MessageNamesTheLibraryAndTheRemedy) {
  const std::string message = FailureOf({.file = "libno.so",
                                         .symbol = "x",
                                         .purpose = "test",
                                         .alternative = "",
                                         .library = "libother",
                                         .remedy = "Install libother"});
  EXPECT_TRUE(message.starts_with("libno.so: needed to test, as is libother, but it is not there"))
      << message;
  EXPECT_TRUE(message.ends_with(". Install libother")) << message;
}

TEST(ModuleLoaderTest, MissingOneIsLookedForInEachPlaceOnce) {
  const std::string message = FailureOf(
      {.file = "libno.so", .symbol = "x", .purpose = "test", .alternative = ", or do without"});
  EXPECT_TRUE(message.starts_with(
      "libno.so: needed to test, as is libtorch, but it is not there; looked for /"))
      << message;
  EXPECT_TRUE(
      message.ends_with(". Install bertqa with libtorch (-DBERTQA_WITH_TORCH=ON), or do "
                        "without"))
      << message;
  const std::size_t place = message.find("/lib/bertqa/libno.so");
  ASSERT_NE(place, std::string::npos) << message;
  EXPECT_EQ(message.find("/lib/bertqa/libno.so", place + 1), std::string::npos) << message;
}

}  // namespace
}  // namespace bertqa
