#!/usr/bin/env bash
# Compares KvStore over HTTP with bare Kestrel endpoints and with other services, in one run on this machine.
#
#   bench/http/compare.sh                      the usual set, less than 9 minutes
#   bench/http/compare.sh --quick              GET hit and PUT only, less than 2 minutes
#   bench/http/compare.sh --full               every workload at every value size and number of connections
#   bench/http/compare.sh --entries 10000000   GET throughput with that many entries against 1,000
#   bench/http/compare.sh --durable            PUT with every write flushed to a disk (TMPDIR, else /tmp) before its answer, about 4 minutes
#   bench/http/compare.sh --paced              GET at a low, fixed rate: alone, and beside others at full rate
#
#   --rounds N       measurements of each cell (default 4; 7 with --quick and --durable); their median is reported
#   --seconds N      seconds of one measurement (default 1; 2 for the rows that matter most)
#   --connections N,N  connections of the rows with --durable (default 1,64,512)
#   --only A,B       contenders, of: floor kvstore baseline webdis nginx etcd; with --durable of: flush disk baseline kvstore durable limit etcd,
#                    where durable is webdis and redis, and limit what a web server without a store reaches, in each way to commit
#   --server DLL     another build of the service, or a native program; --baseline DLL a second one to compare it with
#   --space SPACE    what the file of limit has before the first write: growing (as redis), reserved, or written (default; as the service)
#   --no-build       measure what was built before
#   --no-install     leave out contenders whose programs are missing instead of installing their Debian packages
#   --no-docs        do not write the table into docs/performance.md
#
# A change of the disk engine, judged in a minute: --durable --connections 1,64 --only disk,baseline,durable --baseline OLD.dll --no-docs
#
# Needs the .NET SDK; wrk, curl, redis, webdis, nginx and etcd are installed by apt-get when they are missing. What it
# compares, and what the numbers mean, is said in docs/performance.md.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mode=default rounds="" seconds="" only="" entries=0 durable_connections="1,64,512" space=written build=1 install=1 docs=1
server="$root/src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll" baseline=""
source "$root/bench/http/report.sh"

while (($# > 0)); do
    case $1 in
    --quick | --full | --paced | --durable) mode=${1#--} ;;
    --entries) mode=entries entries=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --only) only=$2; shift ;;
    --connections) durable_connections=$2; shift ;;
    --space) space=$2; shift ;;
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
floor_program="$root/bench/http/Floor/bin/Release/net10.0/KvStore.Floor.dll"
# The ways in which limit commits: bench/http/Floor/Commits. The first gets worse with each connection, so it is measured with one only.
limits="leader leader-once thread"
[[ -z $only || ,$only, != *,limit,* ]] || only+=",${limits// /,}"
declare -A entries_of=([few]=1000 [many]=$entries)
threads=$(($(nproc) < 2 ? 1 : 2))
sizes=(100 1024 16384)
case $mode in quick | durable) sizes=(100) rounds=${rounds:-7} ;; esac
rounds=${rounds:-4}
run=0

# load CONTENDER WORKLOAD SIZE CONNECTIONS SECONDS [verify]: runs wrk and prints its result line without the first word.
load() {
    run=$((run + 1))
    local name=$1 use=$threads
    case $name in baseline | few | many | disk) name=kvstore ;; durable) name=webdis ;; leader | leader-once | thread) name=floor ;; esac
    (($4 >= use)) || use=$4
    [[ $2 != paced ]] || use=1
    wrk -t"$use" -c"$4" -d"$5s" --timeout 5s -s "$root/bench/http/load.lua" "http://127.0.0.1:${port_of[$1]}" \
        -- "$name" "$2" "$3" "$run" "${entries_of[$1]:-0}" "${6:-}" 2>&1 | sed -n '/^RESULT /{s///;p;q};/PANIC/{p;q}'
}

# verify CONTENDER WORKLOAD SIZE: every answer of one second is looked at, and has to be right. A second that had wrong answers is
# repeated twice, because the first connection after a load is at times given an answer that webdis owed to one that had been closed.
verify() {
    local result tries
    for tries in 1 2 3; do
        result=$(load "$1" "$2" "$3" 1 1 verify)
        run=$((run + 1))
        read -r _ _ _ _ _ _ checked wrong sample <<<"$result"
        [[ ! ${checked:-0} =~ ^[0-9]+$ || $checked -eq 0 || $wrong -ne 0 ]] || return 0
    done
    fail "$1 answers wrongly to $2 of $3 B: ${wrong:-?} of ${checked:-?}, such as: ${sample:-$result}"
}

# measure ROUND CONTENDER WORKLOAD SIZE CONNECTIONS SECONDS: one line into the results:
# workload size connections contender round requests_per_second p50_us p99_us failures processor_us_per_request others_per_second
measure() {
    local result requests duration errors broken p50 p99 failures before after beside=${3#paced+} others=0
    if [[ $3 == paced+* ]]; then
        # The others begin earlier and end later.
        load "$2" "$beside" "$4" 64 "$(($6 + 2))" >"$scratch/others" &
        sleep 1
    fi
    before=$(processor_time "$2")
    result=$(load "$2" "${3%+*}" "${@:4}")
    after=$(processor_time "$2")
    run=$((run + 1))
    if [[ $3 == paced+* ]]; then
        wait $!
        others=$(awk '{ printf "%.0f", $1 / $2 }' "$scratch/others")
    fi
    read -r requests duration errors broken p50 p99 _ <<<"$result"
    failures=$((errors + broken))

    # A miss is answered with 404, except by etcd, so there everything else is the failure.
    [[ $3 != miss || $2 == etcd ]] || failures=$((requests - errors + broken))
    awk -v id="$3 $4 $5 $2 $1" -v n="$requests" -v d="$duration" -v rest="$p50 $p99 $failures" -v processor="$((after - before))" \
        -v others="$others" 'BEGIN { printf "%s %.0f %s %.2f %d\n", id, n / d, rest, processor * 10000 / n, others }' >>"$results"
    [[ $3 != *put-new ]] || clean "$2"
}

# rows: one line per row: workload, size, connections, seconds, contenders.
rows() {
    local all="floor kvstore baseline webdis nginx etcd" others="kvstore baseline webdis nginx etcd" size workload
    local brief="floor kvstore baseline webdis nginx" beside count ways
    case $mode in
    quick)
        for workload in get put-new; do echo "$workload 100 64 1 $brief"; done
        ;;
    default)
        for workload in get put-new put-same; do echo "$workload 100 64 2 $all"; done
        echo "mix 100 64 1 $all"
        for workload in miss list; do echo "$workload 100 64 1 $others"; done
        for size in 1024 16384; do for workload in get put-same; do echo "$workload $size 64 1 $brief"; done; done
        for count in 1 512; do for workload in get put-same; do echo "$workload 100 $count 1 $brief"; done; done
        ;;
    full)
        for size in "${sizes[@]}"; do for count in 1 64 512; do
            for workload in get put-new put-same; do echo "$workload $size $count 2 $all"; done
            echo "mix $size $count 2 $all"
            echo "miss $size $count 2 $others"
            ((size != 100)) || echo "list $size $count 2 $others"
        done; done
        ;;
    entries) echo "entries 100 64 2 few many" ;;
    durable)
        for count in ${durable_connections//,/ }; do
            ((count == 1)) && ways=$limits || ways=${limits#* }
            echo "put-new 100 $count 1 disk baseline kvstore durable $ways etcd"
        done
        ;;
    paced) for beside in paced paced+get paced+put-new; do echo "$beside 100 8 3 floor kvstore baseline"; done ;;
    esac
}

# Wrk itself must not be what is measured: the constant answer with one thread of wrk and with two.
measure_generator() {
    local round=$1 all=$threads count
    for count in 1 2; do
        threads=$count
        read -r requests duration _ <<<"$(load floor get 100 64 1)"
        awk -v id="wrk $count 64 floor $round" -v n="$requests" -v d="$duration" 'BEGIN { printf "%s %.0f 0 0 0 0\n", id, n / d }' >>"$results"
    done
    threads=$all
}

# What one connection can have at most: a bare loop that writes and flushes as many bytes as a frame with such an entry has.
measure_flush() {
    local requests duration rest
    read -r _ requests duration rest <<<"$(dotnet "$floor_program" flush "$scratch" 220 1 "$space")"
    awk -v id="put-new 100 1 flush $1" -v n="$requests" -v d="$duration" -v rest="${rest#0 }" 'BEGIN { split(rest, part, " "); printf "%s %.0f %s %s 0 0 0\n", id, n / d, part[2], part[3] }' >>"$results"
}

facts() {
    echo "cpu=$(machine)"
    echo "dotnet=$(runtime)"
    echo "kvstore=$(revision)"
    for contender in "${contenders[@]}"; do
        case $contender in
        webdis | durable) echo "$contender=webdis $(dpkg-query -W -f '${Version}' webdis 2>/dev/null || echo '?') on redis $(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/')" ;;
        nginx) echo "nginx=nginx $(nginx -v 2>&1 | sed 's|.*/||')" ;;
        etcd) echo "etcd=etcd $(etcd --version | sed -n 's/^etcd Version: //p')" ;;
        esac
    done
    echo "load=$(cut -d' ' -f1 /proc/loadavg)"
    echo "files=$file_system"
    echo "rounds=$rounds"
    echo "mode=$mode"
    echo "date=$(date -u +%F)"
    echo "threads=$threads"
}

# --- The run ---

have curl wrk || fail "wrk and curl are needed"
command -v dotnet >/dev/null || fail "the .NET SDK is needed"
if ((build)); then
    say "building"
    for project in src/KvStore.Server bench/http/Floor; do dotnet build -c Release "$root/$project" -v quiet -clp:NoSummary >&2; done
fi

# In memory when there is such a file system, unless disks are what is compared.
scratch=$(mktemp -d -p "$([[ $mode != durable && -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" kvstore-compare.XXXXXX)
file_system=$(df --output=fstype "$scratch" | tail -n 1)
trap stop_everything EXIT
trap 'exit 130' INT TERM
[[ $mode != durable || $file_system != *tmpfs ]] || fail "$scratch is in memory: name a directory on a disk in TMPDIR"
results="$scratch/results"

contenders=()
for contender in floor disk kvstore baseline webdis durable $limits nginx etcd few many; do
    rows | tr ' ' '\n' | grep -qx -- "$contender" || continue
    [[ -z $only || ,$only, == *,$contender,* ]] || continue
    case $contender in
    baseline) [[ -n $baseline ]] || continue ;;
    webdis | durable) have redis-server redis-cli webdis || { say "webdis or redis is missing; left out"; continue; } ;;
    nginx) have nginx || { say "nginx is missing; left out"; continue; } ;;
    etcd) have etcd || { say "etcd is missing; left out"; continue; } ;;
    esac
    contenders+=("$contender")
done
facts >"$scratch/facts"

for contender in "${contenders[@]}"; do
    say "starting $contender"
    "start_$contender"
    fill "$contender"
done

# cells: workload size connections seconds contender, one line each; those of a row stay together.
cells() {
    local round=$1 workload size connections duration named
    while read -r workload size connections duration named; do
        local present=()
        for contender in $named; do [[ " ${contenders[*]} " != *" $contender "* ]] || present+=("$contender"); done
        for ((at = 0; at < ${#present[@]}; at++)); do
            echo "$workload $size $connections ${seconds:-$duration} ${present[(at + round) % ${#present[@]}]}"
        done
    done < <(rows)
}

say "verifying and warming up"
while read -r workload size connections duration contender; do
    verify "$contender" "${workload%+*}" "$size"
done < <(cells 0 | sort -k1,2 -k5,5 -u)
while read -r workload size connections duration contender; do
    case $contender in webdis | durable | nginx | etcd) continue ;; esac
    load "$contender" "${workload#paced+}" "$size" "$connections" 2 >/dev/null
    [[ $workload != *put-new ]] || clean "$contender"
done < <(cells 0 | sort -k1,2 -k5,5 -k3,3nr | awk '!seen[$1, $2, $5]++')

for ((round = 1; round <= rounds; round++)); do
    say "round $round of $rounds"
    [[ " ${contenders[*]} " != *" floor "* ]] || measure_generator "$round"
    [[ $mode != durable || ,${only:-flush}, != *,flush,* ]] || measure_flush "$round"
    while read -r workload size connections duration contender; do
        measure "$round" "$contender" "$workload" "$size" "$connections" "$duration"
    done < <(cells "$round")
done

report="$scratch/report.md"
awk -f "$root/bench/http/statistics.awk" -f "$root/bench/http/$([[ $mode == paced ]] && echo paced || echo report).awk" "$scratch/facts" "$results" >"$report"
cat "$report"
if ((docs)); then
    # Each mode has a place of its own in the document: the usual and the full table share one.
    case $mode in default | full) publish comparison "$report" ;; *) publish "$mode" "$report" ;; esac
fi
! grep -q FAILED "$report" || fail "some answers were failures; see the table"
