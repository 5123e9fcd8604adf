#pragma once

#include <string_view>

namespace cardea::proxy::files {

/// What a fresh installation shows.
inline constexpr std::string_view welcome_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cardea is running</title>
<style>
body{font:1.05rem/1.6 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.2rem;color:#222}
h1{font-weight:600}code{background:#f1f1f1;padding:.1em .35em;border-radius:.25em}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}code{background:#2a2a2a}}
</style>
</head>
<body>
<h1>Cardea is running</h1>
<p>This page came over TLS, with a certificate that Cardea issued itself.</p>
<p>Next: write <code>config/config.yml</code>, name your domains and a DNS provider under
<code>autocert</code>, add a route for each service, and start <code>cardea run</code>.
<code>cardea validate</code> checks the files first.</p>
</body>
</html>
)";

}  // namespace cardea::proxy::files
