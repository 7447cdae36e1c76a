#pragma once

// Parses one HTTP/1.1 response. Beast's basic_parser implements the grammar; what is kept are views into the caller's buffer.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "net/net.hpp"

namespace convoke::net {

// The grammar of one message. Single use.
class message_parser final : public boost::beast::http::basic_parser<false> {
 public:
  // `copies` takes values that Beast had to unfold, so that views of them stay valid; `pieces` takes bodies that do not lie in one piece.
  message_parser(response& into, std::string_view region, std::deque<std::string>& copies, std::string& pieces, const limits& l);

  [[nodiscard]] bool encoded() const noexcept { return encoded_; }
  [[nodiscard]] bool header_complete() const noexcept { return is_header_done(); }

 private:
  using error_code = boost::beast::error_code;
  using view = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb, view, view, int, error_code&) override {}
  void on_response_impl(int code, view, int, error_code&) override;
  void on_field_impl(boost::beast::http::field name, view name_text, view value, error_code&) override;
  void on_header_impl(error_code&) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override;
  std::size_t on_body_impl(view body, error_code&) override;
  void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, view body, error_code& ec) override;
  void on_finish_impl(error_code&) override {}
  [[nodiscard]] std::string_view keep(view value);

  response& into_;
  std::string_view region_;
  std::deque<std::string>& copies_;
  std::string& pieces_;
  std::size_t body_limit_;
  std::uint64_t length_ = 0;
  bool header_done_ = false;
  bool encoded_ = false;
};

// Owns the buffer that responses are read into. The header stays where it was read until the next begin(), which keeps the views of a
// response valid.
class reader {
 public:
  // Of one answer: header lines, chunk framing, trailers and interim answers together. Twice the body leaves room for its chunks.
  [[nodiscard]] static std::uint64_t most_bytes(const limits& l) noexcept { return l.header + 2 * l.body + 64 * 1024; }

  explicit reader(const limits& l);
  ~reader();
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  // A new answer, with a body of at most `body` bytes. Wipes what the last one left if `limits::sensitive`.
  void begin(response& into, std::size_t body);
  void begin(response& into) { begin(into, default_body_); }
  // Where the next bytes go; never empty while an answer is expected.
  [[nodiscard]] char* space() noexcept { return data_.get() + filled_; }
  [[nodiscard]] std::size_t room() const noexcept { return capacity_ - filled_; }
  // `count` bytes were written there. none and complete(): the answer is complete; none: more bytes are needed.
  [[nodiscard]] outcome feed(std::size_t count);
  // The peer closed. none where that completes the answer.
  [[nodiscard]] outcome end();
  // Nothing more is read. What is known stays in the response.
  void abandon() noexcept;
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] bool empty() const noexcept { return raw_ == 0; }
  // False also after an interim answer that nothing has followed yet.
  [[nodiscard]] bool begun() const noexcept { return filled_ > 0; }

 private:
  void next_message();
  void finish(bool keep_alive);
  [[nodiscard]] outcome interim();
  [[nodiscard]] outcome header_seen() const;
  [[nodiscard]] outcome take(std::size_t count);
  void wipe() noexcept;

  limits limits_;  // of the answer that is read
  std::size_t default_body_;
  std::size_t capacity_;
  std::unique_ptr<char[]> data_;
  std::size_t filled_ = 0;   // bytes in the buffer
  std::size_t parsed_ = 0;   // of these, taken by the parser
  std::size_t header_ = 0;   // of these, the header that views point into
  std::size_t touched_ = 0;  // most bytes ever used, for wiping
  std::optional<message_parser> parser_;
  std::deque<std::string> copies_;
  std::string pieces_;
  response* into_ = nullptr;
  unsigned interims_ = 0;
  std::uint64_t raw_ = 0;  // bytes that came since begin()
  bool complete_ = false;
};

}  // namespace convoke::net
