#!/usr/bin/env bash
# Puts KvStore in front of a PostgreSQL database that is slow, with each of the four strategies, and shows how long reads and writes take, what the database has, and what
# happens while it is down. Ends by itself.
#
#   samples/slow-database/run.sh [--port N] [--no-build]
#
# The port is 8080 unless given. The database is a new one in a directory of its own, which is removed at the end. KVSTORE_SERVER names another KvStore than the one of
# this repository. Needs PostgreSQL and curl (on Debian: apt-get install postgresql curl).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
port=8080 build=1
while (($# > 0)); do
    case $1 in
    --port) port=$2; shift ;;
    --no-build) build=0 ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1 ;;
    esac
    shift
done

programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[[ -x $programs/postgres ]] || { echo "run.sh: PostgreSQL is missing. On Debian: apt-get install postgresql" >&2; exit 1; }
kvstore=http://localhost:$port built=bin/${CONFIGURATION:-Release}/net10.0
program=${KVSTORE_SERVER:-../../src/KvStore.Server/$built/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
((build == 0)) || dotnet build ../../src/KvStore.Server -c Release -v quiet -clp:NoSummary

# PostgreSQL refuses to run as root.
as=()
((EUID != 0)) || as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
directory=$("${as[@]}" mktemp -d /tmp/kvstore-sample.XXXXXX)
database() { (cd / && "${as[@]}" "$programs/pg_ctl" --pgdata "$directory/data" --log "$directory/log" --options "-k $directory -c listen_addresses= -c fsync=off" --wait "$@" >/dev/null); }
query() { "$programs/psql" --no-psqlrc --quiet --tuples-only --no-align --host "$directory" --username postgres --command "$1"; }

process=""
finish() {
    [[ -z $process ]] || { kill "$process" 2>/dev/null || true; wait "$process" 2>/dev/null || true; }
    database stop --mode immediate 2>/dev/null || true
    rm -rf "$directory"
}
trap finish EXIT
trap exit INT TERM

(cd / && "${as[@]}" "$programs/initdb" --pgdata "$directory/data" --username postgres --auth trust --no-sync --locale C --encoding UTF8 >/dev/null)
database start
query "create table rates (strategy text, id text, body text, version bigint not null default 0, primary key (strategy, id));
       insert into rates (strategy, id, body) select strategy, id, 'old' from unnest(array['refuse', 'local', 'through', 'behind']) strategy, unnest(array['1', '2']) id"

# Every statement takes 0.2 seconds more than it needs.
slow=0.2 origins=()
for strategy in refuse local through behind; do
    setting=--KvStore:Origins:$strategy
    origins+=(
        "$setting:Prefix" "$strategy/" "$setting:Writes" "$strategy" "$setting:FailureFor" 0s
        "$setting:Sql:ConnectionString" "Host=$directory;Username=postgres;Database=postgres"
        "$setting:Sql:Load" "select id as key, body as value from rates, pg_sleep($slow) where strategy = '$strategy' and id = any(@keys)"
        "$setting:Sql:Store" "insert into rates select '$strategy', @key, @text, @revision from pg_sleep($slow)
            on conflict (strategy, id) do update set body = excluded.body, version = excluded.version where rates.version <= excluded.version"
        "$setting:Sql:Delete" "insert into rates select '$strategy', @key, null, @revision from pg_sleep($slow)
            on conflict (strategy, id) do update set body = null, version = excluded.version where rates.version <= excluded.version"
    )
done
"${server[@]}" --engine memory --urls "$kvstore" --Serilog:MinimumLevel:Default Error "${origins[@]}" &
process=$!
until curl -sf -o /dev/null "$kvstore/readyz"; do
    kill -0 "$process" 2>/dev/null || exit 1
    sleep 0.1
done

# call METHOD KEY [VALUE]: the status, what was read, and the milliseconds that it took.
call() {
    local body=() status time
    [[ $1 == GET ]] || body=(--header 'Content-Type: text/plain' --data-binary "$3")
    read -r status time < <(curl -s -o "$scratch" -w '%{http_code} %{time_total}\n' -X "$1" "${body[@]}" "$kvstore/v1/kv/$2")
    [[ $1 != GET || $status != 200 ]] || status=$(cat "$scratch")
    printf '%s, %.0f ms' "$status" "$(awk "BEGIN { print $time * 1000 }")"
}

# arrival STRATEGY VALUE: how long after now the database has the value; - if it has not. Only what is written behind arrives later, within a minute.
arrival() {
    local from=${EPOCHREALTIME/./} elapsed=0
    while [[ $(query "select body from rates where strategy = '$1' and id = '1'") != "$2" ]]; do
        [[ $1 == behind ]] && ((elapsed < 60000)) || { printf -- '-'; return; }
        sleep 0.1
        elapsed=$(((${EPOCHREALTIME/./} - from) / 1000))
    done
    printf '%d ms' $(((${EPOCHREALTIME/./} - from) / 1000))
}

scratch=$(mktemp)
trap 'rm -f "$scratch"; finish' EXIT
declare -A cells
for strategy in refuse local through behind; do
    cells[$strategy,first]=$(call GET "$strategy/1")
    cells[$strategy,again]=$(call GET "$strategy/1")
    cells[$strategy,put]=$(call PUT "$strategy/1" new)
    cells[$strategy,after]=$(call GET "$strategy/1")
    cells[$strategy,arrival]=$(arrival "$strategy" new)
done
database stop --mode fast
for strategy in refuse local through behind; do
    cells[$strategy,down-get]=$(call GET "$strategy/1")
    cells[$strategy,down-absent]=$(call GET "$strategy/2")
    cells[$strategy,down-put]=$(call PUT "$strategy/1" newer)
done
database start
for strategy in behind refuse local through; do cells[$strategy,return]=$(arrival "$strategy" newer); done

# row TITLE NAME
row() { printf '%-40s %-14s %-14s %-14s %s\n' "$1" "${cells[refuse,$2]}" "${cells[local,$2]}" "${cells[through,$2]}" "${cells[behind,$2]}"; }
printf '%-40s %-14s %-14s %-14s %s\n' "Writes:" refuse local through behind
row "GET, the first" first
row "GET, the second" again
row "PUT of a new value" put
row "GET after it" after
row "  the database has it after" arrival
echo "while the database is down:"
row "GET" down-get
row "GET of a key that was never read" down-absent
row "PUT of a newer value" down-put
row "  the database has it after its return" return
