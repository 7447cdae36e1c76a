#pragma once

// The failed file: the input's own records, byte for byte, in its encoding and delimiter, with `convoke_line` and `convoke_error`
// added, so that it can be corrected and used as an input.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "files/output.hpp"
#include "ledger/ledger.hpp"
#include "report/dialect.hpp"

namespace convoke::report {

// The bytes with which the failed file of such a run begins: byte-order mark and header.
[[nodiscard]] result<std::string> failed_file_beginning(const ledger::run_header& header);

// Whether the input of such a run is a failed file: it has only some of the rows of its feed.
[[nodiscard]] bool is_failed_file(const ledger::run_header& header);

// How records are written into a failed file.
class failed_records {
 public:
  explicit failed_records(dialect written);

  // The header `raw` of the input, as that of the failed file, with the byte-order mark before it.
  [[nodiscard]] std::string header(std::string_view raw, bool terminal) const;
  [[nodiscard]] std::string record(std::string_view raw, std::string_view line, std::string_view why, bool terminal) const;

 private:
  [[nodiscard]] bool is_own_field(std::size_t index, std::size_t fields) const;

  dialect written_;
  std::vector<std::size_t> own_;  // columns of an earlier failed file, which the new ones replace
};

class failed_file {
 public:
  [[nodiscard]] static result<failed_file> create(const std::string& path, const ledger::run_header& header,
                                                  files::naming by = files::naming::given);
  // A record, or one of its occurrences; in line order. A record is written once, with the reason of the first of its occurrences and how
  // many there are. `raw`: the record as UTF-8, with its line end.
  struct row {
    std::uint32_t line = 0;
    std::string_view raw, why;
    ledger::occurrence_date occurrence{};
    std::uint32_t occurrences = 0;  // of the record, those that did not fail included; 0: not known, or it does not repeat
  };
  [[nodiscard]] result<void> add(const row& failed);
  // Records that were added.
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }
  [[nodiscard]] result<void> commit();

 private:
  failed_file(files::output to, failed_records form) : to_(std::move(to)), form_(std::move(form)) {}
  [[nodiscard]] result<void> write_last();

  files::output to_;
  failed_records form_;
  // The record that was added last: more of its occurrences may follow.
  struct record {
    std::uint32_t line = 0, failed = 0, occurrences = 0;
    std::string raw, why;
    ledger::occurrence_date occurrence{};
  };
  record last_;
  std::uint64_t records_ = 0;
};

// Writes the failed file of a run: the records with failed, rejected and, where drift fails, drifted rows. Returns how many; no file is
// written where there are none. Errors: output, storage, interrupted (`interrupted`, which is called for each row, returned true; the file
// that was there stays).
[[nodiscard]] result<std::uint64_t> write_failed(ledger::reader& from, const ledger::run_info& run, const std::string& path,
                                                 files::naming by = files::naming::given, const std::function<bool()>& interrupted = {});

}  // namespace convoke::report
