#include "sim/service/body.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t most_attendees = 1000;
constexpr std::size_t longest_text = 4096;

class reader {
 public:
  reader(wanted_meeting& into, refusal& why) : into_(into), why_(why) {}

  bool read(const json::object& body, utc_time now) {
    into_.external_id.clear();
    into_.subject.clear();
    into_.people.clear();
    into_.has_subject = false;
    if (!text(body, "externalId", into_.external_id).value_or(false) || into_.external_id.empty()) {
      return why_.message.empty() ? refuse("The externalId is required.") : false;
    }
    const auto subject = text(body, "subject", into_.subject);
    if (!subject) return false;
    into_.has_subject = *subject;
    return times(body, now) && participants(body);
  }

 private:
  bool refuse(std::string message) {
    why_ = {"BadRequest", std::move(message)};
    return false;
  }

  // True: there; false: absent or null; nullopt: refused.
  std::optional<bool> text(const json::object& from, std::string_view name, std::string& value) {
    const auto* member = from.if_contains(name);
    if (member == nullptr || member->is_null()) return false;
    const auto* string = member->if_string();
    if (string == nullptr || string->size() > longest_text) {
      refuse("Cannot convert the literal of '" + std::string(name) + "' to the expected type 'Edm.String'.");
      return std::nullopt;
    }
    value.assign(string->data(), string->size());
    return true;
  }

  std::optional<bool> instant(const json::object& from, std::string_view name, utc_time& value) {
    const auto given = text(from, name, scratch_);
    if (!given || !*given) return given;
    const auto parsed = read_instant(scratch_);
    if (!parsed) {
      refuse("Cannot convert the literal '" + scratch_.substr(0, 64) + "' to the expected type 'Edm.DateTimeOffset'.");
      return std::nullopt;
    }
    value = *parsed;
    return true;
  }

  bool times(const json::object& body, utc_time now) {
    const auto has_start = instant(body, "startDateTime", into_.start);
    if (!has_start) return false;
    const auto has_end = instant(body, "endDateTime", into_.end);
    if (!has_end) return false;
    if (!*has_start && *has_end) return refuse("The startDateTime is required when the endDateTime is given.");
    if (!*has_start) into_.start = now;
    if (!*has_end) into_.end = into_.start + std::chrono::hours(1);
    if (into_.end < into_.start) return refuse("The endDateTime cannot be earlier than the startDateTime.");
    return true;
  }

  bool participants(const json::object& body) {
    const auto* value = body.if_contains("participants");
    if (value == nullptr || value->is_null()) return true;
    const auto* object = value->if_object();
    if (object == nullptr) return refuse("participants: an object is wanted.");
    const auto* attendees = object->if_contains("attendees");
    if (attendees == nullptr || attendees->is_null()) return true;
    const auto* list = attendees->if_array();
    if (list == nullptr || list->size() > most_attendees) return refuse("participants.attendees: an array of at most 1000 is wanted.");
    for (const auto& item : *list) {
      if (!attendee(item)) return false;
    }
    return true;
  }

  bool attendee(const json::value& item) {
    const auto* object = item.if_object();
    if (object == nullptr) return refuse("participants.attendees: an object is wanted.");
    std::string upn, id, role;
    const auto has_upn = text(*object, "upn", upn);
    const auto has_role = text(*object, "role", role);
    if (!has_upn || !has_role) return false;
    static constexpr std::array<std::string_view, 6> roles = {"", "attendee", "presenter", "producer", "coorganizer", "unknownFutureValue"};
    if (std::find(roles.begin(), roles.end(), role) == roles.end())
      return refuse("The value '" + role.substr(0, 64) + "' is no onlineMeetingRole.");
    if (!user_id(*object, id)) return false;
    if (upn.empty() && id.empty()) return refuse("participants.attendees: upn or identity.user.id is wanted.");
    if ((upn + id).find_first_of("\t\n") != std::string::npos) return refuse("participants.attendees: no such user.");
    into_.people += upn.empty() ? 'i' : 'u';
    into_.people += upn.empty() ? id : upn;
    into_.people += '\t';
    into_.people += role;
    into_.people += '\n';
    return true;
  }

  bool user_id(const json::object& attendee, std::string& id) {
    const auto* identity = attendee.if_contains("identity");
    if (identity == nullptr || identity->is_null()) return true;
    const auto* set = identity->if_object();
    const auto* user = set == nullptr ? nullptr : set->if_contains("user");
    if (user == nullptr || user->is_null()) return true;
    const auto* object = user->if_object();
    if (object == nullptr) return refuse("identity.user: an object is wanted.");
    return text(*object, "id", id).has_value();
  }

  wanted_meeting& into_;
  refusal& why_;
  std::string scratch_;
};

}  // namespace

bool read_create_or_get(std::string_view body, utc_time now, wanted_meeting& into, refusal& why) {
  why = {};
  std::array<unsigned char, 16384> memory;
  json::monotonic_resource resource(memory.data(), memory.size());
  boost::system::error_code ec;
  const auto document = json::parse(body, ec, &resource);
  if (ec) {
    why = {"BadRequest",
           "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."};
    return false;
  }
  const auto* object = document.if_object();
  if (object == nullptr) {
    why = {"BadRequest", "Empty Payload. JSON content expected."};
    return false;
  }
  return reader(into, why).read(*object, now);
}

}  // namespace convoke::sim
