#include "ledger/copy.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <utility>

#include <convoke/spec.hpp>

#include "core/text.hpp"
#include "ledger/planning/identity.hpp"

namespace convoke::ledger {
namespace {

using after_page_function = std::function<result<void>(const copy_progress&)>;

void append_number(std::string& to, std::uint64_t n) {
  const auto bytes = std::byteswap(n);
  to.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}
// Each part with its length, so that two different lists never give the same bytes.
void append_text(std::string& to, std::string_view text) {
  append_number(to, text.size());
  to += text;
}
void append(std::string& to, const std::optional<std::string>& text) {
  to += text ? '1' : '0';
  if (text) append_text(to, *text);
}
void append(std::string& to, const std::optional<std::int64_t>& n) {
  to += n ? '1' : '0';
  if (n) append_number(to, static_cast<std::uint64_t>(*n));
}

// A sum of hashes does not depend on the order of the keys, which differs between two ledgers.
void add(digest& sum, const digest& one) {
  const auto low = sum.low;
  sum.low += one.low;
  sum.high += one.high + (sum.low < low ? 1 : 0);
}

std::string to_text(const digest& d) {
  char out[33];
  std::snprintf(out, sizeof out, "%016llx%016llx", static_cast<unsigned long long>(d.high), static_cast<unsigned long long>(d.low));
  return out;
}

std::string name_of(const inventory_key& key) {
  const auto wanted = decode_spec(key.payload);
  const auto id = wanted ? "external id '" + core::escape_for_people(wanted->external_id) + "'" : "number " + std::to_string(key.id);
  return "the meeting of organizer " + core::escape_for_people(key.organizer) + " with " + id;
}

std::unexpected<error> differs(const inventory_key& key) {
  return fail(errc::usage, name_of(key) +
                               " is in both ledgers and differs: a run has used one of them since. Nothing was changed by this page; "
                               "copy into a new ledger, or do not copy");
}

class copier {
 public:
  copier(inventory_access& from, inventory_access& to, const after_page_function& after_page)
      : from_(from), to_(to), after_page_(after_page) {}
  [[nodiscard]] result<copied_inventory> run();

 private:
  // Goes through all keys of the source; `each` gets every page with the hashes of its keys.
  using page_function = std::function<result<void>(inventory_page&, std::vector<digest>&)>;
  [[nodiscard]] result<void> for_each_page(bool verifying, const page_function& each);
  [[nodiscard]] result<void> copy_page(inventory_page& page, std::vector<digest>& hashes);
  [[nodiscard]] result<void> copy_memory();
  [[nodiscard]] result<void> verify();

  inventory_access& from_;
  inventory_access& to_;
  const after_page_function& after_page_;
  inventory_hasher hash_;
  copied_inventory out_;
};

result<copied_inventory> copier::run() {
  if (auto idle = from_.check_idle(); !idle) return std::unexpected(idle.error());
  if (auto idle = to_.check_idle(); !idle) return std::unexpected(idle.error());
  const auto keys = from_.count_keys();
  if (!keys) return std::unexpected(keys.error());
  out_.keys = *keys;
  if (auto copied = for_each_page(false, [this](auto& page, auto& hashes) { return copy_page(page, hashes); }); !copied)
    return std::unexpected(copied.error());
  if (auto copied = copy_memory(); !copied) return std::unexpected(copied.error());
  if (auto same = verify(); !same) return std::unexpected(same.error());
  // A run that was opened meanwhile may have changed what was copied before.
  if (auto idle = from_.check_idle(); !idle) return std::unexpected(idle.error());
  return std::move(out_);
}

result<void> copier::for_each_page(bool verifying, const page_function& each) {
  copy_progress done{.of = out_.keys, .verifying = verifying};
  for (key_id after = 0;;) {
    auto page = from_.read_keys(after);
    if (!page) return std::unexpected(page.error());
    if (page->keys.empty()) break;
    after = page->keys.back().id;
    std::vector<digest> hashes;
    for (const auto& key : page->keys) {
      const auto hash = hash_.key_of(key, page->lanes);
      if (!hash) return std::unexpected(hash.error());
      hashes.push_back(*hash);
    }
    done.keys += page->keys.size();
    if (auto good = each(*page, hashes); !good) return good;
    if (auto good = after_page_(done); !good) return good;
  }
  if (done.keys == out_.keys) return {};
  return fail(errc::storage, "the inventory that is copied has " + std::to_string(out_.keys) + " keys, but only " +
                                 std::to_string(done.keys) + " of them can be read, or a run changes it now");
}

result<void> copier::copy_page(inventory_page& page, std::vector<digest>& hashes) {
  std::vector<lane_name> lanes;
  const auto there = to_.find_keys(hashes, lanes);
  if (!there) return std::unexpected(there.error());
  std::size_t missing = 0;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (const auto& known = (*there)[i]) {
      if (hash_.content_of(*known, lanes) != hash_.content_of(page.keys[i], page.lanes)) return differs(page.keys[i]);
      continue;
    }
    if (missing != i) {
      page.keys[missing] = std::move(page.keys[i]);
      hashes[missing] = hashes[i];
    }
    ++missing;
  }
  page.keys.resize(missing);
  hashes.resize(missing);
  if (missing == 0) return {};
  out_.added += missing;
  return to_.add_keys(page, hashes);
}

result<void> copier::copy_memory() {
  const auto memory = from_.read_memory();
  if (!memory) return std::unexpected(memory.error());
  out_.cooldowns = memory->cooldowns.size();
  out_.paces = memory->paces.size();
  out_.counts = memory->counts.size();
  return to_.add_memory(*memory);
}

result<void> copier::verify() {
  digest source, target;
  std::uint64_t missing = 0;
  auto read = for_each_page(true, [&](inventory_page& page, std::vector<digest>& hashes) -> result<void> {
    std::vector<lane_name> lanes;
    const auto there = to_.find_keys(hashes, lanes);
    if (!there) return std::unexpected(there.error());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      add(source, hash_.content_of(page.keys[i], page.lanes));
      missing += (*there)[i] ? 0 : 1;
      if ((*there)[i]) add(target, hash_.content_of(*(*there)[i], lanes));
    }
    return {};
  });
  if (!read) return read;
  out_.source_digest = to_text(source);
  out_.target_digest = to_text(target);
  if (missing == 0 && source == target) return {};
  return fail(errc::storage, "the copy differs from its source: " + std::to_string(missing) + " of " + std::to_string(out_.keys) +
                                 " keys are missing; digest " + out_.source_digest + " of the source, " + out_.target_digest +
                                 " of the copy. Do not use the copy");
}

}  // namespace

result<digest> inventory_hasher::key_of(const inventory_key& key, const std::vector<lane_name>& lanes) {
  const auto wanted = decode_spec(key.payload);
  if (!wanted) return std::unexpected(wanted.error());
  planning::row_identifier identifier({lanes[key.lane]}, {});
  return identifier.key_of(0, wanted->organizer, wanted->external_id);
}

digest inventory_hasher::content_of(const inventory_key& key, const std::vector<lane_name>& lanes) {
  std::string bytes;
  const auto& lane = lanes[key.lane];
  for (const auto* text : {&lane.graph_root, &lane.tenant, &lane.app, &key.organizer, &key.payload, &key.feed}) append_text(bytes, *text);
  append_text(bytes, digest_bytes(key.wanted).view());
  append_number(bytes, static_cast<std::uint64_t>(key.update_rule));
  append(bytes, key.ends_at);
  bytes += key.seen ? '1' : '0';
  if (key.seen) {
    const auto& seen = *key.seen;
    append_number(bytes, static_cast<std::uint64_t>(seen.state));
    bytes += seen.pending ? '1' : '0';
    append(bytes, seen.observed_at);
    for (const auto* text : {&seen.compared, &seen.drift, &seen.meeting_id, &seen.join_web_url, &seen.join_meeting_id, &seen.passcode,
                             &seen.dial_in_number, &seen.conference_id, &seen.options_url})
      append(bytes, *text);
    append(bytes, seen.expires_at);
  }
  return hash_({bytes});
}

result<copied_inventory> copy_inventory(inventory_access& from, inventory_access& to, const after_page_function& after_page) {
  return copier(from, to, after_page).run();
}

std::unexpected<error> runs_owe(const std::string& runs, const std::string& ledger) {
  return fail(errc::usage,
              "open runs of the ledger " + ledger + " still owe calls: " + runs +
                  ". Carry them out (`convoke apply`, `convoke work`) or close them (`convoke discard`) before the ledger is copied");
}

std::size_t place_in(std::vector<lane_name>& lanes, lane_name lane) {
  const auto found = std::ranges::find(lanes, lane);
  const auto place = static_cast<std::size_t>(found - lanes.begin());
  if (found == lanes.end()) lanes.push_back(std::move(lane));
  return place;
}

result<std::unique_ptr<inventory_access>> open_inventory(const std::string& url, open_options options) {
  auto parsed = parse_ledger_url(url);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  options.path = std::move(parsed->path);
#ifdef CONVOKE_POSTGRES
  if (parsed->kind == store_kind::postgres) return open_postgres_inventory(options);
#endif
  return open_sqlite_inventory(options);
}

}  // namespace convoke::ledger
