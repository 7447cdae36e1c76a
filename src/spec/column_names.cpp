#include "spec/column_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "core/hidden.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::spec {

namespace {

using enum column_role;

struct written_name {
  std::string_view text;
  column_role role;
};

// The first name of a role is the one that messages use.
constexpr std::array written_names{
    written_name{"organizer", organizer},
    written_name{"user_id", organizer},
    written_name{"organizer_id", organizer},
    written_name{"organizer_upn", organizer},
    written_name{"organizer_email", organizer},
    written_name{"external_id", external_id},
    written_name{"subject", subject},
    written_name{"title", subject},
    written_name{"topic", subject},
    written_name{"start", start},
    written_name{"start_date_time", start},
    written_name{"end", end},
    written_name{"end_date_time", end},
    written_name{"date", date},
    written_name{"start_date", date},
    written_name{"start_time", start_time},
    written_name{"end_date", end_date},
    written_name{"end_time", end_time},
    written_name{"duration", duration},
    written_name{"duration_minutes", duration},
    written_name{"minutes", duration},
    written_name{"time_zone", time_zone},
    written_name{"timezone", time_zone},
    written_name{"tz", time_zone},
    written_name{"attendees", attendees},
    written_name{"participants", attendees},
    written_name{"invitees", attendees},
    written_name{"attendee_emails", attendees},
    written_name{"repeat", repeat},
    written_name{"skip_dates", skip_dates},
    written_name{"tenant", tenant},
    written_name{"chat_thread_id", chat_thread_id},
};

// Of convoke's results, without those that are roles.
constexpr std::array<std::string_view, 20> results_names{
    "line",         "occurrence",   "outcome",    "meetingid",       "joinweburl", "joinmeetingid", "passcode",
    "dialinnumber", "conferenceid", "optionsurl", "expiresat",       "drift",      "httpstatus",    "errorcode",
    "errormessage", "attempts",     "requestid",  "clientrequestid", "finishedat", "feed",
};

// Words that say what a column is for, in lower case. Those of other languages are the ones that spreadsheets of European offices have
// in such headers; a file with one of them is refused with a remedy in place of being read without that column.
constexpr std::array role_words{
    written_name{"organizer", organizer},
    written_name{"organizers", organizer},
    written_name{"organiser", organizer},
    written_name{"organisers", organizer},
    written_name{"host", organizer},
    written_name{"organisator", organizer},
    written_name{"organisateur", organizer},
    written_name{"organizador", organizer},
    written_name{"organizzatore", organizer},
    written_name{"subject", subject},
    written_name{"subjects", subject},
    written_name{"title", subject},
    written_name{"titles", subject},
    written_name{"topic", subject},
    written_name{"topics", subject},
    written_name{"titel", subject},
    written_name{"betreff", subject},
    written_name{"thema", subject},
    written_name{"titre", subject},
    written_name{"título", subject},
    written_name{"titolo", subject},
    written_name{"summary", subject},
    written_name{"asunto", subject},
    written_name{"assunto", subject},
    written_name{"oggetto", subject},
    written_name{"onderwerp", subject},
    written_name{"ämne", subject},
    written_name{"emne", subject},
    written_name{"temat", subject},
    written_name{"start", start},
    written_name{"starts", start},
    written_name{"begin", start},
    written_name{"begins", start},
    written_name{"beginn", start},
    written_name{"startzeit", start},
    written_name{"anfangszeit", start},
    written_name{"dtstart", start},
    written_name{"end", end},
    written_name{"ends", end},
    written_name{"ending", end},
    written_name{"finish", end},
    written_name{"finishes", end},
    written_name{"ende", end},
    written_name{"endet", end},
    written_name{"fin", end},
    written_name{"einde", end},
    written_name{"endzeit", end},
    written_name{"endzeitpunkt", end},
    written_name{"enddatum", end},
    written_name{"dtend", end},
    written_name{"until", end},
    written_name{"till", end},
    written_name{"bis", end},
    written_name{"hasta", end},
    written_name{"fim", end},
    written_name{"slut", end},
    written_name{"koniec", end},
    written_name{"duration", duration},
    written_name{"durations", duration},
    written_name{"minutes", duration},
    written_name{"mins", duration},
    written_name{"hours", duration},
    written_name{"hrs", duration},
    written_name{"length", duration},
    written_name{"dauer", duration},
    written_name{"durée", duration},
    written_name{"duración", duration},
    written_name{"durata", duration},
    written_name{"duur", duration},
    written_name{"minuten", duration},
    written_name{"stunden", duration},
    written_name{"länge", duration},
    written_name{"zone", time_zone},
    written_name{"zones", time_zone},
    written_name{"timezone", time_zone},
    written_name{"timezones", time_zone},
    written_name{"tz", time_zone},
    written_name{"tzid", time_zone},
    written_name{"tzinfo", time_zone},
    written_name{"zeitzone", time_zone},
    written_name{"attendee", attendees},
    written_name{"attendees", attendees},
    written_name{"invitee", attendees},
    written_name{"invitees", attendees},
    written_name{"participant", attendees},
    written_name{"participants", attendees},
    written_name{"guest", attendees},
    written_name{"guests", attendees},
    written_name{"teilnehmer", attendees},
    written_name{"teilnehmende", attendees},
    written_name{"teilnehmenden", attendees},
    written_name{"participantes", attendees},
    written_name{"asistentes", attendees},
    written_name{"partecipanti", attendees},
    written_name{"deelnemers", attendees},
    written_name{"deltagare", attendees},
    written_name{"deltagere", attendees},
    written_name{"repeat", repeat},
    written_name{"repeats", repeat},
    written_name{"recurrence", repeat},
    written_name{"recurring", repeat},
    written_name{"rrule", repeat},
    written_name{"skip", skip_dates},
    written_name{"exdate", skip_dates},
    written_name{"exdates", skip_dates},
    written_name{"tenant", tenant},
    written_name{"tenants", tenant},
};

// Names, folded, that say what a column is for only where nothing else is in them.
constexpr std::array role_names_alone{
    written_name{"from", start},
    written_name{"von", start},
    written_name{"time", start_time},
    written_name{"uhrzeit", start_time},
    written_name{"heure", start_time},
    written_name{"hora", start_time},
    written_name{"ora", start_time},
    written_name{"to", end},
    written_name{"stop", end},
    written_name{"stoptime", end},
    written_name{"name", subject},
    written_name{"classname", subject},
    written_name{"coursename", subject},
    written_name{"eventname", subject},
    written_name{"meetingname", subject},
};

constexpr bool folds_to(std::string_view written, std::string_view folded) noexcept {
  for (const char c : written) {
    if (c == '_') continue;
    if (folded.empty() || folded.front() != c) return false;
    folded.remove_prefix(1);
  }
  return folded.empty();
}

constexpr std::size_t letters_of(std::string_view written) noexcept {
  return written.size() - static_cast<std::size_t>(std::ranges::count(written, '_'));
}

// How many edits a name may be away from one with so many letters.
constexpr std::size_t edits_for(std::size_t letters) noexcept {
  return letters < 3 ? 0 : letters <= 5 ? 1 : 2;
}

// One byte for each character, so that a letter with an accent counts as one.
std::string one_byte_each(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(core::decode_utf8(text).length, 1);
    out += length == 1 ? text.front() : '\x80';
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::vector<std::string> words_of_name(std::string_view name) {
  enum class kind : std::uint8_t { none, lower, upper, digit };
  std::vector<std::string> out;
  kind before = kind::none;
  while (!name.empty()) {
    const core::utf8_char c = core::decode_utf8(name);
    const std::size_t length = std::max<std::size_t>(c.length, 1);
    const std::string_view bytes = name.substr(0, length);
    name.remove_prefix(length);
    if (length > 1 && core::hides_or_reorders(c.code_point)) continue;
    kind now = kind::none;
    if (core::ascii_digit(bytes.front()))
      now = kind::digit;
    else if (bytes.front() >= 'A' && bytes.front() <= 'Z')
      now = kind::upper;
    else if (core::ascii_letter(bytes.front()) || (length > 1 && !core::blank_or_invisible(c.code_point)))
      now = kind::lower;
    if (now != kind::none) {
      // The last capital of `ENDTime` begins the next word.
      const bool last_capital = before == kind::upper && now == kind::lower && out.back().size() > 1;
      if (last_capital) {
        const char first = out.back().back();
        out.back().pop_back();
        out.emplace_back(1, first);
      } else if (before == kind::none || (now != before && !(before == kind::upper && now == kind::lower))) {
        out.emplace_back();
      }
      for (const char byte : bytes) out.back() += core::ascii_lower(byte);
    }
    before = now;
  }
  return out;
}

column_role role_named(std::string_view folded) noexcept {
  for (const written_name& n : written_names) {
    if (folds_to(n.text, folded)) return n.role;
  }
  if (folded == "convokeline" || folded == "convokeerror") return ignored;
  return folded.starts_with("option.") ? option : carried;
}

std::string_view name_of(column_role role) noexcept {
  if (role == option) return "option";
  const auto found = std::ranges::find(written_names, role, &written_name::role);
  return found == written_names.end() ? std::string_view() : found->text;
}

std::vector<std::string_view> role_names() {
  std::vector<std::string_view> out;
  for (const written_name& n : written_names) out.push_back(n.text);
  return out;
}

bool named_as_in_results(std::string_view folded) noexcept {
  return std::ranges::find(results_names, folded) != results_names.end();
}

std::vector<column_role> near_roles(std::string_view name) {
  const std::string folded = one_byte_each(core::fold_name(name));
  std::array<std::vector<column_role>, 3> by_edits;
  for (const written_name& n : written_names) {
    const std::size_t letters = letters_of(n.text);
    const std::size_t most = edits_for(letters);
    if (folded.size() > letters + most || folded.size() + most < letters) continue;
    const std::size_t edits = core::edit_distance(core::fold_name(n.text), folded);
    if (edits <= most) by_edits[edits].push_back(n.role);
  }
  std::vector<column_role> out;
  const auto add = [&out](column_role role) {
    if (std::ranges::find(out, role) == out.end()) out.push_back(role);
  };
  std::ranges::for_each(by_edits[0], add);
  std::ranges::for_each(by_edits[1], add);
  // A word says more than a name that is two edits away: `ends_at` is an end, and not an end_date.
  for (const std::string& word : words_of_name(name)) {
    for (const written_name& w : role_words) {
      if (w.text == word) add(w.role);
    }
  }
  for (const written_name& w : role_names_alone) {
    if (w.text == folded) add(w.role);
  }
  std::ranges::for_each(by_edits[2], add);
  return out;
}

}  // namespace convoke::spec
