#!/usr/bin/env bash
# Builds the image and tries it, on a machine that reaches no image registry: the bases are made of this machine's own Debian
# packages. Says what it sees and ends with exit code 0 only if all of it is right.
#
#   deploy/container/try.sh                      builds all of the Dockerfile, the native program included
#   deploy/container/try.sh --program PROGRAM    takes this native program in place of the stage that compiles it
#
# Needs root and podman with runc (on Debian: apt-get install podman runc). Images and containers are in a directory of their own,
# which is removed at the end, and containers have no network but their own loopback.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
exec </dev/null
# Without systemd podman has no timers for health checks, which this script runs itself.
export DISABLE_HC_SYSTEMD=true

fail() {
    echo "try.sh: $1" >&2
    exit 1
}

program=""
while (($# > 0)); do
    case $1 in
    --program)
        [[ -f ${2:-} ]] || fail "--program needs a file"
        program=$(realpath -- "$2")
        shift
        ;;
    *) fail "$1 is not an option; the first lines of this file say how to call it" ;;
    esac
    shift
done
((EUID == 0)) || fail "containers without a network of the machine's need root"
for command in podman runc nsenter curl; do
    command -v "$command" >/dev/null || fail "$command is missing. On Debian: apt-get install podman runc util-linux curl"
done

# Apart from /var/lib/containers, so that images and containers of others are not touched.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/kvstore-container.XXXXXX")
engine=(podman --root "$scratch/storage" --runroot "$scratch/run" --storage-driver overlay --runtime runc --cgroup-manager cgroupfs --events-backend none)
# A container cannot have higher limits than what starts it.
limits=(--ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=4096:4096)

remove() {
    local code=$?
    ((code == 0)) || "${engine[@]}" logs kvstore 2>&1 | tail -n 5 >&2 || true
    "${engine[@]}" rm --force --all --time 0 >/dev/null 2>&1 || true
    "${engine[@]}" rmi --force --all >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap remove EXIT

# The stand-in for the runtime's base image: the files of a few packages, and no shell.
base() {
    mkdir -p "$scratch/base/tmp" "$scratch/base/etc"
    local package
    for package in libc6 libgcc-s1 libssl3 libssl3t64 libstdc++6 ca-certificates tzdata; do dpkg -L "$package" 2>/dev/null || true; done |
        grep -vE '^/(usr/share/(doc|man|lintian|bug)/|usr/sbin/|etc/ssl/certs/)' | while read -r file; do [[ ! -f $file ]] || echo "${file#/}"; done |
        tar -C / -cf - -T - | tar -C "$scratch/base" -xf -
    # Where /bin and /lib are links, packages may still say that their files are in them.
    printf 'root:x:0:0:root:/root:/sbin/nologin\napp:x:1654:1654::/home/app:/bin/false\n' >"$scratch/base/etc/passwd"
    chmod 1777 "$scratch/base/tmp"
    printf 'FROM scratch\nCOPY base/ /\n' >"$scratch/base.containerfile"
    "${engine[@]}" build --quiet --file "$scratch/base.containerfile" --tag kvstore-base "$scratch" >/dev/null
}

# The stand-in for the SDK's image: this machine's programs, which the build sees read-only.
sdk() {
    mkdir -p "$scratch/sdk"/{tmp,root,etc,usr,opt}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$scratch/sdk/"
    printf 'FROM scratch\nCOPY sdk/ /\nENV PATH=/usr/local/bin:/usr/bin:/bin HOME=/root\n' >"$scratch/sdk.containerfile"
    "${engine[@]}" build --quiet --file "$scratch/sdk.containerfile" --tag kvstore-sdk "$scratch" >/dev/null
}

step() { echo "== $*"; }
probe() { nsenter --target "$pid" --net -- curl --silent --show-error --max-time 10 "$@"; }
# expect WHAT WANTED GOT
expect() {
    [[ $3 == "$2" ]] || fail "$1: $3 instead of $2"
    echo "$1: $3"
}

# start: a container as operations.md starts it, and read-only; waits until it is healthy.
start() {
    "${engine[@]}" run --detach --name kvstore --network none "${limits[@]}" --read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges \
        --memory 256m --volume kvstore:/data kvstore >/dev/null
    pid=$("${engine[@]}" inspect --format '{{.State.Pid}}' kvstore)
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        "${engine[@]}" healthcheck run kvstore >/dev/null 2>&1 && return
        [[ $("${engine[@]}" inspect --format '{{.State.Running}}' kvstore) == true ]] || fail "the container ended"
        sleep 0.1
    done
    fail "the container did not become healthy"
}

# stop: as "docker stop" does, and says the exit code.
stop() {
    "${engine[@]}" stop --time 20 kvstore >/dev/null
    expect "exit code after SIGTERM" 0 "$("${engine[@]}" inspect --format '{{.State.ExitCode}}' kvstore)"
    "${engine[@]}" rm kvstore >/dev/null
}

step "build"
base
build=(--format docker --build-arg RUNTIME_IMAGE=localhost/kvstore-base --tag kvstore)
if [[ -n $program ]]; then
    mkdir -p "$scratch/stage/app/data"
    install -m 755 "$program" "$scratch/stage/app/KvStore.Server"
    # A directory with the name of a stage stands in for the stage.
    build+=(--build-context "build=$scratch/stage" --build-context "console=$scratch/stage" --build-arg SDK_IMAGE=scratch --build-arg NODE_IMAGE=scratch)
else
    sdk
    build+=(--build-arg SDK_IMAGE=localhost/kvstore-sdk --build-arg NODE_IMAGE=localhost/kvstore-sdk --network host --volume /usr:/usr:ro --volume /opt:/opt:ro --volume /etc:/etc:ro)
fi
"${engine[@]}" build "${build[@]}" "$root" >"$scratch/build.log" 2>&1 || { tail -n 20 "$scratch/build.log" >&2; fail "the image could not be built"; }
echo "image: $("${engine[@]}" image inspect --format '{{.Size}}' kvstore) bytes, of which the base $("${engine[@]}" image inspect --format '{{.Size}}' kvstore-base)"
expect "user" 1654 "$("${engine[@]}" image inspect --format '{{.Config.User}}' kvstore)"
expect "title" KvStore "$("${engine[@]}" image inspect --format '{{index .Config.Labels "org.opencontainers.image.title"}}' kvstore)"

step "first start, on an empty volume, with a read-only root, no capabilities and 256 MiB"
start
expect "user of the process" 1654 "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")"
expect "effective capabilities" 0000000000000000 "$(awk '/^CapEff:/ { print $2 }' "/proc/$pid/status")"
key=$("${engine[@]}" logs kvstore 2>&1 | grep '^kv_') || fail "the first start shows no key"
expect "PUT without a key" 401 "$(probe -o /dev/null -w '%{http_code}' -X PUT http://localhost:8080/v1/kv/kept --data-binary 'by anybody')"
expect "PUT" 201 "$(probe -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" -X PUT http://localhost:8080/v1/kv/kept --data-binary 'across restarts')"
echo "resident: $(awk '/^VmRSS:/ { print $2, $3 }' "/proc/$pid/status")"
"${engine[@]}" exec kvstore /app/KvStore.Server healthcheck
for directory in / /app /tmp; do
    ! touch "/proc/$pid/root$directory/written" 2>/dev/null || fail "$directory can be written"
done
echo "root: read-only"

step "stop and start again"
stop
start
! "${engine[@]}" logs kvstore 2>&1 | grep -q '^kv_' || fail "the second start shows a key"
expect "GET" "across restarts" "$(probe -H "Authorization: Bearer $key" http://localhost:8080/v1/kv/kept)"
stop

step "all is right"
