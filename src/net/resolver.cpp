#include "net/resolver.hpp"

#include <algorithm>

#include <boost/asio/error.hpp>

#include "net/lookup.hpp"
#include "net/net.hpp"

namespace convoke::net {
namespace asio = boost::asio;
using asio::ip::tcp;

asio::execution_context::id resolver::id;

namespace {

// Lives as long as the system may still be working on a look-up. It may outlive the resolver, which shares the count with it.
class counted {
 public:
  explicit counted(std::shared_ptr<unsigned> count) noexcept : count_(std::move(count)) { ++*count_; }
  ~counted() { --*count_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

 private:
  std::shared_ptr<unsigned> count_;
};

// IPv6 and IPv4 take turns: a family without a route must not use up the time before the other is tried.
std::vector<resolver::address> alternate(const std::vector<resolver::address>& found) {
  std::vector<resolver::address> first, second, out;
  for (const auto& e : found) (e.address().is_v6() == found.front().address().is_v6() ? first : second).push_back(e);
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

}  // namespace

bool lookups_under_way(asio::io_context& context) {
  return asio::has_service<resolver>(context) && asio::use_service<resolver>(context).system_at_work();
}

resolver::resolver(asio::execution_context& context)
    : service(context),
      system_(std::in_place, static_cast<asio::io_context&>(context).get_executor()),
      backend_([this](const std::string& host, std::uint16_t port, answer_handler done) { ask_system(host, port, std::move(done)); }) {}

void resolver::shutdown() {
  system_.reset();
  under_way_.clear();
}

void resolver::ask_system(const std::string& host, std::uint16_t port, answer_handler done) {
  system_->async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                         [done = std::move(done), count = std::make_shared<counted>(at_system_)](
                             const error_code& error, const tcp::resolver::results_type& results) {
                           std::vector<address> addresses;
                           for (const auto& r : results) addresses.push_back(r.endpoint());
                           done(error, std::move(addresses));
                         });
}

std::shared_ptr<resolver::question> resolver::ask(const std::string& host, std::uint16_t port) {
  name of{host, port};
  if (const auto found = under_way_.find(of); found != under_way_.end()) return found->second;
  const auto asked = std::make_shared<question>();
  under_way_.emplace(of, asked);
  backend_(host, port, [this, of, asked](const error_code& error, std::vector<address> addresses) {
    answered(of, asked, error, std::move(addresses));
  });
  return asked;
}

void resolver::answered(const name& of, const std::shared_ptr<question>& asked, const error_code& error, std::vector<address> addresses) {
  under_way_.erase(of);
  asked->done = true;
  asked->error = error;
  if (!error && addresses.empty()) asked->error = asio::error::host_not_found;
  // Kept also where no waiter is left: the name is needed again soon.
  if (!asked->error) asked->answer = cache_.keep(of.first, of.second, alternate(addresses), boot_now());
  for (auto* const one : std::exchange(asked->waiting, {})) one->answered();
}

}  // namespace convoke::net
