-- wrk: one fixed request, of the shape of convoke's requests. Path, body and token come from the environment.
wrk.method = "POST"
wrk.path = os.getenv("BENCH_PATH")
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
wrk.headers["client-request-id"] = "f3b4f1c4-6f0c-4b1c-9d57-1f0d2f5f7a11"

-- Prints one line of figures for clients.py.
function done(summary)
  local errors = summary.errors
  io.write(string.format("calls=%d seconds=%.6f errors=%d\n", summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
