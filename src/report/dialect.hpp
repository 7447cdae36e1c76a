#pragma once

// How a run's input was written, and which columns are carried through to the results: read from the run's header in the ledger.

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
  std::vector<std::string> columns;                                  // of the header, as written
  std::vector<std::size_t> carried;                                  // indices of the columns that results carry through
  std::size_t organizer = npos, external_id = npos, subject = npos;  // the columns of a wrong row's own cells
  std::string line_end = "\n";                                       // of the header record
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

// errc::storage where the header cannot be read: no version of convoke wrote it.
[[nodiscard]] result<dialect> read_dialect(const ledger::run_header& header);

// The unquoted fields of one record, as copies; empty for a record that cannot be read.
[[nodiscard]] std::vector<std::string> fields_of(std::string_view record, char delimiter);

}  // namespace convoke::report
