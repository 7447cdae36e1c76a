#include "report/dialect.hpp"

#include <chrono>
#include <optional>

#include <boost/json.hpp>

#include "csv/csv.hpp"
#include "spec/rows.hpp"

namespace convoke::report {
namespace {

// Column roles need no zones: nothing is converted here.
class no_zones final : public spec::zone_source {
 public:
  spec::local_lookup to_utc(std::string_view, std::chrono::local_seconds) override { return {}; }
  std::optional<std::chrono::local_seconds> to_local(std::string_view, std::chrono::sys_seconds) override { return std::nullopt; }
};

result<boost::json::object> parse_object(const std::string& text) {
  boost::system::error_code bad;
  auto value = boost::json::parse(text, bad);
  if (bad || !value.is_object())
    return fail(errc::storage, "The ledger holds a run whose description cannot be read. Restore the ledger from a copy.");
  return std::move(value.as_object());
}

std::string text_at(const boost::json::object& o, std::string_view name) {
  const auto* found = o.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

}  // namespace

std::vector<std::string> fields_of(std::string_view record, char delimiter) {
  std::vector<std::string> out;
  csv::reader reader(delimiter);
  const auto take = [&](const csv::record& r) -> result<void> {
    out.assign(r.fields.begin(), r.fields.end());
    return {};
  };
  if (!reader.feed(record, take) || !reader.finish(take)) out.clear();
  return out;
}

result<dialect> read_dialect(const ledger::run_header& header) {
  const auto written = parse_object(header.dialect);
  if (!written) return std::unexpected(written.error());
  const auto settings = parse_object(header.settings);
  if (!settings) return std::unexpected(settings.error());

  dialect out;
  out.format.enc = files::parse_encoding(text_at(*written, "encoding")).value_or(files::encoding::utf8);
  const auto* bom = written->if_contains("bom");
  out.format.bom = bom != nullptr && bom->is_bool() && bom->as_bool();
  const auto delimiter = text_at(*written, "delimiter");
  if (!delimiter.empty()) out.delimiter = delimiter.front();
  if (header.header.ends_with("\r\n"))
    out.line_end = "\r\n";
  else if (header.header.ends_with('\r'))
    out.line_end = "\r";

  out.columns = fields_of(header.header, out.delimiter);
  const std::vector<std::string_view> names(out.columns.begin(), out.columns.end());
  no_zones zones;
  spec::row_settings rows;
  rows.external_id_template = text_at(*settings, "external_id");
  auto builder = spec::row_builder::create(names, rows, zones);
  if (!builder) return fail(errc::storage, "The ledger holds a run whose header cannot be read. Restore the ledger from a copy.");
  out.carried = builder->carried();
  for (const auto* name : {"organizer", "user_id", "organizer_id"})
    if (out.organizer == dialect::npos) out.organizer = builder->find(name).value_or(dialect::npos);
  out.external_id = builder->find("external_id").value_or(dialect::npos);
  out.subject = builder->find("subject").value_or(dialect::npos);
  return out;
}

}  // namespace convoke::report
