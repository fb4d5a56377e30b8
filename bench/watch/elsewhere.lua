-- Load for wrk: writes values of 100 bytes to 1,000 keys that are not watched.
local requests = {}
local body = string.rep("v", 100)
local number = 0

function init()
    for i = 1, 1000 do
        requests[i] = wrk.format("PUT", "/v1/kv/elsewhere/" .. i, { ["Content-Type"] = "text/plain" }, body)
    end
end

function request()
    number = number % 1000 + 1
    return requests[number]
end
