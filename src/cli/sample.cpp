#include "cli/sample.hpp"

namespace convoke::cli {
namespace {

constexpr unsigned char bytes[] = {
#include "sample_bytes.inc"
};

}  // namespace

std::string_view sample_csv() noexcept {
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

}  // namespace convoke::cli
