-- The script that changes the members of a JSON document in redis, for the workload patch: one level, as the documents of the benchmark have it.
local document, patch = cjson.decode(redis.call('GET', KEYS[1])), cjson.decode(ARGV[1])
for name, value in pairs(patch) do
    if value == cjson.null then document[name] = nil else document[name] = value end
end
redis.call('SET', KEYS[1], cjson.encode(document))
return redis.status_reply('true')
