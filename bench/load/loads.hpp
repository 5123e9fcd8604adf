#pragma once

#include "bench/load/target.hpp"

#include <cstddef>
#include <string>

/// Each prints one line of JSON and returns the exit code: 0 when it could be measured, however
/// many requests failed. All run in one thread.
namespace cardea::bench {

/// Asks at a fixed rate, whether answers come or not. A request's latency counts from the moment
/// it was due, so that a proxy which holds everybody up pays for all whom it held up (no
/// coordinated omission). A connection that ends is opened again.
int open_loop(const target& to, double rate);

/// Opens so many connections, asks once on each, says so, and holds them until stdin ends.
int idle(const target& to);

/// New connections with one request each, as fast as they go; `resumes`: with the session of the one before.
int handshakes(const target& to, bool resumes);

/// WebSocket messages of so many bytes, one at a time on each connection, and waits for each to come back.
int echo(const target& to, std::size_t message_bytes);

/// Writes `count` bundles (certificate and key of their own) siteN.pem for siteN.<name>.
int make_certificates(const std::string& folder, std::size_t count, const std::string& name);

}  // namespace cardea::bench
