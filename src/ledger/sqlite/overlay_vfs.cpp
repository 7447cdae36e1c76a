#include "ledger/sqlite/overlay_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <mutex>
#include <new>
#include <optional>

#include "ledger/sqlite/overlay_file.hpp"

namespace convoke::ledger::sqlite {
namespace {

constexpr const char* name = "convoke-overlay";

// As SQLite sees a file: its own part first.
struct open_file {
  sqlite3_file base;
  overlay_file* file;
};

overlay_file& of(sqlite3_file* file) {
  return *reinterpret_cast<open_file*>(file)->file;
}

// No exception may pass through SQLite.
template <class F>
int guarded(int otherwise, const F& f) noexcept {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  } catch (const std::exception&) {
    return otherwise;
  }
}

int close_file(sqlite3_file* file) {
  delete reinterpret_cast<open_file*>(file)->file;
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  return guarded(SQLITE_IOERR_READ, [&] {
    const std::span bytes(static_cast<std::byte*>(to), static_cast<std::size_t>(amount));
    const auto got = of(file).read(static_cast<std::uint64_t>(offset), bytes);
    if (!got) return SQLITE_IOERR_READ;
    return *got == bytes.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  });
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  return guarded(SQLITE_IOERR_WRITE, [&] {
    const std::span bytes(static_cast<const std::byte*>(from), static_cast<std::size_t>(amount));
    return of(file).write(static_cast<std::uint64_t>(offset), bytes) ? SQLITE_OK : SQLITE_IOERR_WRITE;
  });
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return guarded(SQLITE_IOERR_TRUNCATE,
                 [&] { return of(file).truncate(static_cast<std::uint64_t>(size)) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE; });
}

int sync_file(sqlite3_file*, int) {
  return SQLITE_OK;  // nothing of it has to outlive the process
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(of(file).size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file*, int) {
  return SQLITE_OK;
}

int check_lock(sqlite3_file*, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}

// The writer asks whether its files are mapped into memory. They never are.
int control_file(sqlite3_file*, int what, void* about) {
  if (what != SQLITE_FCNTL_MMAP_SIZE) return SQLITE_NOTFOUND;
  *static_cast<sqlite3_int64*>(about) = 0;
  return SQLITE_OK;
}

int sector_size(sqlite3_file*) {
  return 4096;
}

int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

constexpr sqlite3_io_methods methods{.iVersion = 1,
                                     .xClose = close_file,
                                     .xRead = read_file,
                                     .xWrite = write_file,
                                     .xTruncate = truncate_file,
                                     .xSync = sync_file,
                                     .xFileSize = file_size,
                                     .xLock = lock_file,
                                     .xUnlock = lock_file,
                                     .xCheckReservedLock = check_lock,
                                     .xFileControl = control_file,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = characteristics,
                                     .xShmMap = nullptr,
                                     .xShmLock = nullptr,
                                     .xShmBarrier = nullptr,
                                     .xShmUnmap = nullptr,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

sqlite3_vfs* below(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int open_overlay(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* used) {
  constexpr int lasting = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  // SQLite's own temporary files have no name in any case.
  if (path == nullptr || (flags & lasting) == 0) return below(vfs)->xOpen(below(vfs), path, file, flags, used);
  file->pMethods = nullptr;
  return guarded(SQLITE_CANTOPEN, [&] {
    auto made = overlay_file::open(path, std::filesystem::temp_directory_path().string());
    if (!made) return SQLITE_CANTOPEN;
    auto* opened = reinterpret_cast<open_file*>(file);
    opened->file = new overlay_file(std::move(*made));
    opened->base.pMethods = &methods;
    if (used != nullptr) *used = flags;
    return SQLITE_OK;
  });
}

int keep_file(sqlite3_vfs*, const char*, int) {
  return SQLITE_OK;
}

int look_at_file(sqlite3_vfs* vfs, const char* path, int what, int* answer) {
  return below(vfs)->xAccess(below(vfs), path, what, answer);
}

int full_name(sqlite3_vfs* vfs, const char* path, int size, char* to) {
  return below(vfs)->xFullPathname(below(vfs), path, size, to);
}

int randomness(sqlite3_vfs* vfs, int size, char* to) {
  return below(vfs)->xRandomness(below(vfs), size, to);
}

int pause(sqlite3_vfs* vfs, int microseconds) {
  return below(vfs)->xSleep(below(vfs), microseconds);
}

int current_time(sqlite3_vfs* vfs, double* now) {
  return below(vfs)->xCurrentTime(below(vfs), now);
}

int last_error(sqlite3_vfs* vfs, int size, char* to) {
  return below(vfs)->xGetLastError(below(vfs), size, to);
}

}  // namespace

const char* overlay_vfs() {
  static sqlite3_vfs overlay{};
  static std::once_flag once;
  std::call_once(once, [] {
    auto* const real = sqlite3_vfs_find(nullptr);
    overlay.iVersion = 1;
    overlay.szOsFile = std::max(real->szOsFile, static_cast<int>(sizeof(open_file)));
    overlay.mxPathname = real->mxPathname;
    overlay.zName = name;
    overlay.pAppData = real;
    overlay.xOpen = open_overlay;
    overlay.xDelete = keep_file;
    overlay.xAccess = look_at_file;
    overlay.xFullPathname = full_name;
    overlay.xRandomness = randomness;
    overlay.xSleep = pause;
    overlay.xCurrentTime = current_time;
    overlay.xGetLastError = last_error;
    sqlite3_vfs_register(&overlay, 0);
  });
  return name;
}

}  // namespace convoke::ledger::sqlite
