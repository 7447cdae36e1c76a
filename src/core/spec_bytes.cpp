#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include <convoke/key.hpp>
#include <convoke/spec.hpp>

#include "core/chat_thread.hpp"
#include "core/meeting_options.hpp"
#include "core/text.hpp"

// The format. Version 1; all integers in base 128, the least significant digit first, without superfluous digits:
//   version (1) | flags: 1 subject, 2 organizer is a packed id, 64 roles are kept | organizer | external id | [subject] | zigzag(start in
//   s) | zigzag(end - start in s) | number of attendees | each: kind + 2 * role + 8 * packed, value
// A packed id is the 16 bytes of a lower-case GUID. Any other text is its length and its bytes. Ledgers hold such bytes and hashes of them,
// so a version never changes.
//
// Version 2 is version 1 with this behind it:
//   number of parts (> 0) | each, with tags that ascend: tag, length, bytes
// It is written only where a spec has such a part, so that the hashes of all other specs stay what they are. The parts:
//   tag 1, options: number (> 0) | each, with numbers of options that ascend: number of the option, value
//   tag 2, chat_thread_id: its bytes

namespace convoke {

namespace {

constexpr char version = 1, version_with_parts = 2;
constexpr unsigned options_part = 1, chat_thread_part = 2;
constexpr unsigned has_subject = 1;
constexpr unsigned packed_organizer = 2;
// It was added to version 1: bytes without it are as before, and an older convoke refuses those with it.
constexpr unsigned keeps_roles = 64;
constexpr unsigned known_flags = has_subject | packed_organizer | keeps_roles;
constexpr unsigned packed_attendee = 8;

constexpr std::array<std::int8_t, 256> hex_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
  return values;
}();

// The places in the text of the digits of each of the 16 bytes.
constexpr std::array<std::size_t, 16> pairs{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

bool pack(std::string_view text, std::array<char, 16>& out) noexcept {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  int bad = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const int high = hex_values[static_cast<unsigned char>(text[pairs[i]])];
    const int low = hex_values[static_cast<unsigned char>(text[pairs[i] + 1])];
    bad |= high | low;
    out[i] = static_cast<char>((high << 4) | (low & 0xF));
  }
  return bad >= 0;
}

std::string unpack(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(36, '-');
  for (std::size_t i = 0; i < 16; ++i) {
    const auto b = static_cast<unsigned char>(bytes[i]);
    out[pairs[i]] = digits[b >> 4];
    out[pairs[i] + 1] = digits[b & 0xF];
  }
  return out;
}

void put_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(static_cast<unsigned char>(value | 0x80));
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::int64_t whole_seconds(utc_time t) noexcept {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

// Reads from the beginning to the end. After the first read that fails every further one is empty, and bad() stays true.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) noexcept : rest_(bytes) {}

  unsigned byte() noexcept {
    if (rest_.empty()) return spoil();
    const auto b = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return b;
  }

  std::uint64_t number() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned b = byte();
      if (shift == 63 && b > 1) return spoil();
      value |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if (b < 0x80) return b == 0 && shift > 0 ? spoil() : value;
    }
    return spoil();
  }

  std::string_view bytes(std::uint64_t count) noexcept {
    if (count > rest_.size()) {
      spoil();
      return {};
    }
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }

  std::string_view text() noexcept { return bytes(number()); }

  // Reads an id, and refuses a form that encode_spec would not have chosen for it.
  std::string id(bool packed) {
    const std::string_view raw = packed ? bytes(16) : text();
    if (bad_) return {};
    if (packed) return unpack(raw);
    std::array<char, 16> unused;
    if (pack(raw, unused)) spoil();
    return std::string(raw);
  }

  // Reads a difference to `from` in seconds; the sum must be within the range of utc_time.
  std::int64_t seconds(std::int64_t from) noexcept {
    constexpr std::int64_t limit = std::chrono::floor<std::chrono::seconds>(ticks::max()).count();
    const std::int64_t value = unzigzag(number());
    if (value > limit || value < -limit || from + value > limit || from + value < -limit) {
      spoil();
      return 0;
    }
    return from + value;
  }

  unsigned spoil() noexcept {
    bad_ = true;
    rest_ = {};
    return 0;
  }

  [[nodiscard]] bool bad() const noexcept { return bad_; }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

attendee read_attendee(byte_reader& in) {
  attendee a;
  const unsigned head = in.byte();
  if (head >= 16) in.spoil();
  a.kind = static_cast<attendee_id>(head & 1);
  a.role = static_cast<attendee_role>((head >> 1) & 3);
  a.value = in.id((head & packed_attendee) != 0);
  return a;
}

std::string options_bytes(const std::vector<option_value>& options) {
  std::string out;
  put_number(out, options.size());
  for (const option_value& one : options) {
    out += static_cast<char>(one.option);
    put_text(out, one.value);
  }
  return out;
}

// The parts of version 2, in the order of their tags.
void put_parts(std::string& out, const meeting_spec& s) {
  const bool has_options = !s.options.empty(), has_chat_thread = !s.chat_thread_id.empty();
  put_number(out, static_cast<std::uint64_t>(has_options) + static_cast<std::uint64_t>(has_chat_thread));
  if (has_options) {
    put_number(out, options_part);
    put_text(out, options_bytes(s.options));
  }
  if (has_chat_thread) {
    put_number(out, chat_thread_part);
    put_text(out, s.chat_thread_id);
  }
}

bool has_parts(const meeting_spec& s) noexcept {
  return !s.options.empty() || !s.chat_thread_id.empty();
}

// Only what encode_spec would write: known options in their order, each with a value in its one form.
bool read_options(std::string_view bytes, std::vector<option_value>& into) {
  byte_reader in(bytes);
  const std::uint64_t count = in.number();
  if (count == 0 || count > core::meeting_options().size()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    option_value one;
    one.option = static_cast<std::uint8_t>(in.byte());
    one.value = in.text();
    const auto* const known = core::option_numbered(one.option);
    if (in.bad() || known == nullptr || (!into.empty() && into.back().option >= one.option)) return false;
    if (const auto value = core::canonical_value(*known, one.value); !value || *value != one.value) return false;
    into.push_back(std::move(one));
  }
  return in.left() == 0;
}

bool read_chat_thread(std::string_view bytes, std::string& into) {
  into = bytes;
  return core::why_no_chat_thread(into) == nullptr;
}

bool read_part(std::uint64_t tag, std::string_view bytes, meeting_spec& s) {
  if (tag == options_part) return read_options(bytes, s.options);
  return tag == chat_thread_part && read_chat_thread(bytes, s.chat_thread_id);
}

bool read_parts(byte_reader& in, meeting_spec& s) {
  const std::uint64_t count = in.number();
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t tag = in.number();
    const std::string_view bytes = in.text();
    if (in.bad() || tag <= last) return false;
    last = tag;
    if (!read_part(tag, bytes, s)) return false;
  }
  return count > 0 && !in.bad();
}

std::unexpected<error> not_ours() {
  return fail(errc::storage, "a stored meeting spec is damaged, or was written by a newer convoke");
}

}  // namespace

std::string encode_spec(const meeting_spec& s) {
  std::size_t size = 64 + s.organizer.size() + s.external_id.size() + (s.subject ? s.subject->size() : 0);
  for (const attendee& a : s.attendees) size += a.value.size() + 4;
  std::string out;
  out.reserve(size);
  std::array<char, 16> id;
  const bool packed = pack(s.organizer, id);
  const bool longer = has_parts(s);
  out += longer ? version_with_parts : version;
  out += static_cast<char>((s.subject ? has_subject : 0U) | (packed ? packed_organizer : 0U) | (s.keep_roles ? keeps_roles : 0U));
  packed ? static_cast<void>(out.append(id.data(), id.size())) : put_text(out, s.organizer);
  put_text(out, s.external_id);
  if (s.subject) put_text(out, *s.subject);
  const std::int64_t start = whole_seconds(s.start);
  put_number(out, zigzag(start));
  put_number(out, zigzag(whole_seconds(s.end) - start));
  put_number(out, s.attendees.size());
  for (const attendee& a : s.attendees) {
    const bool short_form = pack(a.value, id);
    out += static_cast<char>(static_cast<unsigned>(a.kind) | (static_cast<unsigned>(a.role) << 1) | (short_form ? packed_attendee : 0U));
    short_form ? static_cast<void>(out.append(id.data(), id.size())) : put_text(out, a.value);
  }
  if (longer) put_parts(out, s);
  return out;
}

result<meeting_spec> decode_spec(std::string_view bytes) {
  byte_reader in(bytes);
  const unsigned written_by = in.byte();
  const unsigned flags = in.byte();
  const bool longer = written_by == static_cast<unsigned char>(version_with_parts);
  if (in.bad() || (!longer && written_by != static_cast<unsigned char>(version)) || (flags & ~known_flags) != 0) return not_ours();
  meeting_spec s;
  s.organizer = in.id((flags & packed_organizer) != 0);
  s.external_id = in.text();
  if ((flags & has_subject) != 0) s.subject.emplace(in.text());
  const std::int64_t start = in.seconds(0);
  s.start = utc_time{std::chrono::seconds{start}};
  s.end = utc_time{std::chrono::seconds{in.seconds(start)}};
  const std::uint64_t count = in.number();
  if (count > in.left() / 2) return not_ours();  // an attendee takes at least two bytes; a damaged count must not allocate more
  s.attendees.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) s.attendees.push_back(read_attendee(in));
  s.keep_roles = (flags & keeps_roles) != 0;
  // encode_spec is not given such a spec.
  if (s.keep_roles && !has_roles(s)) return not_ours();
  if (longer && !read_parts(in, s)) return not_ours();
  if (in.bad() || in.left() != 0) return not_ours();
  return s;
}

bool has_roles(const meeting_spec& s) noexcept {
  return std::ranges::any_of(s.attendees, [](const attendee& a) { return a.role != attendee_role::none; });
}

std::string_view to_string(attendee_role role) noexcept {
  switch (role) {
    case attendee_role::none:
      return "";
    case attendee_role::attendee:
      return "attendee";
    case attendee_role::presenter:
      return "presenter";
    case attendee_role::coorganizer:
      return "coorganizer";
  }
  return "";
}

}  // namespace convoke
