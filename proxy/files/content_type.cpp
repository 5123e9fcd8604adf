#include "proxy/files/content_type.hpp"

#include "base/text.hpp"
#include "proxy/http/media_type.hpp"

namespace cardea::proxy::files {

std::string_view content_type(std::string_view path, const config::files_section& section) {
  const std::string_view extension = http::extension_of(path);
  if (extension.empty()) return http::unknown_media_type;
  if (!section.content_types.empty())
    if (const auto own = section.content_types.find(base::to_lower(extension)); own != section.content_types.end())
      return own->second;
  return http::media_type_of(extension);
}

}  // namespace cardea::proxy::files
