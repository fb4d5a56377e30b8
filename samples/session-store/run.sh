#!/usr/bin/env bash
# Starts KvStore, and two instances of a shop whose sessions are in it. Ctrl+C ends all.
#
#   samples/session-store/run.sh [--port N] [--shop-port N] [--other-port N] [--no-build]
#
# The ports are 8080, 9000 and 9001 unless given. KVSTORE_SERVER names another KvStore than the one of this repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
port=8080 shop_port=9000 other_port=9001 build=1
while (($# > 0)); do
    case $1 in
    --port) port=$2; shift ;;
    --shop-port) shop_port=$2; shift ;;
    --other-port) other_port=$2; shift ;;
    --no-build) build=0 ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 1 ;;
    esac
    shift
done

kvstore=http://localhost:$port built=bin/${CONFIGURATION:-Release}/net10.0
program=${KVSTORE_SERVER:-../../src/KvStore.Server/$built/KvStore.Server.dll}
server=("$program")
[[ $program != *.dll ]] || server=(dotnet "$program")
if ((build)); then
    for project in ../../src/KvStore.Server .; do dotnet build -c Release -v quiet -clp:NoSummary "$project"; done
fi

processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; wait' EXIT
trap exit INT TERM

"${server[@]}" --engine memory --urls "$kvstore" --Serilog:MinimumLevel:Default Warning &
processes+=($!)
until curl -sf -o /dev/null "$kvstore/readyz"; do
    (($(jobs -r | wc -l) == 1)) || exit 1
    sleep 0.2
done

# One after the other: the first one makes the key that both encrypt cookies with.
for shop in "$shop_port" "$other_port"; do
    dotnet "$built/SessionStore.dll" --urls "http://localhost:$shop" --kvstore "$kvstore" &
    processes+=($!)
    until curl -sf -o /dev/null "http://localhost:$shop"; do
        (($(jobs -r | wc -l) == ${#processes[@]})) || exit 1
        sleep 0.2
    done
done
echo "run.sh: ready. Open http://localhost:$shop_port and http://localhost:$other_port in one browser."
wait -n
