#include "base/staged_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

class StagedFileTest : public testing::Test {
 protected:
  StagedFileTest()
      : folder_(fs::temp_directory_path() / ("bertqa-staged-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~StagedFileTest() override { fs::remove_all(folder_); }

  void Write(const StagedFile& file, const std::string& bytes) {
    WriteDescriptor(file.descriptor(), bytes, file.name());
  }

  fs::path folder_;
};

TEST_F(StagedFileTest, IsThereWhenItIsCommitted) {
  WriteFileDurably(folder_ / "x", "old");
  StagedFile file(folder_ / "x");
  Write(file, "new");
  EXPECT_EQ(ReadFile(folder_ / "x"), "old");
  file.Commit();
  EXPECT_EQ(ReadFile(folder_ / "x"), "new");
  EXPECT_FALSE(fs::exists(folder_ / "x.part"));
}

TEST_F(StagedFileTest, WhatIsNotCommittedVanishes) {
  {
    StagedFile file(folder_ / "x");
    Write(file, "half");
    EXPECT_TRUE(fs::exists(folder_ / "x.part"));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(StagedFileTest, WhatAKillLeftIsReplaced) {
  WriteFileAtomically(folder_ / "x.part", "much longer than what comes now");
  WriteFileDurably(folder_ / "x", "new");
  EXPECT_EQ(ReadFile(folder_ / "x"), "new");
  EXPECT_FALSE(fs::exists(folder_ / "x.part"));
}

TEST_F(StagedFileTest, ASecondWriterIsRefused) {
  StagedFile file(folder_ / "x");
  Write(file, "first");
  EXPECT_EQ(ErrorOf(ErrorCode::kUsage, [&] { StagedFile(folder_ / "x"); }),
            (folder_ / "x").string() + ": another process is writing it");
  file.Commit();
  EXPECT_EQ(ReadFile(folder_ / "x"), "first");
  WriteFileDurably(folder_ / "x", "second");
}

TEST_F(StagedFileTest, WhatIsNotThereCannotBeSynced) {
  EXPECT_THROW(SyncFile(folder_ / "missing"), Error);
  SyncFolderOf(folder_ / "nowhere" / "file");  // a folder that cannot be opened is not ours
  const Descriptor file(::open((folder_ / "file").c_str(), O_WRONLY | O_CREAT, 0600));
  EXPECT_TRUE(IsAt(file, folder_ / "file"));
  EXPECT_FALSE(IsAt(file, folder_ / "missing"));
  EXPECT_FALSE(IsAt(file, folder_));
  EXPECT_FALSE(IsAt(Descriptor(-1), folder_));
}

TEST_F(StagedFileTest, APipeIsWrittenInPlace) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Descriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  {
    StagedFile file(pipe);
    Write(file, "through");
    file.Commit();
  }
  EXPECT_EQ(ReadDescriptor(reader.value(), "pipe"), "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(StagedFileTest, WhereNothingCanBeWrittenTheFileIsNamed) {
  const fs::path path = folder_ / "no" / "x";
  EXPECT_EQ(ErrorOf(ErrorCode::kUnwritable, [&] { StagedFile{path}; }),
            path.string() + ": cannot write: No such file or directory");
}

}  // namespace
}  // namespace bertqa
