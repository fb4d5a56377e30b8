#!/usr/bin/env bash
# Makes a Debian package of the native program: artifacts/kvstore_VERSION_ARCHITECTURE.deb.
#
#   deploy/debian/build.sh                      compiles the program first, by publish.sh
#   deploy/debian/build.sh --program PROGRAM    takes this one, as publish.sh made it, and kv beside it
#   deploy/debian/build.sh --output DIRECTORY   puts the package there instead
#
# Needs dpkg-deb and binutils. The same program and commit give the same package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here="$root/deploy/debian"
exec </dev/null

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

program="" output="$root/artifacts"
while (($# > 0)); do
    case $1 in
    --program) program=${2:-} && shift ;;
    --output) output=${2:-} && shift ;;
    *) fail "$1 is not an option; the first lines of this file say how to call it" ;;
    esac
    shift
done
for command in dpkg-deb objdump gzip; do
    command -v "$command" >/dev/null || fail "$command is missing. On Debian: apt-get install dpkg binutils gzip"
done
if [[ -z $program ]]; then
    "$root/publish.sh"
    program="$root/artifacts/native/KvStore.Server"
fi
[[ -f $program ]] || fail "there is no program $program"
kv=$(dirname -- "$program")/kv
[[ -f $kv ]] || fail "there is no kv beside $program; publish.sh makes both"

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")
case $(objdump -f "$program" | sed -n 's/^architecture: \([^,]*\).*/\1/p') in
i386:x86-64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) fail "$program is neither for x86-64 nor for ARM64" ;;
esac
# The newest version of the C library that the programs ask for.
libc=$(objdump -T "$program" "$kv" | grep -oE 'GLIBC_[0-9.]+' | sed 's/GLIBC_//' | sort -Vu | tail -n 1)
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
mkdir -p "$tree"/{DEBIAN,etc/default,etc/kvstore,usr/bin,usr/lib/kvstore,usr/lib/systemd/system,usr/share/doc/kvstore}
install -m 755 "$program" "$tree/usr/lib/kvstore/KvStore.Server"
ln -s ../lib/kvstore/KvStore.Server "$tree/usr/bin/kvstore"
install -m 755 "$kv" "$tree/usr/bin/kv"
# The service reads the file beside the program.
ln -s /etc/kvstore/appsettings.json "$tree/usr/lib/kvstore/appsettings.json"
install -m 644 "$here/appsettings.json" "$tree/etc/kvstore/appsettings.json"
install -m 644 "$here/kvstore.default" "$tree/etc/default/kvstore"
install -m 644 "$root"/deploy/systemd/kvstore.* "$tree/usr/lib/systemd/system/"
install -m 644 "$root/LICENSE" "$tree/usr/share/doc/kvstore/copyright"
gzip -9n <"$root/CHANGELOG.md" >"$tree/usr/share/doc/kvstore/changelog.gz"
chmod 644 "$tree/usr/share/doc/kvstore/changelog.gz"
printf '/etc/kvstore/appsettings.json\n/etc/default/kvstore\n' >"$tree/DEBIAN/conffiles"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$tree/DEBIAN/"
cat >"$tree/DEBIAN/control" <<END
Package: kvstore
Version: $version
Architecture: $architecture
Maintainer: KvStore contributors <kvstore@localhost>
Section: database
Priority: optional
Depends: libc6 (>= $libc), libssl3 | libssl3t64, adduser
Recommends: ca-certificates
Suggests: libsqlite3-0
Installed-Size: $(du -k --apparent-size -s "$tree" | cut -f 1)
Description: linearizable key-value store that speaks plain HTTP
 The key is the URL, the value is the body, and every write has a revision.
 Conditional writes, transactions, watches and expiry over plain HTTP, with
 every write on disk before it is answered.
END
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0 touch --no-dereference --date "@$SOURCE_DATE_EPOCH"
mkdir -p "$output"
package="$output/kvstore_${version}_$architecture.deb"
dpkg-deb --root-owner-group --build "$tree" "$package" >/dev/null
echo "$package: $(stat -c %s "$package") bytes"
