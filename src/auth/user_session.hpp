#pragma once

// The sign-in of one person during a command: the refresh token, and the file that keeps it from one command to the next.

#include <cstdint>
#include <optional>
#include <string>

#include <convoke/error.hpp>
#include <convoke/lane.hpp>
#include <convoke/secret.hpp>
#include <convoke/time.hpp>

#include "auth/credential.hpp"
#include "files/file.hpp"
#include "token/user_grant.hpp"

namespace convoke {

// One thread at a time. No member waits, but for the disk.
class user_session {
 public:
  enum class file_use : std::uint8_t {
    kept,           // made where there is none, and deleted where its token is refused
    only_replaced,  // of an earlier command: a new token replaces that in it, but no file is made and none deleted
  };
  // `file`: see lane_options::sign_in_file.
  user_session(auth::app_identity app, std::string file, file_use use = file_use::kept);

  [[nodiscard]] const auth::app_identity& app() const noexcept { return app_; }
  [[nodiscard]] bool saves() const noexcept { return !file_.empty(); }
  [[nodiscard]] const std::string& user() const noexcept { return user_; }  // empty: no sign-in yet
  [[nodiscard]] const secret& refresh_token() const noexcept { return refresh_token_; }

  // Locks the folder of the file against other processes for as long as the result lives, so that two of them do not use up the same token
  // at once. Nothing is locked without a file, and where the file system offers no locks.
  struct lock {
    files::file held{};
    bool busy = false;  // another process has it
  };
  [[nodiscard]] lock try_lock() const;

  // Takes what the file has, where there is one: another process may have replaced the token. A file of another user than the one who has
  // signed in here is left alone from then on. errc::credentials where the file or its folder is not private, or the file is none of ours.
  [[nodiscard]] result<void> load();
  // Takes a grant: the refresh token, where it has a new one, is kept and written to the file. errc::credentials where it is of another
  // user than the grants before. That the file cannot be written is no error: see take_trouble().
  [[nodiscard]] result<void> take(token::user_grant& granted);
  // The refresh token was refused: it is dropped, and the file removed where it still has this token. A file that is only replaced stays as
  // it is, and is left alone from then on.
  void drop();
  // Before a person is asked: whoever signs in is the user.
  void forget_user();

  // A grant that was requested before the run, for its first request. Its lifetime is what is left of it at `now`; nullopt where less than
  // half of it is left.
  void keep_fresh(const token::grant& granted, mono_time now);
  [[nodiscard]] std::optional<token::grant> take_fresh(mono_time now);

  // Why the file could not be written, once; empty: it could.
  [[nodiscard]] std::string take_trouble() { return std::exchange(trouble_, {}); }

 private:
  struct fresh_grant {
    token::grant granted;
    mono_time at;
  };
  [[nodiscard]] bool about_us(const std::string& authority, const std::string& tenant, const std::string& client_id) const;
  [[nodiscard]] result<void> save() const;

  auth::app_identity app_;
  std::string file_;
  file_use use_;
  std::string authority_;
  std::string user_;
  secret refresh_token_;
  std::optional<fresh_grant> fresh_;
  std::string trouble_;
};

}  // namespace convoke

namespace convoke::auth {

// `sign-in-DIGEST.json`: one for each authority, tenant and app.
[[nodiscard]] std::string sign_in_file_name(std::string_view authority, std::string_view tenant, std::string_view client_id);

}  // namespace convoke::auth
