# The loads of run.sh: wrk for HTTP/1.1, h2load for HTTP/2, redis-benchmark for redis, curl and redis-cli for imports and exports, and a program of our own
# for long polls. Each prints requests, seconds, failures (two kinds), p50 and p99 in microseconds. Sourced, not run.

declare -A rate_of=()
script_id=""

# load CONTENDER WORKLOAD SIZE CONNECTIONS SECONDS
load() {
    case $2 in
    import | export) "$2_of" "$1" ;;
    poll) poll_of "$1" "$4" "$5" ;;
    *) if [[ $1 == redis ]]; then
        redis_of "$2" "$3" "$4" "$(awk -v rate="${rate_of[$2]}" -v seconds="$5" 'BEGIN { printf "%.0f", rate * seconds }')"
    else
        case $2 in
        tls-*) wrk_of "$1" "${2#tls-}$3" "${tls_port_of[$1]}" "$4" "$5" ;;
        h2-*) h2_of "$1" "${2#h2-}" "https://127.0.0.1:${tls_port_of[$1]}" "$4" "$5" ;;
        h2c-*) h2_of "$1" "${2#h2c-}" "http://127.0.0.1:${h2c_port_of[$1]}" "$4" "$5" ;;
        *) wrk_of "$1" "$2" "${port_of[$1]}" "$4" "$5" ;;
        esac
    fi ;;
    esac
}

# wrk_of CONTENDER WORKLOAD PORT CONNECTIONS SECONDS [verify]
wrk_of() {
    run=$((run + 1))
    local name=$1 use=$threads scheme=http
    [[ $name != baseline ]] || name=kvstore
    [[ ${6:-} != verify ]] || use=1
    (($4 >= use)) || use=$4
    [[ $3 != "${tls_port_of[$1]:-}" ]] || scheme=https
    if [[ $name == webdis && -z $script_id ]]; then script_id=$(redis-cli -p "${redis_port_of[webdis]}" SCRIPT LOAD "$(cat "$here/patch.lua")"); fi
    wrk -t"$use" -c"$4" -d"$5s" --timeout 10s -s "$here/load.lua" "$scheme://127.0.0.1:$3" -- "$name" "$2" "$run" "$script_id" "${6:-}" 2>&1 |
        sed -n '/^RESULT /{s///;p;q};/PANIC/{p;q}'
}

# h2_of CONTENDER get|put URL CONNECTIONSxSTREAMS SECONDS: what it says of latency is only a mean, which is left out.
h2_of() {
    local with=() path use=$threads
    case $1 in
    limit) path=$([[ $2 == get ]] && echo /value/100 || echo /body) ;;
    nginx) path=/v0000100-%06d ;;
    *) path=/v1/kv/v0000100-%06d ;;
    esac
    [[ $2 == get ]] || with=(-d "$scratch/value" -H ":method: PUT")
    # shellcheck disable=SC2059 # The path has the place of the number.
    for ((i = 0; i < 1000; i += 7)); do printf "$3$path\n" "$i"; done >"$scratch/targets"
    ((${4%x*} >= use)) || use=${4%x*}
    h2load -t "$use" -c "${4%x*}" -m "${4#*x}" -D "$5" "${with[@]}" -i "$scratch/targets" 2>&1 | awk '
        /^finished in/ { sub(/s,/, "", $3); seconds = $3 }
        /^requests:/ { requests = $2; done_ = $8; failed = $10 + $12 + $14 }
        /^status codes:/ { good = $3 }
        END { printf "%d %s %d %d 0 0 %d\n", good, seconds, failed, 0, good }'
}

# command_of WORKLOAD SIZE: what redis is sent, one argument a line.
command_of() {
    case $1 in
    list*-json) printf '%s\n' HGETALL "json${1//[^0-9]/}" ;;
    list*) printf '%s\n' HGETALL "$1" ;;
    batch) echo MGET; for ((i = 1; i <= 100; i++)); do printf 'list-%010d\n' "$i"; done ;;
    txn) echo MSET; for ((i = 1; i <= 10; i++)); do printf '%s\n' txn-__rand_int__ "$(cat "$scratch/value")"; done ;;
    count) printf '%s\n' INCR hot ;;
    patch) printf '%s\n' EVALSHA "$(redis-cli -p "${port_of[redis]}" SCRIPT LOAD "$(cat "$here/patch.lua")")" 1 doc:__rand_int__ '{"count":7,"name":"Ada 7"}' ;;
    *get*) printf '%s\n' GET "v$2:__rand_int__" ;;
    *put*) printf '%s\n' SET "v$2:__rand_int__" ;;
    esac
}

# redis_of WORKLOAD SIZE CONNECTIONS REQUESTS
redis_of() {
    local words=() with=(-p "${port_of[redis]}") input=/dev/null
    mapfile -t words < <(command_of "$1" "$2")
    [[ $1 != tls-* ]] || with=(-p "${tls_port_of[redis]}" --tls --insecure)
    if [[ ${words[0]} == SET ]]; then
        with+=(-x)
        input="$scratch/sized"
        head -c "$2" "$scratch/large" >"$input"
    fi
    redis-benchmark "${with[@]}" -c "$3" -n "$4" -r "$(($2 > 100000 ? 16 : 1000))" --threads "$threads" --csv "${words[@]}" <"$input" 2>&1 | tail -n 1 | tr -d '"' |
        awk -F , -v n="$4" '{ if ($(NF - 6) > 0) printf "%d %.6f 0 0 %.0f %.0f\n", n, n / $(NF - 6), $(NF - 3) * 1000, $(NF - 1) * 1000; else print "0 1 1 0 0 0 " $0 }'
}

# How many requests a second redis-benchmark makes, which takes a number of them instead of a time.
calibrate() {
    local requests seconds
    rate_of[$1]=$(($2 > 100000 ? 500 : $3 > 1000 ? 20000 : 5000))
    for _ in 1 2; do
        read -r requests seconds _ < <(load redis "$1" "$2" "$3" 1)
        rate_of[$1]=$(awk -v n="$requests" -v s="$seconds" 'BEGIN { printf "%.0f", n / s }')
    done
}

poll_of() { local name=$1; [[ $name != baseline ]] || name=kvstore; dotnet "$limit_program" poll "$name" "${port_of[$1]}" "$2" "$3" | sed 's/^RESULT //'; }

# timed COMMAND...: its lines a second, as a result.
timed() {
    local began=$EPOCHREALTIME
    "$@" >"$scratch/transferred"
    awk -v began="$began" -v ended="$EPOCHREALTIME" -v n="$entries" 'BEGIN { printf "%d %.6f 0 0 0 0\n", n, ended - began }'
}

import_of() {
    local url="http://127.0.0.1:${port_of[$1]}"
    case $1 in
    limit) timed curl -sS -T "$scratch/lines" -X POST "$url/import" ;;
    redis) timed redis-cli -p "${port_of[redis]}" -n 1 --pipe <"$scratch/commands" ;;
    nginx) timed curl -sS -w '"imported":%{http_code}' -T "$scratch/lines" "$url/lines" ;;
    *) timed curl -sS -T "$scratch/lines" -X POST -H "Content-Type: application/x-ndjson" "$url/v1/import" ;;
    esac
    case $1 in
    redis) grep -q "errors: 0, replies: $entries" "$scratch/transferred" ;;
    nginx) grep -q '"imported":20' "$scratch/transferred" ;;
    *) grep -q "\"imported\":$entries," "$scratch/transferred" ;;
    esac || fail "$1 did not take the import: $(head -c 400 "$scratch/transferred")"
}

# What people do with redis is a dump, which is no text.
export_of() {
    local url="http://127.0.0.1:${port_of[$1]}"
    case $1 in
    limit) timed curl -sS "$url/export/$entries" ;;
    redis) timed redis-cli -p "${port_of[redis]}" --rdb "$scratch/dump"; return ;;
    nginx) timed curl -sS "$url/lines" ;;
    *) timed curl -sS "$url/v1/export?prefix=user/" ;;
    esac
    [[ $(wc -l <"$scratch/transferred") == "$entries" ]] || fail "$1 exported $(wc -l <"$scratch/transferred") lines: $(head -c 300 "$scratch/transferred")"
}

# verify CONTENDER WORKLOAD SIZE CONNECTIONS: every answer of one second has to be right. A second that had wrong answers is repeated twice,
# because webdis at times gives the first connection an answer that it owed to one that has been closed.
verify() {
    local result checked wrong sample tries words=()
    case $2 in
    import | export | poll) return ;; # Their loads check every answer.
    h2*)
        result=$(load "$1" "$2" "$3" 1x1 1)
        read -r checked _ wrong _ <<<"$result"
        ((checked > 0 && wrong == 0)) || fail "$1 answers wrongly to $2: $result"
        return
        ;;
    esac
    if [[ $1 == redis ]]; then
        mapfile -t words < <(command_of "$2" "$3")
        words=("${words[@]//__rand_int__/000000000001}")
        [[ ${words[0]} != SET ]] || words=(STRLEN "${words[1]}")
        result=$(redis-cli -p "${port_of[redis]}" --raw "${words[@]}")
        case $2 in
        list*) [[ $(grep -c -e xxxx -e Lovelace <<<"$result") == "${2//[^0-9]/}" ]] ;;
        batch) [[ $(grep -c =xxxx <<<"$result") == 100 ]] ;;
        *get*) [[ ${#result} == "$3" ]] ;;
        *put*) [[ $result == "$3" ]] ;;
        txn) [[ $result == OK ]] ;;
        patch) [[ $result == true ]] ;;
        count) ((result > 0)) ;;
        esac || fail "redis answers wrongly to $2: ${result:0:200}"
        return
    fi
    local workload=$2 use=${port_of[$1]}
    [[ $2 != tls-* ]] || workload="${2#tls-}$3" use=${tls_port_of[$1]}
    for tries in 1 2 3; do
        result=$(wrk_of "$1" "$workload" "$use" 1 1 verify)
        read -r _ _ _ _ _ _ checked wrong sample <<<"$result"
        [[ ! ${checked:-0} =~ ^[0-9]+$ || $checked -eq 0 || $wrong -ne 0 ]] || return 0
    done
    fail "$1 answers wrongly to $2: ${wrong:-?} of ${checked:-?}, such as: ${sample:-$result}"
}
