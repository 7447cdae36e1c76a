#include "ledger/postgres/claims.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "ledger/postgres/owing.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {

const char* const raise_attempt = "UPDATE convoke.session SET attempt = $2 WHERE id = $1";
const char* const end_expired_sessions =
    "UPDATE convoke.session SET ended = true WHERE id IN (SELECT id FROM convoke.session WHERE NOT ended AND "
    "expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)";

namespace {

// The rows of each page, from its sources one after the other, and one more, which shows whether the page is the last: that one is locked
// until the commit, but not changed. Rows that another transaction has locked are skipped, and so are runs that were discarded or finished
// since they were counted. $1: the token, $2: the session, $3-$6: of pages, $7, $8: of sources, $9: of fresh rows those that are not given
// out again, of stale ones the sessions that held them. $10: the attempt. $11, of fresh rows only: see struck_from().
constexpr std::string_view pick = R"sql(WITH picked AS MATERIALIZED (
  SELECT p.page, p.organizer, p.n, c.source, c.run, c.number, c.nth, c.found
  FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) WITH ORDINALITY AS p(organizer, n, first, last, page)
  CROSS JOIN LATERAL (
    SELECT x.source, x.run, x.number, row_number() OVER () AS nth, count(*) OVER () AS found FROM (
      SELECT s.source, s.run, o.number FROM generate_series(p.first::int, p.last::int) AS g(source)
      CROSS JOIN LATERAL (SELECT g.source, ($7::bigint[])[g.source] AS run, ($8::bigint[])[g.source] AS after
        WHERE ($7::bigint[])[g.source] = ANY (ARRAY(SELECT u.id FROM convoke.run u WHERE u.id = ANY ($7) AND u.state = 2)) OFFSET 0) s
      CROSS JOIN LATERAL (
        SELECT o.number FROM convoke.owed o WHERE o.run = s.run AND o.organizer = p.organizer AND o.number > s.after AND o.operation <> 6 AND )sql";
constexpr std::string_view update = R"sql(
        ORDER BY o.number LIMIT p.n + 1 FOR UPDATE SKIP LOCKED) o
      LIMIT p.n + 1) x) c
  WHERE (SELECT convoke.is_live($2)) AND EXISTS(SELECT FROM convoke.session e WHERE e.id = $2 AND e.attempt = $10)),
held AS (
  UPDATE convoke.owed o SET token = $1, session = $2 FROM picked p
  WHERE p.nth <= p.n AND o.run = p.run AND o.organizer = p.organizer AND o.number = p.number
  RETURNING p.page, p.source, p.found, o.run, o.number, o.key, o.operation, o.strikes, o.duplicates)
)sql";
constexpr std::string_view read = R"sql(
SELECT h.page, h.source, h.found, h.run, h.number, h.key, h.operation, h.strikes, h.duplicates, r.payload, r.update_rule,
  coalesce(r.line, h.number), b.meeting_id, b.drift
FROM held h LEFT JOIN convoke.record r ON r.id = (h.run::bigint << 32 | h.number)
LEFT JOIN convoke.observation b ON h.operation <> 1 AND b.id = h.key)sql";

std::string statement(std::string_view which) {
  return std::string(pick) + std::string(which) + std::string(update) + std::string(read);
}

const char* claim_fresh() {
  static const std::string sql =
      statement("o.token = 0 AND (o.run::bigint << 32 | o.number) <> ALL ($9::bigint[]) AND (o.struck_at IS NULL OR o.struck_at < " +
                struck_from("$2", "$11") + ")");
  return sql.c_str();
}

const char* claim_stale() {
  static const std::string sql = statement("o.token <> 0 AND o.session = ANY ($9::bigint[])");
  return sql.c_str();
}

const char* find_claimed() {
  static const std::string sql = R"sql(WITH held AS (
  SELECT p.page, s.source, p.n + 1 AS found, o.run, o.number, o.key, o.operation, o.strikes, o.duplicates
  FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) WITH ORDINALITY AS p(organizer, n, first, last, page)
  CROSS JOIN LATERAL (SELECT g.source, ($7::bigint[])[g.source] AS run, ($8::bigint[])[g.source] AS after
    FROM generate_series(p.first::int, p.last::int) AS g(source)) s
  JOIN convoke.owed o ON o.run = s.run AND o.organizer = p.organizer AND o.number > s.after
  WHERE o.token = $1 AND o.session = $2 AND $9::bigint[] IS NOT NULL AND $10::int IS NOT NULL)
)sql" + std::string(read);
  return sql.c_str();
}

}  // namespace

claim_pages::claim_pages(const claim_request& wanted, session& of, lease_token token, std::span<const row_id> releasing)
    : wanted_(wanted), of_(of), token_(token) {
  for (std::size_t i = 0; i < wanted.pages.size(); ++i) {
    const auto& page = wanted.pages[i];
    const auto found = of.organizers.find(page.organizer);
    if (found == of.organizers.end() || found->second.lane != wanted.lane) continue;
    const auto first = sources_.size();
    for (auto& from : found->second.sources) {
      if (!used_up(from)) sources_.push_back(&from);
    }
    if (sources_.size() == first) continue;
    pages_.push_back(static_cast<std::int64_t>(i));
    organizers_.push_back(page.organizer);
    counts_.push_back(page.count);
    begins_.push_back(static_cast<std::int64_t>(first + 1));
    ends_.push_back(static_cast<std::int64_t>(sources_.size()));
  }
  for (auto* const from : sources_) {
    runs_.push_back(from->run);
    after_.push_back(position(*from));
  }
  if (wanted.stale) {
    for (const auto ended : of.ended) except_or_of_.push_back(static_cast<std::int64_t>(ended));
  } else {
    for (const auto& [row, when] : of.released) except_or_of_.push_back(static_cast<std::int64_t>(row));
    for (const auto row : releasing) except_or_of_.push_back(static_cast<std::int64_t>(row));
  }
}

void claim_pages::add_values(params& to) const {
  to.with(token_).with(of_.id).integers(organizers_).integers(counts_).integers(begins_).integers(ends_);
  to.integers(runs_).integers(after_).integers(except_or_of_).with(of_.attempt);
}

void claim_pages::add(pipeline& to) const {
  auto& values = to.add(wanted_.stale ? claim_stale() : claim_fresh());
  add_values(values);
  if (!wanted_.stale) values.with(microseconds(of_.give_again_after));
}

void claim_pages::add_find(pipeline& to) const {
  add_values(to.add(find_claimed()));
}

void claim_pages::read_row(const rows& found, int row, claimed_page& into) const {
  auto& out = into.rows.emplace_back();
  out.row = make_row(found.as<run_id>(row, 3), found.as<std::uint32_t>(row, 4));
  out.key = found.as<key_id>(row, 5);
  out.organizer = into.organizer;
  out.token = token_;
  out.op = operation_from_stored(found.as<int>(row, 6));
  out.extends = found.as<int>(row, 6) == stored_extension;
  out.repairs = found.as<int>(row, 6) == stored_repairing;
  out.strikes = found.as<std::uint8_t>(row, 7);
  out.duplicates = found.integer(row, 8) != 0 ? 1 : 0;
  out.payload = found.text(row, 9);
  out.update = static_cast<update_rule>(found.as<std::uint8_t>(row, 10));
  out.line = found.as<std::uint32_t>(row, 11);
  out.meeting_id = found.text(row, 12);
  out.drift = found.text(row, 13);
}

claim_answer claim_pages::read(const rows& found) {
  claim_answer out;
  for (const auto& page : wanted_.pages) out.pages.push_back({.organizer = page.organizer, .rows = {}, .exhausted = true});
  // In the order of the sources and numbers; the statement returns them in any order.
  std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t, int>> order;
  for (int i = 0; i < found.size(); ++i) order.emplace_back(found.integer(i, 0), found.integer(i, 1), found.integer(i, 4), i);
  std::ranges::sort(order);
  std::vector<std::int64_t> last_source(pages_.size(), 0);
  for (const auto& [page, source, number, row] : order) {
    const auto index = static_cast<std::size_t>(page - 1);
    auto& into = out.pages[static_cast<std::size_t>(pages_[index])];
    read_row(found, row, into);
    if (found.integer(row, 2) > counts_[index]) into.exhausted = false;
    position(*sources_[static_cast<std::size_t>(source - 1)]) = number;
    last_source[index] = source;
  }
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const bool all = out.pages[static_cast<std::size_t>(pages_[i])].exhausted;
    for (auto source = begins_[i]; source <= ends_[i]; ++source) {
      if (all || source < last_source[i]) used_up(*sources_[static_cast<std::size_t>(source - 1)]) = true;
    }
  }
  return out;
}

}  // namespace convoke::ledger::postgres
