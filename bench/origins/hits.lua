-- Load for wrk: wrk ... -s hits.lua URL -- PREFIX: reads 1,000 keys below a prefix, in turn.

local KEYS = 1000
local requests, at = {}, 0

function init(arguments)
    for i = 1, KEYS do requests[i] = "GET " .. arguments[1] .. "L0-A3600-hit" .. i .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" end
end

function request()
    at = at % KEYS + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("RESULT %d %.6f %d %d %d\n", summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
