#pragma once

// A simulated Graph in this process, a folder, and a job that reaches the one from the other.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <convoke/job.hpp>

#include "sim/server/simulator.hpp"

namespace convoke::testing {

namespace fs = std::filesystem;

struct watcher final : observer {
  void wrong_row(std::uint32_t line, const std::string& why) override { wrong.emplace_back(line, why); }
  void planned(std::uint32_t run, const plan_summary& summary) override { plans.emplace_back(run, summary); }
  void resumed(std::uint32_t run, std::uint64_t, std::uint64_t owed) override { resumptions.emplace_back(run, owed); }
  void expected(const forecast& f) override { forecasts.push_back(f); }
  void note(const std::string& line) override { notes.push_back(line); }
  void trouble(std::uint32_t line, const std::string& what) override { troubles.emplace_back(line, what); }

  std::vector<std::pair<std::uint32_t, std::string>> wrong;
  std::vector<std::pair<std::uint32_t, plan_summary>> plans;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> resumptions;
  std::vector<forecast> forecasts;
  std::vector<std::string> notes;
  std::vector<std::pair<std::uint32_t, std::string>> troubles;
};

struct fixture {
  fixture() {
    auto name = (fs::temp_directory_path() / "convoke-run-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder = name;
  }
  ~fixture() {
    graph.reset();
    fs::remove_all(folder);
  }

  void start(const sim::behaviour& behaviour = {}) {
    sim::options options;
    options.service = behaviour;
    start(std::move(options));
  }

  void start(sim::options options) {
    options.service.small_answers = true;
    // The dates of the meetings are fixed: they must not expire as time goes by.
    options.service.expiry.lifetime = std::chrono::days(3650);
    auto started = sim::simulator::start(options);
    BOOST_REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    graph = std::move(*started);
    std::ofstream(folder / "ca.pem") << graph->ca_pem();
  }

  [[nodiscard]] job make_job(const std::string& input) const {
    job j;
    j.input = input;
    j.ledger = "sqlite:" + (folder / "ledger.db").string();
    j.lanes.front().graph_url = graph ? graph->graph_url() : "https://localhost:1";
    j.lanes.front().authority_url = j.lanes.front().graph_url;
    j.lanes.front().tenant = graph ? graph->tenant() : "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
    j.lanes.front().client_id = graph ? graph->client_id() : "app";
    j.lanes.front().client_secret = graph ? graph->client_secret() : secret("s");
    j.lanes.front().ca_file = graph ? (folder / "ca.pem").string() : std::string();
    j.pace.rate = 100'000;
    j.pace.fixed_rate = true;  // no test has to wait for a pace to grow
    j.results = (folder / "results.csv").string();
    j.seed = 1;
    return j;
  }

  // Rows `first` to `last`, over a few organizers, as CSV.
  [[nodiscard]] std::string write_rows(const std::string& name, unsigned first, unsigned last, std::string_view subject = "Class") const {
    const auto path = (folder / name).string();
    std::ofstream to(path, std::ios::binary);
    to << "organizer,external_id,subject,start,room\n";
    for (auto i = first; i <= last; ++i)
      to << fmt::format("00000000-0000-0000-0000-0000000000{:02},K-{},{} {},2026-10-19T08:00:00Z,R{}\n", i % 5, i, subject, i, i);
    return path;
  }

  [[nodiscard]] std::int64_t count(std::string_view name) const {
    return boost::json::parse(graph->stats_json()).as_object().at(name).to_number<std::int64_t>();
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder / name, std::ios::binary).rdbuf();
    return text.str();
  }

  fs::path folder;
  std::unique_ptr<sim::simulator> graph;
  watcher watch;
};

// Requires success and gives the value.
template <class T>
T must(result<T> r) {
  BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().message));
  return std::move(*r);
}

}  // namespace convoke::testing
