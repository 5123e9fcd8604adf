#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http/failure.hpp"

#include <cstdint>
#include <string>

/// What gRPC asks of a proxy that answers by itself: its clients read a status of their own from
/// an answer that is 200 to HTTP. Pure.
namespace cardea::proxy::http {

/// Whether the request is a call of gRPC, by its Content-Type.
[[nodiscard]] bool is_grpc(const exchange& request) noexcept;

/// The status of gRPC for a failure: the table for HTTP statuses that gRPC documents
/// (http-grpc-status-mapping), and what is known better here.
[[nodiscard]] std::uint8_t grpc_status_of(const failure& cause) noexcept;

/// Field lines that make an answer without a body the end of a call. A reason of ours is ASCII
/// and needs no encoding.
[[nodiscard]] std::string grpc_fields_of(const failure& cause);

}  // namespace cardea::proxy::http
