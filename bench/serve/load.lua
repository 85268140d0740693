-- Load by wrk, whose own work is a few microseconds a request: `wrk … -s load.lua URL -- FILE PATH`, FILE with a JSON body
-- a line. Prints one JSON line.
local requests = {}
local at = 0

function init(args)
  wrk.headers["content-type"] = "application/json"
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", args[2], nil, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"seconds":%f,"requests":%d,"refused":%d,"broken":%d,"p50":%f,"p95":%f,"p99":%f,"most":%f}',
    summary.duration / 1e6, summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
