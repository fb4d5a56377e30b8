#!/usr/bin/env bash
# How the cost of a request grows with what the service holds and what happens beside it: tables and curves for docs/performance-growth.md.
#
#   bench/growth/run.sh                        every part, about 20 minutes
#   bench/growth/run.sh --quick                every part with few places and one round of a second, about 3 minutes; writes no documents
#   bench/growth/run.sh --part entries         one part, of: entries connections watchers history beside
#
#   entries      GET, PUT, a page of a list, the delivery of a watch event, and memory, with 1,000 to 10,000,000 entries (--entries A,B,...)
#   connections  GET and PUT with 1 to 10,000 connections, beside the bare web server
#   watchers     delivery to 1 to 10,000 watchers of one prefix, and PUT beside them
#   history      GET and PUT with 0 to 1,000,000 commits in the history
#   beside       GET and PUT beside a checkpoint, a backup, an export and an import of 1,000,000 entries, with the disk engine
#
#   --rounds N       measurements of each place (default 5); medians are reported
#   --seconds N      seconds of one measurement (default 1)
#   --server DLL     another build of the service, or a native program
#   --gate COMMAND   runs the measurements, once the services are filled, by this command: flock, or what else keeps a machine quiet
#   --no-build       measure what was built before
#   --no-docs        print the tables, and write neither them nor the pictures
#
# Needs the .NET SDK, Node.js, curl and wrk, and for 10,000 connections as many open files (ulimit -n).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
parts=(entries connections watchers history beside) rounds=5 seconds=1 sizes=1000,10000,100000,1000000,3000000,10000000 quick=0 build=1 docs=1 install=1 gate=()
server="$root/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll"
source "$root/bench/http/report.sh"
source "$root/bench/http/contenders.sh"

while (($# > 0)); do
    case $1 in
    --quick) quick=1 rounds=1 docs=0 sizes=1000,100000 ;;
    --part) parts=("$2"); shift ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --entries) sizes=$2; shift ;;
    --server) server=$2; shift ;;
    --gate) read -ra gate <<<"$2"; shift ;;
    --no-build) build=0 ;;
    --no-docs) docs=0 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) fail "$1 is not understood; see --help" ;;
    esac
    shift
done

have curl wrk || fail "curl and wrk are needed"
command -v node >/dev/null || fail "Node.js is needed"
floor_program="$root/bench/http/Floor/bin/Release/net10.0/KvStore.Floor.dll"
if ((build)); then
    say "building"
    for project in src/KvStore.Server bench/http/Floor; do dotnet build -c Release "$root/$project" -v quiet -clp:NoSummary >&2; done
fi
((quick)) || ulimit -n "$(ulimit -Hn)"
trap stop_everything EXIT
trap 'exit 130' INT TERM

services=()
# started NAME DIALECT SIZE: notes a service for measure.mjs.
started() { services+=("$1:${port_of[$1]}:${processes_of[$1]}:$2:$3"); }

# filled NAME ENTRIES: a store in memory with so many entries. What the process had before them is noted, too.
filled() {
    start_server "$1" "$server" --engine "${3:-memory}"
    dotnet "$floor_program" load "http://127.0.0.1:${port_of[$1]}" "$2" 100 16 >&2
    started "$1" kvstore "$2"
}

start_entries() { for size in ${sizes//,/ }; do filled "$size" "$size"; done; }
start_connections() {
    start_floor
    started floor floor 0
    start_server kvstore "$server" --engine memory
    started kvstore kvstore 0
}
start_watchers() {
    start_server kvstore "$server" --engine memory
    started kvstore kvstore 0
}
start_history() {
    local commits
    for commits in $( ((quick)) && echo 0 10000 || echo 0 1000 65536 1000000); do
        start_server "$commits" "$server" --engine memory --KvStore:HistoryCommitsMax "$commits" --KvStore:HistoryBytesMax 2147483648
        started "$commits" kvstore "$commits"
    done
}
start_beside() { filled disk "$( ((quick)) && echo 100000 || echo 1000000)" disk; }

for part in "${parts[@]}"; do
    declare -F "start_$part" >/dev/null || fail "$part is no part; see --help"
    # On a disk where files are part of it.
    scratch=$(mktemp -d -p "$([[ $part != beside && -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" kvstore-growth.XXXXXX)
    services=() pids=()
    say "starting the services of $part"
    "start_$part"
    GROWTH_QUICK=$quick ${gate[@]+"${gate[@]}"} node "$root/bench/growth/measure.mjs" "$part" "$rounds" "$seconds" "$scratch/results" "$scratch" "${services[@]}"
    {
        echo
        echo "Run of $(date -u +%F): $(machine); $(runtime); KvStore $(revision). $rounds rounds of $seconds s; values of 100 B."
        echo
        node "$root/bench/growth/report.mjs" "$part" "$scratch/results" $( ((docs)) && echo "$root/docs/images")
    } >"$scratch/report.md"
    cat "$scratch/report.md"
    ((!docs)) || publish "$part" "$scratch/report.md" performance-growth.md
    stop_everything
done
