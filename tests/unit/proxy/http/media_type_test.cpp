#include "proxy/http/media_type.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::http {
namespace {

TEST(media_type, is_found_by_the_last_extension_in_any_case) {
  EXPECT_EQ(media_type_of(extension_of("/a.b/c.HTML")), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of(extension_of("x.tar.gz")), "application/gzip");
  EXPECT_EQ(media_type_of("7z"), "application/x-7z-compressed");
  EXPECT_EQ(media_type_of("zst"), "application/zstd");
  EXPECT_EQ(media_type_of("woff2"), "font/woff2");
}

TEST(media_type, of_what_is_not_known_is_bytes) {
  for (const char* path : {"", "/", "/a.b/c", "/.html", "/x.", "/x.unheard", "/x.html5"})
    EXPECT_EQ(media_type_of(extension_of(path)), unknown_media_type) << path;
  EXPECT_EQ(media_type_of(std::string(1'000, 'a')), unknown_media_type);
}

}  // namespace
}  // namespace cardea::proxy::http
