#include "proxy/tls/client_hello.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::tls {
namespace {

std::string vector16(const std::string& body) {
  return std::string{static_cast<char>(body.size() >> 8U), static_cast<char>(body.size() & 255U)} + body;
}

/// The body of a server_name extension with one host name.
std::string extension(const std::string& name) { return vector16(std::string(1, '\0') + vector16(name)); }

TEST(client_hello, v03_a_server_name_is_compared_in_one_form) {
  EXPECT_EQ(parse_server_name(extension("app.test")), "app.test");
  EXPECT_EQ(parse_server_name(extension("APP.Test")), "app.test");
  EXPECT_EQ(parse_server_name(extension("app.test.")), "app.test");
  EXPECT_EQ(parse_server_name(extension("xn--bcher-kva.test")), "xn--bcher-kva.test");
  EXPECT_EQ(parse_server_name(extension("127.0.0.1")), "127.0.0.1") << "an address is a name that no route has";
  EXPECT_EQ(parse_server_name(extension(std::string(255, 'a'))), std::string(255, 'a'));
}

TEST(client_hello, v03_a_server_name_that_is_none_is_refused) {
  for (const std::string& bad :
       {extension(std::string(256, 'a')), extension(""), extension(std::string("app.test\0.evil", 14)),
        std::string(), std::string("\0", 1), vector16(""), extension("a") + "x",
        vector16(std::string(1, '\1') + vector16("a")), vector16(std::string("\0\0\5a", 4)),
        vector16(std::string(1, '\0') + vector16("a") + std::string(1, '\0') + vector16("b")),
        extension("app.test").substr(0, 8)})
    EXPECT_EQ(parse_server_name(bad), std::nullopt) << testing::PrintToString(bad);
}

}  // namespace
}  // namespace cardea::proxy::tls
