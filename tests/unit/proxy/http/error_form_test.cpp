#include "proxy/http/error_form.hpp"

#include "proxy/http1/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::http {
namespace {

std::string form(const std::string& fields) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  request_head head;
  const http1::head_limits limits;
  http1::request_parser parser(limits);
  EXPECT_EQ(parser.parse(bytes, head), http1::parse_status::done) << fields;
  switch (choose_error_form(head, bytes.data())) {
    case error_form::page: return "page";
    case error_form::problem: return "problem";
    default: return "text";
  }
}

TEST(error_form, is_a_page_for_browsers_and_for_who_says_nothing) {
  EXPECT_EQ(form(""), "page");
  EXPECT_EQ(form("Accept: */*\r\n"), "page");
  EXPECT_EQ(form("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"), "page");
  EXPECT_EQ(form("Accept: text/*, application/json;q=0.9\r\n"), "page");
  EXPECT_EQ(form("Accept: text/html, application/json\r\n"), "page");
}

TEST(error_form, is_a_problem_for_who_likes_json_better_or_names_it) {
  EXPECT_EQ(form("Accept: application/json\r\n"), "problem");
  EXPECT_EQ(form("Accept: application/problem+json\r\n"), "problem");
  EXPECT_EQ(form("Accept: application/json, text/plain, */*\r\n"), "problem");
  EXPECT_EQ(form("Accept: text/html;q=0.5, APPLICATION/JSON;q=0.6\r\n"), "problem");
  EXPECT_EQ(form("Accept: text/html;q=0\r\naccept: application/json;q=0.1\r\n"), "problem") << "one list on two lines";
}

TEST(error_form, is_text_for_who_wants_neither) {
  EXPECT_EQ(form("Accept: image/png\r\n"), "text");
  EXPECT_EQ(form("Accept: text/html;q=0\r\n"), "text");
  EXPECT_EQ(form("Accept: text/plain\r\n"), "text");
  EXPECT_EQ(form("Accept: */*;q=0\r\n"), "text");
}

TEST(error_form, is_text_for_who_asks_for_an_upgrade) {
  EXPECT_EQ(form("Accept: text/html\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"), "text");
}

}  // namespace
}  // namespace cardea::proxy::http
