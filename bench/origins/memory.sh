#!/usr/bin/env bash
# Measures what cached entries cost beyond ordinary ones, with the engine disk: memory, the time of a start, and reads beside refreshes.
#
#   bench/origins/memory.sh PROGRAM [ENTRIES]     PROGRAM is KvStore.Server or KvStore.Server.dll, of a publish; a million entries without a number
#
# Needs curl and node; dotnet for a .dll. Prints a table for docs/performance.md.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=$(realpath "${1:?which program?}") entries=${2:-1000000} install=0
source "$root/bench/http/report.sh"
source "$root/bench/http/contenders.sh"
here="$root/bench/origins"
scratch=$(mktemp -d)
trap stop_everything EXIT
trap 'exit 130' INT TERM

take_port
origin_port=$port
launch origin node "$here/origin.mjs" "$origin_port"
await_port origin "$origin_port"

# start NAME: the service with its own data, and the milliseconds until it is ready.
start() {
    local before
    before=$(date +%s%N)
    start_server "$1" "$server" --engine disk --KvStore:Origins:origin:Prefix origin/ --KvStore:Origins:origin:Http:Url "http://127.0.0.1:$origin_port/{key}" \
        --KvStore:Origins:origin:Http:Batch:Url "http://127.0.0.1:$origin_port/many?keys={keys}" --KvStore:Origins:origin:Http:Batch:KeysMax 250 \
        --KvStore:Origins:origin:FreshFor 06:00:00 --KvStore:SlowRequestTime 00:01:00
    base="http://127.0.0.1:$port"
    until curl -sf -o /dev/null "$base/readyz"; do sleep 0.02; done
    echo $((($(date +%s%N) - before) / 1000000)) >"$scratch/ready"
}

# With commas, whatever the locale.
grouped() { sed ':a;s/\B[0-9]\{3\}\>/,&/;ta' <<<"$1"; }
resident() { awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/${pids[-1]}/status"; }
accounted() { curl -s "$base/v1/status" | node -pe 'JSON.parse(require("fs").readFileSync(0)).memory.accounts.entries.bytes'; }
stop() { kill "${pids[-1]}"; wait "${pids[-1]}" 2>/dev/null || true; }

# The figures of both after a restart, when the garbage of the filling is gone.
declare -A bytes memory ready
for name in plain cached; do
    start "$name"
    say "filling: $name"
    if [[ $name == plain ]]; then node "$here/readers.mjs" put "$base" key- "$entries"; else node "$here/readers.mjs" load "$base" origin/key- "$entries"; fi >&2
    stop
    start "$name"
    bytes[$name]=$(accounted) memory[$name]=$(resident) ready[$name]=$(cat "$scratch/ready")
    [[ $name == cached ]] || stop
done
say "reads beside refreshes"
read -r p50 p99 longest loaded50 loaded99 loaded_longest < <(node "$here/readers.mjs" beside "$base" origin/key- "$entries")

cat <<END

Run of $(date -u +%F): $(machine); $(runtime); KvStore $(revision); engine disk, files on $(stat -f -c %T "$scratch").

| $(grouped "$entries") entries of some 100 B | ordinary | of an origin |
|---|---:|---:|
| bytes of an entry in the account of the memory | $((bytes[plain] / entries)) | $((bytes[cached] / entries)) |
| memory of the process after a start, MiB | ${memory[plain]} | ${memory[cached]} |
| start until ready, ms | ${ready[plain]} | ${ready[cached]} |

| reads of one of them, 200 a second | p50 ms | p99 ms | longest ms |
|---|---:|---:|---:|
| alone | $p50 | $p99 | $longest |
| in seconds in which 28 are refreshed, as of 100,000 in an hour | $loaded50 | $loaded99 | $loaded_longest |

END
