#pragma once

#include "base/clock.hpp"
#include "base/fetch_message.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace cardea::dnsproviders {

struct aws_credentials {
  std::string key_id;
  base::secret secret_key;
  base::secret session_token;  ///< empty without a session
};

/// Signs a request by AWS Signature Version 4: adds X-Amz-Date, X-Amz-Security-Token (with a session)
/// and Authorization. Host, those and all headers that begin with X-Amz- are signed, and the body.
///
/// REQUIRES: an absolute url whose path and query are percent-encoded already.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
void sign_for_aws(base::fetch_request& what, const aws_credentials& by, std::string_view region,
                  std::string_view service, base::wall_time now);

}  // namespace cardea::dnsproviders
