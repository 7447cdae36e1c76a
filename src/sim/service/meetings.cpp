#include "sim/service/meetings.hpp"

namespace convoke::sim {

meeting_store::entry& meeting_store::at(std::string_view organizer, std::string_view external_id) {
  scratch_.assign(organizer);
  scratch_ += external_id;
  const auto found = keys_.find(scratch_);
  if (found != keys_.end()) return *found;
  return *keys_.emplace(scratch_, key_record()).first;
}

void meeting_store::create(entry& e, const wanted_meeting& wanted, std::uint64_t serial, utc_time now) {
  auto& record = e.second;
  ++record.creates;
  ++meetings_;
  if (record.creates == 2) ++duplicates_;
  record.serial = serial;
  record.start = wanted.start;
  record.end = wanted.end;
  record.made = now;
  record.has_subject = wanted.has_subject;
  record.subject_size = static_cast<std::uint32_t>(wanted.subject.size());
  record.text.clear();
  record.text.reserve(wanted.subject.size() + wanted.people.size());
  record.text += wanted.subject;
  record.text += wanted.people;
}

}  // namespace convoke::sim
