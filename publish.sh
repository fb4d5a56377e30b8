#!/usr/bin/env bash
# Makes the service one native program: no .NET, no other file, ready in a few hundredths of a second.
#
#   ./publish.sh              artifacts/native/KvStore.Server
#   ./publish.sh DIRECTORY    into this directory instead
#
# Needs the .NET 10 SDK and a C compiler to link with: clang, or gcc where clang is missing. On Debian and Ubuntu:
#
#   apt-get install gcc libc6-dev
#
# The program runs on Linux with the C library of this machine or a newer one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
directory="${1:-artifacts/native}"

fail() {
    echo "publish.sh: $1" >&2
    exit 1
}

command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing: see https://dotnet.microsoft.com/download"
case "$(uname -s) $(uname -m)" in
'Linux x86_64') runtime=linux-x64 ;;
'Linux aarch64') runtime=linux-arm64 ;;
*) fail "native programs are made on Linux for Linux, for x86-64 and ARM64" ;;
esac
compiler=clang
command -v "$compiler" >/dev/null || compiler=gcc
command -v "$compiler" >/dev/null || fail "neither clang nor gcc is here. Install gcc and libc6-dev and try again."

# Its intermediate files are apart, so that the ordinary build stays as it is.
dotnet publish src/KvStore.Server --configuration Release --runtime "$runtime" --artifacts-path artifacts/native-build --output artifacts/native-build/program \
    -p:PublishAot=true -p:CppCompilerAndLinker="$compiler" --nologo --verbosity quiet
mkdir -p "$directory"
install -m 755 artifacts/native-build/program/KvStore.Server "$directory/KvStore.Server"
echo "$directory/KvStore.Server: $(stat -c %s "$directory/KvStore.Server") bytes"
