#include "ledger/postgres/record_batch.hpp"

#include <utility>

namespace convoke::ledger::postgres {
namespace {

using texts = std::vector<std::optional<std::string_view>>;

std::size_t size_of(const std::optional<std::string>& text) {
  return text ? text->size() : 0;
}

texts column(const std::vector<stored_record>& records, std::optional<std::string> stored_record::* member) {
  texts out;
  out.reserve(records.size());
  for (const auto& record : records) out.emplace_back(record.*member);
  return out;
}

}  // namespace

void record_batch::add(stored_record record) {
  bytes_ += sizeof record + size_of(record.raw) + size_of(record.payload) + size_of(record.error);
  records_.push_back(std::move(record));
}

outcome_of<void> record_batch::write(connection& db) {
  if (records_.empty()) return {};
  std::vector<std::int64_t> ids, lanes, updates;
  std::vector<std::optional<std::int64_t>> lines, firsts, occurrences;
  for (const auto& record : records_) {
    ids.push_back(static_cast<std::int64_t>(record.id));
    lanes.push_back(record.lane);
    updates.push_back(static_cast<int>(record.update));
    lines.push_back(record.line);
    firsts.push_back(record.first);
    occurrences.push_back(record.occurrence);
  }
  params values;
  values.integers(ids).integers(lanes);
  values.many_bytes(column(records_, &stored_record::raw)).many_bytes(column(records_, &stored_record::payload));
  values.texts(column(records_, &stored_record::error));
  values.integers(updates).integers(lines).integers(firsts).integers(occurrences);
  auto done = db.run(
      "INSERT INTO convoke.record(id, lane, raw, payload, error, update_rule, line, first, occurrence) "
      "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      values);
  records_.clear();
  bytes_ = 0;
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

}  // namespace convoke::ledger::postgres
