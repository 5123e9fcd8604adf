#include "autocert/subject_names.hpp"

#include "base/ip_text.hpp"
#include "base/text.hpp"

namespace cardea::autocert {

general_names_ptr subject_names(const std::vector<std::string>& names) {
  general_names_ptr out(sk_GENERAL_NAME_new_null());
  for (const std::string& name : names) {
    const std::string bytes = base::ip_bytes(name);
    const std::string& value = bytes.empty() ? name : bytes;
    const int kind = bytes.empty() ? GEN_DNS : GEN_IPADD;
    ASN1_STRING* const text = bytes.empty() ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    ASN1_STRING_set(text, value.data(), static_cast<int>(value.size()));
    GENERAL_NAME* const entry = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(entry, kind, text);
    sk_GENERAL_NAME_push(out.get(), entry);
  }
  return out;
}

std::vector<std::string> texts_of(const GENERAL_NAMES* names) {
  std::vector<std::string> out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* const value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                 static_cast<std::size_t>(ASN1_STRING_length(value)));
    out.push_back(name->type == GEN_DNS ? base::to_lower(bytes) : base::ip_of_bytes(bytes));
  }
  return out;
}

}  // namespace cardea::autocert
