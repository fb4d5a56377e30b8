#!/usr/bin/env bash
# What keys cost: GET and PUT of one small entry with a key, against a service without keys, in alternating rounds.
#
#   bench/http/keys.sh PROGRAM [ROUNDS [SECONDS]]      PROGRAM is a native program or KvStore.Server.dll
#
# Needs wrk and curl. Prints a line per round: header and method, then processor time per request in us and requests, without and with keys.
set -euo pipefail
program=$(realpath "$1") rounds=${2:-8} seconds=${3:-2}
directory=$(mktemp -d)
cd "$directory"
services=()
trap 'kill "${services[@]}" 2>/dev/null || true; rm -rf "$directory"' EXIT

run() {
    if [[ "$program" == *.dll ]]; then exec dotnet "$program" "$@"; else exec "$program" "$@"; fi
}
key=$(run keys new --name bench --rights read,write --file keys.json 2>/dev/null | head -1)

# start NAME [OPTION...]: starts a service, and waits until its log names its address.
start() {
    local name=$1
    shift
    (run --engine memory --urls http://127.0.0.1:0 "$@" >"$name.log" 2>&1) &
    services+=($!)
    for _ in $(seq 100); do
        grep -q serves "$name.log" && break
        sleep 0.1
    done
    grep -o 'http://127.0.0.1:[0-9]*' "$name.log" | head -1 >"$name.url"
}
start without
start with --keys keys.json
urls=("$(cat without.url)" "$(cat with.url)")
for url in "${urls[@]}"; do
    curl -fsS -o /dev/null -X PUT "$url/v1/kv/k" -H "X-Api-Key: $key" -H 'Content-Type: text/plain' -d "$(printf 'v%.0s' {1..100})"
done

script() {
    echo "wrk.headers[\"$2\"] = \"$3\""
    if [[ "$1" == PUT ]]; then
        echo 'wrk.method = "PUT"; wrk.headers["Content-Type"] = "text/plain"; wrk.body = string.rep("v", 100)'
    fi
}

# measure INDEX SCRIPT: prints us of processor per request, and requests. A tick of the clock in /proc is 10 ms.
measure() {
    local before after requests
    before=$(awk '{ print $14 + $15 }' "/proc/${services[$1]}/stat")
    requests=$(wrk -t1 -c64 "-d${seconds}s" -s "$2" "${urls[$1]}/v1/kv/k" | awk '/requests in/ { print $1 }')
    after=$(awk '{ print $14 + $15 }' "/proc/${services[$1]}/stat")
    awk -v ticks=$((after - before)) -v requests="$requests" 'BEGIN { printf "%.2f %d ", ticks * 10000 / requests, requests }'
}

for header in Authorization X-Api-Key; do
    for method in GET PUT; do
        value=$key
        [[ "$header" == Authorization ]] && value="Bearer $key"
        script "$method" "$header" "$value" >load.lua
        measure 0 load.lua >/dev/null
        measure 1 load.lua >/dev/null
        for _ in $(seq "$rounds"); do
            echo "$header $method $(measure 0 load.lua)$(measure 1 load.lua)"
        done
    done
done
