#include "report/dialect.hpp"

#include <utility>

#include <boost/json.hpp>

#include "csv/csv.hpp"
#include "spec/header.hpp"

namespace convoke::report {
namespace {

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

// How the run's plan used the columns.
spec::header_settings columns_of(const boost::json::object& settings) {
  spec::header_settings out{.accepted_before = true};
  if (const auto* columns = settings.if_contains("columns"); columns != nullptr && columns->is_array()) {
    for (const auto& one : columns->get_array()) {
      if (one.is_object()) out.columns.push_back({text_at(one.get_object(), "role"), text_at(one.get_object(), "header")});
    }
  }
  if (const auto* carry = settings.if_contains("carry"); carry != nullptr && carry->is_array()) {
    for (const auto& one : carry->get_array()) {
      if (one.is_string()) out.carry.emplace_back(one.get_string());
    }
  }
  return out;
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
  auto read = spec::read_header(names, columns_of(*settings));
  if (!read) return fail(errc::storage, "The ledger holds a run whose header cannot be read. Restore the ledger from a copy.");
  out.carried = std::move(read->carried);
  out.organizer = read->place(spec::column_role::organizer).value_or(dialect::npos);
  out.external_id = read->place(spec::column_role::external_id).value_or(dialect::npos);
  out.subject = read->place(spec::column_role::subject).value_or(dialect::npos);
  return out;
}

}  // namespace convoke::report
