#!/usr/bin/env bash
# Records in which order the native program has its methods: those of GET and PUT first, then those of a start, then all others. It saves
# 5 MB of resident memory, because code that runs and code that does not no longer share pages (docs/performance.md, "The native program").
#
#   bench/order/record.sh      writes src/KvStore.Server/methods.order
#
# Record again when a test says that too few of its methods exist. Methods that it does not name come last, names that no method
# has are ignored, so an old file does no harm. Needs the .NET SDK, gcc and valgrind; takes some minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
for command in dotnet gcc valgrind curl; do
    command -v "$command" >/dev/null || { echo "record.sh: $command is missing" >&2; exit 1; }
done

scratch=$(mktemp -d)
pid=""
trap '[[ -z $pid ]] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# With its symbols, but without the debug information, which valgrind does not understand.
dotnet publish src/KvStore.Server --configuration Release --runtime linux-x64 --artifacts-path "$scratch/build" --output "$scratch/program" \
    -p:PublishAot=true -p:CppCompilerAndLinker=gcc -p:StripSymbols=false --nologo --verbosity quiet
strip --strip-debug "$scratch/program/KvStore.Server"

valgrind --tool=callgrind --callgrind-out-file="$scratch/calls" --compress-strings=no --compress-pos=no \
    "$scratch/program/KvStore.Server" --urls http://127.0.0.1:0 --data "$scratch/data" >"$scratch/log" 2>"$scratch/valgrind" &
pid=$!
url=""
for ((tries = 0; tries < 600; tries++)); do
    url=$(sed -n 's/.* serves \(http:[^: ]*:[0-9]*\).*/\1/p' "$scratch/log" | head -n 1)
    [[ -z $url ]] || break
    sleep 0.1
done
[[ -n $url ]] || { cat "$scratch/log" "$scratch/valgrind" >&2; exit 1; }
# The first requests are part of a start.
requests() {
    curl --silent --fail --max-time 60 -X PUT "$url/v1/kv/key-[1-$1]" --data-binary value >/dev/null
    curl --silent --fail --max-time 60 "$url/v1/kv/key-[1-$1]" >/dev/null
}
requests 5
curl --silent --fail --max-time 60 "$url/readyz" >/dev/null
callgrind_control --dump "$pid" >/dev/null
requests 300
callgrind_control --dump "$pid" >/dev/null
kill "$pid"
wait "$pid" || true
pid=""

# by_cost FILE: the program's methods, the most expensive first. A cost is what stands after a line number; lines after "calls=" are the callees'.
nm "$scratch/program/KvStore.Server" | awk '$2 ~ /[tT]/ { print $3 }' | sort -u >"$scratch/symbols"
by_cost() {
    awk '/^fn=/ { name = substr($0, 4); sub(/\x27[0-9]+$/, "", name); next }
         /^calls=/ { skip = 1; next }
         /^[+*0-9-]/ { if (skip) skip = 0; else cost[name] += $2 }
         END { for (name in cost) print cost[name], name }' "$1" | sort -k 1,1nr -k 2 | cut -d ' ' -f 2-
}
# The dumps are numbered: the start, the requests, and the stop with the rest.
for dump in "$scratch/calls.2" "$scratch/calls.1" "$scratch/calls"; do by_cost "$dump"; done | awk '!seen[$0]++' |
    grep -Fxf "$scratch/symbols" >src/KvStore.Server/methods.order
echo "src/KvStore.Server/methods.order: $(wc -l <src/KvStore.Server/methods.order) methods"
