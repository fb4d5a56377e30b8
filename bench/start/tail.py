#!/usr/bin/env python3
"""How long a start takes if a crash has left a torn tail, by what clients had written to it.

  bench/start/tail.py                a tail of 64 MiB, 5 starts each, about 3 minutes
    --mebibytes N       length of the tail
    --starts N          starts per row; medians are printed
    --server DLL        another build of the service (default: the Release build of this tree)

Writes a small log, kills the service, and puts a tail behind the last frame with its first sectors lost, as a power cut leaves it.
Prints a table: what the service says it took to load, processor time of the whole process until then, and the bytes that it cut off.
Processor time hardly depends on other load. Needs Python and the .NET runtime; files are in TMPDIR, else /tmp.
"""
import argparse
import glob
import os
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import urllib.request

LOST_BYTES = 1024
ENTRIES = 300
ADDRESS = re.compile(r"http://127\.0\.0\.1:[1-9]\d*")
LOADED = re.compile(r"Loaded .* in (\d+) ms")

# The second form is that of version 0.1.0.
CUT_OFF = re.compile(r"cut off: the last (\d+) bytes|(\d+) bytes at the end of the log were cut off")


def start(server, directory):
    """Starts the service and reads its log until it has loaded; returns the process, its address, the milliseconds and the bytes cut off."""
    process = subprocess.Popen(
        ["dotnet", server, "--engine", "disk", "--data", directory, "--urls", "http://127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    address, loaded, cut, lines = None, None, 0, []
    for line in process.stdout:
        lines.append(line)
        if match := ADDRESS.search(line):
            address = match[0]
        if match := LOADED.search(line):
            loaded = int(match[1])
        if match := CUT_OFF.search(line):
            cut = int(match[1] or match[2])
        if address and loaded is not None:
            return process, address, loaded, cut
    sys.exit("the service did not start: " + "".join(lines))


def stop(process):
    process.kill()
    process.wait()
    process.stdout.close()


def make_log(server, directory):
    """Writes a small log and kills the service; returns the last segment and the end of its last frame."""
    process, address, _, _ = start(server, directory)
    for i in range(ENTRIES):
        request = urllib.request.Request(f"{address}/v1/kv/key/{i}", data=b"v" * 100, method="PUT")
        urllib.request.urlopen(request).close()
    stop(process)
    segment = sorted(glob.glob(os.path.join(glob.escape(directory), "*.segment")))[-1]
    with open(segment, "rb") as file:
        content = file.read()
    return segment, content, len(content.rstrip(b"\0"))


def tails(content, size):
    """What clients may have written: nothing, anything, and what looks like the frames of this log."""
    salt, file_format = struct.unpack_from("<QI", content, 16)
    mark = b"frm1" if file_format == 1 else struct.pack("<I", (salt >> 32) | 0x11111111)
    header_at, header_bytes = (32, 44) if file_format == 1 else (44, 48)
    header = content[header_at:header_at + header_bytes]
    yield "none", b""
    yield "random bytes", random.Random(1).randbytes(size)
    yield "marks of frames", mark * (size // len(mark))
    yield "headers of frames", header * (size // header_bytes)


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(server, directory, starts):
    loads, processor, cut = [], [], 0
    for _ in range(starts):
        copy = directory + ".run"
        shutil.copytree(directory, copy)
        process, _, milliseconds, cut = start(server, copy)
        loads.append(milliseconds)
        processor.append(processor_seconds(process))
        stop(process)
        shutil.rmtree(copy)
    return statistics.median(loads), statistics.median(processor), cut


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mebibytes", type=int, default=64)
    options.add_argument("--starts", type=int, default=5)
    options.add_argument("--server")
    given = options.parse_args()
    server = given.server
    if server is None:
        project = os.path.join(root, "src", "KvStore.Server")
        subprocess.run(["dotnet", "build", "-c", "Release", project, "-v", "quiet", "-clp:NoSummary"], check=True, stdout=sys.stderr)
        server = os.path.join(project, "bin", "Release", "net10.0", "KvStore.Server.dll")

    with tempfile.TemporaryDirectory(prefix="kvstore-tail.") as scratch:
        directory = os.path.join(scratch, "data")
        segment, content, end = make_log(server, directory)
        print("| tail | loaded in, ms | processor time of the start, s | cut off, bytes |\n|---|---:|---:|---:|")
        for name, tail in tails(content, given.mebibytes << 20):
            with open(segment, "r+b") as file:
                file.truncate(end)
                if tail:
                    file.seek(end + LOST_BYTES)
                    file.write(tail)
            milliseconds, processor, cut = measure(server, directory, given.starts)
            print(f"| {name} | {milliseconds:.0f} | {processor:.2f} | {cut:,} |", flush=True)


if __name__ == "__main__":
    main()
