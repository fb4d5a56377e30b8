#!/usr/bin/env bash
# How fast KvStore takes in and gives out many entries, in what memory, and what one counter that everyone adds to costs.
#
#   bench/http/bulk.sh                 a million entries of 100 B, the memory and the disk engine, about 4 minutes
#   --entries N        entries that are imported and exported (default 1000000)
#   --rounds N         starts of the service (default 3); medians are reported
#   --engines A,B      of: memory disk (default: both). The disk is that of TMPDIR, else /tmp
#   --server DLL       another build of the service
#   --no-docs          do not write the table into docs/performance.md
#
# Needs the .NET SDK, curl and wrk.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
entries=1000000 rounds=3 engines=memory,disk docs=1 install=1
server="$root/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll"
source "$root/bench/http/report.sh"
source "$root/bench/http/contenders.sh"

while (($# > 0)); do
    case $1 in
    --entries) entries=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --engines) engines=$2; shift ;;
    --server) server=$2; shift ;;
    --no-docs) docs=0 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) fail "$1 is not understood; see --help" ;;
    esac
    shift
done

have curl wrk || fail "wrk and curl are needed"
dotnet build -c Release "$root/src/KvStore.Server" -v quiet -clp:NoSummary >&2
scratch=$(mktemp -d -p "${TMPDIR:-/tmp}" kvstore-bulk.XXXXXX)
trap stop_everything EXIT
trap 'exit 130' INT TERM
load_at_start=$(cut -d' ' -f1 /proc/loadavg)

# Lines of an import. The keys come in an order that is scattered over all of them, as those of real users do.
say "writing $entries lines"
awk -v entries="$entries" 'BEGIN {
    filling = sprintf("%92s", ""); gsub(" ", "x", filling)
    for (i = 0; i < entries; i++) printf "{\"key\":\"user/%010.0f\",\"text\":\"%s%08d\"}\n", i * 2654435761 % 4294967296, filling, i
}' >"$scratch/lines"

# memory FIELD: KiB that the server has (VmRSS) or has had at most (VmHWM).
memory() { awk -v field="$1:" '$1 == field { print $2 }' "/proc/${processes_of[server]}/status"; }

# note ENGINE WHAT NUMBER: one result of this round, as statistics.awk reads it.
note() { echo "$2 0 0 $1 $round $3" >>"$scratch/results"; }

# import ENGINE WHAT: sends all lines, and notes how many a second were taken.
import() {
    local seconds
    seconds=$(curl -sS -T "$scratch/lines" -X POST -H "Content-Type: application/x-ndjson" -o "$scratch/answer" -w '%{time_total}' "http://127.0.0.1:$port/v1/import")
    grep -q "\"imported\":$entries," "$scratch/answer" || fail "the import ended with $(head -c 400 "$scratch/answer")"
    note "$1" "$2" "$(awk -v n="$entries" -v s="$seconds" 'BEGIN { printf "%.0f", n / s }')"
}

export_all() {
    local seconds
    seconds=$(curl -sS -o "$scratch/exported" -w '%{time_total}' "http://127.0.0.1:$port/v1/export")
    [[ $(wc -l <"$scratch/exported") == "$entries" ]] || fail "the export has $(wc -l <"$scratch/exported") lines"
    note "$1" export "$(awk -v n="$entries" -v s="$seconds" 'BEGIN { printf "%.0f", n / s }')"
}

# apply WORKLOAD SECONDS RUN: requests per second of 256 connections. The keys of put-new differ from run to run.
apply() {
    local requests duration errors broken
    wrk -t2 -c256 -d"$2s" --timeout 5s -s "$root/bench/http/load.lua" "http://127.0.0.1:$port" -- kvstore "$1" 100 "$3" 0 2>&1 | sed -n 's/^RESULT //p' >"$scratch/load"
    read -r requests duration errors broken _ <"$scratch/load"
    ((errors + broken == 0)) || fail "$1 had $errors errors and $broken broken connections"
    awk -v n="$requests" -v s="$duration" 'BEGIN { printf "%.0f", n / s }'
}

for engine in ${engines//,/ }; do for ((round = 1; round <= rounds; round++)); do
    say "$engine, round $round of $rounds"
    rm -rf "$scratch/server-data"
    start_server server "$server" --engine "$engine"
    base=$(memory VmRSS)
    import "$engine" first
    note "$engine" memory $((($(memory VmRSS) - base) / 1024))
    note "$engine" most $((($(memory VmHWM) - base) / 1024))
    import "$engine" again
    export_all "$engine"
    curl -sS -o "$scratch/answer" -X DELETE "http://127.0.0.1:$port/v1/kv?prefix=user/"
    for workload in put-new count; do apply "$workload" 1 1 >/dev/null; done
    note "$engine" put "$(apply put-new 3 2)"
    note "$engine" count "$(apply count 3 2)"
    kill "${pids[-1]}"
    wait "${pids[-1]}" || true
done; done

{
    echo
    echo "Run of $(date -u +%F): $(machine); $(runtime); KvStore $(revision). $entries entries of 100 B; medians of $rounds starts; load of the machine when it began: $load_at_start; files were on $(stat -f -c %T "$scratch")."
    echo
    echo "| engine | import into a service just started, entries/s | over the same entries | export, entries/s | memory over that of the start, MiB | at most | PUT, new keys, requests/s | one counter, requests/s | ratio |"
    echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for engine in ${engines//,/ }; do
        awk -v engine="$engine" -f "$root/bench/http/statistics.awk" -f <(echo '
            function of(what) { return grouped(median_of(speed, what " 0 0 " engine)) }
            END { print "| " engine " | " of("first") " | " of("again") " | " of("export") " | " of("memory") " | " of("most") " | " of("put") " | " of("count") " | " ratio(speed, "count 0 0 " engine, "put 0 0 " engine) " |" }
        ') /dev/null "$scratch/results"
    done
    echo
} >"$scratch/report.md"
cat "$scratch/report.md"
((!docs)) || publish bulk "$scratch/report.md"
