#include "proxy/http/grpc.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::http {
namespace {

failure with(failure_kind kind, side blame = side::backend, std::uint16_t status = 0, std::string_view reason = {}) {
  return {kind, blame, status, reason};
}

TEST(grpc, a_failure_has_the_status_that_grpc_gives_to_http_s) {
  EXPECT_EQ(grpc_status_of(with(failure_kind::connect_refused)), 14) << "502";
  EXPECT_EQ(grpc_status_of(with(failure_kind::no_backend)), 14) << "503";
  EXPECT_EQ(grpc_status_of(with(failure_kind::connect_timed_out)), 14) << "504";
  EXPECT_EQ(grpc_status_of(with(failure_kind::no_route)), 12) << "404";
  EXPECT_EQ(grpc_status_of(with(failure_kind::method_not_allowed)), 2) << "405 is none that gRPC knows";
  EXPECT_EQ(grpc_status_of(with(failure_kind::refused_request, side::client, 400)), 13);
  EXPECT_EQ(grpc_status_of(with(failure_kind::refused_request, side::client, 403)), 7);
  EXPECT_EQ(grpc_status_of(with(failure_kind::refused_request, side::client, 413)), 8);
  EXPECT_EQ(grpc_status_of(with(failure_kind::refused_request, side::client, 431)), 8);
}

TEST(grpc, a_call_that_may_have_run_is_not_unavailable) {
  EXPECT_EQ(grpc_status_of(with(failure_kind::response_timed_out)), 4);
  EXPECT_EQ(grpc_status_of(with(failure_kind::body_timed_out, side::client)), 4);
}

TEST(grpc, the_client_learns_of_its_own_mistakes_and_not_of_what_is_behind) {
  EXPECT_EQ(grpc_fields_of(with(failure_kind::refused_request, side::client, 413, "the request body is too large")),
            "grpc-status: 8\r\ngrpc-message: the request body is too large\r\n");
  EXPECT_EQ(grpc_fields_of(with(failure_kind::connect_refused, side::backend, 0, "the backend refused the connection")),
            "grpc-status: 14\r\ngrpc-message: Bad Gateway\r\n");
}

}  // namespace
}  // namespace cardea::proxy::http
