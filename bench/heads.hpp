#pragma once

#include <string>

/// Message heads as they are met outside, for benchmarks of what reads them.
namespace cardea::bench {

/// What a load generator or a health check sends.
inline const std::string small_request = "GET /1k HTTP/1.1\r\nHost: app.example.com\r\n\r\n";

/// What a browser sends for a part of a page.
inline const std::string browser_request =
    "GET /static/js/main.4c1f0a.js?v=20240611 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"124\", \"Google Chrome\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Accept: */*\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Dest: script\r\n"
    "Referer: https://www.example.com/shop/category/shoes?page=2\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=1; cart=c9f0f895fb98ab9159f51fd0297e236d\r\n"
    "If-None-Match: \"66681f2a-1c2f\"\r\n"
    "\r\n";

inline const std::string response =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx\r\n"
    "Date: Tue, 11 Jun 2024 09:12:44 GMT\r\n"
    "Content-Type: application/javascript\r\n"
    "Content-Length: 7215\r\n"
    "Last-Modified: Tue, 11 Jun 2024 08:55:22 GMT\r\n"
    "Connection: keep-alive\r\n"
    "ETag: \"66681f2a-1c2f\"\r\n"
    "Cache-Control: public, max-age=31536000, immutable\r\n"
    "Strict-Transport-Security: max-age=63072000\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Accept-Ranges: bytes\r\n"
    "\r\n";

}  // namespace cardea::bench
