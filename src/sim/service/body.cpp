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
constexpr std::size_t longest_quote = 64;

// `value` is one of `words`, which are separated by blanks.
bool is_word_of(std::string_view words, std::string_view value) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == value) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

// What both bodies have: texts, times, people. Every function that fails has filled `why`.
class reader {
 public:
  explicit reader(refusal& why) : why_(why) {}

 protected:
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
      refuse("Cannot convert the literal '" + scratch_.substr(0, longest_quote) + "' of '" + std::string(name) +
             "' to the expected type 'Edm.DateTimeOffset'.");
      return std::nullopt;
    }
    value = *parsed;
    return true;
  }

  // Appends the attendees of a participants object to `people`. `given`: set where the object has them.
  bool participants(const json::object& body, std::string& people, bool& given) {
    const auto* value = body.if_contains("participants");
    if (value == nullptr || value->is_null()) return true;
    const auto* object = value->if_object();
    if (object == nullptr) return refuse("participants: an object is expected.");
    const auto* attendees = object->if_contains("attendees");
    if (attendees == nullptr || attendees->is_null()) return true;
    const auto* list = attendees->if_array();
    if (list == nullptr || list->size() > most_attendees) return refuse("participants.attendees: an array of at most 1000 is expected.");
    given = true;
    return std::ranges::all_of(*list, [&](const json::value& item) { return attendee(item, people); });
  }

  bool attendee(const json::value& item, std::string& people) {
    const auto* object = item.if_object();
    if (object == nullptr) return refuse("participants.attendees: an object is expected.");
    std::string upn, id, role;
    const auto has_upn = text(*object, "upn", upn);
    const auto has_role = text(*object, "role", role);
    if (!has_upn || !has_role) return false;
    if (!role.empty() && !is_word_of("attendee presenter producer coorganizer unknownFutureValue", role))
      return refuse("participants.attendees: the value '" + role.substr(0, longest_quote) + "' is no onlineMeetingRole.");
    if (!user_id(*object, id)) return false;
    if (upn.empty() && id.empty()) return refuse("participants.attendees: upn or identity.user.id is required.");
    if ((upn + id).find_first_of("\t\n") != std::string::npos) return refuse("participants.attendees: no such user.");
    people += upn.empty() ? 'i' : 'u';
    people += upn.empty() ? id : upn;
    people += '\t';
    people += role;
    people += '\n';
    return true;
  }

  bool user_id(const json::object& attendee, std::string& id) {
    const auto* identity = attendee.if_contains("identity");
    if (identity == nullptr || identity->is_null()) return true;
    const auto* set = identity->if_object();
    const auto* user = set == nullptr ? nullptr : set->if_contains("user");
    if (user == nullptr || user->is_null()) return true;
    const auto* object = user->if_object();
    if (object == nullptr) return refuse("identity.user: an object is expected.");
    return text(*object, "id", id).has_value();
  }

 private:
  refusal& why_;
  std::string scratch_;
};

class create_reader : public reader {
 public:
  create_reader(wanted_meeting& into, refusal& why, bool channels) : reader(why), into_(into), channels_(channels) {}

  bool read(const json::object& body, utc_time now) {
    into_.external_id.clear();
    into_.subject.clear();
    into_.people.clear();
    into_.has_subject = false;
    const auto named = text(body, "externalId", into_.external_id);
    if (!named) return false;
    if (into_.external_id.empty()) return refuse("The externalId is required.");
    const auto subject = text(body, "subject", into_.subject);
    if (!subject) return false;
    into_.has_subject = *subject;
    into_.channel.clear();
    if (channels_ && !channel(body)) return false;
    bool people_given = false;
    return times(body, now) && participants(body, into_.people, people_given);
  }

 private:
  bool channel(const json::object& body) {
    const auto* value = body.if_contains("chatInfo");
    if (value == nullptr || value->is_null()) return true;
    const auto* object = value->if_object();
    if (object == nullptr) return refuse("chatInfo: an object is expected.");
    const auto given = text(*object, "threadId", into_.channel);
    if (!given) return false;
    if (*given && (!into_.channel.starts_with("19:") || !into_.channel.contains("@thread.")))
      return refuse("chatInfo.threadId: there is no such thread.");
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

  wanted_meeting& into_;
  bool channels_;
};

class update_reader : public reader {
 public:
  update_reader(meeting_changes& into, refusal& why, fixed_member_answer to_fixed) : reader(why), into_(into), to_fixed_(to_fixed) {}

  bool read(const json::object& body) {
    into_.clear();
    into_.subject_given = body.contains("subject");
    const auto subject = text(body, "subject", into_.subject);
    if (!subject) return false;
    into_.has_subject = *subject;
    if (!times(body) || !people(body)) return false;
    return std::ranges::all_of(body, [this](const json::key_value_pair& member) { return setting(member.key(), member.value()); });
  }

  // Only the options; nothing else of the body is looked at.
  bool read_options(const json::object& body) {
    into_.clear();
    return std::ranges::all_of(body, [this](const json::key_value_pair& member) {
      return find_option(member.key()) == meeting_options().size() || setting(member.key(), member.value());
    });
  }

 private:
  bool times(const json::object& body) {
    const auto has_start = instant(body, "startDateTime", into_.start);
    if (!has_start) return false;
    const auto has_end = instant(body, "endDateTime", into_.end);
    if (!has_end) return false;
    if (*has_start != *has_end)
      return refuse(*has_start ? "The endDateTime is required when the startDateTime is given."
                               : "The startDateTime is required when the endDateTime is given.");
    into_.times_given = *has_start;
    if (into_.times_given && into_.end < into_.start) return refuse("The endDateTime cannot be earlier than the startDateTime.");
    return true;
  }

  bool people(const json::object& body) {
    const auto* value = body.if_contains("participants");
    const auto* object = value == nullptr ? nullptr : value->if_object();
    if (object != nullptr && object->contains("organizer")) return refuse("participants.organizer: the organizer cannot be changed.");
    return participants(body, into_.people, into_.people_given);
  }

  bool setting(std::string_view name, const json::value& value) {
    if (name == "meetingType") return refuse("Updating meeting type is not supported.");
    if (is_fixed(name) && to_fixed_ == fixed_member_answer::ignore) return true;
    if (is_fixed(name)) return refuse("The property '" + std::string(name) + "' cannot be updated.");
    auto option = find_option(name);
    const auto options = meeting_options();
    if (option == options.size()) return true;
    if (options[option].part.empty()) return one_option(option, std::string(name), value);
    const auto* object = value.if_object();
    if (object == nullptr) return refuse(std::string(name) + ": an object is expected.");
    for (; option < options.size() && options[option].member == name; ++option) {
      const auto* part = object->if_contains(options[option].part);
      if (part != nullptr && !one_option(option, std::string(name) + "." + std::string(options[option].part), *part)) return false;
    }
    return true;
  }

  bool one_option(std::size_t option, const std::string& name, const json::value& value) {
    const auto& known = meeting_options()[option];
    if (!takes(known, value)) return refuse("The value of '" + name + "' is not one that it can have.");
    into_.options[static_cast<std::uint8_t>(option)] = json::serialize(value);
    return true;
  }

  static bool takes(const meeting_option& option, const json::value& value) {
    switch (option.kind) {
      case option_kind::boolean:
        return value.is_bool();
      case option_kind::word:
        return value.is_string() && is_word_of(option.values, value.get_string());
      case option_kind::words:
        return value.is_array() && value.get_array().size() <= 1 && std::ranges::all_of(value.get_array(), [&](const json::value& v) {
                 return v.is_string() && is_word_of(option.values, v.get_string());
               });
      case option_kind::text:
        return value.is_string() && value.get_string().size() <= longest_text;
      case option_kind::guid:
        return value.is_string() && is_guid(value.get_string());
    }
    return false;
  }

  meeting_changes& into_;
  fixed_member_answer to_fixed_;
};

template <class Read>
bool read_object(std::string_view body, refusal& why, Read read) {
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
  return read(*object);
}

}  // namespace

bool read_create_or_get(std::string_view body, utc_time now, wanted_meeting& into, refusal& why, bool channels) {
  return read_object(body, why, [&](const json::object& object) { return create_reader(into, why, channels).read(object, now); });
}

bool read_update(std::string_view body, meeting_changes& into, refusal& why, fixed_member_answer to_fixed) {
  return read_object(body, why, [&](const json::object& object) { return update_reader(into, why, to_fixed).read(object); });
}

bool read_options(std::string_view body, meeting_changes& into, refusal& why) {
  return read_object(
      body, why, [&](const json::object& object) { return update_reader(into, why, fixed_member_answer::ignore).read_options(object); });
}

}  // namespace convoke::sim
