# The contenders of run.sh: how each is started, filled and cleaned. Goes with bench/http/contenders.sh. Sourced, not run.
# A contender that can has three ports: HTTP/1.1, TLS (HTTP/1.1 and HTTP/2 by ALPN), and HTTP/2 without TLS.

declare -A tls_port_of=() h2c_port_of=()

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -keyout "$scratch/tls.key" -out "$scratch/tls.crt" 2>/dev/null
}

publish_surface() { publish "$1" "$2" performance-surface.md; }

# The lines of an import, and the same as commands of redis.
make_inputs() {
    head -c 100 /dev/zero | tr '\0' x >"$scratch/value"
    head -c 1048576 /dev/zero | tr '\0' x >"$scratch/large"
    [[ ,$parts, == *,bulk,* ]] || return 0
    dotnet "$limit_program" lines "$entries" >"$scratch/lines"
    awk -F '"' '{ printf "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", length($4), $4, length($8), $8 }' "$scratch/lines" >"$scratch/commands"
}

# start_web NAME PROGRAM [SWITCHES]: a program on the web server of .NET with its three ports.
start_web() {
    local name=$1 runner=()
    [[ $2 != *.dll ]] || runner=(dotnet)
    take_port
    port_of[$name]=$port
    take_port
    tls_port_of[$name]=$port
    take_port
    h2c_port_of[$name]=$port
    Logging__LogLevel__Default=Warning Serilog__MinimumLevel__Default=Warning launch "$name" "${runner[@]}" "$2" \
        --Kestrel:Endpoints:Main:Url "http://127.0.0.1:${port_of[$name]}" \
        --Kestrel:Endpoints:Tls:Url "https://127.0.0.1:${tls_port_of[$name]}" \
        --Kestrel:Endpoints:Tls:Certificate:Path "$scratch/tls.crt" --Kestrel:Endpoints:Tls:Certificate:KeyPath "$scratch/tls.key" \
        --Kestrel:Endpoints:H2c:Url "http://127.0.0.1:${h2c_port_of[$name]}" --Kestrel:Endpoints:H2c:Protocols Http2 "${@:3}"
    processes_of[$name]=${pids[-1]}
    await_port "$name" "$port"
}

start_surface_limit() { start_web limit "$limit_program"; }
start_surface_kvstore() { start_web kvstore "$server" --engine memory --data "$scratch/kvstore-data"; }
start_surface_baseline() { start_web baseline "$baseline" --engine memory --data "$scratch/baseline-data"; }
start_surface_webdis() { start_webdis; }

start_surface_redis() {
    take_port
    port_of[redis]=$port
    take_port
    tls_port_of[redis]=$port
    mkdir "$scratch/redis"
    launch redis redis-server --bind 127.0.0.1 --port "${port_of[redis]}" --tls-port "$port" --tls-cert-file "$scratch/tls.crt" --tls-key-file "$scratch/tls.key" \
        --tls-ca-cert-file "$scratch/tls.crt" --tls-auth-clients no --maxclients 15000 --save "" --appendonly no --dir "$scratch/redis"
    processes_of[redis]=${pids[-1]}
    await_port redis "$port"
}

start_surface_nginx() {
    take_port
    port_of[nginx]=$port
    take_port
    tls_port_of[nginx]=$port
    take_port
    h2c_port_of[nginx]=$port
    mkdir -p "$scratch/nginx/files" "$scratch/nginx/temporary"
    local user=""
    ((EUID != 0)) || user="user root;"
    cat >"$scratch/nginx/nginx.conf" <<END
$user
worker_processes auto;
worker_rlimit_nofile 16384;
daemon off;
pid $scratch/nginx/nginx.pid;
error_log $scratch/nginx/error.log crit;
events { worker_connections 12000; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    http2_max_concurrent_streams 128;
    open_file_cache max=4000 inactive=60s;
    open_file_cache_valid 60s;
    client_max_body_size 0;
    client_body_temp_path $scratch/nginx/temporary;
    proxy_temp_path $scratch/nginx/temporary;
    fastcgi_temp_path $scratch/nginx/temporary;
    uwsgi_temp_path $scratch/nginx/temporary;
    scgi_temp_path $scratch/nginx/temporary;
    server {
        listen 127.0.0.1:${port_of[nginx]} backlog=4096 reuseport;
        listen 127.0.0.1:${tls_port_of[nginx]} ssl http2 reuseport;
        listen 127.0.0.1:${h2c_port_of[nginx]} http2 reuseport;
        ssl_certificate $scratch/tls.crt;
        ssl_certificate_key $scratch/tls.key;
        root $scratch/nginx/files;
        location / { dav_methods PUT; }
    }
}
END
    launch nginx nginx -c "$scratch/nginx/nginx.conf" -e "$scratch/nginx/error.log"
    processes_of[nginx]=${pids[-1]}
    await_port nginx "$port"
}

start_surface_etcd() { start_etcd; }

# Fills a contender with what is read. nginx serves the answers of KvStore as files, so it comes after it.
fill_surface() {
    local size
    case $1 in
    limit) return ;;
    redis) fill_redis; return ;;
    nginx) fill_nginx ;;
    *) wrk_of "$1" fill "${port_of[$1]}" 8 2 >/dev/null ;;
    esac
    for size in $(sizes); do wrk_of "$1" "put$size" "${port_of[$1]}" 4 2 >/dev/null; done
}

# The sizes of values that the chosen parts read.
sizes() {
    local part
    for part in ${parts//,/ }; do rows "$part"; done | awk '$1 ~ /get|put/ { print $2 }' | sort -un
}

fill_nginx() {
    [[ -n ${port_of[kvstore]:-} ]] || return 0
    local count prefix
    for count in 100 1000; do for prefix in list json; do
        curl -sS -o "$scratch/nginx/files/$prefix$count" "http://127.0.0.1:${port_of[kvstore]}/v1/kv?prefix=$prefix-&limit=$count&values=true"
    done; done
}

# The same entries as in load.lua; lists are hashes, which is how people keep them.
fill_redis() {
    local cli=(redis-cli -p "${port_of[redis]}") size
    "${cli[@]}" EVAL "
        for i = 1, 1000 do
            local text = (string.format('list-%010d=', i) .. string.rep('x', 100)):sub(1, 100)
            local document = string.format('{\"id\":%d,\"name\":\"Ada Lovelace\",\"mail\":\"ada@example.org\",\"tags\":[\"a\",\"b\"],\"pad\":\"xxxxxxxx\"}', 1000000000 + i)
            redis.call('SET', string.format('list-%010d', i), text)
            redis.call('SET', string.format('doc:%012d', i - 1), document)
            for _, count in ipairs({ 100, 1000 }) do
                if i <= count then
                    redis.call('HSET', 'list' .. count, string.format('list-%010d', i), text)
                    redis.call('HSET', 'json' .. count, string.format('json-%010d', i), document)
                end
            end
        end" 0 >/dev/null
    for size in $(sizes); do
        "${cli[@]}" EVAL "for i = 0, tonumber(ARGV[1]) - 1 do redis.call('SET', string.format('v%d:%012d', ARGV[2], i), string.rep('x', tonumber(ARGV[2]))) end" 0 \
            "$((size > 100000 ? 16 : 1000))" "$size" >/dev/null
    done
}

# clean CONTENDER WORKLOAD: takes away what an import stored, so that every round starts from the same state.
clean() {
    [[ $2 == export ]] || return 0
    case $1 in
    kvstore | baseline) curl -sS -o /dev/null -X DELETE "http://127.0.0.1:${port_of[$1]}/v1/kv?prefix=user/" ;;
    redis) redis-cli -p "${port_of[redis]}" -n 1 FLUSHDB >/dev/null ;;
    esac
}
