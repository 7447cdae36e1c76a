#pragma once

// Claims of rows, all pages of a request with one statement.

#include <span>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/postgres/sessions.hpp"

namespace convoke::ledger::postgres {

// The pages of a request, and in which runs each of them looks for rows.
class claim_pages {
 public:
  // `releasing`: rows that an earlier statement of the same group releases. The session does not get them again.
  claim_pages(const claim_request& wanted, session& of, lease_token token, std::span<const row_id> releasing);
  // Whether no page can have rows.
  [[nodiscard]] bool empty() const noexcept { return runs_.empty(); }
  void add(pipeline& to) const;
  // Only finds the rows that a commit in doubt has claimed under the token.
  void add_find(pipeline& to) const;
  // The session's claims continue behind these rows.
  [[nodiscard]] claim_answer read(const rows& found);

 private:
  void add_values(params& to) const;
  [[nodiscard]] bool& used_up(session::source& from) const { return wanted_.stale ? from.no_stale : from.no_fresh; }
  [[nodiscard]] std::int64_t& position(session::source& from) const { return wanted_.stale ? from.last_stale : from.last_fresh; }
  void read_row(const rows& found, int row, claimed_page& into) const;

  const claim_request& wanted_;
  session& of_;
  lease_token token_;
  // One element for each page that can have rows, and its range of sources.
  std::vector<std::int64_t> pages_, organizers_, counts_, begins_, ends_;
  // One element for each source.
  std::vector<std::int64_t> runs_, after_;
  std::vector<std::int64_t> except_or_of_;  // $9
  std::vector<session::source*> sources_;
};

// Claims of the session with a lower attempt find nothing from here on.
extern const char* const raise_attempt;
// Sessions whose lease is over are ended: they cannot be renewed from here on.
extern const char* const end_expired_sessions;

}  // namespace convoke::ledger::postgres
