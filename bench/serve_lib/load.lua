-- What wrk sends: the bodies of the file $BODIES in turn, each connection from a place of its own.
-- With $MEAN_DELAY_MS a connection waits that long between two requests, as chance would have it.
local bodies = {}
for line in io.lines(os.getenv("BODIES")) do
  bodies[#bodies + 1] = line
end
local mean = tonumber(os.getenv("MEAN_DELAY_MS") or "0")
local next_body = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  next_body = next_body % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[next_body])
end

if mean > 0 then
  function delay()
    return math.floor(-math.log(1 - math.random()) * mean)
  end
end

function done(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write +
                 summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, failed,
                         latency:percentile(50), latency:percentile(99)))
end
