// Readers of a cache. Usage: node readers.mjs WHAT BASE ...; WHAT is one of these functions. Each prints one line of numbers, with times in milliseconds.
import http from "node:http";
import net from "node:net";

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

/** Reads an address: the status, the body and how long it took. */
function read(url, options = {}, body = undefined) {
    const start = performance.now();
    return new Promise((resolve, reject) => {
        const request = http.request(url, { agent, ...options }, response => {
            const parts = [];
            response.on("data", part => parts.push(part));
            response.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(parts), elapsed: performance.now() - start }));
        });
        request.on("error", reject);
        request.end(body);
    });
}

const send = (url, body, headers = {}) => read(url, { method: "POST", headers: { "Content-Type": "application/json", ...headers } }, JSON.stringify(body));

function percentiles(times) {
    times.sort((left, right) => left - right);
    const at = part => times[Math.min(times.length - 1, Math.floor(times.length * part))].toFixed(1);
    return `${at(0.5)} ${at(0.99)} ${times.at(-1).toFixed(1)}`;
}

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

const all = {
    /** The value, the origin's one of a path. */
    async value(base, path) {
        const { status, body } = await read(base + path);
        return `${status} ${body.toString() === path.padEnd(100, "x") ? "right" : "wrong"}`;
    },

    /** Keys that are not cached, one after the other: median, 99th percentile and longest time. */
    async misses(base, name, count) {
        const times = [];
        for (let i = 0; i < count; i++)
            times.push((await read(`${base}L5-A3600-${name}-${i}`)).elapsed);
        return percentiles(times);
    },

    /** Many readers of one key that is not cached, whose requests are sent at once: how many got the value, and after which time the last. */
    async herd(base, path, count) {
        const { hostname, port, pathname } = new URL(base + path);
        const sockets = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
            const socket = net.connect(port, hostname, () => resolve(socket)).on("error", reject);
        })));
        const start = performance.now();
        const answers = await Promise.all(sockets.map(socket => new Promise(resolve => {
            let text = "";
            socket.on("data", part => {
                text += part;
                if (text.includes(path.padEnd(100, "x")) || / 5\d\d /.test(text))
                    resolve(text.startsWith("HTTP/1.1 200"));
            });
            socket.on("close", () => resolve(false));
            socket.write(`GET ${pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
        })));
        const elapsed = performance.now() - start;
        sockets.forEach(socket => socket.destroy());
        return `${answers.filter(isRight => isRight).length} ${elapsed.toFixed(0)}`;
    },

    /** One key, some 200 times a second: median, 99th percentile and longest time, and how many answers did not have the value. */
    async paced(base, path, seconds) {
        await read(base + path);
        const reads = [];
        for (const end = performance.now() + (1000 * seconds); performance.now() < end; await pause(5))
            reads.push(read(base + path));
        const answers = await Promise.all(reads);
        return `${percentiles(answers.map(({ elapsed }) => elapsed))} ${answers.filter(({ body }) => body.toString() !== path.padEnd(100, "x")).length}`;
    },

    /** Stores what hits.lua reads, as ordinary entries. */
    async fill(base) {
        for (let i = 1; i <= 1000; i++) {
            const { status } = await read(`${base}L0-A3600-hit${i}`, { method: "PUT", headers: { "Content-Type": "text/plain" } }, `L0-A3600-hit${i}`.padEnd(100, "x"));
            if (status > 204)
                throw new Error(`a PUT was answered with ${status}`);
        }
        return "filled";
    },

    /** Has so many keys loaded, a thousand in a request and four requests at a time. */
    async load(base, name, count) {
        let next = 0;
        await Promise.all(Array.from({ length: 4 }, async () => {
            while (next < count) {
                const keys = Array.from({ length: Math.min(1000, count - next) }, (_, i) => `${name}${next + i}`);
                next += keys.length;
                const { status, body } = await send(`${base}/v1/batch/get?wait=30`, { keys });
                const { items, pending, errors } = JSON.parse(body);
                if (status !== 200 || items.length !== keys.length)
                    throw new Error(`${status}: ${items?.length} loaded, ${pending?.length} pending, ${JSON.stringify(errors?.[0] ?? String(body))}`);
            }
        }));
        return `loaded ${count}`;
    },

    /** Stores what the origin would answer, as ordinary entries. */
    async put(base, name, count) {
        const lines = from => Array.from({ length: Math.min(10_000, count - from) }, (_, i) => `${JSON.stringify({ key: `plain/${name}${from + i}`, json: { key: `${name}${from + i}`, value: `${name}${from + i}`.padEnd(70, "x") } })}\n`).join("");
        for (let from = 0; from < count; from += 10_000) {
            const { status, body } = await read(`${base}/v1/import`, { method: "POST", headers: { "Content-Type": "application/x-ndjson" } }, lines(from));
            if (status !== 200)
                throw new Error(`${status}: ${body}`);
        }
        return `stored ${count}`;
    },

    /**
     * Reads of one of so many keys, some 200 times a second for 20 seconds; in every other second, 28 of the keys are loaded again, as they are when 100,000 are in an hour.
     * Median, 99th percentile and longest time of the seconds without loads, and of those with them.
     */
    async beside(base, name, count) {
        const key = () => `${name}${Math.floor(Math.random() * count)}`;
        const times = [[], []];
        for (let second = 0; second < 20; second++) {
            const reads = [];
            if (second % 2 === 1)
                reads.push(send(`${base}/v1/origins/origin/load`, { keys: Array.from({ length: 28 }, key) }).then(() => undefined));
            for (const end = performance.now() + 1000; performance.now() < end; await pause(5))
                reads.push(read(`${base}/v1/kv/${key()}`));
            times[second % 2].push(...(await Promise.all(reads)).filter(answer => answer).map(({ elapsed }) => elapsed));
        }
        return times.map(percentiles).join(" ");
    },

    /** Users that ask at once for the same 100 keys, each in one request: median, 99th percentile and longest time until the last value. */
    async fan(base, name, users) {
        const keys = Array.from({ length: 100 }, (_, i) => `origin/L50-A3600-${name}-${i}`);
        const asked = Array.from({ length: users }, () => send(`${base}?wait=10`, { keys }, { Accept: "application/x-ndjson" }));
        const answers = await Promise.all(asked);
        const wrong = answers.filter(({ body }) => body.toString().trim().split("\n").length !== keys.length + 1);
        if (wrong.length > 0)
            throw new Error(`${wrong.length} answers are incomplete, such as: ${wrong[0].body}`);
        return percentiles(answers.map(({ elapsed }) => elapsed));
    },
};

const [, , what, base, name, count] = process.argv;
console.log(await all[what](base, name, Number(count)));
process.exit();
