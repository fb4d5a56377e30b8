-- PUT of 256 bytes to 50,000 keys.
wrk.method = "PUT"
wrk.body = string.rep("x", 256)
local n = 0
function request()
    n = n + 1
    return wrk.format(nil, "/v1/kv/k" .. n % 50000)
end
