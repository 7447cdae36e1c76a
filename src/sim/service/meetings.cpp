#include "sim/service/meetings.hpp"

#include "sim/service/random_source.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view thread_prefix = "19:meeting_", thread_suffix = "@thread.v2", own_message = "0";

// The GUID that a meeting id names; empty where it has another form.
std::string guid_in(std::string_view id) {
  const auto plain = decode_base64(id).value_or("");
  const auto begin = plain.find(thread_prefix);
  if (!plain.contains("*" + std::string(own_message) + "**")) return {};
  const auto end = plain.rfind(thread_suffix);
  if (begin == std::string::npos || end == std::string::npos || end < begin + thread_prefix.size()) return {};
  const auto from = begin + thread_prefix.size();
  return decode_base64(std::string_view(plain).substr(from, end - from)).value_or("");
}

// Where a meeting with this id is looked for: the messages of channel meetings are not 0.
std::string handle_in(std::string_view id) {
  auto guid = guid_in(id);
  return guid.empty() ? std::string(id) : guid;
}

std::string handle_of(const meeting_store::entry& e) {
  return e.second.channel ? meeting_id(e) : meeting_guid(e.second.serial);
}

void set_text(key_record& r, std::string_view subject, std::string_view people) {
  std::string text;
  text.reserve(subject.size() + people.size());
  text += subject;
  text += people;
  r.text = std::move(text);
  r.subject_size = static_cast<std::uint32_t>(subject.size());
}

}  // namespace

void meeting_changes::clear() {
  subject_given = has_subject = times_given = people_given = false;
  subject.clear();
  people.clear();
  options.clear();
}

std::string meeting_guid(std::uint64_t serial) {
  return random_source(serial).guid();
}

std::string thread_id(std::string_view guid) {
  std::string thread(thread_prefix);
  append_base64(thread, guid);
  thread += thread_suffix;
  return thread;
}

std::string thread_of(const meeting_store::entry& e) {
  return e.second.channel ? *e.second.channel : thread_id(meeting_guid(e.second.serial));
}

std::string message_id(const key_record& of) {
  // A time in milliseconds, as the messages of a channel have.
  constexpr std::uint64_t first = 1'600'000'000'000, span = 1'000'000'000'000;
  return of.channel ? std::to_string(first + of.serial % span) : std::string(own_message);
}

std::string meeting_id(const meeting_store::entry& e) {
  std::string plain = "1*";
  plain += meeting_store::organizer_of(e);
  plain += '*';
  plain += message_id(e.second);
  plain += "**";
  plain += thread_of(e);
  std::string id;
  append_base64(id, plain);
  return id;
}

meeting_store::entry& meeting_store::at(std::string_view organizer, std::string_view external_id) {
  scratch_.assign(organizer);
  scratch_ += external_id;
  const auto found = keys_.find(scratch_);
  if (found != keys_.end()) return *found;
  return *keys_.emplace(scratch_, key_record()).first;
}

meeting_store::entry& meeting_store::at(std::string_view organizer, std::string_view form, std::string_view written) {
  auto& e = at(organizer, form);
  if (external_id_of(e) != written && !e.second.written && e.second.creates == 0) e.second.written = std::make_unique<std::string>(written);
  return e;
}

meeting_store::entry* meeting_store::duplicate_of(entry& e, bool make) {
  // No external id has this byte at its end: the id of a request with it is refused.
  std::string key = e.first + '\0';
  const auto found = keys_.find(key);
  if (found != keys_.end()) return &*found;
  if (!make) return nullptr;
  auto& made = *keys_.emplace(std::move(key), key_record()).first;
  made.second.written = std::make_unique<std::string>(external_id_of(e));
  e.second.duplicated = true;
  ++duplicates_;
  return &made;
}

meeting_store::entry* meeting_store::find(std::string_view organizer, std::string_view id) {
  const auto found = by_handle_.find(hash_of(handle_in(id)));
  if (found == by_handle_.end()) return nullptr;
  auto* const e = found->second;
  return organizer_of(*e) == organizer && meeting_id(*e) == id ? e : nullptr;
}

void meeting_store::create(entry& e, const wanted_meeting& wanted, std::uint64_t serial, utc_time now) {
  auto& record = e.second;
  if (record.creates > 0) by_handle_.erase(hash_of(handle_of(e)));
  if (record.exists() && !record.duplicated) {
    record.duplicated = true;
    ++duplicates_;
  }
  ++record.creates;
  ++meetings_;
  record.deleted = false;
  record.serial = serial;
  record.start = wanted.start;
  record.end = wanted.end;
  record.made = now;
  record.extended = {};
  record.has_subject = wanted.has_subject;
  record.options.reset();
  record.channel = wanted.channel.empty() ? nullptr : std::make_unique<std::string>(wanted.channel);
  set_text(record, wanted.subject, wanted.people);
  by_handle_[hash_of(handle_of(e))] = &e;
}

void meeting_store::update(entry& e, const meeting_changes& changes) {
  auto& record = e.second;
  if (changes.subject_given || changes.people_given) {
    const std::string subject(changes.subject_given ? changes.subject : record.subject());
    const std::string people(changes.people_given ? changes.people : record.people());
    set_text(record, subject, people);
  }
  if (changes.subject_given) record.has_subject = changes.has_subject;
  if (changes.times_given) {
    record.start = changes.start;
    record.end = changes.end;
  }
  set_options(e, changes.options);
  ++record.updates;
}

void meeting_store::set_options(entry& e, const option_values& options) {
  auto& record = e.second;
  if (!options.empty() && !record.options) record.options = std::make_unique<option_values>();
  for (const auto& [option, value] : options) {
    // A word of a list that was set once cannot be taken back, and each list has one word.
    if (meeting_options()[option].kind != option_kind::words || value != "[]" || !record.options->contains(option))
      (*record.options)[option] = value;
  }
}

void meeting_store::clear() {
  std::erase_if(retired_, [](const auto& one) { return one.second.in_flight == 0; });
  for (auto at = keys_.begin(); at != keys_.end();) {
    const auto one = at++;
    if (one->second.in_flight > 0) retired_.insert(keys_.extract(one));
  }
  keys_.clear();
  by_handle_.clear();
  meetings_ = duplicates_ = 0;
}

void meeting_store::remove(entry& e) {
  e.second.deleted = true;
  --meetings_;
}

void meeting_store::restore(entry& e) {
  e.second.deleted = false;
  ++meetings_;
}

}  // namespace convoke::sim
