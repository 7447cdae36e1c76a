#include "net/reader.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>
#include <boost/beast/http/error.hpp>

#include "core/text.hpp"

namespace convoke::net {
namespace http = boost::beast::http;

namespace {

constexpr std::size_t read_size = 16 * 1024;  // at least one whole TLS record
constexpr std::size_t largest_kept = 64 * 1024;
constexpr unsigned most_interims = 5;

std::string_view plain(boost::beast::string_view v) {
  return {v.data(), v.size()};
}

outcome malformed(const boost::beast::error_code& ec) {
  if (ec == http::error::header_limit) return {failure::too_large, "the answer's header is too large"};
  if (ec == http::error::body_limit) return {failure::too_large, "the answer's body is too large"};
  return {failure::malformed, "the answer is not HTTP: " + ec.message()};
}

}  // namespace

message_parser::message_parser(response& into, std::string_view region, std::deque<std::string>& copies, std::string& pieces,
                               const limits& l)
    : into_(into), region_(region), copies_(copies), pieces_(pieces), body_limit_(l.body) {
  eager(true);
  header_limit(static_cast<std::uint32_t>(l.header));
  body_limit(l.body);
}

void message_parser::on_response_impl(int code, view, int, error_code&) {
  into_.status = code;
}

std::string_view message_parser::keep(view value) {
  const bool inside = value.data() >= region_.data() && value.data() + value.size() <= region_.data() + region_.size();
  return inside ? plain(value) : std::string_view(copies_.emplace_back(plain(value)));
}

void message_parser::on_field_impl(http::field name, view name_text, view value, error_code&) {
  if (header_done_) return;  // trailers of a chunked body are ignored
  switch (name) {
    case http::field::date:
      into_.date = keep(value);
      return;
    case http::field::retry_after:
      into_.retry_after.push_back(keep(value));
      return;
    case http::field::content_encoding:
      encoded_ = encoded_ || !core::equal_ignoring_case(plain(value), "identity");
      return;
    case http::field::unknown:
      break;
    default:
      return;
  }
  const auto text = plain(name_text);
  if (core::equal_ignoring_case(text, "request-id")) into_.request_id = keep(value);
  if (core::equal_ignoring_case(text, "client-request-id")) into_.client_request_id = keep(value);
  if (core::equal_ignoring_case(text, "x-ms-throttle-scope")) into_.throttle_scope = keep(value);
}

void message_parser::on_header_impl(error_code&) {
  header_done_ = true;
}

void message_parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  length_ = length.value_or(0);
}

std::size_t message_parser::on_body_impl(view body, error_code&) {
  if (body.size() == length_)
    into_.body = plain(body);
  else
    pieces_.append(body.data(), body.size());
  return body.size();
}

std::size_t message_parser::on_chunk_body_impl(std::uint64_t, view body, error_code& ec) {
  if (pieces_.size() + body.size() > body_limit_) {
    ec = http::error::body_limit;
    return 0;
  }
  pieces_.append(body.data(), body.size());
  return body.size();
}

reader::reader(const limits& l)
    : limits_(l), default_body_(l.body), capacity_(l.header + read_size), data_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

reader::~reader() {
  wipe();
}

void reader::wipe() noexcept {
  if (!limits_.sensitive) return;
  OPENSSL_cleanse(data_.get(), touched_);
  OPENSSL_cleanse(pieces_.data(), pieces_.capacity());
  touched_ = 0;
}

void reader::begin(response& into, std::size_t body) {
  wipe();
  limits_.body = body;
  into_ = &into;
  into.retry_after.clear();
  filled_ = parsed_ = header_ = 0;
  interims_ = 0;
  raw_ = 0;
  complete_ = false;
  next_message();
}

void reader::next_message() {
  into_->status = 0;
  into_->keep_alive = false;
  into_->body = into_->date = into_->request_id = into_->client_request_id = into_->throttle_scope = {};
  into_->retry_after.clear();
  copies_.clear();
  pieces_.clear();
  // The memory of a very large body is not kept for the rest of the connection.
  if (pieces_.capacity() > largest_kept) pieces_ = std::string();
  parser_.emplace(*into_, std::string_view(data_.get(), capacity_), copies_, pieces_, limits_);
}

outcome reader::feed(std::size_t count) {
  auto fed = take(count);
  if (fed.what != failure::none) abandon();
  return fed;
}

outcome reader::take(std::size_t count) {
  raw_ += count;
  filled_ += count;
  touched_ = std::max(touched_, filled_);
  // Extensions of chunks, trailers and interim answers count in neither the header nor the body.
  if (raw_ > most_bytes(limits_)) return {failure::too_large, "the answer is too large with its chunk framing and interim answers"};
  for (;;) {
    const bool header_before = parser_->header_complete();
    boost::beast::error_code ec;
    parsed_ += parser_->put(boost::asio::const_buffer(data_.get() + parsed_, filled_ - parsed_), ec);
    if (!header_before && parser_->header_complete()) {
      auto refused = header_seen();
      if (refused.what != failure::none) return refused;
    }
    if (ec && ec != http::error::need_more) return malformed(ec);
    if (!parser_->is_done()) break;
    if (into_->status >= 200) {
      finish(parser_->keep_alive() && parsed_ == filled_);
      return {};
    }
    auto refused = interim();
    if (refused.what != failure::none) return refused;
    if (filled_ == 0) return {};
  }
  // The header stays; of what follows it only what the parser has not taken yet is needed.
  if (parser_->header_complete()) {
    if (header_ == 0) header_ = std::string_view(data_.get(), filled_).find("\r\n\r\n") + 4;
    std::memmove(data_.get() + header_, data_.get() + parsed_, filled_ - parsed_);
    filled_ = header_ + (filled_ - parsed_);
    parsed_ = header_;
  }
  if (room() == 0) return {failure::too_large, "a line of the answer is too long"};
  return {};
}

outcome reader::header_seen() const {
  if (into_->status < 200) return {};
  if (parser_->encoded()) return {failure::malformed, "the answer's body is encoded although nothing was offered to decode"};
  if (parser_->need_eof() && into_->status < 300)
    return {failure::truncated, "the answer does not say how long its body is, so a cut could not be seen"};
  return {};
}

outcome reader::interim() {
  if (into_->status == 101 || ++interims_ > most_interims)
    return {failure::malformed, into_->status == 101 ? "the server wants to change the protocol" : "too many interim answers (1xx)"};
  std::memmove(data_.get(), data_.get() + parsed_, filled_ - parsed_);
  filled_ -= parsed_;
  parsed_ = header_ = 0;
  next_message();
  return {};
}

void reader::finish(bool keep_alive) {
  complete_ = true;
  into_->keep_alive = keep_alive;
  if (!pieces_.empty()) into_->body = pieces_;
}

void reader::abandon() noexcept {
  into_->body = pieces_;
  if (!parser_->header_complete()) into_->status = 0;
}

outcome reader::end() {
  if (parser_->header_complete() && into_->status >= 300 && parser_->need_eof()) {
    finish(false);
    return {};
  }
  abandon();
  return {failure::truncated, "the answer was cut short"};
}

}  // namespace convoke::net
