#pragma once

// SQLite on files that it does not change: a dry run plans, brings an old ledger up to date and rolls back, and the ledger and what lies
// beside it stay as they are, to the byte.

namespace convoke::ledger::sqlite {

// The name of the VFS, which is registered by the first call. It opens database, log and journal as overlays over what is there, takes no
// lock, and offers no shared memory: the connection has to use locking_mode = EXCLUSIVE.
[[nodiscard]] const char* overlay_vfs();

}  // namespace convoke::ledger::sqlite
