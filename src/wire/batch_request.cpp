#include "wire/batch_request.hpp"

namespace convoke::wire {

void append_batch_item(std::string& out, bool first, std::string_view id, std::string_view method, std::string_view path, bool has_body) {
  if (!first) out += ',';
  out.append(R"({"id":")").append(id).append(R"(","method":")").append(method).append(R"(","url":")").append(path);
  // Without Prefer a coorganizer comes back as unknownFutureValue. Content-Type has to stand with every body; its letter case matters.
  out += R"(","headers":{)";
  if (has_body) out += R"("Content-Type":"application/json",)";
  out += R"("Prefer":"include-unknown-enum-members"})";
  if (has_body) out += R"(,"body":)";
}

}  // namespace convoke::wire
