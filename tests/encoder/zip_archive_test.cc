#include "encoder/zip_archive.h"

#include <functional>

#include "encoder/fixtures.h"
#include "encoder/zip_bytes.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Archive = ZipBytes::Archive;
using Checksum = ZipArchive::Checksum;

constexpr const char* kNoArchive =
    ": a PyTorch archive (zip) is expected, but its directory is missing or damaged: the file is "
    "cut off or of another kind";

std::string Text(const ZipArchive::Bytes& data) {
  return {reinterpret_cast<const char*>(data.bytes.data()), data.bytes.size()};
}

/// Three records in a folder.
ZipBytes Small() {
  ZipBytes zip;
  zip.Add("top/data.pkl", "pickle").Add("top/data/0", "0123456789").Add("top/version", "3\n");
  return zip;
}

class ZipArchiveTest : public testing::Test {
 protected:
  ZipArchive Open(const std::string& bytes) const {
    return ZipArchive(std::make_shared<const MappedFile>(folder_.Write("x.pt", bytes)));
  }

  void ExpectRefused(const std::string& bytes, const std::string& message,
                     ErrorCode code = ErrorCode::kMalformed) const {
    ExpectError(code, (folder_.path() / "x.pt").string() + message, [&] { Open(bytes); });
  }

  /// Small(), damaged by `damage`, is refused with `message`.
  void ExpectDamageFound(const std::string& message,
                         const std::function<void(Archive&)>& damage) const {
    for (const auto ends : {ZipBytes::Ends::kSmall, ZipBytes::Ends::kWithZip64}) {
      Archive archive = Small().Finish(ends);
      damage(archive);
      ExpectRefused(archive.bytes, message);
    }
  }

  TemporaryFolder folder_;
};

TEST_F(ZipArchiveTest, RecordsAreReadByTheirNameInTheFolder) {
  for (const auto ends : {ZipBytes::Ends::kSmall, ZipBytes::Ends::kWithZip64}) {
    const ZipArchive archive = Open(Small().Finish(ends).bytes);
    EXPECT_TRUE(archive.Has("data.pkl"));
    EXPECT_FALSE(archive.Has("top/data.pkl"));
    EXPECT_EQ(archive.SizeOf("data/0"), 10U);
    EXPECT_EQ(Text(archive.Read("data/0", Checksum::kVerify)), "0123456789");
    EXPECT_EQ(Text(archive.Read("version", Checksum::kVerify)), "3\n");
    ExpectError(ErrorCode::kMalformed,
                (folder_.path() / "x.pt").string() + ": record data/1 is missing",
                [&] { archive.Read("data/1", Checksum::kSkip); });
  }
}

TEST_F(ZipArchiveTest, StoredRecordsAreNotCopied) {
  const Archive bytes = Small().Finish();
  const ZipArchive archive = Open(bytes.bytes);
  const auto first = archive.Read("data.pkl", Checksum::kSkip);
  const auto second = archive.Read("data/0", Checksum::kSkip);
  EXPECT_EQ(second.bytes.data() - first.bytes.data(),
            static_cast<std::ptrdiff_t>(bytes.data[1] - bytes.data[0]));
  EXPECT_EQ(second.owner, first.owner);
}

TEST_F(ZipArchiveTest, Zip64FieldsAreRead) {
  ZipBytes zip;
  zip.Add("t/a", "one").AddInZip64("t/b", "three").Add("t/c", "");
  const ZipArchive archive = Open(zip.Finish().bytes);
  EXPECT_EQ(Text(archive.Read("b", Checksum::kVerify)), "three");
  EXPECT_EQ(Text(archive.Read("c", Checksum::kVerify)), "");
}

TEST_F(ZipArchiveTest, CommentsAndForeignEntriesArePassedOver) {
  ZipBytes zip = Small();
  zip.Add("elsewhere", "x");
  Archive archive = zip.Finish();
  Patch(archive.bytes, archive.end + 20, 7, 2);
  archive.bytes += "comment";
  EXPECT_EQ(Text(Open(archive.bytes).Read("data/0", Checksum::kVerify)), "0123456789");
  archive.bytes += "!";  // more than the comment
  ExpectRefused(archive.bytes, kNoArchive);
}

TEST_F(ZipArchiveTest, DeflatedRecordsAreInflated) {
  const std::string ballast(5000, '\0');  // a record must not claim more than the file has
  const std::string text(4000, 'x');
  ZipBytes zip;
  zip.Add("t/ballast", ballast)
      .Add("t/a", text, ZipBytes::Method::kDeflated)
      .Add("t/empty", "", ZipBytes::Method::kDeflated);
  Archive archive = zip.Finish();
  EXPECT_EQ(Text(Open(archive.bytes).Read("a", Checksum::kVerify)), text);
  EXPECT_EQ(Text(Open(archive.bytes).Read("empty", Checksum::kVerify)), "");
  const auto expect_damaged = [&](const std::string& bytes) {
    const ZipArchive opened = Open(bytes);
    ExpectError(ErrorCode::kMalformed,
                (folder_.path() / "x.pt").string() + ": record t/a is damaged",
                [&] { opened.Read("a", Checksum::kSkip); });
  };
  for (const std::uint64_t size : {3999U, 4001U, 0U}) {  // other sizes than are in it
    std::string bytes = archive.bytes;
    Patch(bytes, archive.directory[1] + 24, size, 4);
    expect_damaged(bytes);
  }
  std::string bytes = archive.bytes;
  Patch(bytes, archive.data[1], 0xFF, 1);  // a block type that there is not
  expect_damaged(bytes);
}

// A megabyte of zeros is a kilobyte deflated: what claims more than the whole file is not inflated.
TEST_F(ZipArchiveTest, BombsAreNotInflated) {
  ZipBytes zip;
  zip.Add("t/a", std::string(1'000'000, '\0'), ZipBytes::Method::kDeflated);
  const std::string bytes = zip.Finish().bytes;
  const ZipArchive archive = Open(bytes);
  ExpectError(ErrorCode::kMalformed,
              (folder_.path() / "x.pt").string() +
                  ": record a claims 1000000 bytes, the whole file has " +
                  std::to_string(bytes.size()),
              [&] { archive.Read("a", Checksum::kSkip); });
}

TEST_F(ZipArchiveTest, ChecksumsAreVerifiedWhereAsked) {
  Archive archive = Small().Finish();
  archive.bytes[archive.data[1]] ^= 1;
  EXPECT_EQ(Text(Open(archive.bytes).Read("data/0", Checksum::kSkip)), "1123456789");
  const auto read = [&] { return Text(Open(archive.bytes).Read("data/0", Checksum::kVerify)); };
  ExpectError(
      ErrorCode::kMalformed,
      (folder_.path() / "x.pt").string() + ": record data/0 is damaged: its checksum is wrong",
      read);
  // torch.serialization.set_crc32_options(False)
  Patch(archive.bytes, archive.directory[1] + 16, 0, 4);
  EXPECT_EQ(read(), "1123456789");
}

TEST_F(ZipArchiveTest, NamesThatAreThereTwiceAreNotRead) {
  ZipBytes zip = Small();
  const ZipArchive archive = Open(zip.Add("top/data/0", "abcdefghij").Finish().bytes);
  EXPECT_EQ(Text(archive.Read("data.pkl", Checksum::kVerify)), "pickle");
  ExpectError(ErrorCode::kMalformed,
              (folder_.path() / "x.pt").string() + ": record data/0 is there twice",
              [&] { archive.Read("data/0", Checksum::kSkip); });
}

TEST_F(ZipArchiveTest, OtherMethodsAreNamed) {
  Archive archive = Small().Finish();
  std::string bytes = archive.bytes;
  Patch(bytes, archive.directory[1] + 8, 1, 2);
  ExpectRefused(bytes, ": record top/data/0 is encrypted; stored or deflated records are expected",
                ErrorCode::kUnsupported);
  bytes = archive.bytes;
  Patch(bytes, archive.directory[1] + 10, 93, 2);
  ExpectRefused(bytes,
                ": record top/data/0 is compressed by method 93; stored or deflated records are "
                "expected",
                ErrorCode::kUnsupported);
}

TEST_F(ZipArchiveTest, ZipFilesWithoutAFolderAreNotPyTorchs) {
  ZipBytes zip;
  ExpectRefused(zip.Add("a.txt", "x").Finish().bytes,
                ": a PyTorch archive is expected, whose records are in a folder, not a zip file "
                "with \"a.txt\"");
  ExpectRefused(ZipBytes().Finish().bytes, kNoArchive);
}

TEST_F(ZipArchiveTest, LocalHeadersThatSayOtherwiseAreRefused) {
  const std::string message =
      ": record top/data/0 is not where, or not what, the archive's directory says";
  const auto expect = [&](const std::function<void(Archive&)>& damage) {
    ExpectDamageFound(message, damage);
  };
  expect([](Archive& a) { a.bytes[a.local[1]] ^= 1; });                    // signature
  expect([](Archive& a) { Patch(a.bytes, a.local[1] + 8, 8, 2); });        // method
  expect([](Archive& a) { Patch(a.bytes, a.local[1] + 26, 9, 2); });       // length of the name
  expect([](Archive& a) { Patch(a.bytes, a.local[1] + 26, 0xFFFF, 2); });  // the same
  expect([](Archive& a) { Patch(a.bytes, a.local[1] + 28, 0xFFFF, 2); });  // length of padding
  expect([](Archive& a) { a.bytes[a.local[1] + 30] ^= 1; });               // name
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 20, 11, 4); });  // stored size
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 24, 11, 4); });  // size
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 42, 7, 4); });   // offset
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 42, a.local[0], 4); });
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 42, a.bytes.size(), 4); });
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 42, 0xFFFFFFFE, 4); });
  expect([](Archive& a) {  // data that reaches into the directory
    Patch(a.bytes, a.directory[1] + 20, a.bytes.size() - a.data[1] - 30, 4);
    Patch(a.bytes, a.directory[1] + 24, a.bytes.size() - a.data[1] - 30, 4);
  });
}

TEST_F(ZipArchiveTest, OverlappingRecordsAreRefused) {
  ExpectDamageFound(": records top/data.pkl and top/data/0 overlap", [](Archive& a) {
    const std::size_t size = a.local[1] - a.data[0] + 1;
    Patch(a.bytes, a.directory[0] + 20, size, 4);
    Patch(a.bytes, a.directory[0] + 24, size, 4);
  });
}

TEST_F(ZipArchiveTest, EndRecordsThatLieAreRefused) {
  const auto expect = [&](const std::function<void(Archive&)>& damage) {
    ExpectDamageFound(kNoArchive, damage);
  };
  expect([](Archive& a) { Patch(a.bytes, a.end + 8, 2, 4); });  // fewer entries than there are
  expect([](Archive& a) { Patch(a.bytes, a.end + 8, 0x00040004, 4); });  // more
  expect([](Archive& a) { Patch(a.bytes, a.end + 12, 1, 4); });          // size of the directory
  expect([](Archive& a) { Patch(a.bytes, a.end + 16, 1, 4); });          // its offset
  expect([](Archive& a) { Patch(a.bytes, a.end + 16, 0xFFFFFFF0, 4); });
  expect([](Archive& a) { Patch(a.bytes, a.end + 20, 1, 2); });  // a comment that is not there
  expect([](Archive& a) { a.bytes[a.directory[2]] ^= 1; });      // an entry that is none
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 28, 0xFFFF, 2); });  // length of the name
  expect([](Archive& a) { Patch(a.bytes, a.directory[2] + 30, 1, 2); });       // of extra fields
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 34, 1, 2); });       // disk
  expect([](Archive& a) { Patch(a.bytes, a.directory[1] + 42, 0xFFFFFFFF, 4); });  // no zip64 field
}

TEST_F(ZipArchiveTest, Zip64RecordsThatLieAreRefused) {
  const std::uint64_t huge = ~std::uint64_t{0};
  const Archive good = Small().Finish();
  const std::size_t locator = good.end - 20;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{1} << 32U,
                                    std::uint64_t{1} << 63U, huge, huge - 56}) {
    for (const std::size_t offset : {good.zip64_end + 4, good.zip64_end + 24, good.zip64_end + 32,
                                     good.zip64_end + 40, good.zip64_end + 48, locator + 8}) {
      if (offset == good.zip64_end + 4 && value > 2) {
        continue;  // the record's own length may be larger: later versions add fields
      }
      std::string bytes = good.bytes;
      Patch(bytes, good.end + 8, ~0U, 4);  // the small record says: see the large one
      Patch(bytes, good.end + 12, ~std::uint64_t{0}, 8);
      ASSERT_NO_THROW(Open(bytes));
      Patch(bytes, offset, value, 8);
      ExpectRefused(bytes, kNoArchive);
    }
  }
}

// In an entry's own zip64 field.
TEST_F(ZipArchiveTest, Zip64FieldsThatLieAreRefused) {
  ZipBytes zip;
  const Archive good = zip.Add("t/a", "one").AddInZip64("t/b", "three").Finish();
  const std::size_t field = good.directory[1] + 46 + 3 + 5 + 4;
  for (const std::size_t offset : {field, field + 8, field + 16}) {
    for (const std::uint64_t value : {std::uint64_t{1}, std::uint64_t{1} << 40U, ~std::uint64_t{0},
                                      ~std::uint64_t{0} - good.local[1]}) {
      std::string bytes = good.bytes;
      Patch(bytes, offset, value, 8);
      EXPECT_THROW(Open(bytes), Error) << offset << " " << value;
    }
  }
}

TEST_F(ZipArchiveTest, ArchivesCutAnywhereAreRefused) {
  for (const auto ends : {ZipBytes::Ends::kSmall, ZipBytes::Ends::kWithZip64}) {
    const std::string good = Small().Finish(ends).bytes;
    for (std::size_t size = 0; size < good.size(); ++size) {
      ExpectRefused(good.substr(0, size), kNoArchive);
      if (size > 0) {  // the end without the begin
        EXPECT_THROW(Open(good.substr(size)), Error) << size;
      }
    }
  }
}

// Whatever byte is changed: an Error, or the right names with data of the right size.
TEST_F(ZipArchiveTest, ChangedBytesDoNoHarm) {
  ZipBytes zip = Small();
  const std::string good = zip.AddInZip64("top/data/1", "abcdef")
                               .Add("top/data/2", "x", ZipBytes::Method::kDeflated)
                               .Finish()
                               .bytes;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char flip : {'\x01', '\x10', '\x80', '\xFF'}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      try {
        const ZipArchive archive = Open(bytes);
        for (const char* name : {"data.pkl", "data/0", "data/1", "data/2"}) {
          if (archive.Has(name)) {
            EXPECT_EQ(archive.Read(name, Checksum::kVerify).bytes.size(), archive.SizeOf(name));
          }
        }
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, good.size());  // of 4 a byte; the rest is padding
}

}  // namespace
}  // namespace bertqa
