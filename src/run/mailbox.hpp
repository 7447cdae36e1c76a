#pragma once

// How the ledger's thread answers an object of the network's thread, which may be gone by then: what is posted to it is dropped.

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace convoke::run {

// Belongs to its owner and lives and dies on the thread that runs the io_context, which must outlive the ledger.
template <class Owner>
class mailbox {
 public:
  // Any thread may hold one, for as long as the io_context lives.
  class address {
   public:
    // Calls f(owner) on the io_context's thread, if the owner still lives there.
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
