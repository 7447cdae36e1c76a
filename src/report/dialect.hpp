#pragma once

// What a run remembers of its input, read back: how it was written, and which columns are carried through.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "files/input.hpp"
#include "ledger/ledger.hpp"

namespace convoke::report {

struct dialect {
  files::text_format format;
  char delimiter = ',';
  std::vector<std::string> columns;                                  // of the header, as spelt
  std::vector<std::size_t> carried;                                  // indices of the columns that results carry through
  std::size_t organizer = npos, external_id = npos, subject = npos;  // where a wrong row's own cells stand
  std::string line_end = "\n";                                       // the header record's
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

// errc::storage where the ledger holds what no version wrote.
[[nodiscard]] result<dialect> read_dialect(const ledger::run_header& header);

// The unquoted fields of one record, as copies; empty for a record that cannot be read.
[[nodiscard]] std::vector<std::string> fields_of(std::string_view record, char delimiter);

}  // namespace convoke::report
