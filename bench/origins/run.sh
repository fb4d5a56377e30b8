#!/usr/bin/env bash
# Compares KvStore as a cache with nginx (proxy_cache) and Varnish before the same HTTP origin, in one run on this machine.
#
#   bench/origins/run.sh PROGRAM [--rounds N] [--no-install] [--no-docs]     PROGRAM is KvStore.Server or KvStore.Server.dll, of a publish
#
# Hits are measured in turn, N rounds of them (default 5); then come misses, a herd, an origin that dies, and refreshes. Less than 4 minutes.
# Needs wrk, curl, node, nginx and Varnish, which are installed by apt-get when they are missing; dotnet for a .dll. What the numbers mean is said in docs/performance.md.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=$(realpath "${1:?which program?}") rounds=5 install=1 docs=1
shift
source "$root/bench/http/report.sh"
while (($# > 0)); do
    case $1 in
    --rounds) rounds=$2; shift ;;
    --no-install) install=0 ;;
    --no-docs) docs=0 ;;
    *) fail "$1 is not understood" ;;
    esac
    shift
done
source "$root/bench/http/contenders.sh"
package_of[node]=nodejs package_of[varnishd]=varnish
have wrk curl node nginx varnishd || fail "wrk, curl, node, nginx and Varnish are needed"
here="$root/bench/origins"
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" kvstore-origins.XXXXXX)
trap stop_everything EXIT
trap 'exit 130' INT TERM
results="$scratch/results"

start_origin() {
    launch origin node "$here/origin.mjs" "$origin_port"
    origin_process=${pids[-1]}
    await_port origin "$origin_port"
}

start_cached() {
    start_server cached "$server" --engine memory --KvStore:Origins:origin:Prefix origin/ --KvStore:Origins:origin:Http:Url "http://127.0.0.1:$origin_port/{key}" \
        --KvStore:Origins:origin:FreshFor 01:00:00 --KvStore:Origins:origin:Workers:ShrinkAfter 00:00:01 --KvStore:SlowRequestTime 00:01:00
}

start_nginx() {
    take_port
    port_of[nginx]=$port
    local user=""
    ((EUID != 0)) || user="user root;"
    cat >"$scratch/nginx.conf" <<END
$user
worker_processes auto;
worker_rlimit_nofile 8192;
daemon off;
pid $scratch/nginx.pid;
error_log $scratch/nginx-error.log crit;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=4000 inactive=60s;
    proxy_cache_path $scratch/nginx-cache levels=1:2 keys_zone=cache:16m inactive=1h use_temp_path=off;
    upstream origin { server 127.0.0.1:$origin_port max_fails=0; keepalive 64; }
    server {
        listen 127.0.0.1:$port backlog=4096 reuseport;
        location / {
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache cache;
            proxy_cache_lock on;
            proxy_cache_background_update on;
            proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
        }
    }
}
END
    launch nginx nginx -c "$scratch/nginx.conf" -e "$scratch/nginx-error.log"
    processes_of[nginx]=${pids[-1]}
    await_port nginx "$port"
}

start_varnish() {
    take_port
    port_of[varnish]=$port
    cat >"$scratch/varnish.vcl" <<END
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "$origin_port"; }
sub vcl_backend_response { set beresp.grace = 1h; }
END
    launch varnish varnishd -F -j none -a "127.0.0.1:$port" -p listen_depth=4096 -n "$scratch/varnish" -f "$scratch/varnish.vcl" -s malloc,256m
    processes_of[varnish]=${pids[-1]}
    await_port varnish "$port"
}

prefix_of() { case $1 in cached) echo /v1/kv/origin/ ;; plain) echo /v1/kv/plain/ ;; *) echo / ;; esac; }
base_of() { echo "http://127.0.0.1:${port_of[$1]}$(prefix_of "$1")"; }
readers() { node "$here/readers.mjs" "$1" "$(base_of "$2")" "${@:3}"; }
calls() { curl -s "http://127.0.0.1:$origin_port/calls" | tr ',{}' '\n\n\n' | sed -n "s/^\"$1\"://p"; }

# hits CONTENDER SECONDS: one line of requests, seconds, p50 and p99 in microseconds, and failures.
hits() { wrk -t2 -c64 -d"$2s" --timeout 5s -s "$here/hits.lua" "http://127.0.0.1:${port_of[$1]}" -- "$(prefix_of "$1")" | sed -n 's/^RESULT //p'; }

measure() {
    local before after requests duration p50 p99 failures
    before=$(processor_time "$2")
    read -r requests duration p50 p99 failures < <(hits "$2" 2)
    after=$(processor_time "$2")
    ((failures == 0)) || fail "$2 answered $failures hits wrongly"
    awk -v id="hit 100 64 $2 $1" -v n="$requests" -v d="$duration" -v rest="$p50 $p99" -v processor="$((after - before))" \
        'BEGIN { printf "%s %.0f %s 0 %.2f 0\n", id, n / d, rest, processor * 10000 / n }' >>"$results"
}

# --- The run ---

take_port
origin_port=$port
start_origin
contenders=(cached nginx varnish)
for contender in "${contenders[@]}"; do "start_$contender"; done
port_of[plain]=${port_of[cached]} processes_of[plain]=${processes_of[cached]}
readers fill plain >/dev/null

all=(plain cached nginx varnish)
say "warming up"
for contender in "${all[@]}"; do
    hits "$contender" 3 >/dev/null
    [[ $(readers value "$contender" L0-A3600-hit7) == "200 right" ]] || fail "$contender answers wrongly"
done
for ((round = 1; round <= rounds; round++)); do
    say "round $round of $rounds"
    for ((at = 0; at < 4; at++)); do measure "$round" "${all[(at + round) % 4]}"; done
done

for contender in "${contenders[@]}"; do
    say "misses, a herd and refreshes: $contender"
    path="L50-A3600-herd-$contender" stale="L300-A1-stale-$contender"
    echo "misses $contender $(readers misses "$contender" "miss-$contender" 300)" >>"$scratch/others"
    echo "herd $contender $(readers herd "$contender" "$path" 1000) $(calls "$path")" >>"$scratch/others"
    echo "refresh $contender $(readers paced "$contender" "$stale" 6) $(calls "$stale")" >>"$scratch/others"
done
# The first ones compile the code. Then the pool shrinks.
fan() { node "$here/readers.mjs" fan "http://127.0.0.1:${port_of[cached]}/v1/batch/get" "fan-$1" "$2"; }
echo "fan first $(fan first 100)" >>"$scratch/others"
for ((i = 1; i <= 6; i++)); do fan "more-$i" 100 >/dev/null; done
sleep 3
for name in cold warm; do echo "fan $name $(fan "$name" 100)" >>"$scratch/others"; done
echo "fan alone $(fan alone 1)" >>"$scratch/others"

say "an origin that dies"
kill "$origin_process"
sleep 2
for contender in "${contenders[@]}"; do echo "stale $contender $(readers paced "$contender" "L300-A1-stale-$contender" 3)" >>"$scratch/others"; done

{
    echo "cpu=$(machine)"
    echo "dotnet=$(runtime)"
    echo "kvstore=$(revision)"
    echo "nginx=nginx $(nginx -v 2>&1 | sed 's|.*/||')"
    echo "varnish=Varnish $(varnishd -V 2>&1 | sed -n 's/^varnishd (varnish-\([^ ]*\).*/\1/p')"
    echo "load=$(cut -d' ' -f1 /proc/loadavg)"
    echo "files=$(stat -f -c %T "$scratch")"
    echo "rounds=$rounds"
    echo "date=$(date -u +%F)"
    echo "threads=2"
} >"$scratch/facts"
awk -f "$root/bench/http/statistics.awk" -f "$here/report.awk" "$scratch/facts" "$results" "$scratch/others" >"$scratch/report.md"
cat "$scratch/report.md"
((!docs)) || publish origins "$scratch/report.md"
