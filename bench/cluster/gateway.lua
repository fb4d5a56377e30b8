-- The same through etcd's HTTP gateway, with 1,000 keys that are encoded before.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(text)
    local digits = {}
    for i = 1, #text, 3 do
        local a, b, c = text:byte(i, i + 2)
        local bits = a * 65536 + (b or 0) * 256 + (c or 0)
        for j = 3, 0, -1 do
            local digit = math.floor(bits / 64 ^ j) % 64
            digits[#digits + 1] = (j == 1 and not b or j == 0 and not c) and "=" or alphabet:sub(digit + 1, digit + 1)
        end
    end
    return table.concat(digits)
end
local value, keys, n = base64(string.rep("x", 256)), {}, 0
for i = 0, 999 do
    keys[i] = base64("gateway/" .. i)
end
function request()
    n = n + 1
    return wrk.format(nil, "/v3/kv/put", nil, '{"key":"' .. keys[n % 1000] .. '","value":"' .. value .. '"}')
end
