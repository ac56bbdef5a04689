#include "hub/cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "bertqa/error.h"
#include "hub/blob_verification.h"
#include "hub/file_lock.h"
#include "hub/module_transport.h"
#include "hub/snapshots.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

const std::string kCommit(40, 'c');

class CacheTest : public testing::Test {
 protected:
  CacheTest()
      : root_(fs::temp_directory_path() / ("bertqa-cache-" + std::to_string(::getpid()))),
        repository_(root_, *ParseRepositoryName("org/name")) {}
  void TearDown() override { fs::remove_all(root_); }

  /// A file of the snapshot, with its blob.
  void Add(const std::string& path, char digit) {
    const RemoteFile file{.path = path, .size_bytes = 2, .hash = std::string(40, digit)};
    fs::create_directories(repository_.Blob(file).parent_path());
    WriteFileAtomically(repository_.Blob(file), "{}");
    repository_.LinkFile(kCommit, file);
  }

  fs::path root_;
  CacheRepository repository_;
};

TEST_F(CacheTest, PlacesAreThoseOfThePythonClient) {
  const RemoteFile file{.path = "x", .size_bytes = 1, .hash = "abc"};
  EXPECT_EQ(repository_.Blob(file), root_ / "models--org--name/blobs/abc");
  EXPECT_EQ(repository_.Incomplete(file), root_ / "models--org--name/blobs/abc.incomplete");
  EXPECT_EQ(repository_.Lock(file), root_ / ".locks/models--org--name/abc.lock");
}

TEST_F(CacheTest, SnapshotIsFoundWhenItIsWholeAndNamed) {
  EXPECT_FALSE(repository_.FindSnapshot("main"));
  Add("config.json", '1');
  repository_.WriteRef("main", kCommit);
  EXPECT_FALSE(repository_.FindSnapshot("main")) << "no weights";
  Add("model.safetensors", '2');
  EXPECT_EQ(repository_.FindSnapshot("main"), repository_.Snapshot(kCommit));
  EXPECT_EQ(repository_.FindSnapshot(kCommit), repository_.Snapshot(kCommit));
  EXPECT_FALSE(repository_.FindSnapshot("v1"));
  fs::remove(repository_.folder() / "blobs" / std::string(40, '2'));
  EXPECT_FALSE(repository_.FindSnapshot("main")) << "the link leads nowhere";
}

TEST_F(CacheTest, RefThatIsNoCommitIsNotFollowed) {
  fs::create_directories(repository_.folder() / "refs");
  WriteFileAtomically(repository_.folder() / "refs" / "main", "../../../etc");
  EXPECT_FALSE(repository_.CommitOf("main"));
  WriteFileAtomically(repository_.folder() / "refs" / "main", kCommit + "\n");
  EXPECT_EQ(repository_.CommitOf("main"), kCommit);
}

TEST_F(CacheTest, LinkIsReplacedIfItLeadsElsewhere) {
  Add("config.json", '1');
  Add("config.json", '2');
  EXPECT_EQ(fs::read_symlink(repository_.Snapshot(kCommit) / "config.json"),
            "../../blobs/" + std::string(40, '2'));
}

TEST_F(CacheTest, BlobOfAnotherSizeIsNone) {
  RemoteFile file{.path = "x", .size_bytes = 2, .hash = "abc"};
  EXPECT_FALSE(repository_.HasBlob(file));
  fs::create_directories(repository_.Blob(file).parent_path());
  WriteFileAtomically(repository_.Blob(file), "{}");
  EXPECT_TRUE(repository_.HasBlob(file));
  file.size_bytes = 3;
  EXPECT_FALSE(repository_.HasBlob(file));
}

TEST_F(CacheTest, ListsAndRemoves) {
  EXPECT_TRUE(ListSnapshots(root_).empty());
  Add("config.json", '1');
  Add("model.safetensors", '2');
  repository_.WriteRef("main", kCommit);
  repository_.WriteRef("refs/pr/1", kCommit);
  const std::vector<SnapshotInfo> listed = ListSnapshots(root_);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, "org/name");
  EXPECT_EQ(listed[0].commit, kCommit);
  EXPECT_EQ(listed[0].refs, (std::vector<std::string>{"main", "refs/pr/1"}));
  EXPECT_EQ(listed[0].size_bytes, 4U);
  EXPECT_EQ(RemoveRepository(root_, "org/name"), 4U);
  EXPECT_FALSE(fs::exists(repository_.folder()));
  EXPECT_THROW(RemoveRepository(root_, "org/name"), Error);
  EXPECT_THROW(RemoveRepository(root_, "../x"), Error);
}

TEST_F(CacheTest, LockIsHeldByOne) {
  const fs::path path = root_ / "locks" / "x.lock";
  {
    const auto first = FileLock::Try(path);
    ASSERT_TRUE(first);
    EXPECT_FALSE(FileLock::Try(path));
  }
  bool waited = false;
  const FileLock again = FileLock::Wait(path, [&] { waited = true; });
  EXPECT_FALSE(waited);
}

TEST_F(CacheTest, HashesAsTheHubStatesThem) {
  fs::create_directories(root_);
  WriteFileAtomically(root_ / "x", "hello\n");
  // `printf 'hello\n' | sha256sum` and `printf 'hello\n' | git hash-object --stdin`
  EXPECT_EQ(HashFile(root_ / "x", {.path = "x", .size_bytes = 6, .hash = "", .is_large = true},
                     OpenModuleDigest),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  EXPECT_EQ(HashFile(root_ / "x", {.path = "x", .size_bytes = 6, .hash = "", .is_large = false},
                     OpenModuleDigest),
            "ce013625030ba8dba906f756967f9e9ca394464a");
}

}  // namespace
}  // namespace bertqa
