#!/usr/bin/env bash
# Runs the public test cases of HTTP caches (https://github.com/http-tests/cache-tests) against the prefix of an origin.
#
#   tests/caching/run.sh DIRECTORY    a checkout of these cases, or the unpacked package http-cache-tests
#
# Needs Node.js 18. Prints what differs from results.tsv, and fails if something does; --write writes that file.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
cases="$(cd "$1" && pwd)"
work="$(mktemp -d)"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }
answers() { for _ in {1..100}; do (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; echo "nothing answers on port $1" >&2; exit 1; }

server="${KVSTORE_SERVER:-}"
if [[ -z "$server" ]]; then
    dotnet build "$root/src/KvStore.Server" --configuration Release --nologo --verbosity quiet
    server="$root/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll"
fi

origin="$(free_port)" adapter="$(free_port)" kvstore="$(free_port)"
(cd "$cases" && exec env npm_config_protocol=http npm_config_port="$origin" npm_config_pidfile="$work/pid" node test-engine/server/server.mjs >"$work/origin.log" 2>&1) & pids+=($!)
node "$here/adapter.mjs" "$adapter" "$origin" "$kvstore" & pids+=($!)

# What the origin says decides: nothing is added to it, and failures are neither repeated nor remembered.
dotnet "$server" --urls "http://127.0.0.1:$kvstore" --engine memory \
    --KvStore:Origins:cases:Prefix test/ --KvStore:Origins:cases:Http:Url "http://127.0.0.1:$adapter/origin/{key}" \
    --KvStore:Origins:cases:FreshFor 1d --KvStore:Origins:cases:JitterPercent 0 --KvStore:Origins:cases:RefreshAheadPercent 100 --KvStore:Origins:cases:FailureFor 0s \
    --KvStore:Origins:cases:StaleWhileRevalidate 1h --KvStore:Origins:cases:StaleIfError 1h --KvStore:Origins:cases:NegativeFor 1d \
    --KvStore:Origins:cases:Calls:AttemptsMax 1 --KvStore:Origins:cases:Calls:BreakerFailuresMax 1000000 --KvStore:Origins:cases:Calls:PauseDefault 10ms >"$work/kvstore.log" 2>&1 & pids+=($!)
for port in "$origin" "$adapter" "$kvstore"; do answers "$port"; done

node --no-warnings "$here/report.mjs" "$cases" "http://127.0.0.1:$adapter" "$here/results.tsv" "${2:-}"
