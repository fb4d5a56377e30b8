// Many documents that are typed into at once: how late each keystroke reaches another client, and what it takes in the log; then many clients on one counter.
//
//   node typing.mjs URL [DOCUMENTS=100] [CHARACTERS=100000] [SECONDS=20] [KEYSTROKES A SECOND AND DOCUMENT=5] [CLIENTS=1000]
//
// The service has to keep nothing under typed/ before.
import http from "node:http";

const [base, documents = 100, characters = 100_000, seconds = 20, rate = 5, clients = 1000] = process.argv.slice(2).map((argument, i) => (i === 0 ? argument : Number(argument)));
const agent = new http.Agent({ keepAlive: true, maxSockets: 2000 });
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

function send(method, path, body) {
    return new Promise((resolve, reject) => {
        const request = http.request(base + path, { agent, method, headers: body === undefined ? {} : { "Content-Type": "application/json" } }, response => {
            const parts = [];
            response.on("data", part => parts.push(part));
            response.on("end", () => {
                const text = Buffer.concat(parts).toString();
                if (response.statusCode >= 300)
                    reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
                else
                    resolve(JSON.parse(text));
            });
        });
        request.on("error", reject);
        request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** Follows a document: calls back with the revision of each delta. */
function follow(key, version, onDelta) {
    return new Promise((resolve, reject) => {
        http.get(`${base}/v1/crdt/${key}?watch=true&since=${version}`, { agent: false }, response => {
            if (response.statusCode !== 200)
                return reject(new Error(`watch: ${response.statusCode}`));
            let rest = "";
            let name = "";
            response.setEncoding("utf8");
            response.on("data", text => {
                const lines = (rest + text).split("\n");
                rest = lines.pop();
                for (const line of lines) {
                    if (line.startsWith("event:"))
                        name = line.slice(6).trim();
                    else if (line.startsWith("data:") && name === "delta")
                        onDelta(JSON.parse(line.slice(5)).revision);
                }
            });
            response.on("error", () => {});
            resolve(() => response.destroy());
        }).on("error", reject);
    });
}

function percentiles(times) {
    times.sort((left, right) => left - right);
    const at = part => times[Math.min(times.length - 1, Math.floor(times.length * part))].toFixed(1);
    return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, longest ${times.at(-1).toFixed(1)} ms`;
}

const logBytes = async () => (await send("GET", "/v1/status")).log?.bytes;

const words = "lorem ipsum dolor sit amet consectetur adipiscing elit ";
const text = words.repeat(Math.ceil(characters / words.length)).slice(0, characters);
const stops = [];
const times = [];
let answers = [];

async function type(number) {
    const key = `typed/${number}`;
    const created = await send("POST", `/v1/crdt/${key}?type=text`, { edits: [{ at: 0, insert: text }] });
    let waiting = [];
    let latest = { revision: 0, now: 0 };
    stops.push(await follow(key, created.version, revision => {
        const now = performance.now();
        for (const keystroke of waiting.filter(one => one.revision <= revision))
            times.push(now - keystroke.sent);
        waiting = waiting.filter(one => one.revision > revision);
        latest = { revision, now };
    }));
    return async end => {
        let at = Math.floor(Math.random() * characters);
        await pause((Math.random() * 1000) / rate);
        for (let i = 0; performance.now() < end; i++) {
            if (i % 50 === 49)
                at = Math.floor(Math.random() * characters);
            const sent = performance.now();
            const { revision } = await send("POST", `/v1/crdt/${key}`, { edits: [{ at: at++, insert: "x" }] });
            answers.push(performance.now() - sent);

            // The event may be here before the answer.
            if (latest.revision >= revision)
                times.push(latest.now - sent);
            else
                waiting.push({ revision, sent });
            await pause(Math.max(0, 1000 / rate - (performance.now() - sent)));
        }

        for (let i = 0; waiting.length > 0 && i < 100; i++)
            await pause(50);
        if (waiting.length > 0)
            throw new Error(`${waiting.length} keystrokes of ${key} did not arrive`);
    };
}

const typists = [];
for (let i = 0; i < documents; i++)
    typists.push(await type(i));
await Promise.all(typists.map(typist => typist(performance.now() + 2000)));
times.length = 0;
answers = [];
const before = await logBytes();
await Promise.all(typists.map(typist => typist(performance.now() + seconds * 1000)));
const after = await logBytes();
console.log(`${answers.length} keystrokes in ${documents} documents of ${characters} characters, ${rate} a second each`);
console.log(`to the other client: ${percentiles(times)}`);
console.log(`to the answer:       ${percentiles(answers)}`);
if (before !== undefined)
    console.log(`log: ${((after - before) / answers.length).toFixed(1)} bytes a keystroke`);
stops.forEach(stop => stop());

const each = 20;
const began = performance.now();
await send("POST", "/v1/crdt/typed/likes?type=pn-counter", { increment: 0 });
await Promise.all(Array.from({ length: clients }, async () => {
    for (let i = 0; i < each; i++)
        await send("POST", "/v1/crdt/typed/likes", { increment: 1 });
}));
const count = await send("GET", "/v1/crdt/typed/likes");
const elapsed = performance.now() - began;
console.log(`counter: ${clients} clients x ${each}: ${count} (${count === clients * each ? "exact" : "WRONG"}), ${Math.round((clients * each) / elapsed * 1000)} increments/s`);
process.exit(count === clients * each ? 0 : 1);
