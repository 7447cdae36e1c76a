#pragma once

// The jobs of a group: each adds its part to the group, and takes its answer from there after the commit.

#include <cstddef>
#include <utility>

#include "ledger/ledger.hpp"
#include "ledger/postgres/run_writer.hpp"
#include "ledger/worker.hpp"

namespace convoke::ledger::postgres {

class claim_job final : public grouped_job {
 public:
  claim_job(group& to, claim_request wanted, claimed_handler done)
      : to_(to), wanted_(std::move(wanted)), rows_(wanted_.count()), done_(std::move(done)) {}
  void apply() override {
    at_ = to_.claims.size();
    to_.claims.push_back({.wanted = std::move(wanted_)});
  }
  void settle(const error* failed) override {
    done_(failed ? result<claim_answer>(std::unexpected(*failed)) : std::move(to_.claims[at_].answer));
  }
  std::size_t weight() const noexcept override { return rows_; }

 private:
  group& to_;
  claim_request wanted_;
  std::size_t rows_, at_ = 0;
  claimed_handler done_;
};

class write_job final : public grouped_job {
 public:
  write_job(group& to, row_writes rows, committed_handler done)
      : to_(to), rows_(std::move(rows)), weight_(rows_.size()), done_(std::move(done)) {}
  void apply() override {
    at_ = to_.writes.size();
    to_.writes.push_back({.rows = std::move(rows_)});
  }
  void settle(const error* failed) override {
    if (failed) return done_(std::unexpected(*failed));
    done_(std::move(to_.writes[at_].answer));
  }
  std::size_t weight() const noexcept override { return weight_; }

 private:
  group& to_;
  row_writes rows_;
  std::size_t weight_, at_ = 0;
  committed_handler done_;
};

class close_job final : public grouped_job {
 public:
  close_job(group& to, close_request closing, closed_handler done) : to_(to), closing_(std::move(closing)), done_(std::move(done)) {}
  void apply() override {
    at_ = to_.closes.size();
    to_.closes.push_back({.wanted = std::move(closing_)});
  }
  void settle(const error* failed) override {
    done_(failed ? result<closed_rows>(std::unexpected(*failed)) : std::move(to_.closes[at_].answer));
  }
  std::size_t weight() const noexcept override { return 1; }

 private:
  group& to_;
  close_request closing_;
  std::size_t at_ = 0;
  closed_handler done_;
};

class cooldown_job final : public grouped_job {
 public:
  cooldown_job(group& to, group::cooling cooldown) : to_(to), cooldown_(cooldown) {}
  void apply() override { to_.cooldowns.push_back(cooldown_); }
  void settle(const error*) override {}  // where a group fails for good, its other jobs and those after it say so
  std::size_t weight() const noexcept override { return 1; }

 private:
  group& to_;
  group::cooling cooldown_;
};

}  // namespace convoke::ledger::postgres
