-- Load for wrk: wrk ... -s load.lua URL -- CONTENDER WORKLOAD VALUE_BYTES RUN [ENTRIES] [verify]
--
-- The requests are built before the run starts. Only the workloads whose keys must not repeat (put-new) or must not fit
-- into any cache (entries, entries-put, entries-list, entries-mix) put theirs together from ready parts, by one concatenation per request.
-- RUN makes the keys of put-new different from those of every other run.
-- With "verify" every answer is checked against what was asked for, which needs one connection and one thread.

local KEYS = 1000
local LISTED = 100

-- Requests per second and thread of the workload paced.
local PACE = 2000

-- How to say things to each contender --------------------------------------------------------------------------------

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

local function same(text) return text end

-- code: how the contender writes keys and values. ok, missing: the status of a GET. write: statuses of a PUT.
local contenders = {
    floor = {
        code = same, ok = 200, missing = 200, write = { [204] = true },
        get = function(_, size) return http("GET", "/constant/" .. size) end,
        -- The key is a part of the body, so that wrk builds as many different requests as for the others.
        put = function(key, value) return http("PUT", "/body", (key .. value):sub(1, #value)) end,
    },
    kvstore = {
        code = same, ok = 200, missing = 404, write = { [201] = true, [204] = true },
        get = function(key) return http("GET", "/v1/kv/" .. key) end,
        put = function(key, value) return http("PUT", "/v1/kv/" .. key, value) end,
        list = function() return http("GET", "/v1/kv?prefix=list-&limit=" .. LISTED) end,
        count = function() return http("POST", "/v1/counters/hot") end,
    },
    webdis = {
        -- The ending .bin makes webdis answer with the bare value, and with 404 when there is none.
        code = same, ok = 200, missing = 404, write = { [200] = true },
        get = function(key) return http("GET", "/GET/" .. key .. ".bin") end,
        put = function(key, value) return http("PUT", "/SET/" .. key, value) end,
        list = function() return http("GET", "/ZRANGEBYLEX/listed/[list-/(list./LIMIT/0/" .. LISTED) end,
    },
    nginx = {
        code = same, ok = 200, missing = 404, write = { [201] = true, [204] = true },
        get = function(key) return http("GET", "/" .. key) end,
        put = function(key, value) return http("PUT", "/" .. key, value) end,
        list = function() return http("GET", "/list/") end,
    },
    etcd = {
        -- Keys have a multiple of three bytes, so that their parts can be encoded one by one.
        code = base64, ok = 200, missing = 200, write = { [200] = true },
        get = function(key) return http("POST", "/v3/kv/range", '{"key":"' .. key .. '"}') end,
        put = function(key, value) return http("POST", "/v3/kv/put", '{"key":"' .. key .. '","value":"' .. value .. '"}') end,
        list = function()
            return http("POST", "/v3/kv/range", '{"key":"' .. base64("list-") .. '","range_end":"' .. base64("list.") .. '","keys_only":true,"limit":' .. LISTED .. "}")
        end,
    },
}

-- Keys, values, expectations -----------------------------------------------------------------------------------------

-- 15 bytes. nginx lists directories, so its listed files are in one of their own.
local function entry_key(size, number) return string.format("v%05d-%08d", size, number) end

local function value_of(key, size) return (key .. "=" .. string.rep("x", size)):sub(1, size) end

local contender_name, dialect, size, run, entries
local groups = {}

local function expect_value(value)
    return function(status, body)
        if status ~= dialect.ok then return false end
        if contender_name == "floor" then return #body == #value end
        return contender_name == "etcd" and body:find(base64(value), 1, true) ~= nil or body == value
    end
end

local function expect_missing(status, body)
    return status == dialect.missing and not body:find('"kvs"', 1, true)
end

local function expect_written(status) return dialect.write[status] == true end

local function expect_list(status, body)
    local name = contender_name == "etcd" and base64("list-"):sub(1, 6) or "list%-"
    local _, count = body:gsub(name, "")
    return status == 200 and count == LISTED
end

local function get(key, value_size)
    return { dialect.get(dialect.code(key), value_size), expect_value(value_of(key, value_size)) }
end

local function put(key, value_size)
    return { dialect.put(dialect.code(key), dialect.code(value_of(key, value_size))), expect_written }
end

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, nanoseconds; } instant; int clock_gettime(int clock, instant *now);")

-- Seconds on the monotonic clock.
local function now()
    local instant = ffi.new("instant")
    ffi.C.clock_gettime(1, instant)
    return tonumber(instant.seconds) + tonumber(instant.nanoseconds) / 1e9
end

-- Workloads: each returns a function that returns the next request and what to expect of its answer -------------------

local function cycle(steps, start)
    local at = start % #steps
    return function()
        at = at % #steps + 1
        local step = steps[at]
        return step[1], step[2]
    end
end

local function each_key(make)
    local steps = {}
    for i = 1, KEYS do
        -- 611 and 1000 have no common factor: every key once, neighbours far apart.
        steps[i] = make(entry_key(size, i * 611 % KEYS), size)
    end
    return steps
end

-- A request with nine digits in it that can be set without building the rest again.
local function with_digits(request, code)
    local head, tail = request:match("^(.-)" .. code("000000000") .. "(.*)$")
    if not head then return function() return request end end
    return function(number)
        return head .. groups[math.floor(number / 1000000)] .. groups[math.floor(number / 1000) % 1000] .. groups[number % 1000] .. tail
    end
end

local workloads = {}

function workloads.get(id) return cycle(each_key(get), id * 377) end

workloads["put-same"] = function(id) return cycle(each_key(put), id * 377) end

function workloads.miss(id)
    return cycle(each_key(function(key) return { dialect.get(dialect.code("m" .. key:sub(2))), expect_missing } end), id * 377)
end

-- GET at a fixed rate: each request has its time, whatever became of those before it.
function workloads.paced(id)
    local started, sent = now(), 0
    function delay()
        sent = sent + 1
        return math.max(0, (started + sent / PACE - now()) * 1000)
    end
    return workloads.get(id)
end

function workloads.mix(id)
    local steps = each_key(get)
    for i = 10, KEYS, 20 do steps[i] = put(entry_key(size, i * 611 % KEYS), size) end
    return cycle(steps, id * 377)
end

function workloads.list() return cycle({ { dialect.list(), expect_list } }, 0) end

-- Everyone adds one to the same counter.
function workloads.count() return cycle({ { dialect.count(), function(status) return status == 200 end } }, 0) end

workloads["load-list"] = function()
    local steps = {}
    for i = 1, LISTED do
        local key = string.format("list-%010d", i)
        steps[i] = put(contender_name == "nginx" and "list/" .. key or key, size)
    end
    return cycle(steps, 0)
end

workloads["put-new"] = function(id, verify)
    local stem = string.format("n%02d%05dk", id, run)
    local value = string.rep("x", size)
    local zeros = dialect.code(stem .. "000000000")
    local next_put = with_digits(dialect.put(zeros, dialect.code(value)), dialect.code)
    local next_get = with_digits(dialect.get(zeros, size), dialect.code)
    local number, written = -1, false
    return function()
        -- When verifying, what was written is read back.
        if verify and written and contender_name ~= "floor" then
            written = false
            return next_get(number), expect_value(value)
        end
        number, written = number + 1, true
        return next_put(number), expect_written
    end
end

function workloads.entries()
    local next_get = with_digits(dialect.get("e000000000", size), same)
    local expected = expect_value(string.rep("x", size))
    return function() return next_get(math.random(0, entries - 1)), expected end
end

workloads["entries-put"] = function()
    local next_put = with_digits(dialect.put("e000000000", string.rep("x", size)), same)
    return function() return next_put(math.random(0, entries - 1)), expect_written end
end

-- A page that begins after any entry, without values.
workloads["entries-list"] = function()
    local next_list = with_digits(http("GET", "/v1/kv?prefix=e&limit=" .. LISTED .. "&after=e000000000"), same)
    return function() return next_list(math.random(0, entries - 1)), function(status) return status == 200 end end
end

workloads["entries-mix"] = function()
    local get_any, put_any = workloads.entries(), workloads["entries-put"]()
    local number = 0
    return function()
        number = number + 1
        return (number % 20 > 0 and get_any or put_any)()
    end
end

-- What wrk calls -------------------------------------------------------------------------------------------------------

local threads = {}

function setup(thread)
    thread:set("id", #threads)
    threads[#threads + 1] = thread
end

function init(args)
    contender_name, size, run, entries = args[1], tonumber(args[3]), tonumber(args[4]), tonumber(args[5] or "0")
    dialect = contenders[contender_name]
    for i = 0, 999 do groups[i] = dialect.code(string.format("%03d", i)) end
    math.randomseed(run * 64 + id)

    local verify = args[6] == "verify"
    local following = workloads[args[2]](id, verify)
    if not verify then
        request = following
        return
    end

    -- Wrk also asks for requests that it does not send: once before the run, and when a socket was not ready. So the same one
    -- is due until it is answered.
    local due, expected
    checked, wrong, sample = 0, 0, ""
    request = function()
        if not due then due, expected = following() end
        return due
    end
    response = function(status, _, body)
        due = nil
        checked = checked + 1
        if not expected(status, body) then
            wrong = wrong + 1
            sample = status .. " " .. body:sub(1, 200)
        end
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
