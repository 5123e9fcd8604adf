#pragma once

#include "autocert/notifications/notice.hpp"
#include "base/fetch_message.hpp"
#include "config/sections/notification.hpp"

#include <chrono>

/// What each service receives for a notice. Pure.
namespace cardea::autocert::notifications {

/// For the whole request, connecting included.
inline constexpr std::chrono::milliseconds request_timeout{2'000};

/// gotify: POST <url>/message, JSON with priority (warn 2, error 5); ntfy: POST
/// <url>/<topic>, fields Title, Priority (info low, error high), Markdown;
/// webhook: its payload, the placeholders written as its type wants them.
[[nodiscard]] base::fetch_request message_for(const config::notification_section& service, const notice& what);

}  // namespace cardea::autocert::notifications
