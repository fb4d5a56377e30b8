#!/usr/bin/env bash
# Makes the service one native program: no .NET, no other file, ready in a few hundredths of a second. And kv, the command line, another one.
#
#   ./publish.sh                          artifacts/native/KvStore.Server and kv, for this machine
#   ./publish.sh DIRECTORY                into this directory instead
#   ./publish.sh --runtime linux-arm64    for another processor: artifacts/native-linux-arm64/KvStore.Server
#   ./publish.sh --instructions x86-64-v2 for x86-64 before Haswell (2013) and Zen, and virtual machines that hide AVX2
#   ./publish.sh --without-console        without the page at /ui, which needs Node.js
#   ./publish.sh --console DIRECTORY      with the files of that page that "node src/KvStore.Console/build/build.mjs" made elsewhere
#   ./publish.sh --without-kv             without the command line
#
# Beside it lies KvStore.Server.dbg with the symbols, which debuggers and profilers want and the program does not need. Neither
# depends on the directory or the commit that it is made from.
#
# Needs the .NET 10 SDK, Node.js 20.19 or later with npm, and a C compiler to link with: clang, or gcc where clang is missing. On Debian
# and Ubuntu:
#
#   apt-get install gcc libc6-dev nodejs npm
#   apt-get install clang gcc-aarch64-linux-gnu     for linux-arm64 on x86-64
#   apt-get install clang gcc-x86-64-linux-gnu      for linux-x64 on ARM64
#
# The program runs on Linux with the C library of this machine or a newer one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

fail() {
    echo "publish.sh: $1" >&2
    exit 1
}

command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing: see https://dotnet.microsoft.com/download"
case "$(uname -s) $(uname -m)" in
'Linux x86_64') own=linux-x64 ;;
'Linux aarch64') own=linux-arm64 ;;
*) fail "native programs are made on Linux for Linux, for x86-64 and ARM64" ;;
esac

runtime=$own directory="" instructions="" console=(-p:Console=required) kv=1
while (($# > 0)); do
    case $1 in
    --runtime) runtime=${2:-} && shift ;;
    --instructions) instructions=${2:-} && shift ;;
    --without-console) console=(-p:Console=none) ;;
    --without-kv) kv=0 ;;
    --console)
        [[ -d ${2:-} ]] || fail "--console needs a directory"
        console=(-p:Console=required "-p:ConsoleFiles=$(realpath -- "$2")")
        shift
        ;;
    --*) fail "$1 is not an option; the first lines of this file say how to call it" ;;
    *) directory=$1 ;;
    esac
    shift
done
case $runtime in
linux-x64) prefix=x86_64-linux-gnu- instructions=${instructions:-x86-64-v3} ;;
linux-arm64) prefix=aarch64-linux-gnu- ;;
*) fail "--runtime must be linux-x64 or linux-arm64" ;;
esac

compiler=clang switches=()
if [[ $runtime == "$own" ]]; then
    : "${directory:=artifacts/native}"
    command -v "$compiler" >/dev/null || compiler=gcc
    command -v "$compiler" >/dev/null || fail "neither clang nor gcc is here. Install gcc and libc6-dev and try again."
    switches=(-p:ObjCopyName=objcopy)
else
    : "${directory:=artifacts/native-$runtime}"
    # One clang compiles for every processor; the C library and the linker for the other one come from its gcc.
    for program in "$compiler" "${prefix}objcopy"; do
        command -v "$program" >/dev/null || fail "$program is missing. Install clang and gcc-${prefix%-} and try again."
    done
    switches=(-p:ObjCopyName="${prefix}objcopy")
fi

if [[ ${console[*]} == -p:Console=required ]] && ! command -v npm >/dev/null; then
    fail "npm is missing, which the console needs. Install nodejs and npm, or publish --without-console."
fi

# Its intermediate files are apart, so that the ordinary build stays as it is. Paths and the commit stay out of the program, so that
# it does not depend on where and from what it is made.
build="artifacts/native-build/$runtime"
publish() {
    dotnet publish "$@" --configuration Release --runtime "$runtime" --artifacts-path "$build" -p:PublishAot=true -p:CppCompilerAndLinker="$compiler" \
        "${switches[@]}" -p:PathMap="$PWD=/kvstore" -p:IncludeSourceRevisionInInformationalVersion=false --nologo --verbosity quiet
}
instruction_set=()
[[ -z $instructions ]] || instruction_set=(-p:IlcInstructionSet="$instructions")
publish src/KvStore.Server --output "$build/program" "${console[@]}" "${instruction_set[@]}"
mkdir -p "$directory"
install -m 755 "$build/program/KvStore.Server" "$directory/KvStore.Server"
install -m 644 "$build/program/KvStore.Server.dbg" "$directory/KvStore.Server.dbg"
echo "$directory/KvStore.Server: $(stat -c %s "$directory/KvStore.Server") bytes for $runtime"

# The command line runs on machines of people, whatever their processors are, and spends its time waiting.
((kv)) || exit 0
publish src/KvStore.Cli --output "$build/kv"
install -m 755 "$build/kv/kv" "$directory/kv"
echo "$directory/kv: $(stat -c %s "$directory/kv") bytes for $runtime"
