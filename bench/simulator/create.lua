-- wrk: createOrGet of BENCH_KEYS keys in turn, from the one after BENCH_FIRST on, spread over a thousand organizers.
local keys = tonumber(os.getenv("BENCH_KEYS"))
local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")}
local count = tonumber(os.getenv("BENCH_FIRST"))
function request()
  count = count % keys + 1
  local path = string.format("/v1.0/users/aaaaaaaa-0000-4000-8000-%012x/onlineMeetings/createOrGet", count % 1000)
  local body = string.format('{"externalId":"class-%d","subject":"Algebra %d","startDateTime":"2026-09-01T08:00:00Z",' ..
    '"endDateTime":"2026-09-01T09:30:00Z"}', count, count)
  return wrk.format("POST", path, headers, body)
end
