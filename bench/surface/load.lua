-- Load for wrk: wrk ... -s load.lua URL -- CONTENDER WORKLOAD RUN SCRIPT_ID [verify]
--
-- All requests are built before the run starts. With "verify" every answer is checked, which needs one connection and one thread.
-- SCRIPT_ID is the hash by which redis knows the script that patches.

local KEYS, LISTED, TOGETHER, LARGE_KEYS = 1000, 1000, 10, 16
local LARGE = 1048576

local function http(method, path, body, headers)
    local lines = { method .. " " .. path .. " HTTP/1.1", "Host: 127.0.0.1" }
    for _, header in ipairs(headers or {}) do lines[#lines + 1] = header end
    if body then lines[#lines + 1] = "Content-Length: " .. #body end
    return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function base64(text)
    local out = {}
    for i = 1, #text, 3 do
        local a, b, c = text:byte(i, i + 2)
        local n = a * 65536 + (b or 0) * 256 + (c or 0)
        for shift = 3, 0, -1 do
            local at = math.floor(n / 64 ^ shift) % 64 + 1
            out[#out + 1] = ALPHABET:sub(at, at)
        end
        if not c then out[#out] = "=" end
        if not b then out[#out - 1] = "=" end
    end
    return table.concat(out)
end

-- A value of only x, which is encoded at once.
local function filling(size) return string.rep("x", size) end
local function filling_base64(size)
    local whole = math.floor(size / 3)
    return string.rep("eHh4", whole) .. (size % 3 > 0 and base64(filling(size % 3)) or "")
end

local JSON = { "Content-Type: application/json" }
local MERGE_PATCH = { "Content-Type: application/merge-patch+json" }
local contender, run, script_id

local function list_key(i) return string.format("list-%010d", i) end
local function document_key(i) return string.format("json-%010d", i) end
local function patched_key(i) return string.format("doc:%012d", i) end
local function text_of(i) return (list_key(i) .. "=" .. filling(100)):sub(1, 100) end
local function document_of(i) return string.format('{"id":%d,"name":"Ada Lovelace","mail":"ada@example.org","tags":["a","b"],"pad":"xxxxxxxx"}', 1000000000 + i) end
local function patch_of(i) return string.format('{"count":%d,"name":"Ada %d"}', i, i) end
local function value_key(size, i) return string.format("v%07d-%06d", size, i) end

local function joined(first, last, separator, make)
    local parts = {}
    for i = first, last do parts[#parts + 1] = make(i) end
    return table.concat(parts, separator)
end

local function has(count, pattern)
    return function(status, body)
        local _, found = body:gsub(pattern, "")
        return status == 200 and found == count
    end
end

local function success(status) return status >= 200 and status < 300 end
local function sized(size) return function(status, body) return status == 200 and #body == size end end
local function encoded(size)
    local value = filling_base64(size)
    return function(status, body) return status == 200 and body:find(value, 1, true) ~= nil end
end

-- What each contender is sent: workload -> requests, each with what to expect.
local requests = {}

function requests.list(count, kind)
    local path = (kind == "json" and "json" or "list") .. count
    if contender == "kvstore" then
        return { { http("GET", "/v1/kv?prefix=" .. (kind == "json" and "json-" or "list-") .. "&limit=" .. count .. "&values=true"), has(count, '"key":"') } }
    elseif contender == "limit" then
        return { { http("GET", (kind == "json" and "/list-json/" or "/list/") .. count), has(count, '"key":"') } }
    elseif contender == "webdis" then
        return { { http("GET", "/HGETALL/" .. path), has(count, kind == "json" and "Lovelace" or "=xxxx") } }
    elseif contender == "nginx" then
        return { { http("GET", "/" .. path), has(count, '"key":"') } }
    end
    local from, to = kind == "json" and "json-" or "list-", kind == "json" and "json." or "list."
    return { { http("POST", "/v3/kv/range", '{"key":"' .. base64(from) .. '","range_end":"' .. base64(to) .. '","limit":' .. count .. "}"), has(count, '"value":"') } }
end

function requests.batch()
    local steps = {}
    for i = 0, 9 do
        local first, last = i * 100 + 1, i * 100 + 100
        if contender == "kvstore" or contender == "limit" then
            local body = '{"keys":[' .. joined(first, last, ",", function(n) return '"' .. list_key(n) .. '"' end) .. "]}"
            steps[#steps + 1] = { http("POST", contender == "limit" and "/batch" or "/v1/batch/get", body, JSON), has(100, '"size":100') }
        elseif contender == "webdis" then
            steps[#steps + 1] = { http("GET", "/MGET/" .. joined(first, last, "/", list_key)), has(100, "=xxxx") }
        else
            local body = '{"success":[' .. joined(first, last, ",", function(n) return '{"requestRange":{"key":"' .. base64(list_key(n)) .. '"}}' end) .. "]}"
            steps[#steps + 1] = { http("POST", "/v3/kv/txn", body), has(100, '"value":"') }
        end
    end
    return steps
end

function requests.txn()
    local steps = {}
    for i = 0, KEYS / TOGETHER - 1 do
        local first, last = i * TOGETHER + 1, (i + 1) * TOGETHER
        if contender == "kvstore" or contender == "limit" then
            local body = '{"operations":[' .. joined(first, last, ",", function(n) return '{"put":{"key":"txn-' .. list_key(n) .. '","text":"' .. text_of(n) .. '"}}' end) .. "]}"
            steps[#steps + 1] = { http("POST", contender == "limit" and "/transaction" or "/v1/txn", body, JSON), has(TOGETHER, '"created":') }
        elseif contender == "webdis" then
            steps[#steps + 1] = { http("GET", "/MSET/" .. joined(first, last, "/", function(n) return "txn-" .. list_key(n) .. "/" .. text_of(n) end)), success }
        else
            local body = '{"success":[' .. joined(first, last, ",", function(n)
                return '{"requestPut":{"key":"' .. base64("txn-" .. list_key(n)) .. '","value":"' .. base64(text_of(n)) .. '"}}'
            end) .. "]}"
            steps[#steps + 1] = { http("POST", "/v3/kv/txn", body), has(TOGETHER, '"response_put"') }
        end
    end
    return steps
end

function requests.count()
    local path = ({ kvstore = "/v1/counters/hot", limit = "/count" })[contender]
    return { { path and http("POST", path) or http("GET", "/INCR/hot"), success } }
end

function requests.patch()
    local steps = {}
    for i = 0, KEYS - 1 do
        local key = patched_key(i * 611 % KEYS)
        if contender == "kvstore" then steps[#steps + 1] = { http("PATCH", "/v1/kv/" .. key, patch_of(i), MERGE_PATCH), success }
        elseif contender == "limit" then steps[#steps + 1] = { http("PATCH", "/patch", patch_of(i), MERGE_PATCH), success }
        else steps[#steps + 1] = { http("PUT", "/EVALSHA/" .. script_id .. "/1/" .. key, patch_of(i)), function(status, body) return status == 200 and body:find("true", 1, true) ~= nil end } end
    end
    return steps
end

local function put(key, size)
    if contender == "kvstore" then return http("PUT", "/v1/kv/" .. key, filling(size)) end
    if contender == "limit" then return http("PUT", "/body", filling(size)) end
    if contender == "webdis" then return http("PUT", "/SET/" .. key, filling(size)) end
    if contender == "nginx" then return http("PUT", "/" .. key, filling(size)) end
    return http("POST", "/v3/kv/put", '{"key":"' .. base64(key) .. '","value":"' .. filling_base64(size) .. '"}')
end

local function get(key, size)
    if contender == "kvstore" then return { http("GET", "/v1/kv/" .. key), sized(size) } end
    if contender == "limit" then return { http("GET", "/value/" .. size), sized(size) } end
    if contender == "webdis" then return { http("GET", "/GET/" .. key .. ".bin"), sized(size) } end
    if contender == "nginx" then return { http("GET", "/" .. key), sized(size) } end
    return { http("POST", "/v3/kv/range", '{"key":"' .. base64(key) .. '"}'), encoded(size) }
end

local function each_key(size, make)
    local steps, count = {}, size == LARGE and LARGE_KEYS or KEYS
    for i = 0, count - 1 do steps[#steps + 1] = make(value_key(size, i * 611 % count), size) end
    return steps
end

function requests.get(size) return each_key(size, get) end

function requests.put(size)
    return each_key(size, function(key) return { put(key, size), success } end)
end

-- What is read later is stored: lists, documents and the documents that are patched.
requests["fill"] = function()
    local steps = {}
    local function add(path, body, headers) steps[#steps + 1] = { http("PUT", path, body, headers), success } end
    for i = 1, LISTED do
        local text, document = { list_key(i), text_of(i) }, { document_key(i), document_of(i) }
        if contender == "kvstore" then
            add("/v1/kv/" .. text[1], text[2])
            add("/v1/kv/" .. document[1], document[2], JSON)
            add("/v1/kv/" .. patched_key(i - 1), document[2], JSON)
        elseif contender == "webdis" then
            add("/SET/" .. text[1], text[2])
            add("/SET/" .. patched_key(i - 1), document[2])
            for _, count in ipairs({ 100, 1000 }) do
                if i <= count then
                    add("/HSET/list" .. count .. "/" .. text[1], text[2])
                    add("/HSET/json" .. count .. "/" .. document[1], document[2])
                end
            end
        else
            for _, pair in ipairs({ text, document }) do
                steps[#steps + 1] = { http("POST", "/v3/kv/put", '{"key":"' .. base64(pair[1]) .. '","value":"' .. base64(pair[2]) .. '"}'), success }
            end
        end
    end
    return steps
end

local function requests_of(workload)
    local name, size = workload:match("^(%a+)(%d*)")
    if workload:find("-json", 1, true) then return requests.list(tonumber(size), "json") end
    return requests[name](tonumber(size))
end

local threads = {}

function setup(thread)
    thread:set("id", #threads)
    threads[#threads + 1] = thread
end

function init(args)
    contender, run, script_id = args[1], tonumber(args[3]), args[4]
    local steps = requests_of(args[2])
    local at = (id * 377 + run * 13) % #steps
    if args[5] ~= "verify" then
        request = function()
            at = at % #steps + 1
            return steps[at][1]
        end
        return
    end

    -- Wrk also asks for requests that it does not send, so the same one is due until it is answered.
    local due
    checked, wrong, sample = 0, 0, ""
    request = function()
        if not due then
            at = at % #steps + 1
            due = steps[at]
        end
        return due[1]
    end
    response = function(status, _, body)
        checked = checked + 1
        if not due or not due[2](status, body) then
            wrong = wrong + 1
            sample = status .. " " .. body:sub(1, 200)
        end
        due = nil
    end
end

-- One line: requests, seconds, statuses from 400, errors of the connection, p50 and p99 in microseconds; and what verifying found.
function done(summary, latency)
    local errors = summary.errors
    local checked, wrong, sample = 0, 0, ""
    for _, thread in ipairs(threads) do
        checked = checked + (thread:get("checked") or 0)
        wrong = wrong + (thread:get("wrong") or 0)
        sample = thread:get("sample") or ""
    end
    io.write(string.format("RESULT %d %.6f %d %d %.0f %.0f %d %d %s\n",
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99), checked, wrong, (sample:gsub("%s+", " "))))
end
