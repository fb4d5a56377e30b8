#!/usr/bin/env bash
# Compares the rest of KvStore's surface with its limit and with what people would use instead, in one interleaved run for each part.
#
#   bench/surface/run.sh                 every part, about 20 minutes
#   bench/surface/run.sh --quick         every part, one round of KvStore and its limit, less than 2 minutes
#   --part A,B         of: lists writes values tls http2 connections poll bulk
#   --only A,B         contenders, of: limit kvstore baseline webdis redis nginx etcd
#   --rows A,B         workloads, such as list100,txn
#   --rounds N         measurements of each cell (default 7); their median is reported
#   --seconds N        seconds of one measurement (default 1)
#   --entries N        entries of an import and an export (default 500000)
#   --server DLL       another build of the service, or a native program; --baseline DLL a second one to compare it with
#   --no-build         measure what is built already
#   --no-install       leave out contenders whose programs are missing instead of installing their Debian packages
#   --no-docs          do not write the tables into docs/performance-surface.md
#
# Needs the .NET SDK; wrk, curl, openssl, redis, webdis, nginx, etcd and h2load are installed by apt-get when they are missing.
# What it compares, and what the numbers mean, is said in docs/performance-surface.md.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here="$root/bench/surface"
parts=lists,writes,values,tls,http2,connections,poll,bulk only="" named_rows="" rounds=7 seconds=1 entries=500000 install=1 docs=1 build=1 quick=0
server="$root/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll" baseline=""
source "$root/bench/http/report.sh"

while (($# > 0)); do
    case $1 in
    --quick) quick=1 rounds=1 entries=100000 docs=0 only=${only:-limit,kvstore,baseline} ;;
    --part) parts=$2; shift ;;
    --only) only=$2; shift ;;
    --rows) named_rows=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --entries) entries=$2; shift ;;
    --server) server=$2; shift ;;
    --baseline) baseline=$2; shift ;;
    --no-build) build=0 ;;
    --no-install) install=0 ;;
    --no-docs) docs=0 ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) fail "$1 is not understood; see --help" ;;
    esac
    shift
done

source "$root/bench/http/contenders.sh"
source "$here/contenders.sh"
source "$here/loads.sh"
limit_program="$here/bin/Release/net10.0/KvStore.SurfaceLimit.dll"
package_of[h2load]=nghttp2-client package_of[redis-benchmark]=redis-tools package_of[openssl]=openssl
threads=$(($(nproc) < 2 ? 1 : 2))
run=0

# rows PART: one line per row: workload, bytes of a value, connections, contenders.
rows() {
    local all="limit kvstore baseline webdis redis nginx etcd"
    case $1 in
    lists)
        for workload in list100 list100-json list1000; do echo "$workload 100 64 $all"; done
        echo "batch 100 64 limit kvstore baseline webdis redis etcd"
        ;;
    writes)
        echo "txn 100 64 limit kvstore baseline webdis redis etcd"
        for workload in count patch; do echo "$workload 100 64 limit kvstore baseline webdis redis"; done
        ;;
    values)
        for workload in get put; do echo "${workload}16384 16384 64 $all"; done
        for workload in get put; do echo "${workload}1048576 1048576 16 $all"; done
        ;;
    tls) for workload in tls-get tls-put; do echo "$workload 100 64 limit kvstore baseline redis nginx"; done ;;
    http2) for workload in h2-get h2-put h2c-get h2c-put; do echo "$workload 100 8x16 limit kvstore baseline nginx"; done ;;
    connections)
        # etcd does not answer within seconds to 10,000.
        echo "get100 100 64 $all"
        echo "get100 100 10000 limit kvstore baseline webdis redis nginx"
        ;;
    poll) echo "poll 100 256 limit kvstore baseline redis etcd" ;;
    bulk) for workload in import export; do echo "$workload 100 1 limit kvstore baseline redis nginx"; done ;;
    *) fail "there is no part $1" ;;
    esac | while read -r workload rest; do [[ -n $named_rows && ,$named_rows, != *,$workload,* ]] || echo "$workload $rest"; done
}

# cells PART ROUND: workload size connections contender, one line each; those of a row stay together, in another order each round.
cells() {
    local workload size connections named contender at
    while read -r workload size connections named; do
        local present=()
        for contender in $named; do [[ " ${contenders[*]} " != *" $contender "* ]] || present+=("$contender"); done
        for ((at = 0; at < ${#present[@]}; at++)); do echo "$workload $size $connections ${present[(at + $2) % ${#present[@]}]}"; done
    done < <(rows "$1")
}

# measure ROUND WORKLOAD SIZE CONNECTIONS CONTENDER: one line into the results, as statistics.awk reads it.
measure() {
    local result requests duration errors broken p50 p99 before after
    before=$(processor_time "$5")
    result=$(load "$5" "$2" "$3" "$4" "$seconds")
    after=$(processor_time "$5")
    read -r requests duration errors broken p50 p99 _ <<<"$result"
    [[ ${requests:-0} =~ ^[0-9]+$ && $requests -gt 0 ]] || fail "$5 did not answer to $2: $result"
    awk -v id="$2 $3 $4 $5 $1" -v n="$requests" -v d="$duration" -v rest="$p50 $p99 $((errors + broken))" -v processor="$((after - before))" \
        'BEGIN { printf "%s %.0f %s %.3f 0\n", id, n / d, rest, processor * 10000 / n }' >>"$results"
    clean "$5" "$2"
}

facts() {
    echo "cpu=$(machine)"
    echo "dotnet=$(runtime)"
    echo "kvstore=$(revision)"
    for contender in "${contenders[@]}"; do
        case $contender in
        webdis) echo "webdis=webdis $(dpkg-query -W -f '${Version}' webdis 2>/dev/null || echo '?') on redis $(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/')" ;;
        nginx) echo "nginx=nginx $(nginx -v 2>&1 | sed 's|.*/||')" ;;
        etcd) echo "etcd=etcd $(etcd --version | sed -n 's/^etcd Version: //p')" ;;
        esac
    done
    echo "load=$(cut -d' ' -f1 /proc/loadavg)"
    echo "files=$(stat -f -c %T "$scratch")"
    echo "rounds=$rounds"
    echo "entries=$entries"
    echo "date=$(date -u +%F)"
    echo "threads=$threads"
}

# --- The run ---

have curl wrk openssl || fail "wrk, curl and openssl are needed"
if ((build)); then
    say "building"
    for project in src/KvStore.Server bench/surface; do dotnet build -c Release "$root/$project" -v quiet -clp:NoSummary >&2; done
fi
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" kvstore-surface.XXXXXX)
trap stop_everything EXIT
trap 'exit 130' INT TERM
ulimit -n "$(ulimit -H -n)"

contenders=()
for contender in limit kvstore baseline webdis redis nginx etcd; do
    for part in ${parts//,/ }; do rows "$part"; done | grep -w "$contender" >/dev/null || continue
    [[ -z $only || ,$only, == *,$contender,* ]] || continue
    case $contender in
    baseline) [[ -n $baseline ]] || continue ;;
    webdis) have redis-server redis-cli webdis || { say "webdis or redis is missing; left out"; continue; } ;;
    redis) have redis-server redis-cli redis-benchmark || { say "redis is missing; left out"; continue; } ;;
    nginx | etcd) have "$contender" || { say "$contender is missing; left out"; continue; } ;;
    esac
    contenders+=("$contender")
done
[[ ,$parts, != *,http2,* ]] || have h2load || fail "h2load is needed"
make_certificate
make_inputs
for contender in "${contenders[@]}"; do
    say "starting $contender"
    "start_surface_$contender"
    fill_surface "$contender"
done

failed=0
for part in ${parts//,/ }; do
    results="$scratch/results-$part"
    facts >"$scratch/facts"
    say "$part: verifying and warming up"
    while read -r workload size connections contender; do
        verify "$contender" "$workload" "$size" "$connections"
        case $contender in
        limit | kvstore | baseline) [[ $workload == import || $workload == export ]] || load "$contender" "$workload" "$size" "$connections" "$((quick ? 1 : 2))" >/dev/null ;;
        redis) [[ $workload == import || $workload == export || $workload == poll ]] || calibrate "$workload" "$size" "$connections" ;;
        esac
        clean "$contender" "$workload"
    done < <(cells "$part" 0)
    for ((round = 1; round <= rounds; round++)); do
        say "$part: round $round of $rounds"
        while read -r cell; do
            # shellcheck disable=SC2086 # The cell is several words.
            measure "$round" $cell
        done < <(cells "$part" "$round")
    done
    report="$scratch/$part.md"
    awk -f "$root/bench/http/statistics.awk" -f "$here/report.awk" "$scratch/facts" "$results" >"$report"
    cat "$report"
    ((!docs)) || publish_surface "$part" "$report"
    ! grep -q FAILED "$report" || failed=1
done
((!failed)) || fail "some answers were failures; see the table"
