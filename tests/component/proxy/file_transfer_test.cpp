// Goal: how a file's bytes leave: in ranges, compressed, in any size, and never as something else than they are.
#include "proxy/files/folder.hpp"
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/scratch_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cardea::proxy {
namespace {

using tests::get;
using tests::http2_client;
using tests::http_answer;
using tests::proxy_under_test;
using tests::tls_client;

class file_transfer : public testing::Test {
 protected:
  file_transfer() {
    std::filesystem::create_directories(outside_ / "site");
    write("digits.txt", "0123456789");
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(outside_ / ("site/" + name), std::ios::binary) << text;
  }
  /// Seconds since 1970 as the time of its last change.
  void age(const std::string& name, time_t seconds) const {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, (outside_ / ("site/" + name)).c_str(), times, 0), 0);
  }

  [[nodiscard]] routing::route route() const {
    routing::route out;
    out.name = "app.test";
    out.kind = routing::route::kind::files;
    out.files.root = outside_ / "site";
    return out;
  }

  static http_answer ask(tls_client& client, const std::string& path, const std::string& fields) {
    return client.ask(get(path, fields));
  }

  const test_support::scratch_folder outside_;
};

TEST_F(file_transfer, one_range_is_sent_as_it_is) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const http_answer answer = ask(client, "/digits.txt", "Range: bytes=2-4\r\n");
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.body, "234");
  EXPECT_EQ(answer.value("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(answer.value("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.value("Accept-Ranges"), "bytes");
  EXPECT_EQ(answer.value("ETag"), ask(client, "/digits.txt", "").value("ETag"));
  EXPECT_EQ(ask(client, "/digits.txt", "Range: bytes=-3\r\n").body, "789");
  EXPECT_EQ(ask(client, "/digits.txt", "Range: bytes=7-\r\n").body, "789");
}

TEST_F(file_transfer, several_ranges_are_the_parts_of_one_message) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const http_answer answer = ask(client, "/digits.txt", "Range: bytes=7-8, 0-0\r\n");
  ASSERT_EQ(answer.status, 206);
  const std::string type = answer.value("Content-Type");
  const std::string begin = "multipart/byteranges; boundary=";
  ASSERT_TRUE(type.starts_with(begin)) << type;
  const std::string boundary = type.substr(begin.size());
  const auto part = [&](const std::string& range, const std::string& text) {
    return "\r\n--" + boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes " + range +
           "/10\r\n\r\n" + text;
  };
  EXPECT_EQ(answer.body, part("7-8", "78") + part("0-0", "0") + "\r\n--" + boundary + "--\r\n");
  EXPECT_FALSE(answer.has("Content-Range"));
  EXPECT_NE(ask(client, "/digits.txt", "Range: bytes=7-8, 0-0\r\n").value("Content-Type"), type);
}

TEST_F(file_transfer, t15_ranges_are_bounded_in_number_and_in_sum) {
  routing::route few = route();
  few.files.ranges_max = 2;
  const proxy_under_test proxy({few});
  tls_client client = proxy.connect();
  EXPECT_EQ(ask(client, "/digits.txt", "Range: bytes=0-0,2-2\r\n").status, 206);
  for (const char* too_much : {"0-0,2-2,4-4", "0-,0-", "0-5,5-9"}) {
    const http_answer answer = ask(client, "/digits.txt", "Range: bytes=" + std::string(too_much) + "\r\n");
    EXPECT_EQ(answer.status, 200) << too_much;
    EXPECT_EQ(answer.body, "0123456789") << too_much;
  }
  const http_answer beyond = ask(client, "/digits.txt", "Range: bytes=10-\r\n");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.value("Content-Range"), "bytes */10");
}

TEST_F(file_transfer, ranges_can_be_switched_off) {
  routing::route none = route();
  none.files.ranges_max = 0;
  const proxy_under_test proxy({none});
  tls_client client = proxy.connect();
  const http_answer answer = ask(client, "/digits.txt", "Range: bytes=0-0\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.has("Accept-Ranges"));
}

TEST_F(file_transfer, a_range_of_another_state_is_the_whole) {
  age("digits.txt", 784'111'777);
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const std::string range = "Range: bytes=0-0\r\nIf-Range: ";
  const std::string tag = ask(client, "/digits.txt", "").value("ETag");
  EXPECT_EQ(ask(client, "/digits.txt", range + tag + "\r\n").status, 206);
  EXPECT_EQ(ask(client, "/digits.txt", range + "Sun, 06 Nov 1994 08:49:37 GMT\r\n").status, 206);
  EXPECT_EQ(ask(client, "/digits.txt", range + "W/" + tag + "\r\n").status, 200);
  EXPECT_EQ(ask(client, "/digits.txt", range + "\"x\"\r\n").status, 200);
  EXPECT_EQ(ask(client, "/digits.txt", range + "Sun, 06 Nov 1994 08:49:38 GMT\r\n").status, 200);
  write("digits.txt", "9876543210");
  EXPECT_EQ(ask(client, "/digits.txt", range + tag + "\r\n").body, "9876543210");
}

TEST_F(file_transfer, conditions_are_answered_with_304_and_412) {
  age("digits.txt", 784'111'777);
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const http_answer unchanged =
      ask(client, "/digits.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nRange: bytes=0-0\r\n");
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.value("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_TRUE(unchanged.has("Date"));
  EXPECT_FALSE(unchanged.has("Content-Length"));
  EXPECT_EQ(ask(client, "/digits.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n").status, 200);
  EXPECT_EQ(ask(client, "/digits.txt", "If-Match: \"other\"\r\n").status, 412);
  EXPECT_EQ(ask(client, "/digits.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n").status, 412);
  EXPECT_EQ(ask(client, "/digits.txt", "").status, 200) << "the connection goes on";
}

TEST_F(file_transfer, what_lies_compressed_beside_a_file_is_sent_to_who_takes_it) {
  write("app.js", "plain");
  write("app.js.gz", "as gzip");
  write("app.js.br", "as brotli");
  routing::route compressed = route();
  using enum config::content_coding;
  compressed.files.precompressed = {br, zstd, gzip};
  const proxy_under_test proxy({compressed});
  tls_client client = proxy.connect();
  const struct {
    const char* accepts;
    const char* body;
    const char* coding;
  } cases[] = {{"gzip, br, zstd", "as brotli", "br"},  {"gzip", "as gzip", "gzip"},       {"zstd", "plain", ""},
               {"br;q=0.1, gzip", "as gzip", "gzip"}, {"br;q=0, gzip;q=0", "plain", ""}, {"*", "as brotli", "br"}};
  std::vector<std::string> tags;
  for (const auto& each : cases) {
    const http_answer answer = ask(client, "/app.js", "Accept-Encoding: " + std::string(each.accepts) + "\r\n");
    EXPECT_EQ(answer.body, each.body) << each.accepts;
    EXPECT_EQ(answer.value("Content-Encoding"), each.coding) << each.accepts;
    EXPECT_EQ(answer.value("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(answer.value("Vary"), "Accept-Encoding");
    tags.push_back(answer.value("ETag"));
  }
  EXPECT_NE(tags[0], tags[1]);
  EXPECT_NE(tags[1], tags[2]);
  EXPECT_EQ(tags[0], tags[5]);
  const http_answer part = ask(client, "/app.js", "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\n");
  EXPECT_EQ(part.body, "as") << "a range of what is sent, not of what it stands for";
  EXPECT_EQ(part.value("Content-Range"), "bytes 0-1/7");
  const http_answer same = ask(client, "/app.js", "Accept-Encoding: gzip\r\nIf-None-Match: " + tags[1] + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.value("Vary"), "Accept-Encoding");
  EXPECT_EQ(ask(client, "/app.js", "If-None-Match: " + tags[1] + "\r\n").body, "plain");
}

TEST_F(file_transfer, what_is_compressed_and_out_of_date_or_alone_is_not_sent) {
  write("app.js", "new");
  write("app.js.gz", "old");
  age("app.js.gz", 784'111'777);
  write("lonely.js.gz", "x");
  routing::route compressed = route();
  compressed.files.precompressed = {config::content_coding::gzip};
  const proxy_under_test proxy({compressed});
  tls_client client = proxy.connect();
  EXPECT_EQ(ask(client, "/app.js", "Accept-Encoding: gzip\r\n").body, "new");
  EXPECT_EQ(ask(client, "/lonely.js", "Accept-Encoding: gzip\r\n").status, 404);
  const http_answer itself = ask(client, "/app.js.gz", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(itself.value("Content-Type"), "application/gzip");
  EXPECT_FALSE(itself.has("Content-Encoding"));
}

TEST_F(file_transfer, a_file_of_five_gibibytes_has_its_whole_length_and_its_end) {
  constexpr off_t size = 5'368'709'120;
  write("huge", "");
  const int fd = ::open((outside_ / "site/huge").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(ftruncate(fd, size), 0);
  ASSERT_EQ(pwrite(fd, "end", 3, size - 3), 3);
  ASSERT_EQ(pwrite(fd, "middle", 6, 4'294'967'296 - 3), 6);
  close(fd);
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  client.send("HEAD /huge HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.answer(true).value("Content-Length"), "5368709120");
  EXPECT_EQ(ask(client, "/huge", "Range: bytes=-3\r\n").body, "end");
  const http_answer across = ask(client, "/huge", "Range: bytes=4294967293-4294967298\r\n");
  EXPECT_EQ(across.body, "middle");
  EXPECT_EQ(across.value("Content-Range"), "bytes 4294967293-4294967298/5368709120");
}

TEST_F(file_transfer, others_are_served_while_a_big_file_leaves) {
  write("big", std::string(64 << 20, 'b'));
  const proxy_under_test proxy({route()});
  tls_client downloading = proxy.connect();
  downloading.send(get("/big"));
  ASSERT_EQ(downloading.stream().read_bytes(100'000).size(), 100'000U);
  tls_client other = proxy.connect();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(other.ask(get("/digits.txt")).body, "0123456789");
    EXPECT_EQ(downloading.stream().read_bytes(1 << 20).size(), std::size_t{1} << 20);
  }
}

TEST_F(file_transfer, a_file_that_shrinks_while_it_is_sent_ends_the_connection) {
  write("big", std::string(32 << 20, 'b'));
  const proxy_under_test proxy({route()});
  for (const bool by_http2 : {false, true}) {
    write("big", std::string(32 << 20, 'b'));
    if (by_http2) {
      http2_client client(proxy.port());
      client.send(http2_client::headers(1, http2_client::request("GET", "/big")));
      while (client.state(1).body.empty()) ASSERT_NE(client.next().type, 0xff);
      ASSERT_EQ(truncate((outside_ / "site/big").c_str(), 1'000'000), 0);
      const tests::h2_answer answer = client.answer(1);
      EXPECT_FALSE(answer.complete);
      EXPECT_EQ(answer.reset, tests::h2::internal_error);
      EXPECT_EQ(client.ask(3, http2_client::request("GET", "/digits.txt")).body, "0123456789") << "the others go on";
    } else {
      tls_client client = proxy.connect({.receive_bytes = 4096});
      client.send(get("/big"));
      ASSERT_FALSE(client.stream().read_until("\r\n\r\n").empty());
      ASSERT_EQ(truncate((outside_ / "site/big").c_str(), 1'000'000), 0);
      EXPECT_LT(client.stream().read_to_end().size(), std::size_t{32} << 20);
      EXPECT_NE(client.stream().end(), tests::stream_end::orderly);
      EXPECT_NE(client.stream().end(), tests::stream_end::timed_out);
    }
  }
}

TEST_F(file_transfer, a_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was) {
  write("big", std::string(16 << 20, 'b'));
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect({.receive_bytes = 4096});
  client.send(get("/big"));
  const std::string first = client.stream().read_bytes(1'000);
  write("next", "short");
  std::filesystem::rename(outside_ / "site/next", outside_ / "site/big");
  const std::string all = first + client.stream().read_bytes((16 << 20) + first.find("\r\n\r\n") + 4 - first.size());
  EXPECT_TRUE(all.ends_with(std::string(1 << 20, 'b')));
  EXPECT_EQ(proxy.connect().ask(get("/big")).body, "short");
}

TEST_F(file_transfer, http2_clients_get_the_same) {
  write("big", std::string(3 << 20, 'b'));
  const proxy_under_test proxy({route()});
  http2_client client(proxy.port());
  tests::h2_answer answer = client.ask(1, http2_client::request("GET", "/digits.txt", {{"range", "bytes=1-2"}}));
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.body, "12");
  EXPECT_EQ(answer.value("content-range"), "bytes 1-2/10");
  EXPECT_EQ(client.ask(3, http2_client::request("GET", "/digits.txt", {{"if-none-match", "*"}})).status, 304);
  answer = client.ask(5, http2_client::request("GET", "/big"));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body.size(), std::size_t{3} << 20);
  answer = client.ask(7, http2_client::request("HEAD", "/big"));
  EXPECT_EQ(answer.value("content-length"), std::to_string(3 << 20));
  EXPECT_EQ(answer.body, "");
  answer = client.ask(9, http2_client::request("GET", "/big", {{"range", "bytes=0-9,20-29"}}));
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.value("content-length"), std::to_string(answer.body.size()));
  EXPECT_EQ(client.ask(11, http2_client::request("POST", "/big")).status, 405);
}

TEST_F(file_transfer, a_client_that_takes_nothing_is_cut_off_although_it_talks) {
  write("big", std::string(32 << 20, 'b'));
  config::entrypoint_section section;
  section.limits.body_progress_timeout = std::chrono::milliseconds(300);
  proxy_under_test proxy({route()}, section);
  tls_client client = proxy.connect({.receive_bytes = 4096});
  client.send(get("/big"));
  ASSERT_TRUE(tests::eventually([&] {
    client.send(get("/digits.txt"));
    return proxy.server().status().connections_open == 0;
  }));
}

class folder_guard : public testing::TestWithParam<files::folder::guard> {
 protected:
  folder_guard() {
    std::filesystem::create_directories(outside_ / "site/sub");
    std::ofstream(outside_ / "site/sub/file") << "x";
    std::ofstream(outside_ / "secret") << "x";
    std::filesystem::create_symlink("../secret", outside_ / "site/relative");
    std::filesystem::create_symlink(outside_ / "secret", outside_ / "site/absolute");
    std::filesystem::create_symlink("..", outside_ / "site/up");
    std::filesystem::create_symlink("sub", outside_ / "site/inside");
    mkfifo((outside_ / "site/fifo").c_str(), 0600);
  }
  const test_support::scratch_folder outside_;
};

TEST_P(folder_guard, opens_what_is_inside_and_nothing_else) {
  const files::folder below(outside_ / "site", GetParam());
  EXPECT_EQ(below.error(), 0);
  EXPECT_TRUE(below.open("/").is_folder());
  EXPECT_TRUE(below.open("/sub").is_folder());
  EXPECT_TRUE(below.open("/sub/").is_folder());
  EXPECT_TRUE(below.open("/sub/file").is_file());
  for (const char* path : {"/missing", "/sub/file/", "/sub/file/x", "/relative", "/absolute", "/up", "/up/secret",
                           "/../secret", "/sub/../../secret", "/.."}) {
    const files::opened got = below.open(path);
    EXPECT_FALSE(got.fd) << path;
    EXPECT_TRUE(files::means_missing(got.error)) << path << " " << got.error;
  }
  EXPECT_TRUE(files::means_missing(below.open("/" + std::string(5'000, 'x')).error));
  const files::opened pipe = below.open("/fifo");  // comes back at once
  EXPECT_FALSE(pipe.is_file() || pipe.is_folder());
}

TEST_P(folder_guard, follows_links_inside_only_when_the_kernel_guards) {
  const files::folder below(outside_ / "site", GetParam());
  EXPECT_EQ(below.open("/inside/file").is_file(), GetParam() == files::folder::guard::kernel);
}

TEST_P(folder_guard, a_folder_that_is_gone_says_why) {
  const files::folder below(outside_ / "nowhere", GetParam());
  EXPECT_EQ(below.error(), ENOENT);
  EXPECT_EQ(below.open("/x").error, ENOENT);
}

INSTANTIATE_TEST_SUITE_P(both, folder_guard,
                         testing::Values(files::folder::guard::kernel, files::folder::guard::walk));

}  // namespace
}  // namespace cardea::proxy
