#include "hub/http.h"

#include <gtest/gtest.h>

#include "base/url.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

TEST(HttpTest, ReadsAHead) {
  HttpReply reply;
  AddHeadLine("HTTP/1.1 100 Continue", reply);
  AddHeadLine("X-Old: 1", reply);
  AddHeadLine("HTTP/2 206", reply);
  AddHeadLine("Content-Range:  bytes 5-9/10 ", reply);
  AddHeadLine("no header", reply);
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.Header("content-range"), "bytes 5-9/10");
  EXPECT_EQ(reply.headers.size(), 1U) << "a new head begins anew";
}

TEST(HttpTest, HeadersCannotDriveTheTerminal) {
  HttpReply reply;
  AddHeadLine("Location: /\x1B[2J\xC2\x9B", reply);
  EXPECT_EQ(reply.Header("location"), "/?[2J??");
}

TEST(HttpTest, OriginsAreComparable) {
  EXPECT_EQ(OriginOf("https://Huggingface.co/a?b"), "https://huggingface.co:443");
  EXPECT_EQ(OriginOf("HTTPS://huggingface.co:443"), "https://huggingface.co:443");
  EXPECT_EQ(OriginOf("http://127.0.0.1:8080/x"), "http://127.0.0.1:8080");
  EXPECT_EQ(OriginOf("http://[::1]/x"), "http://[::1]:80");
  EXPECT_EQ(OriginOf("http://[::1]:8/x"), "http://[::1]:8");
}

TEST(HttpTest, NoOriginOfWhatMayDeceive) {
  for (const char* url : {"", "huggingface.co", "ftp://a/", "file:///etc/passwd", "https://",
                          "https://huggingface.co@evil/", "https://huggingface.co\\@evil/",
                          "https://a b/", "//evil/"}) {
    EXPECT_EQ(OriginOf(url), "") << url;
  }
}

TEST(HttpTest, Redirects) {
  EXPECT_EQ(RedirectTarget("https://a/b/c", "/d?e"), "https://a:443/d?e");
  EXPECT_EQ(RedirectTarget("https://a/b", "https://cdn/x"), "https://cdn/x");
  EXPECT_EQ(RedirectTarget("http://a/b", "https://cdn/x"), "https://cdn/x");
  for (const char* location : {"", "x", "//evil/x", "file:///etc/passwd", "http://cdn/x"}) {
    EXPECT_THROW(RedirectTarget("https://a/b", location), Error) << location;
  }
}

TEST(HttpTest, EscapesPartsOfAddresses) {
  EXPECT_EQ(EscapeUrlPart("refs/pr/3"), "refs%2Fpr%2F3");
  EXPECT_EQ(EscapeUrlPart("a-b_c.d~e ä"), "a-b_c.d~e%20%C3%A4");
}

}  // namespace
}  // namespace bertqa
