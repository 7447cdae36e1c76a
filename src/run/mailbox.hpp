#pragma once

// How other threads answer an object of the network's thread. What is posted to an object that has ended is dropped.

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace convoke::run {

// A member of its owner. It is created and destroyed on the thread that runs the io_context. The io_context must outlive all threads that
// have an address.
template <class Owner>
class mailbox {
 public:
  // May be copied and used on any thread while the io_context exists.
  class address {
   public:
    // Calls f(owner) on the io_context's thread, unless the owner has ended by then.
    template <class F>
    void post(F f) const {
      boost::asio::post(*io_, [owner = owner_, moved = std::move(f)]() mutable {
        if (*owner) moved(**owner);
      });
    }

   private:
    friend class mailbox;
    address(boost::asio::io_context& io, std::shared_ptr<Owner*> owner) : io_(&io), owner_(std::move(owner)) {}
    boost::asio::io_context* io_;
    std::shared_ptr<Owner*> owner_;
  };

  mailbox(boost::asio::io_context& io, Owner& owner) : here_(io, std::make_shared<Owner*>(&owner)) {}
  ~mailbox() { *here_.owner_ = nullptr; }
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;

  [[nodiscard]] const address& here() const noexcept { return here_; }

 private:
  address here_;
};

}  // namespace convoke::run
