#include "token/refusal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/percent.hpp"
#include "core/redact.hpp"
#include "core/text.hpp"
#include "token/json.hpp"

namespace convoke::token {

namespace {

namespace json = boost::json;

struct hint {
  std::int64_t number;
  std::string_view text;
};

// The AADSTS numbers choose advice only. What is done depends on `error` and the status, because Entra's documentation warns clients not to
// depend on the numbers.
constexpr std::array hints{
    hint{7000215, "The client secret is wrong: give its Value, not its Secret ID, and check that it belongs to this client id."},
    hint{7000222, "The client secret has expired: make a new one (Entra, App registrations, Certificates & secrets)."},
    hint{700016, "This tenant does not know the client id: check --client-id and --tenant, and that the app was admitted to the tenant."},
    hint{90002, "There is no such tenant: check --tenant, and --cloud if it is a national one."},
    hint{900023, "The tenant is neither an id nor a known domain: check --tenant."},
    hint{700024, "The assertion was not valid at this time: check the clock of this machine."},
    hint{500133, "The assertion was not valid at this time: check the clock of this machine."},
    hint{700211,
         "No federated credential of the app has this issuer: add one whose issuer is that of the token (Entra, App registrations, "
         "Certificates & secrets, Federated credentials)."},
    hint{700212, "No federated credential of the app has this audience: it must be that of the token, usually api://AzureADTokenExchange."},
    hint{700213,
         "No federated credential of the app has this subject: it must be that of the token, such as "
         "system:serviceaccount:NAMESPACE:NAME."},
    hint{70021, "No federated credential of the app matches the token: compare issuer, subject and audience."},
    hint{53003,
         "A Conditional Access policy of the tenant refuses this sign-in: ask the tenant's administrator to admit the app. Policies may "
         "also "
         "block every sign-in with a device code."},
    hint{700027,
         "The certificate's signature was not accepted: check that this certificate is registered with the app and has not expired."},
    hint{50012, "The assertion's signature was not accepted: check that this certificate is registered with the app."},
    hint{7000218,
         "The app may not sign people in without a secret: set Allow public client flows to Yes (Entra, App registrations, "
         "Authentication)."},
    hint{65001,
         "The user or an administrator has not consented: an administrator grants the app the delegated permission "
         "OnlineMeetings.ReadWrite (Entra, App registrations, API permissions)."},
    hint{65004, "The user declined to consent to the app's permissions."},
    hint{90094,
         "The tenant lets administrators alone consent: one of them grants the app the delegated permission OnlineMeetings.ReadWrite "
         "(Entra, App registrations, API permissions)."},
    hint{50020, "The account does not belong to this tenant, or is a personal one: sign in with a work or school account of the tenant."},
    hint{50034, "The tenant does not know this account: sign in with a work or school account of the tenant."},
    hint{500121, "The second factor of the sign-in was not given: sign in again."},
    hint{50105, "The user is not assigned to the app: assign the user (Entra, Enterprise applications, Users and groups)."},
    hint{53000, "A Conditional Access policy wants a managed device, which a sign-in with a code does not show: ask the administrator."},
    hint{500011, "This tenant does not know the requested service: check --cloud and --graph-url."},
    hint{70011, "The scope was not accepted: check --cloud and --graph-url."},
};

bool transient(int status) noexcept {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// The AADSTS number: from error_codes, else from the text.
std::int64_t number_of(const json::object& answer) {
  if (const auto* codes = answer.if_contains("error_codes"); codes != nullptr && codes->is_array()) {
    for (const auto& code : codes->get_array()) {
      if (code.is_int64()) return code.get_int64();
    }
  }
  constexpr std::string_view mark = "AADSTS";
  const auto text = text_of(answer, "error_description");
  const auto at = text.find(mark);
  std::int64_t number = 0;
  if (at != std::string_view::npos) std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number);
  return number;
}

std::string_view hint_for(std::int64_t number) {
  const auto found = std::ranges::find(hints, number, &hint::number);
  return found == hints.end() ? std::string_view{} : found->text;
}

// Entra appends ids and the time to every description. Support needs the trace id alone, which has a member of its own.
std::string_view without_trailer(std::string_view description) {
  return description.substr(0, std::min(description.find("Trace ID:"), description.size()));
}

bool about_time(std::int64_t number) noexcept {
  return number == 700024 || number == 500133;
}

// How far apart the clocks are, where that may be why an assertion's times were refused.
std::string difference(const clocks& at) {
  if (!at.theirs || !at.ours) return {};
  using std::chrono::seconds;
  const auto ahead = std::chrono::round<seconds>(*at.ours - *at.theirs);
  const auto size = std::chrono::abs(ahead);
  if (size < seconds(2)) return " It agrees with the server's clock.";
  return " It is " + std::to_string(size.count()) + " s " + (ahead > seconds::zero() ? "ahead of" : "behind") +
         " the server's, which says " + format_utc(std::chrono::floor<seconds>(*at.theirs)) + ".";
}

std::string explain(const json::object& answer, std::string_view redacted, const clocks& at) {
  constexpr std::size_t description_limit = 400, word_limit = 80;
  std::string out;
  if (const auto text = shown(without_trailer(text_of(answer, "error_description")), redacted, description_limit); !text.empty()) {
    out += ": " + text;
  }
  if (const auto trace = shown(text_of(answer, "trace_id"), redacted, word_limit); !trace.empty()) out += " (trace id " + trace + ")";
  const auto number = number_of(answer);
  if (const auto advice = hint_for(number); !advice.empty()) {
    out += out.ends_with('.') ? " " : ". ";
    out += advice;
  }
  if (about_time(number)) out += difference(at);
  return out;
}

}  // namespace

std::string shown(std::string_view text, std::string_view redacted, std::size_t limit) {
  constexpr std::size_t enough = 4096;
  std::string encoded;
  core::append_percent_encoded(encoded, redacted);
  const auto clean = [&](std::string_view from) { return core::redact(core::redact(from, redacted), encoded); };
  std::string line;
  for (const char c : clean(text.substr(0, enough))) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  // Redacted again, because the digits of an escape can complete a piece of the secret.
  return clean(core::escape_for_people(line, limit));
}

refusal read_refusal(int status, std::string_view body, std::optional<std::chrono::nanoseconds> retry_after, std::string_view redacted,
                     const clocks& at) {
  refusal out;
  out.retry_after = retry_after;
  const auto answer = parse_object(body);
  const auto word = answer ? text_of(*answer, "error") : std::string_view{};
  out.fatal = !transient(status) && status >= 300 && word != "temporarily_unavailable" && word != "server_error";

  out.message = "the token endpoint answered HTTP " + std::to_string(status);
  if (!word.empty()) {
    constexpr std::size_t word_limit = 80;
    out.message += " " + shown(word, redacted, word_limit) + explain(*answer, redacted, at);
    return out;
  }
  out.doubtful = out.fatal;
  constexpr std::size_t beginning_limit = 160;
  if (const auto text = shown(body, redacted, beginning_limit); !text.empty()) out.message += ": " + text;
  if (status >= 300 && status < 400) {
    out.message += ". Redirects are not followed: check --authority-url.";
  } else if (out.fatal) {
    out.message += ". A token endpoint does not answer so: check --authority-url, --tenant and any proxy in between.";
  }
  return out;
}

}  // namespace convoke::token
