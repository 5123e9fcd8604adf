#pragma once

#include "base/async.hpp"
#include "base/error.hpp"
#include "base/fetch_message.hpp"

#include <functional>

namespace cardea::base {

/// An HTTP request -> response function.
///
/// The ACME client, DNS providers and notifications receive one, so that tests
/// can replay a scripted peer. Any status is a success; an error means that no
/// complete response arrived (errc::timed_out, errc::limit_exceeded, or the
/// transport's code with a context that names the host). Redirects are not
/// followed. Called and completed on the control thread.
using fetch = std::function<awaitable<result<fetch_response>>(fetch_request)>;

}  // namespace cardea::base
