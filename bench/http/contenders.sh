# The contenders of compare.sh: how each is started, filled and cleaned. Sourced, not run.
# Everything listens on 127.0.0.1 only, keeps its files in $scratch, and is stopped by its process id.

declare -A port_of=() processes_of=() redis_port_of=()
pids=()
next_port=18500

# Sets `port` to a free one from 18500 to 18599.
take_port() {
    while (exec 3<>"/dev/tcp/127.0.0.1/$next_port") 2>/dev/null; do next_port=$((next_port + 1)); done
    ((next_port <= 18599)) || fail "no port is free from 18500 to 18599"
    port=$next_port
    next_port=$((next_port + 1))
}

# Starts a command in the background, its output in a file, and notes its process id.
launch() {
    local name=$1
    shift
    "$@" >"$scratch/$name.log" 2>&1 </dev/null &
    pids+=($!)
}

await_port() {
    local name=$1 port=$2 tries
    for ((tries = 0; tries < 300; tries++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        kill -0 "${pids[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$scratch/$name.log" >&2
    fail "$name did not start"
}

# Processor time, in hundredths of a second, that a contender's processes have used.
processor_time() {
    local parent process files=()
    for parent in ${processes_of[$1]}; do
        for process in $parent $(cat "/proc/$parent/task/$parent/children"); do files+=("/proc/$process/stat"); done
    done
    # What stands before the last parenthesis can hold spaces. The times are fields 14 and 15.
    sed 's/.*) //' "${files[@]}" | awk '{ sum += $12 + $13 } END { print sum }'
}

stop_everything() {
    local pid
    # The reverse order, so that webdis goes before redis.
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        pid=${pids[at]}
        kill "$pid" 2>/dev/null || continue
        for ((tries = 0; tries < 50; tries++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [[ -z ${scratch:-} ]] || rm -rf "$scratch"
}

# The Debian package of each program that a contender needs.
declare -A package_of=([wrk]=wrk [curl]=curl [redis-server]=redis-server [redis-cli]=redis-tools [webdis]=webdis [nginx]=nginx-light [etcd]=etcd-server)

# True when the programs are there, after installing them if that is allowed.
have() {
    local program
    for program; do
        command -v "$program" >/dev/null && continue
        if ((install)) && command -v apt-get >/dev/null; then
            local as_root=()
            ((EUID == 0)) || as_root=(sudo)
            say "installing ${package_of[$program]}"
            "${as_root[@]}" apt-get install -y --no-install-recommends "${package_of[$program]}" >&2 || return 1
        fi
        command -v "$program" >/dev/null || return 1
    done
}

start_floor() { start_floor_as floor; }
start_leader() { start_limit leader; }
start_leader-once() { start_limit leader-once; }
start_thread() { start_limit thread; }

start_limit() {
    mkdir "$scratch/$1-files"
    start_floor_as "$1" --commit "$1" --directory "$scratch/$1-files" --space "$space"
}

# start_floor_as NAME SWITCHES: the web server without a store.
start_floor_as() {
    take_port
    port_of[$1]=$port
    launch "$1" dotnet "$floor_program" --urls "http://127.0.0.1:$port" "${@:2}"
    processes_of[$1]=${pids[-1]}
    await_port "$1" "$port"
}

# start_server NAME PROGRAM [SWITCHES]: a KvStore, memory engine unless the switches say otherwise, logging warnings only.
# A program that is no DLL is a native one.
start_server() {
    local runner=()
    [[ $2 != *.dll ]] || runner=(dotnet)
    take_port
    port_of[$1]=$port
    Logging__LogLevel__Default=Warning Serilog__MinimumLevel__Default=Warning \
        launch "$1" "${runner[@]}" "$2" --urls "http://127.0.0.1:$port" --data "$scratch/$1-data" "${@:3}"
    processes_of[$1]=${pids[-1]}
    await_port "$1" "$port"
}

start_kvstore() { start_server kvstore "$server" --engine memory; }
start_baseline() { start_server baseline "$baseline" --engine "$([[ ${mode:-} == durable ]] && echo disk || echo memory)"; }
start_few() { start_server few "$server" --engine memory; }
start_many() { start_server many "$server" --engine memory; }
start_disk() { start_server disk "$server" --engine disk; }

start_webdis() { start_webdis_on webdis --appendonly no; }
start_durable() { start_webdis_on durable --appendonly yes --appendfsync always; }

# start_webdis_on NAME SWITCHES: a redis with these switches, and webdis before it.
start_webdis_on() {
    take_port
    local redis_port=$port
    redis_port_of[$1]=$port
    mkdir "$scratch/$1-redis"
    launch "$1-redis" redis-server --bind 127.0.0.1 --port "$redis_port" --save "" --dir "$scratch/$1-redis" "${@:2}"
    await_port "$1-redis" "$redis_port"
    take_port
    port_of[$1]=$port
    cat >"$scratch/$1.json" <<END
{ "redis_host": "127.0.0.1", "redis_port": $redis_port, "http_host": "127.0.0.1", "http_port": $port, "threads": $(nproc),
  "daemonize": false, "verbosity": 0, "logfile": "$scratch/$1-requests.log", "pidfile": "$scratch/$1.pid" }
END
    processes_of[$1]=${pids[-1]}
    launch "$1" webdis "$scratch/$1.json"
    processes_of[$1]+=" ${pids[-1]}"
    await_port "$1" "$port"
}

start_nginx() {
    take_port
    port_of[nginx]=$port
    mkdir -p "$scratch/nginx/files/list" "$scratch/nginx/temporary"
    local user=""
    ((EUID != 0)) || user="user root;"
    cat >"$scratch/nginx/nginx.conf" <<END
$user
worker_processes auto;
worker_rlimit_nofile 8192;
daemon off;
pid $scratch/nginx/nginx.pid;
error_log $scratch/nginx/error.log crit;
events { worker_connections 2048; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=4000 inactive=60s;
    open_file_cache_valid 60s;
    client_body_temp_path $scratch/nginx/temporary;
    proxy_temp_path $scratch/nginx/temporary;
    fastcgi_temp_path $scratch/nginx/temporary;
    uwsgi_temp_path $scratch/nginx/temporary;
    scgi_temp_path $scratch/nginx/temporary;
    server {
        listen 127.0.0.1:$port backlog=4096 reuseport;
        root $scratch/nginx/files;
        location / { dav_methods PUT; autoindex on; autoindex_format json; }
    }
}
END
    launch nginx nginx -c "$scratch/nginx/nginx.conf" -e "$scratch/nginx/error.log"
    processes_of[nginx]=${pids[-1]}
    await_port nginx "$port"
}

start_etcd() {
    take_port
    local peer=$port
    take_port
    port_of[etcd]=$port
    launch etcd etcd --data-dir "$scratch/etcd" --log-level error --quota-backend-bytes 8589934592 \
        --listen-client-urls "http://127.0.0.1:$port" --advertise-client-urls "http://127.0.0.1:$port" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer"
    processes_of[etcd]=${pids[-1]}
    await_port etcd "$port"
}

# Fills a contender with everything that is read: its values of every size, and what is listed.
fill() {
    local contender=$1 size
    case $contender in
    floor | leader | leader-once | thread) return ;;
    few | many)
        dotnet "$floor_program" load "http://127.0.0.1:${port_of[$contender]}" "${entries_of[$contender]}" 100 64 >&2
        return
        ;;
    esac
    for size in "${sizes[@]}"; do load "$contender" put-same "$size" 8 1 >/dev/null; done
    load "$contender" load-list 100 8 1 >/dev/null
    [[ $contender != webdis ]] || for ((i = 1; i <= 100; i++)); do printf 'ZADD listed 0 list-%010d\n' "$i"; done | redis-cli -p "${redis_port_of[webdis]}" >/dev/null
}

# Takes the keys of put-new away, so that every round starts from the same state.
clean() {
    local base="http://127.0.0.1:${port_of[$1]}"
    case $1 in
    kvstore | baseline | disk) curl -s -o /dev/null -X DELETE "$base/v1/kv?prefix=n" ;;
    webdis | durable) redis-cli -p "${redis_port_of[$1]}" --scan --pattern 'n*' | xargs -r -n 5000 redis-cli -p "${redis_port_of[$1]}" UNLINK >/dev/null ;;
    nginx) find "$scratch/nginx/files" -maxdepth 1 -name 'n*' -delete ;;
    etcd)
        local revision
        # bg== and bw== are "n" and "o" in base64.
        revision=$(curl -s "$base/v3/kv/deleterange" -d '{"key":"bg==","range_end":"bw=="}' | sed -n 's/.*"revision":"\([0-9]*\)".*/\1/p')
        curl -s -o /dev/null "$base/v3/kv/compaction" -d "{\"revision\":$revision}"
        ;;
    esac
}
