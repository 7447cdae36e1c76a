// Runs a fuzzer over its corpus without libFuzzer: every file once, every prefix of the small ones, and the empty input.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using bytes = std::vector<std::uint8_t>;

// Of a larger file, the prefixes would take longer than everything else.
constexpr std::size_t largest_with_prefixes = 4096;

bytes read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return {content.begin(), content.end()};
}

// A copy of exactly that many bytes on the heap, so that AddressSanitizer sees a read past the end.
void run(const bytes& whole, std::size_t size) {
  const bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(part.data(), part.size());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", arguments[0]);
    return 2;
  }
  std::error_code failure;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1], failure)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  if (paths.empty()) {
    std::fprintf(stderr, "%s: no seeds there: every fuzzer has at least one\n", arguments[1]);
    return 1;
  }
  std::sort(paths.begin(), paths.end());
  run({}, 0);
  std::size_t inputs = 1;
  for (const auto& path : paths) {
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    const bytes content = read(path);
    const std::size_t first = content.size() <= largest_with_prefixes ? 0 : content.size();
    for (std::size_t size = first; size <= content.size(); ++size, ++inputs) run(content, size);
  }
  std::printf("%zu inputs of %zu seeds\n", inputs, paths.size());
  return 0;
}
