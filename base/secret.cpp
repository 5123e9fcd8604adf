#include "base/secret.hpp"

#include <openssl/crypto.h>

namespace cardea::base {

// A plain fill before the end of life would be removed as a dead store.
secret::~secret() { OPENSSL_cleanse(value_.data(), value_.size()); }

}  // namespace cardea::base
