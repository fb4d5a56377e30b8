#!/usr/bin/env bash
# The adapters of the .NET client under load, with a service of their own on this machine.
#
#   bench/extensions/run.sh caching [--rounds N] [--port N] [--no-build]    beside Microsoft's adapter on redis-server, which has to be installed
#   bench/extensions/run.sh queues [--rounds N] [--port N] [--no-build]     how much the workers of a queue hinder each other
#
# Both stores are in memory only. The ports are 8080 and the next one unless given. KVSTORE_SERVER names another KvStore than the one of this repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
load=${1:-} rounds=7 port=8080 build=1
shift || true
while (($# > 0)); do
    case $1 in
    --rounds) rounds=$2; shift ;;
    --port) port=$2; shift ;;
    --no-build) build=0 ;;
    *) load= ;;
    esac
    shift
done
[[ $load == caching || $load == queues ]] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1; }

program=${KVSTORE_SERVER:-../../src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
if ((build)); then
    [[ -n ${KVSTORE_SERVER:-} ]] || dotnet build -c Release -v quiet -clp:NoSummary ../../src/KvStore.Server
    dotnet build -c Release -v quiet -clp:NoSummary .
fi

processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; wait' EXIT
trap exit INT TERM

"${server[@]}" --engine memory --urls "http://127.0.0.1:$port" --Serilog:MinimumLevel:Default Warning &
processes+=($!)
arguments=("$load" "http://127.0.0.1:$port")
if [[ $load == caching ]]; then
    redis-server --port "$((port + 1))" --bind 127.0.0.1 --save '' --appendonly no --loglevel warning > /dev/null &
    processes+=($!)
    arguments+=("${processes[0]}" "127.0.0.1:$((port + 1))" "${processes[1]}")
fi
until curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"; do
    kill -0 "${processes[0]}" || exit 1
    sleep 0.2
done
dotnet bin/Release/net10.0/KvStore.Extensions.Load.dll "${arguments[@]}" "$rounds"
