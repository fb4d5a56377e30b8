#!/usr/bin/env bash
# How long and how often the collector stops KvStore, with many entries, under load over HTTP, for several collectors.
#
#   bench/http/pauses.sh                        a million entries, every collector, about 5 minutes
#   --entries N        entries of 100 B (default 1000000)
#   --seconds N        seconds of each of the two workloads (default 10)
#   --collectors A,B   of: shipped workstation blocking server server-young adaptive (default: all)
#   --server DLL       another build of the service
#   --no-docs          do not write the table into docs/performance.md
#
# shipped is what the service comes with. The others are set by the environment, which goes before what a program comes with.
# Needs the .NET SDK and wrk.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
entries=1000000 seconds=10 collectors=shipped,workstation,blocking,server,server-young,adaptive docs=1 install=1
server="$root/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll"
source "$root/bench/http/report.sh"
source "$root/bench/http/contenders.sh"

while (($# > 0)); do
    case $1 in
    --entries) entries=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --collectors) collectors=$2; shift ;;
    --server) server=$2; shift ;;
    --no-docs) docs=0 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) fail "$1 is not understood; see --help" ;;
    esac
    shift
done

declare -A environment_of=(
    [shipped]=""
    [workstation]="DOTNET_gcServer=0 DOTNET_gcConcurrent=1 DOTNET_GCGen0MaxBudget=0"
    [blocking]="DOTNET_gcServer=0 DOTNET_gcConcurrent=0 DOTNET_GCGen0MaxBudget=0"
    [server]="DOTNET_gcServer=1 DOTNET_gcConcurrent=1 DOTNET_GCDynamicAdaptationMode=0"
    [server-young]="DOTNET_gcServer=1 DOTNET_gcConcurrent=1 DOTNET_GCDynamicAdaptationMode=0 DOTNET_GCGen1MaxBudget=800000"
    [adaptive]="DOTNET_gcServer=1 DOTNET_gcConcurrent=1 DOTNET_GCGen0MaxBudget=0 DOTNET_GCDynamicAdaptationMode=1"
)
declare -A title_of=(
    [shipped]="as shipped" [workstation]="workstation" [blocking]="workstation, not concurrent"
    [server]="server, generation 0 of 4 MiB" [server-young]="server, generation 0 of 4 and 1 of 8 MiB" [adaptive]="server, adapting its heaps"
)

have curl wrk || fail "wrk and curl are needed"
for project in src/KvStore.Server bench/http/Floor bench/http/Pauses; do dotnet build -c Release "$root/$project" -v quiet -clp:NoSummary >&2; done
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" kvstore-pauses.XXXXXX)
trap stop_everything EXIT
trap 'exit 130' INT TERM
load_at_start=$(cut -d' ' -f1 /proc/loadavg)
run=0

# apply WORKLOAD SECONDS: requests per second, failures, p99 in microseconds.
apply() {
    run=$((run + 1))
    wrk -t2 -c64 -d"$2s" --timeout 5s -s "$root/bench/http/load.lua" "http://127.0.0.1:$port" -- kvstore "$1" 100 "$run" "$entries" 2>&1 |
        awk '/^RESULT/ { printf "%.0f %d %d", $2 / $3, $4 + $5, $7 }'
}

# row COLLECTOR WORKLOAD TITLE
row() {
    local began rate failures p99
    began=$(date +%s%3N)
    apply "$2" "$seconds" >"$scratch/load"
    read -r rate failures p99 <"$scratch/load" || true
    [[ ${failures:-1} == 0 ]] || fail "the load on $1 had ${failures:-no answers and} failures"
    awk -v began="$began" '$1 >= began' "$scratch/pauses" | sort -k2,2n | awk -v seconds="$seconds" -v head="| ${title_of[$1]} | $3 | $rate" -v p99="$p99" \
        -v memory="$(awk '/VmRSS/ { print $2 }' "/proc/${processes_of[server]}/status")" '
        { pause[NR] = $2; total += $2; longest[$3] = $2 }
        function ms(value) { return value == "" ? "" : sprintf("%.1f", value / 1000) }
        END {
            at = NR - int(NR / 100)
            printf "%s | %.2f | %.1f | %.1f %% | %s | %s | %s | %s | %s | %.0f |\n", head, p99 / 1000, NR / seconds, total / seconds / 1e4,
                ms(pause[at]), ms(longest[0]), ms(longest[1]), ms(longest[2]), ms(longest["background"]), memory / 1024
        }' >>"$scratch/rows"
}

for collector in ${collectors//,/ }; do
    say "$collector"
    take_port
    # shellcheck disable=SC2086 # The environment is several words.
    launch server env ${environment_of[$collector]} Serilog__MinimumLevel__Default=Warning KVSTORE_PAUSES="$scratch/pauses" \
        DOTNET_STARTUP_HOOKS="$root/bench/http/Pauses/bin/Release/net10.0/KvStore.Pauses.dll" \
        dotnet "$server" --engine memory --urls "http://127.0.0.1:$port"
    processes_of[server]=${pids[-1]}
    await_port server "$port"
    dotnet "$root/bench/http/Floor/bin/Release/net10.0/KvStore.Floor.dll" load "http://127.0.0.1:$port" "$entries" 100 64 >&2
    apply entries-mix 2 >/dev/null
    row "$collector" entries-mix "95 % GET, 5 % PUT"
    row "$collector" put-new "PUT, new keys"
    kill "${pids[-1]}"
    wait "${pids[-1]}" || true
done

{
    echo
    echo "Run of $(date -u +%F): $(machine); $(runtime); KvStore $(revision). $entries entries of 100 B, $seconds seconds each; load of the machine when it began: $load_at_start."
    echo
    echo "| collector | workload | requests/s | request p99 ms | pauses/s | time in them | pause p99 ms | longest, generation 0 | 1 | 2 | background | memory MiB |"
    echo "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    cat "$scratch/rows"
    echo
} >"$scratch/report.md"
cat "$scratch/report.md"
((!docs)) || publish "pauses $entries" "$scratch/report.md"
