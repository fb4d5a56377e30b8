import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const RetryMs = 100;

/**
 * Runs an action while no other process of this machine runs one for the same folder. The build of the solution and a publish may run at once,
 * and "npm ci" begins by deleting what the other one reads.
 *
 * The lock is a local socket, not a file, because the operating system releases it with the process, however that ends.
 */
export async function withLock(folder, action) {
    const address = addressOf(folder);
    let held;
    while ((held = await tryTake(address)) === undefined)
        await setTimeout(RetryMs);
    try {
        return await action();
    } finally {
        held.close();
    }
}

function addressOf(folder) {
    const name = `kvstore-console-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`;
    switch (process.platform) {
        case "linux": return `\0${name}`;
        case "win32": return join("\\\\.\\pipe", name);
        // Elsewhere a socket has a file, which outlives a process that is killed: it is deleted by hand then.
        default: return join(folder, "build.socket");
    }
}

function tryTake(address) {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", (error) => error.code === "EADDRINUSE" ? resolve(undefined) : reject(error));
        server.listen(address, () => resolve(server));
    });
}
