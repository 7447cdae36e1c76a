// Any bytes, whole and in pieces of a size that the first byte chooses: they give the same records or the same fault, and the records are
// read alike after they are written again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "csv/csv.hpp"
#include "csv/raw_fields.hpp"

namespace {

namespace csv = convoke::csv;

struct parsed {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> raws;
  std::string fault;
  char delimiter = ',';

  friend bool operator==(const parsed&, const parsed&) = default;
};

parsed parse(std::string_view text, std::size_t piece, std::optional<char> delimiter, const csv::limits& l) {
  parsed out;
  csv::reader reader(delimiter, l);
  const auto keep = [&out](const csv::record& r) -> convoke::result<void> {
    out.rows.emplace_back(r.fields.begin(), r.fields.end());
    out.raws.emplace_back(r.raw);
    return {};
  };
  convoke::result<void> done;
  for (; done && !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    done = reader.feed(std::string(text.substr(0, piece)), keep);
  if (done) done = reader.finish(keep);
  if (!done) out.fault = done.error().message;
  out.delimiter = reader.delimiter();
  return out;
}

// The failed file takes a record apart by raw_fields(): it must find the fields that the reader found, and lose no byte.
void check_raw_fields(const parsed& p, std::size_t i) {
  std::string_view raw = p.raws[i];
  if (raw.ends_with('\n')) raw.remove_suffix(1);
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  const auto fields = csv::raw_fields(raw, p.delimiter);
  if (fields.size() != p.rows[i].size()) std::abort();
  std::size_t bytes = fields.size() - 1;
  for (const std::string_view field : fields) bytes += field.size();
  if (bytes != raw.size()) std::abort();
  // A field that is added at the end is surplus and changes no other one.
  const parsed longer = parse("h" + std::string(1, p.delimiter) + "i\n" + std::string(raw) + p.delimiter + " \"\" \n", raw.size() + 20,
                              p.delimiter, csv::limits{.field = 1 << 20, .record = 1 << 22, .columns = 1000});
  auto expected = p.rows[i];
  expected.emplace_back();
  if (!longer.fault.empty() || longer.rows.size() != 2 || longer.rows[1] != expected) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t piece = 1 + data[0] % 97U;
  const csv::limits l = data[1] < 128 ? csv::limits{} : csv::limits{.field = 16, .record = 64, .columns = 4};
  const parsed whole = parse(text, text.size() + 1, {}, l);
  for (std::size_t i = 0; i < whole.rows.size(); ++i) check_raw_fields(whole, i);
  if (!(parse(text, piece, {}, l) == whole)) std::abort();

  // With a header before them, so that the first row is not taken for a line that names the delimiter (`SEP=,`).
  const std::vector<std::string> header = {"a", "b"};
  std::string again = header[0] + whole.delimiter + header[1] + '\n';
  for (const auto& row : whole.rows) {
    if (row.size() == 1) return 0;  // one empty cell alone is a blank line
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) again += whole.delimiter;
      csv::append_field(again, row[i], whole.delimiter);
    }
    again += '\n';
  }
  parsed back = parse(again, again.size() + 1, whole.delimiter, csv::limits{});
  if (!back.fault.empty() || back.rows.empty() || back.rows.front() != header) std::abort();
  back.rows.erase(back.rows.begin());
  if (back.rows != whole.rows) std::abort();
  return 0;
}
