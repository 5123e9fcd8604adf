#include "app/version.hpp"

namespace cardea::app {

std::string_view version_text() { return CARDEA_VERSION; }

}  // namespace cardea::app
