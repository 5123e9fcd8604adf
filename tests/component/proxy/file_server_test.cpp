// Goal: files of one folder, whole and named rightly, and nothing beside it.
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/scratch_folder.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace cardea::proxy {
namespace {

using tests::get;
using tests::http_answer;
using tests::proxy_under_test;
using tests::tls_client;

class file_server : public testing::Test {
 protected:
  file_server() {
    std::filesystem::create_directories(outside_ / "site/sub");
    write("site/index.html", "<p>index");
    write("site/sub/index.html", "<p>sub");
    write("site/style.css", "p{}");
    write("site/empty.txt", "");
    write("site/a b.bin", std::string("\0\1\2", 3));
    write("secret.txt", "secret");
    std::filesystem::create_symlink(outside_ / "secret.txt", outside_ / "site/absolute.txt");
    std::filesystem::create_symlink("../secret.txt", outside_ / "site/relative.txt");
    std::filesystem::create_symlink(outside_.path(), outside_ / "site/up");
    std::filesystem::create_symlink("style.css", outside_ / "site/inside.css");
    mkfifo((outside_ / "site/fifo").c_str(), 0600);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(outside_ / name) << text;
  }

  [[nodiscard]] routing::route route(bool spa = false) const {
    routing::route out;
    out.name = "app.test";
    out.kind = routing::route::kind::files;
    out.files = {outside_ / "site", "/index.html", spa};
    return out;
  }

  const test_support::scratch_folder outside_;
};

TEST_F(file_server, serves_files_with_their_type_and_length) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const struct {
    const char* path;
    std::string body;
    const char* type;
  } cases[] = {
      {"/", "<p>index", "text/html; charset=utf-8"},
      {"/index.html", "<p>index", "text/html; charset=utf-8"},
      {"/sub/", "<p>sub", "text/html; charset=utf-8"},
      {"/sub", "<p>sub", "text/html; charset=utf-8"},
      {"/style.css?v=1", "p{}", "text/css; charset=utf-8"},
      {"/sub/../style.css", "p{}", "text/css; charset=utf-8"},
      {"/inside.css", "p{}", "text/css; charset=utf-8"},
      {"/%73tyle.css", "p{}", "text/css; charset=utf-8"},
      {"/empty.txt", "", "text/plain; charset=utf-8"},
      {"/a%20b.bin", std::string("\0\1\2", 3), "application/octet-stream"},
  };
  for (const auto& each : cases) {
    const http_answer answer = client.ask(get(each.path));
    EXPECT_EQ(answer.status, 200) << each.path;
    EXPECT_EQ(answer.body, each.body) << each.path;
    EXPECT_EQ(answer.value("Content-Type"), each.type) << each.path;
    EXPECT_EQ(answer.value("Content-Length"), std::to_string(each.body.size())) << each.path;
  }
}

TEST_F(file_server, head_says_what_get_would_and_sends_no_body) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const http_answer got = client.ask(get("/style.css"));
  client.send("HEAD /style.css HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.answer(true).head, got.head);
  EXPECT_TRUE(client.stream().stays_silent(std::chrono::milliseconds(30)));
}

TEST_F(file_server, an_unchanged_file_is_not_sent_again) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const std::string tag = client.ask(get("/style.css")).value("ETag");
  ASSERT_FALSE(tag.empty());
  for (const std::string& condition : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    const http_answer same = client.ask(get("/style.css", "If-None-Match: " + condition + "\r\n"));
    EXPECT_EQ(same.status, 304) << condition;
    EXPECT_EQ(same.value("ETag"), tag);
    EXPECT_FALSE(same.has("Content-Type"));
  }
  EXPECT_EQ(client.ask(get("/style.css", "If-None-Match: \"other\"\r\n")).status, 200);
  write("site/style.css", "p{color:red}");
  const http_answer changed = client.ask(get("/style.css", "If-None-Match: " + tag + "\r\n"));
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body, "p{color:red}");
}

TEST_F(file_server, ranges_may_be_ignored_but_not_answered_wrongly) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  for (const char* range : {"bytes=0-0", "bytes=5-", "bytes=999-", "bytes=0-0,2-2"}) {
    const http_answer answer = client.ask(get("/index.html", "Range: " + std::string(range) + "\r\n"));
    EXPECT_EQ(answer.status, 200) << range;
    EXPECT_EQ(answer.body, "<p>index") << range;
    EXPECT_FALSE(answer.has("Accept-Ranges"));
  }
}

TEST_F(file_server, t07_nothing_outside_of_the_folder_is_served) {
  for (const bool spa : {false, true}) {
    const proxy_under_test proxy({route(spa)});
    for (const char* path :
         {"/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
          "/%2e%2e%2fsecret.txt", "/..%5csecret.txt", "/sub/..;/../secret.txt", "/absolute.txt",
          "/relative.txt", "/up/secret.txt", "/up/", "//secret.txt", "/./../secret.txt",
          "/sub/%2e%2e/%2e%2e/secret.txt", "/x%00/../../secret.txt"}) {
      tls_client client = proxy.connect();
      const http_answer answer = client.ask(get(path));
      EXPECT_EQ(answer.body.find("secret"), std::string::npos) << path;
      const bool refused = answer.status == 400 || answer.status == 404;
      EXPECT_TRUE(refused || (spa && answer.body == "<p>index")) << path << " " << answer.status;
    }
  }
}

TEST_F(file_server, what_is_no_file_is_not_found) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  for (const char* path : {"/missing", "/style.css/", "/style.css/more", "/fifo", "/missing/../missing"})
    EXPECT_EQ(client.ask(get(path)).status, 404) << path;
  std::filesystem::remove(outside_ / "site/sub/index.html");
  EXPECT_EQ(client.ask(get("/sub/")).status, 404) << "a folder is never listed";
}

TEST_F(file_server, an_application_of_one_page_answers_for_unknown_paths) {
  const proxy_under_test proxy({route(true)});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/some/view")).body, "<p>index");
  EXPECT_EQ(client.ask(get("/style.css")).body, "p{}");
}

TEST_F(file_server, files_are_only_read) {
  const proxy_under_test proxy({route()});
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"}) {
    tls_client client = proxy.connect();
    const http_answer answer =
        client.ask(std::string(method) + " /style.css HTTP/1.1\r\nHost: app.test\r\n\r\n");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.value("Allow"), "GET, HEAD") << method;
  }
}

TEST_F(file_server, s33_the_body_of_a_request_for_a_file_is_no_request) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const std::string smuggled = get("/index.html");
  const http_answer answer =
      client.ask(get("/style.css", "Content-Length: " + std::to_string(smuggled.size()) + "\r\n") + smuggled);
  EXPECT_EQ(answer.body, "p{}");
  EXPECT_EQ(client.stream().read_to_end(), "");
}

TEST_F(file_server, a_big_file_arrives_whole_and_a_client_that_leaves_harms_nobody) {
  std::string big;
  for (int i = 0; big.size() < 4 * 1024 * 1024; ++i) big += std::to_string(i) + ";";
  write("site/big.bin", big);
  proxy_under_test proxy({route()});
  tls_client leaving = proxy.connect({.receive_bytes = 4096});
  leaving.send(get("/big.bin"));
  EXPECT_EQ(leaving.stream().read_bytes(1000).size(), 1000U);
  leaving.stream().reset();
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    const http_answer answer = client.ask(get("/big.bin"));
    EXPECT_TRUE(answer.body == big) << answer.body.size();
  }
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 1; }));
}

TEST_F(file_server, without_a_folder_there_is_a_welcome_page) {
  routing::route welcome;
  welcome.name = "app.test";
  welcome.kind = routing::route::kind::files;
  const proxy_under_test proxy({welcome});
  const http_answer answer = proxy.connect().ask(get("/anything"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("Cardea is running"), std::string::npos);
}

}  // namespace
}  // namespace cardea::proxy
