// How a service is loaded and observed: by wrk, with what /proc says about the processor time and the memory of its process.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("../http/load.lua", import.meta.url));
const threads = Math.min(2, cpus().length);
const run = promisify(execFile);

// The number of the run, from which each one takes other random keys.
let runs = 0;

/** Milliseconds of processor time that a process has used. The kernel counts in hundredths of a second. */
function processorMs(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Bytes of memory that a process has. */
export function residentBytes(pid) {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

/**
 * Sends one workload of load.lua for some seconds.
 * @param {{name: string, port: number, pid: number, dialect: string, size: number}} service its size is the number of entries that it was filled with
 */
export async function load(service, workload, connections, seconds) {
    runs++;
    const before = processorMs(service.pid);
    const { stdout } = await run("wrk", [
        `-t${Math.min(threads, connections)}`, `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script,
        `http://127.0.0.1:${service.port}`, "--", service.dialect, workload, "100", String(runs), String(service.size),
    ]);
    const processor = processorMs(service.pid) - before;
    const result = /^RESULT (.*)$/m.exec(stdout);
    if (result === null)
        throw new Error(`wrk failed on ${service.name}, ${workload}: ${stdout}`);
    const [requests, duration, statuses, broken, p50, p99] = result[1].split(" ").map(Number);
    if (statuses + broken > 0)
        throw new Error(`${service.name} answered ${workload} with ${statuses} errors and ${broken} broken connections`);
    return { rate: requests / duration, p50: p50 / 1000, p99: p99 / 1000, processor: (processor * 1000) / requests };
}

/** The member of /v1/status at a path such as "memory.accounts.entries.bytes". */
export async function status(service, path) {
    const answer = await (await fetch(`http://127.0.0.1:${service.port}/v1/status`)).json();
    return path.split(".").reduce((value, name) => value[name], answer);
}
