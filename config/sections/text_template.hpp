#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// What a variable of a template stands for.
enum class template_value : std::uint8_t {
  literal,
  req_method,
  req_scheme,
  req_host,
  req_port,
  req_addr,
  req_path,
  req_query,
  req_url,
  req_uri,
  req_content_type,
  req_content_length,
  remote_host,
  remote_port,
  remote_addr,
  upstream_name,
  upstream_scheme,
  upstream_host,
  upstream_port,
  upstream_addr,
  upstream_url,
  status_code,
  resp_content_type,
  resp_content_length,
  header,       ///< of the request, by its name
  resp_header,  ///< of the response, by its name
  arg,          ///< of the query, by its name
  query_part,   ///< of a location: the query with its `?`, or nothing
  parameter,    ///< of a path rule, by its number
  rest,         ///< of a path rule: what follows its prefix, beginning with a slash, or nothing
};

struct template_part {
  template_value value = template_value::literal;
  std::string text = {};       ///< the literal, or the name that a function is given
  std::size_t parameter = 0;

  friend bool operator==(const template_part&, const template_part&) = default;
};

/// Text with variables in it.
struct text_template {
  std::vector<template_part> parts;

  [[nodiscard]] bool is_literal() const noexcept;
  friend bool operator==(const text_template&, const text_template&) = default;
};

/// The value of a header field in GoDoxy's notation: `$req_host`, `$header(Name)`; `$$` is one `$`. A name that is
/// no variable stays as it is written and is added to `unknown`; those of the response are known `for_response` only.
[[nodiscard]] text_template parse_field_template(std::string_view text, bool for_response,
                                                 std::vector<std::string>& unknown);

/// A template, or why it is none.
struct parsed_location {
  std::optional<text_template> found;
  std::string why;
};

/// Where a redirect leads: `$host`, `$port`, `$scheme`, `$path`, `$query` (with its `?`), `$uri`, with `has_rest`
/// `$rest`, and `{name}` for each of `parameters`. Either a path from `/` on (`$path`, `$uri`, `$rest` begin with one),
/// or an http or https URL whose authority is literal or `$host`, maybe with a literal port: nothing that
/// a client sends can become a part of it.
[[nodiscard]] parsed_location parse_location(std::string_view text, std::span<const std::string> parameters,
                                             bool has_rest);

/// The path that is asked for instead: literal text, `{name}` and `$rest`.
[[nodiscard]] parsed_location parse_rewrite(std::string_view text, std::span<const std::string> parameters,
                                            bool has_rest);

}  // namespace cardea::config
