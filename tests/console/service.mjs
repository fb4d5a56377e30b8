// A service of the tests, with a data directory of its own.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.env.KVSTORE_SERVER || new URL("../../src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll", import.meta.url).pathname;
const command = program.endsWith(".dll") ? ["dotnet", program] : [program];

/** A service, which can be stopped and started again at the same port. */
export class TestService {
    #directory = mkdtempSync(join(tmpdir(), "kvstore-console-"));
    #process;
    url = "http://127.0.0.1:0";

    constructor(...settings) {
        this.settings = settings;
    }

    async start() {
        const [file, ...before] = command;
        this.#process = spawn(file, [...before, "--urls", this.url, "--data", join(this.#directory, "data"), ...this.settings]);
        let output = "";
        await new Promise((resolve, reject) => {
            this.#process.stdout.on("data", data => {
                output += data;
                const [, url] = / serves (http:[^: ]*:[0-9]*)/.exec(output) ?? [];
                if (url)
                    resolve(this.url = url);
            });
            this.#process.stderr.on("data", data => output += data);
            this.#process.on("exit", code => reject(new Error(`The service ended with code ${code}:\n${output}`)));
        });
        return this;
    }

    async stop(signal = "SIGTERM") {
        const ended = new Promise(resolve => this.#process.removeAllListeners("exit").on("exit", resolve));
        this.#process.kill(signal);
        await ended;
    }

    get keyFile() {
        return join(this.#directory, "keys.json");
    }

    /** Makes a key with rights, for all keys or those below a prefix, and returns it. The service needs the settings "--keys" and keyFile. */
    newKey(name, rights, prefix) {
        const [file, ...before] = command;
        const args = ["keys", "new", "--name", name, "--rights", rights, ...(prefix ? ["--prefix", prefix] : []), "--file", this.keyFile];
        return execFileSync(file, [...before, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    }

    /** Sends a request beside the browser, and fails if it fails. */
    async request(method, path, { body, headers } = {}) {
        const answer = await fetch(this.url + path, { method, body, headers });
        if (!answer.ok)
            throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
        return await answer.text();
    }

    async put(key, value, contentType = "text/plain", headers = {}) {
        await this.request("PUT", `/v1/kv/${encodeURIComponent(key)}`, { body: value, headers: { "Content-Type": contentType, ...headers } });
    }

    async dispose() {
        if (this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null)
            await this.stop("SIGKILL");
        rmSync(this.#directory, { recursive: true });
    }
}

/** A service with settings, for a test, which ends with it. */
export async function started(t, ...settings) {
    const service = new TestService(...settings);
    t.after(() => service.dispose());
    return await service.start();
}
