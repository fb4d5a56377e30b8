#!/usr/bin/env bash
# Installs, runs, upgrades, removes and purges the Debian package, in a copy of this machine that vanishes at the end: an overlay in
# which nothing reaches the machine's files, processes, network or systemd. Ends with exit code 0 only if all of it is right.
#
#   deploy/debian/try.sh PACKAGE
#
# Needs root, a Debian or Ubuntu machine, and overlayfs.
set -euo pipefail
exec </dev/null

fail() {
    echo "try.sh: $1" >&2
    exit 1
}

if [[ ${1:-} != --inside ]]; then
    [[ -f ${1:-} ]] || fail "call it with the package that build.sh made"
    ((EUID == 0)) || fail "an overlay of the machine needs root"
    exec unshare --mount --pid --fork --kill-child --net --ipc --uts -- "$0" --inside "$(realpath -- "$1")"
fi

# From here on in namespaces of its own. What is mounted vanishes with the last process in them.
package=$2
mount --make-rprivate /
mount -t tmpfs none /mnt
mkdir -p /mnt/{upper,work,tree}
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/tree
tree=/mnt/tree
mount -t proc proc /proc
mount --bind /proc "$tree/proc"
mount --rbind /dev "$tree/dev"
# Without /run no systemd can be reached: the package's scripts see a machine that has none running.
mount -t tmpfs none "$tree/run"
mount -t tmpfs none "$tree/tmp"
ip link set lo up 2>/dev/null || fail "there is no loopback; on Debian: apt-get install iproute2"
cp "$package" "$tree/tmp/kvstore.deb"

step() { echo "== $*"; }
inside() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
expect() {
    [[ $3 == "$2" ]] || fail "$1: $3 instead of $2"
    echo "$1: $3"
}
state() { inside dpkg-query --showformat '${db:Status-Status}' --show kvstore 2>/dev/null || echo absent; }

# start: the service as its unit starts it, with the unit's user, directory, limits and umask.
unit() { sed -n "s/^$1=//p" "$tree/usr/lib/systemd/system/kvstore.service"; }
start() {
    chroot "$tree" env -i -C "$(unit WorkingDirectory)" setpriv --reuid "$(unit User)" --regid "$(unit Group)" --clear-groups --no-new-privs --bounding-set=-all \
        sh -c "umask $(unit UMask); exec $(unit ExecStart)" >"/mnt/log" 2>&1 &
    pid=$!
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        inside kvstore healthcheck >/dev/null 2>&1 && return
        kill -0 "$pid" 2>/dev/null || { cat /mnt/log >&2; fail "the service ended"; }
        sleep 0.1
    done
    cat /mnt/log >&2
    fail "the service did not become ready"
}
stop() {
    local code=0
    kill -TERM "$pid"
    wait "$pid" || code=$?
    expect "exit code after SIGTERM" 0 "$code"
}
get() { curl --silent --show-error --max-time 10 http://localhost:8080/v1/kv/kept; }

[[ $(state) == absent ]] || fail "this machine has the package already"

step "install"
inside dpkg --install /tmp/kvstore.deb
expect "state" installed "$(state)"
expect "data directory" "kvstore 750" "$(inside stat -c '%U %a' /var/lib/kvstore)"
expect "settings" "root:kvstore 640" "$(inside stat -c '%U:%G %a' /etc/kvstore/appsettings.json)"
expect "version" "$(inside dpkg-query --showformat '${Version}' --show kvstore)" "$(inside kvstore --version)"
expect "version of kv" "kv $(inside kvstore --version)" "$(inside kv version)"
! inside dpkg --verify kvstore | grep . || fail "installed files differ from those of the package"

step "run"
start
expect "user of the process" "$(inside id -u kvstore)" "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")"
expect "PUT" 201 "$(curl --silent --show-error --max-time 10 -o /dev/null -w '%{http_code}' -X PUT http://localhost:8080/v1/kv/kept --data-binary 'across upgrades')"
stop
expect "owner of the data" kvstore "$(inside stat -c %U /var/lib/kvstore/store)"

step "upgrade, with settings that were changed"
sed -i 's|"Data"|"ValueBytesMax": 4096, "Data"|' "$tree/etc/kvstore/appsettings.json"
sed -e 's/^Version: .*/Version: 999/' -i "$(dpkg-deb --raw-extract "$package" /mnt/newer && echo /mnt/newer/DEBIAN/control)"
dpkg-deb --root-owner-group -Znone --build /mnt/newer "$tree/tmp/newer.deb" >/dev/null
inside dpkg --install /tmp/newer.deb
expect "version" 999 "$(inside dpkg-query --showformat '${Version}' --show kvstore)"
start
expect "GET" "across upgrades" "$(get)"
expect "limit from the changed settings" 413 "$(head -c 5000 /dev/zero | curl --silent --max-time 10 -o /dev/null -w '%{http_code}' -T - http://localhost:8080/v1/kv/large)"
stop

step "remove"
inside dpkg --remove kvstore
expect "state" config-files "$(state)"
[[ ! -e $tree/usr/lib/kvstore && ! -e $tree/usr/bin/kvstore ]] || fail "the program is still there"
[[ -e $tree/var/lib/kvstore/store && -e $tree/etc/kvstore/appsettings.json ]] || fail "data or settings are gone"
echo "data and settings: kept"

step "install again, and purge"
inside dpkg --install /tmp/kvstore.deb
start
expect "GET" "across upgrades" "$(get)"
stop
inside dpkg --purge kvstore
expect "state" absent "$(state)"
for path in /var/lib/kvstore /etc/kvstore /etc/default/kvstore /usr/lib/kvstore /usr/lib/systemd/system/kvstore.service /usr/lib/systemd/system/kvstore.socket; do
    [[ ! -e $tree$path ]] || fail "$path is still there"
done
! inside getent passwd kvstore || fail "the user is still there"
echo "program, data, settings and user: gone"

step "all is right"
