#include "hub/repository_name.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

TEST(RepositoryNameTest, ReadsNameOrganisationAndRevision) {
  const auto full = ParseRepositoryName("deepset/roberta-base-squad2@refs/pr/3");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->organisation, "deepset");
  EXPECT_EQ(full->name, "roberta-base-squad2");
  EXPECT_EQ(full->revision, "refs/pr/3");
  EXPECT_EQ(full->Id(), "deepset/roberta-base-squad2");
  EXPECT_EQ(full->Text(), "deepset/roberta-base-squad2@refs/pr/3");
  EXPECT_EQ(full->FolderName(), "models--deepset--roberta-base-squad2");
}

TEST(RepositoryNameTest, OldNamesHaveNoOrganisation) {
  const auto old = ParseRepositoryName("bert-base-uncased");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->organisation, "");
  EXPECT_EQ(old->revision, "main");
  EXPECT_EQ(old->Text(), "bert-base-uncased");
  EXPECT_EQ(old->FolderName(), "models--bert-base-uncased");
}

TEST(RepositoryNameTest, FolderNamesAreReadBack) {
  for (const char* id : {"a/b", "bert-base-uncased", "A.b_c/d-e.f"}) {
    const auto name = ParseFolderName(ParseRepositoryName(id)->FolderName());
    ASSERT_TRUE(name) << id;
    EXPECT_EQ(name->Id(), id);
  }
  for (const char* folder : {"datasets--a--b", "models--", "models", "models--..", ".locks"}) {
    EXPECT_FALSE(ParseFolderName(folder)) << folder;
  }
}

TEST(RepositoryNameTest, RefusesWhatIsNoName) {
  for (const char* text : {"",      "/",       "a/",    "/a",     "a/b/c",      "../a",   "a/..",
                           "a/.",   "a/.b",    "-a/b",  "a--b/c", "a/b--c",     "a/b..c", "a b/c",
                           "a/b\n", "a/b?x=1", "a/b#c", "a/b%2e", "http://a/b", "a\\b",   "ä/b"}) {
    EXPECT_FALSE(ParseRepositoryName(text)) << text;
  }
  EXPECT_FALSE(ParseRepositoryName(std::string(97, 'a')));
  EXPECT_TRUE(ParseRepositoryName(std::string(96, 'a')));
}

TEST(RepositoryNameTest, RefusesRevisionsThatLeaveTheirFolder) {
  for (const char* revision : {"", "..", "../x", "x/../y", "/x", "x/", "x//y", ".x", "x/.y", "-x",
                               "a..b", "a b", "a@b", "a\n"}) {
    EXPECT_FALSE(ParseRepositoryName("a/b@" + std::string(revision))) << revision;
  }
  for (const char* revision : {"v1.0", "refs/pr/12", "feature/x_y+z"}) {
    EXPECT_TRUE(ParseRepositoryName("a/b@" + std::string(revision))) << revision;
  }
}

TEST(RepositoryNameTest, KnowsCommits) {
  EXPECT_TRUE(IsCommit(std::string(40, 'a')));
  EXPECT_FALSE(IsCommit(std::string(39, 'a')));
  EXPECT_FALSE(IsCommit(std::string(40, 'A')));
  EXPECT_FALSE(IsCommit(std::string(40, 'g')));
}

}  // namespace
}  // namespace bertqa
