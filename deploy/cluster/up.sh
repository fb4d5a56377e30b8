#!/usr/bin/env bash
# Starts a cluster on this machine, to try it: three etcd members, three replicas of KvStore, and HAProxy in front. Says what to try next.
#
#   deploy/cluster/up.sh                    starts it; what runs already stays, and what was killed starts again with its data
#   deploy/cluster/up.sh --down             ends what it started, and nothing else; the data stays
#   deploy/cluster/up.sh --down --remove    deletes the data, too
#
#   --directory DIR    where data and logs are        default $TMPDIR/kvstore-cluster
#   --port N           HAProxy; N+1 to N+3 are the replicas                        default 8080
#   --etcd-port N      N, N+2 and N+4 are for etcd's clients, N+1, N+3 and N+5 for its members    default 12379
#   --etcd-only        start etcd's members alone, for example to restore a backup before the replicas see it
#   --program FILE     KvStore.Server or KvStore.Server.dll. Default: the native program in artifacts/native, or the published one in kvstore
#                      or artifacts/kvstore; without any, it is published there, which needs the .NET SDK
#
# Needs etcd, HAProxy and curl, and installs what is missing by package name (Debian, Ubuntu). Everything listens on this machine alone, without keys or TLS.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
exec </dev/null

say() { echo "up.sh: $*"; }
fail() {
    echo "up.sh: $*" >&2
    exit 1
}

directory=${TMPDIR:-/tmp}/kvstore-cluster port="" etcd_port="" program="" down=0 remove=0 etcd_only=0
while (($# > 0)); do
    case $1 in
    --directory) directory=${2:?up.sh: --directory needs a directory} && shift ;;
    --port) port=${2:?up.sh: --port needs a number} && shift ;;
    --etcd-port) etcd_port=${2:?up.sh: --etcd-port needs a number} && shift ;;
    --program) program=${2:?up.sh: --program needs a file} && shift ;;
    --down) down=1 ;;
    --remove) remove=1 ;;
    --etcd-only) etcd_only=1 ;;
    *) fail "$1 is not an option; the first lines of this file say how to call it" ;;
    esac
    shift
done
((remove == 0 || down == 1)) || fail "--remove goes with --down"
for number in $port $etcd_port; do
    [[ $number =~ ^[1-9][0-9]{0,4}$ && $number -le 65000 ]] || fail "$number is not a port from 1 to 65000"
done

names=(etcd1 etcd2 etcd3 replica1 replica2 replica3 haproxy)
[[ -e $directory/ports || ! -d $directory || -z $(ls -A "$directory") ]] || fail "$directory has other files. Name an empty directory, or a new one, with --directory."

# begun PID: when the process began. With its number, that names it: a number alone may by now be that of another process.
begun() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
# pid NAME: the process of that name that an up.sh started here, if it still runs.
pid() {
    local number time
    read -r number time 2>/dev/null <"$directory/$1.pid" && [[ -n $time && $(begun "$number") == "$time" ]] || return
    # A zombie has ended; it is its parent that has not noticed.
    [[ $(sed 's/.*) //' "/proc/$number/stat" 2>/dev/null | cut -c 1) == Z ]] || echo "$number"
}

# stop NAME...: asks them to end, and kills those that do not.
stop() {
    local name number tries
    for name in "$@"; do
        number=$(pid "$name") || continue
        [[ -z $number ]] || kill -TERM "$number" 2>/dev/null || true
    done
    for name in "$@"; do
        for ((tries = 0; tries < 300; tries++)); do
            number=$(pid "$name") || break
            [[ -n $number ]] || break
            sleep 0.1
        done
        ((tries < 300)) || kill -KILL "$number" 2>/dev/null || true
        rm -f "$directory/$name.pid"
    done
}

if ((down)); then
    [[ -e $directory/ports ]] || fail "there is no cluster in $directory; name its directory with --directory"
    running=()
    for name in "${names[@]}"; do [[ -z $(pid "$name" || true) ]] || running+=("$name"); done
    # HAProxy first, then the replicas, so that nothing waits for what is gone already.
    stop haproxy
    stop replica1 replica2 replica3
    stop etcd1 etcd2 etcd3
    say "ended: ${running[*]:-nothing, because nothing was running}"
    ((remove == 0)) || rm -rf "$directory"
    exit
fi

missing=() packages=()
need() { command -v "$1" >/dev/null || { missing+=("$1") && packages+=("$2"); }; }
# Debian has haproxy in a directory that is only in root's path.
PATH=$PATH:/usr/sbin:/sbin
need etcd etcd-server
need haproxy haproxy
need curl curl
need setsid util-linux
if ((${#missing[@]} > 0)); then
    as_root=()
    [[ $(id -u) == 0 ]] || as_root=(sudo -n)
    command -v apt-get >/dev/null || fail "missing: ${missing[*]}; and there is no apt-get to install them with. Install them and try again."
    say "missing: ${missing[*]}; installing: ${as_root[*]} apt-get install ${packages[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
    hash -r
fi

chosen=0
[[ -z $program ]] || chosen=1
if ((chosen == 0)); then
    for program in "$root"/artifacts/native/KvStore.Server "$root"/kvstore/KvStore.Server.dll "$root"/artifacts/kvstore/KvStore.Server.dll; do
        [[ ! -f $program ]] || break
    done
    if [[ ! -f $program ]]; then
        command -v dotnet >/dev/null || fail "there is no program, and no .NET 10 SDK to build it with: see https://dotnet.microsoft.com/download, or name a program with --program"
        say "building $program"
        dotnet publish "$root/src/KvStore.Server" --configuration Release --output "$root/artifacts/kvstore" --nologo --verbosity quiet
    fi
fi
[[ -f $program ]] || fail "there is no program $program"
program=$(realpath "$program")
service=("$program")
[[ $program != *.dll ]] || service=(dotnet "$program")

mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
exec 9>"$directory/lock"
flock --nonblock 9 || fail "another up.sh is at work in $directory; wait for it"

# etcd keeps the addresses of its members in its data.
if read -r old_port old_etcd_port 2>/dev/null <"$directory/ports"; then
    [[ -z $etcd_port || $etcd_port == "$old_etcd_port" ]] || fail "the data in $directory is of a cluster at --etcd-port $old_etcd_port. Use that, or another --directory, or delete it: up.sh --down --remove --directory $directory"
    [[ -z $port || $port == "$old_port" || -z $(for name in "${names[@]:3}"; do pid "$name" || true; done) ]] || fail "the cluster in $directory runs at --port $old_port. End it first: up.sh --down --directory $directory"
    port=${port:-$old_port} etcd_port=$old_etcd_port
fi
port=${port:-8080} etcd_port=${etcd_port:-12379}
# Before anything starts. What runs already has its port.
ports=($((etcd_port)) $((etcd_port + 2)) $((etcd_port + 4)) $((port + 1)) $((port + 2)) $((port + 3)) "$port")
for ((at = 0; at < 7; at++)); do
    [[ -z $(pid "${names[at]}" || true) ]] || continue
    ! (: <"/dev/tcp/127.0.0.1/${ports[at]}") 2>/dev/null || fail "port ${ports[at]}, for ${names[at]}, is in use by another program. Choose others with --port and --etcd-port."
done
echo "$port $etcd_port" >"$directory/ports"

# How this user calls it again.
again=$0
[[ $directory == "$(realpath -m "${TMPDIR:-/tmp}/kvstore-cluster")" ]] || again+=" --directory $directory"
((chosen == 0)) || again+=" --program $program"

# What this run has started ends with it, unless all of it becomes ready: also after Ctrl-C.
started=()
trap 'trap "" INT TERM; ((${#started[@]} == 0)) || { say "ending what was started: ${started[*]}" >&2; stop "${started[@]}"; }' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME COMMAND...: in the background, with its output in NAME.log, unless it runs.
start() {
    local name=$1
    shift
    [[ -z $(pid "$name" || true) ]] || return 0
    # In a session of its own, so that Ctrl-C in this terminal does not reach it.
    setsid "$@" >>"$directory/$name.log" 2>&1 9>&- &
    echo "$! $(begun $!)" >"$directory/$name.pid"
    started+=("$name")
}

ask() { curl --disable --silent --fail --noproxy '*' --max-time 2 "$@"; }
# led PORT: whether the member there knows a leader. Its /health fails while there is an alarm, about which it can be asked only once it runs.
led() { [[ $(ask --data '{}' "http://127.0.0.1:$1/v3/maintenance/status" || true) =~ \"leader\":\"[1-9] ]]; }
# await NAME COMMAND...: until the command succeeds. What was ending already when this run began is started again.
await() {
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        if [[ -z $(pid "$1" || true) ]]; then
            [[ " ${started[*]} " != *" $1 "* ]] || { tail -n 5 "$directory/$1.log" >&2; fail "$1 has ended. $directory/$1.log says why; its last lines are above."; }
            launch "$1"
        fi
        ! "${@:2}" >/dev/null || return 0
        sleep 0.1
    done
    tail -n 5 "$directory/$1.log" >&2
    fail "$1 is not ready after 30 seconds. $directory/$1.log has more."
}

# client N: the port of a member of etcd for clients; the next one is for the other members.
client() { echo $((etcd_port + 2 * $1 - 2)); }
members="" endpoints=""
for number in 1 2 3; do
    members+=,etcd$number=http://127.0.0.1:$(($(client $number) + 1)) endpoints+=,http://127.0.0.1:$(client $number)
done

# launch NAME: starts it, unless it runs.
launch() {
    local number=${1: -1}
    case $1 in
    etcd?)
        local own peer
        own=http://127.0.0.1:$(client "$number") peer=http://127.0.0.1:$(($(client "$number") + 1))
        start "$1" etcd --name "$1" --data-dir "$directory/$1" --logger zap --log-outputs stderr --auto-compaction-retention 1h \
            --listen-client-urls "$own" --advertise-client-urls "$own" --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
            --initial-cluster "${members:1}" --initial-cluster-token "$directory"
        ;;
    replica?)
        start "$1" "${service[@]}" --engine etcd --etcd "${endpoints:1}" --urls http://localhost:$((port + number)) \
            --KvStore:ReplicaName "$1" --KvStore:DrainTime 2s --KvStore:TrustedProxies 127.0.0.1
        ;;
    haproxy)
        # The shipped configuration, except for TLS: there is no certificate, and nothing leaves this machine.
        sed -e 's/ ssl crt .*//' -e 's/\(X-Forwarded-Proto\) https/\1 http/' "$root/deploy/haproxy/cluster.cfg" >"$directory/haproxy.cfg"
        start haproxy env "KVSTORE_BIND=127.0.0.1:$port" KVSTORE_SERVER_1=127.0.0.1:$((port + 1)) KVSTORE_SERVER_2=127.0.0.1:$((port + 2)) KVSTORE_SERVER_3=127.0.0.1:$((port + 3)) \
            haproxy -db -f "$directory/haproxy.cfg"
        ;;
    esac
}

say "starting in $directory, with $program"
for number in 1 2 3; do launch etcd$number; done
for number in 1 2 3; do await etcd$number led "$(client $number)"; done
if ((etcd_only)); then
    started=()
    say "etcd is ready at ${endpoints:1}"
    exit
fi
for number in 1 2 3; do launch replica$number; done
for number in 1 2 3; do await replica$number ask http://localhost:$((port + number))/readyz; done
launch haproxy
await haproxy ask "http://localhost:$port/readyz"
started=()

# Members do not say that they lead; all say whose number the leader has.
leader="" status=$(ask --data '{}' "http://127.0.0.1:$etcd_port/v3/maintenance/status" || true)
id=$(sed -n 's/.*"leader":"\([0-9]*\)".*/\1/p' <<<"$status")
for number in 1 2 3; do
    status=$(ask --data '{}' "http://127.0.0.1:$(client $number)/v3/maintenance/status" || true)
    [[ $status != *"\"member_id\":\"$id\""* ]] || leader=etcd$number
done
: "${leader:=etcd1}"

# try COMMAND NOTE: a line of what to try.
try() { printf '  %-64s # %s\n' "$1" "$2"; }

say "ready. The replicas are at ports $((port + 1)) to $((port + 3)), HAProxy at $port. Try:"
echo
try "curl -X PUT http://localhost:$((port + 1))/v1/kv/hello -d world" "write through one replica"
try "curl http://localhost:$((port + 3))/v1/kv/hello" "read through another"
try "curl -N 'http://localhost:$((port + 2))/v1/watch?prefix='" "watch through a third one while you write; Ctrl-C ends it"
try "curl http://localhost:$port/v1/cluster" "the replicas, and the members of etcd"
try "kill -9 $(pid "$leader")" "$leader, the leader: writes wait for an election, a second or two"
try "curl -X PUT http://localhost:$port/v1/kv/hello -d again" "write through HAProxy"
try "kill -9 $(pid replica1)" "replica1: HAProxy sends requests to the others"
try "curl http://localhost:$port/v1/kv/hello" "nothing is lost"
try "$again" "starts again what you have killed"
try "$again --down" "ends all of it; with --remove it deletes the data, too"
