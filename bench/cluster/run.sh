#!/usr/bin/env bash
# Compares a cluster with etcd's own HTTP gateway and with one node on disk: PUT and GET at 256 connections, in turn; then how far
# a watch lags behind at 2,000 writes a second.
#
#   bench/cluster/run.sh PROGRAM [ROUNDS]     PROGRAM is KvStore.Server or KvStore.Server.dll, of a publish
#
# Starts three members of etcd, three replicas and a node, and ends them. Needs etcd, wrk and node; dotnet for a .dll.
set -euo pipefail
program=$(realpath "${1:?which program?}") rounds=${2:-3}
cd "$(dirname "${BASH_SOURCE[0]}")"
command=("$program")
[[ $program != *.dll ]] || command=(dotnet "$program")
scratch=$(mktemp -d)
processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$scratch"' EXIT

members=m1=http://127.0.0.1:22801,m2=http://127.0.0.1:22802,m3=http://127.0.0.1:22803
for i in 1 2 3; do
    etcd --name m$i --data-dir "$scratch/m$i" --listen-peer-urls http://127.0.0.1:2280$i --initial-advertise-peer-urls http://127.0.0.1:2280$i \
        --listen-client-urls http://127.0.0.1:2279$i --advertise-client-urls http://127.0.0.1:2279$i --initial-cluster $members --log-level error >"$scratch/m$i.log" 2>&1 &
    processes+=($!)
done
for i in 1 2 3; do
    "${command[@]}" --urls http://127.0.0.1:2210$i --engine etcd --etcd http://127.0.0.1:22791,http://127.0.0.1:22792,http://127.0.0.1:22793 >"$scratch/replica$i.log" 2>&1 &
    processes+=($!)
done
"${command[@]}" --urls http://127.0.0.1:22110 --data "$scratch/data" >"$scratch/disk.log" 2>&1 &
processes+=($!)
for url in http://127.0.0.1:22101 http://127.0.0.1:22102 http://127.0.0.1:22103 http://127.0.0.1:22110; do
    curl -s -o /dev/null --retry 60 --retry-delay 1 --retry-all-errors --fail "$url/readyz"
    curl -s -o /dev/null -X PUT -d value "$url/v1/kv/read"
done

rate() { wrk -t1 -d3 "$@" | awk '/Requests\/sec/ { printf "%d", $2 } /Non-2xx/ { printf " (%s errors)", $NF }'; }
rate -c256 -s put.lua http://127.0.0.1:22101 >/dev/null
for ((round = 1; round <= rounds; round++)); do
    echo "PUT $(rate -c256 -s put.lua http://127.0.0.1:22101), gateway $(rate -c256 -s gateway.lua http://127.0.0.1:22791), disk $(rate -c256 -s put.lua http://127.0.0.1:22110);" \
        "GET $(rate -c256 http://127.0.0.1:22101/v1/kv/read), local $(rate -c256 'http://127.0.0.1:22101/v1/kv/read?consistency=local'), disk $(rate -c256 http://127.0.0.1:22110/v1/kv/read)"
    loads=()
    for i in 1 2 3; do
        rate -c85 -s put.lua http://127.0.0.1:2210$i >"$scratch/put$i" &
        loads+=($!)
    done
    wait "${loads[@]}"
    echo "PUT through three: $(cat "$scratch/put1") + $(cat "$scratch/put2") + $(cat "$scratch/put3")"
done
node watch-lag.mjs http://127.0.0.1:22101 http://127.0.0.1:22102
