// The service of the tests, and a way to it that can be cut.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.env.KVSTORE_SERVER || new URL("../../../src/KvStore.Server/bin/Release/net10.0/KvStore.Server.dll", import.meta.url).pathname;

const command = program.endsWith(".dll") ? ["dotnet", program] : [program];

/** A service with a data directory of its own, which can be restarted at the same port. */
export class TestService {
    #directory = mkdtempSync(join(tmpdir(), "kvstore-typescript-"));
    #process;
    url = "http://127.0.0.1:0";

    constructor(...settings) {
        this.settings = settings;
    }

    async start() {
        const args = ["--urls", this.url, "--data", join(this.#directory, "data"), ...this.settings];
        const [file, ...before] = command;
        this.#process = spawn(file, [...before, ...args]);
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

    /** Makes a key with rights, for all keys or those below a prefix, and returns it. */
    newKey(name, rights, prefix) {
        const args = ["keys", "new", "--name", name, "--rights", rights, ...(prefix ? ["--prefix", prefix] : []), "--file", this.keyFile];
        const [file, ...before] = command;
        return execFileSync(file, [...before, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    }

    get keyFile() {
        return join(this.#directory, "keys.json");
    }

    async dispose() {
        await this.stop("SIGKILL");
        rmSync(this.#directory, { recursive: true });
    }
}

/** A proxy that forwards bytes. Cutting it ends its connections and takes no others; it can also lose the next answer to a write. */
export class Link {
    #sockets = new Set();
    #server;
    #losing = 0;
    #lossy;
    lost = 0;

    async open(target) {
        const { hostname, port } = new URL(target);
        this.#server = createServer(client => {
            if (this.isCut)
                return client.resetAndDestroy();
            const server = connect(Number(port), hostname);
            let isWrite = false;
            client.on("data", data => {
                const [line] = /^(GET|PUT|POST|DELETE) \S*/.exec(data.toString("latin1")) ?? [];
                if (line)
                    isWrite = this.#lossy?.test(line) === true;
            });
            client.pipe(server);
            server.on("data", data => {
                if (!isWrite || this.#losing === 0)
                    return client.write(data);
                this.#losing--;
                this.lost++;
                client.destroy();
            });
            server.on("end", () => client.end());
            for (const [one, other] of [[client, server], [server, client]]) {
                this.#sockets.add(one);
                one.on("error", () => {}).on("close", () => {
                    this.#sockets.delete(one);
                    other.destroy();
                });
            }
        });
        await new Promise(resolve => this.#server.listen(0, "127.0.0.1", resolve));
        this.url = `http://127.0.0.1:${this.#server.address().port}`;
        return this;
    }

    cut() {
        this.isCut = true;
        this.#sockets.forEach(socket => socket.destroy());
    }

    mend() {
        this.isCut = false;
    }

    /** The service gets the next requests that look like this, and its answers are lost. */
    loseAnswers(count, lossy = /^POST \/v1\/kv\//) {
        this.#losing = count;
        this.#lossy = lossy;
    }

    close() {
        this.cut();
        this.#server.close();
    }
}
