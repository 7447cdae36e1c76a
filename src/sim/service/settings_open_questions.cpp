// Settings: what Microsoft does not document, and convoke probe finds out.

#include "sim/service/setting_values.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view topic = "open-questions";

template <class At>
setting status_setting(setting_head head, At at) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::number,
          .set = [at](behaviour& b, std::string_view text) -> result<void> {
            if (text != "200" && text != "201") return fail(errc::usage, "it is 200 or 201");
            at(b) = text == "200" ? 200 : 201;
            return {};
          },
          .get = [at](const behaviour& b) { return std::to_string(at(b)); }};
}

void add_answers(std::vector<setting>& to) {
  to.push_back(status_setting({"new_status", topic, "200|201", "The status of createOrGet where it made the meeting (default 201)."},
                              [](auto& b) -> auto& { return b.open.new_status; }));
  to.push_back(status_setting({"found_status", topic, "200|201", "The status of createOrGet where the meeting was there (default 200)."},
                              [](auto& b) -> auto& { return b.open.found_status; }));
  to.push_back(word_setting({"patch_answer", topic, "meeting|nothing",
                             "What a PATCH answers: the `meeting`, which is the default, with 200; or `nothing`, with 204."},
                            [](auto& b) -> auto& { return b.open.patch; }, {"meeting", "nothing"}));
  to.push_back(yes_no_setting(
      {"hide_expiry", topic, "", "Answers do not have expiryDateTime, as in national clouds."},
      [](auto& b) -> auto& { return b.open.shows_expiry; }, false));
  to.push_back(yes_no_setting(
      {"hide_join_information", topic, "", "Answers do not have joinInformation, the text of the invitation."},
      [](auto& b) -> auto& { return b.open.shows_invitation; }, false));
  to.push_back(word_setting(
      {"unknown_meeting", topic, "404|403|400", "The status where the id in the path is of no meeting of the organizer (default 404)."},
      [](auto& b) -> auto& { return b.open.unknown; }, {"404", "403", "400"}));
}

void add_keys(std::vector<setting>& to) {
  to.push_back(whole_setting(
      {"longest_external_id", topic, "N",
       "A createOrGet whose external id is longer than so many bytes is refused with 400. 0, which is the default: "
       "any length."},
      [](auto& b) -> auto& { return b.open.longest_external_id; }, 100'000));
  to.push_back(
      word_setting({"letter_case", topic, "counts|ignored",
                    "Whether external ids that differ only in the case of letters (A to Z) are two keys: it `counts`, which is the "
                    "default, or is `ignored`."},
                   [](auto& b) -> auto& { return b.open.case_of_ids; }, {"counts", "ignored"}));
  to.push_back(word_setting({"inner_blanks", topic, "kept|refused", "Blanks inside an external id: `kept`, which is the default, or 400."},
                            [](auto& b) -> auto& { return b.open.inner_blanks; }, {"kept", "refused"}));
  to.push_back(word_setting({"outer_blanks", topic, "kept|trimmed|refused",
                             "Blanks at the ends of an external id: `kept`, which is the default, `trimmed`, or refused with 400."},
                            [](auto& b) -> auto& { return b.open.outer_blanks; }, {"kept", "trimmed", "refused"}));
  to.push_back(word_setting({"other_letters", topic, "kept|refused",
                             "Characters of an external id that are not ASCII: `kept`, which is the default, or refused with 400."},
                            [](auto& b) -> auto& { return b.open.other_letters; }, {"kept", "refused"}));
}

void add_effects(std::vector<setting>& to) {
  to.push_back(
      word_setting({"repeat_changes", topic, "nothing|subject|times|both",
                    "What a createOrGet whose key has a meeting changes of it: `nothing`, which is the default, its `subject`, its "
                    "`times`, or `both`."},
                   [](auto& b) -> auto& { return b.open.repeat; }, {"nothing", "subject", "times", "both"}));
  to.push_back(word_setting({"deleted_key", topic, "new|restored|refused",
                             "What createOrGet does with the key of a deleted meeting: it makes a `new` one, which is the default; the old "
                             "one is `restored` and found; or 400."},
                            [](auto& b) -> auto& { return b.open.deleted; }, {"new", "restored", "refused"}));
  to.push_back(
      word_setting({"simultaneous", topic, "one|two",
                    "How many meetings two createOrGet calls with one key make that are answered at the same time: `one`, which is "
                    "the default, or `two`. It shows only where an answer takes time (--latency)."},
                   [](auto& b) -> auto& { return b.open.simultaneous; }, {"one", "two"}));
  to.push_back(yes_no_setting(
      {"lose_presenters", topic, "", "A createOrGet makes presenters attendees; a PATCH keeps them."},
      [](auto& b) -> auto& { return b.open.presenters_kept; }, false));
  to.push_back(yes_no_setting(
      {"lose_coorganizers", topic, "", "A createOrGet makes coorganizers attendees; a PATCH keeps them."},
      [](auto& b) -> auto& { return b.open.coorganizers_kept; }, false));
  to.push_back(yes_no_setting({"keep_options", topic, "",
                               "A createOrGet that makes a meeting sets members such as allowedPresenters; without it only a PATCH does."},
                              [](auto& b) -> auto& { return b.open.options_kept; }));
}

}  // namespace

void add_open_question_settings(std::vector<setting>& to) {
  add_answers(to);
  add_keys(to);
  add_effects(to);
}

}  // namespace convoke::sim
