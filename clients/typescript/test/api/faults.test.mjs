// What a real service does seldom, from a server that does as each test says: rejections, answers that are lost, streams that are cut or silent.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { KvImportError, KvStoreClient, KvStoreError } from "kvstore-client";

const storeId = "00000000000000aa";
const about = revision => ({ "KvStore-Revision": String(revision), "KvStore-Store-Id": storeId });

let server, url, script, requests;

before(async () => {
    server = createServer(async (request, response) => {
        let body = "";
        for await (const part of request)
            body += part;
        requests.push({ method: request.method, url: request.url, headers: request.headers, body });

        // A request beyond the script is a mistake of the test or of the client.
        const step = script.shift() ?? problem(400, "malformed-request");
        step(response, request);
    });
    await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${server.address().port}`;
});

beforeEach(() => {
    requests = [];
    script = [];
});

after(() => {
    server.closeAllConnections();
    server.close();
});

// The steps of a script.
const answer = (status, body, headers = {}) => response => response.writeHead(status, { ...about(7), ...headers }).end(body);
const problem = (status, name, { headers = {}, ...members } = {}) => response =>
    response.writeHead(status, { "Content-Type": "application/problem+json", ...headers }).end(JSON.stringify({ type: `/docs/http-api#${name}`, status, detail: `It is ${name}.`, ...members }));
const lost = response => response.socket.destroy();
const never = () => undefined;

/** A watch or another stream: what is sent, and whether the connection is cut, ends, or stays open. */
const stream = (parts, then = "cut", headers = {}) => response => {
    response.writeHead(200, { "Content-Type": "text/event-stream", ...about(7), ...headers });
    for (const part of parts)
        response.write(part);
    if (then === "end")
        response.end();
    if (then === "cut")
        setImmediate(() => response.socket.destroy());
};

const event = (name, data, id) => `event: ${name}\n${id === undefined ? "" : `id: ${storeId}.${id}\n`}data: ${JSON.stringify(data)}\n\n`;
const put = (revision, text = "v") => event("change", { revision, changes: [{ type: "put", key: "k", revision, created_revision: 1, version: 1, content_type: "text/plain", size: 1, modified_at: "2026-01-31T12:00:00.000Z", text }] }, revision);

// A fetch whose stream arrives in exactly these parts, does not end, and does not care for its signal.
const inParts = parts => async () => new Response(new ReadableStream({
    start(controller) {
        for (const part of parts)
            controller.enqueue(Buffer.from(part));
    },
}), { headers: { "Content-Type": "text/event-stream", ...about(7) } });

const newClient = options => new KvStoreClient(url, { retryDelayMs: 1, retryDelayMaxMs: 20, ...options });

async function take(watch, count) {
    const seen = [];
    for await (const { type, revision } of watch) {
        seen.push(type === "reset" ? type : `${type} ${revision}`);
        if (seen.length === count)
            return seen;
    }
}

const targets = () => requests.map(({ url }) => url.replace("/v1/watch?", ""));

test("a write is repeated with the same idempotency key until it is answered", async () => {
    script = [lost, problem(429, "queue-full", { outcome: "not-applied", headers: { "Retry-After": "0" } }), problem(503, "unavailable", { outcome: "not-applied" }), answer(201, "")];
    assert.deepEqual(await newClient().put("k", "v"), { revision: 7, storeId, created: true });
    assert.equal(requests.length, 4);
    assert.equal(new Set(requests.map(({ headers }) => headers["idempotency-key"])).size, 1);
    assert.equal(requests[0].headers["idempotency-key"].length, 32);
    assert.ok(requests.every(({ body }) => body === "v"));
});

test("the rejection of a retry does not say what became of the attempt before it", async () => {
    script = [lost, problem(507, "no-space", { outcome: "not-applied" })];
    await assert.rejects(newClient().put("k", "v"), { outcome: "unknown", status: 507 });
    script = [problem(507, "no-space", { outcome: "not-applied" })];
    await assert.rejects(newClient().put("k", "v"), { outcome: "not-applied" });
});

test("retries wait as long as the service asks, up to a bound", async () => {
    script = [problem(503, "overloaded", { headers: { "Retry-After": "1000" } }), answer(200, "v", { ETag: "\"3\"" })];
    const start = performance.now();
    assert.equal((await newClient({ retryDelayMaxMs: 300 }).get("k")).revision, 3);
    assert.ok(performance.now() - start >= 290, "it waited");
    script = [problem(503, "overloaded", { headers: { "Retry-After": new Date(Date.now() + 3_600_000).toUTCString() } })];
    const error = await newClient({ retriesMax: 0 }).get("k").catch(error => error);
    assert.ok(error.retryAfterMs > 3_000_000 && error.isTransient);
});

test("retries end at their number, and a problem that cannot change is not retried", async () => {
    script = Array.from({ length: 9 }, () => problem(503, "unavailable"));
    await assert.rejects(newClient({ retriesMax: 2 }).get("k"), error => error instanceof KvStoreError && error.is("unavailable"));
    assert.equal(requests.length, 3);
    script = [problem(502, "origin-failed")];
    await assert.rejects(newClient().get("k"), error => error.is("origin-failed"));
    assert.equal(requests.length, 4);
});

test("the key is asked for before each request", async () => {
    let count = 0;
    script = [problem(503, "unavailable"), answer(200, "v", { ETag: "\"3\"" })];
    await newClient({ apiKey: async () => `key${++count}` }).get("k");
    assert.deepEqual(requests.map(({ headers }) => headers.authorization), ["Bearer key1", "Bearer key2"]);
    const failing = newClient({ apiKey: () => { throw new Error("no key"); } });
    await assert.rejects(failing.get("k"), /no key/);
    assert.equal(requests.length, 2);
});

test("every call ends with its signal", { timeout: 30_000 }, async () => {
    const client = newClient();
    const calls = {
        get: signal => client.get("k", { signal }), head: signal => client.head("k", { signal }), poll: signal => client.poll("k", { signal }), put: signal => client.put("k", "v", { signal }),
        update: signal => client.update("k", () => ({ text: "" }), { signal }), patch: signal => client.patch("k", {}, { signal }), touch: signal => client.touch("k", 1, { signal }),
        delete: signal => client.delete("k", { signal }), deletePrefix: signal => client.deletePrefix("k", { signal }), append: signal => client.append("k/", "v", { signal }),
        increment: signal => client.increment("k", 1, { signal }), getMany: signal => client.getMany(["k"], { signal }), streamMany: signal => client.streamMany(["k"], { signal }).next(),
        list: signal => client.list({ signal }).next(), count: signal => client.count({ signal }), transact: signal => client.transact({ operations: [] }, { signal }),
        watch: signal => client.watch({ key: "k", signal }).next(), export: signal => client.export({ signal }), import: signal => client.import("{}", { signal }),
        status: signal => client.management.status({ signal }), checkpoint: signal => client.management.checkpoint({ signal }), origins: signal => client.origins.list({ signal }),
        outbox: signal => client.origins.outbox("o", { signal }).next(), merge: signal => client.mergeable.increment("k", 1, { signal }), person: signal => client.persons.get(1, { signal }),
    };
    for (const [name, call] of Object.entries(calls)) {
        const abort = new AbortController();
        script = [() => abort.abort(new Error("enough"))];
        await assert.rejects(call(abort.signal), /enough/, name);
    }

    assert.equal(requests.length, Object.keys(calls).length);
    for (const [name, call] of Object.entries(calls))
        await assert.rejects(call(AbortSignal.abort(new Error("before"))), /before/, name);
    assert.equal(requests.length, Object.keys(calls).length);
});

test("a watch resumes after cuts and errors without missing or repeating anything", async () => {
    const [first, second] = [put(9).slice(0, 40), put(9).slice(40)];
    script = [
        stream([": watching after revision 7\n\n"]), lost, problem(503, "unavailable", { headers: { "Retry-After": "0" } }), problem(429, "too-many-watchers"),
        stream([put(8), first]), stream([put(8).replace("change", "bookmark"), first, second]), stream([event("reconnect", { revision: 9, detail: "It stops." }, 9)], "end"), stream([put(10)], "open"),
    ];
    const connections = [];
    const watch = newClient({ retriesMax: 0 }).watch({ key: "k", onConnection: isConnected => connections.push(isConnected) });
    assert.deepEqual(await take(watch, 3), ["put 8", "put 9", "put 10"]);
    assert.deepEqual(targets(), ["key=k&values=true", ...Array(4).fill(`key=k&values=true&after=${storeId}.7`), `key=k&values=true&after=${storeId}.8`, ...Array(2).fill(`key=k&values=true&after=${storeId}.9`)]);
    assert.deepEqual(connections, [true, false, true, false, true, false, true, false, true, false]);
});

test("a watch that is silent for too long connects anew", async () => {
    // However late its data is on a busy machine, a connection gets what follows its position.
    const next = (response, { url }) => stream([put(Number(/after=.*\.([0-9]+)/.exec(url)?.[1] ?? 7) + 1)], "open")(response);
    script = Array(1000).fill(next);
    assert.deepEqual(await take(newClient({ watchSilenceMaxMs: 50 }).watch({ key: "k" }), 3), ["put 8", "put 9", "put 10"]);
});

test("a watch ends its connection when a browser is offline, and pauses no longer when it is online", { timeout: 30_000 }, async () => {
    const events = new EventTarget();
    for (const name of ["addEventListener", "removeEventListener"])
        globalThis[name] = events[name].bind(events);
    try {
        script = [stream([put(8)], "open"), stream([put(9)], "open")];
        const watch = newClient({ retryDelayMs: 1_000_000, retryDelayMaxMs: 1_000_000 }).watch({ key: "k", onConnection: isConnected => isConnected || setImmediate(() => events.dispatchEvent(new Event("online"))) });
        assert.equal((await watch.next()).value.revision, 8);
        const next = watch.next();
        events.dispatchEvent(new Event("offline"));
        assert.equal((await next).value.revision, 9);
        await watch.return();
    } finally {
        delete globalThis.addEventListener;
        delete globalThis.removeEventListener;
    }
});

test("a watch that asks for a revision resumes in the same store", async () => {
    script = [stream([": watching after revision 5\n\n"]), stream([put(8)], "open")];
    assert.deepEqual(await take(newClient().watch({ prefix: "k", after: 5, values: false }), 1), ["put 8"]);
    assert.deepEqual(targets(), ["prefix=k&values=false&after=5", `prefix=k&values=false&after=${storeId}.5`]);
});

test("a watch that has missed changes says so, and begins again if it has the existing entries", async () => {
    const entry = event("entry", { key: "k", revision: 3, created_revision: 1, version: 1, content_type: "text/plain", size: 1, modified_at: "2026-01-31T12:00:00.000Z", text: "v" });
    const whole = revision => [entry, event("synced", { revision }, revision)];
    script = [stream([entry]), stream([...whole(7), put(8), event("gone", { oldest_revision: 20, detail: "Too late." })], "end"), stream(whole(30)), problem(410, "other-store"), stream(whole(2), "open")];
    assert.deepEqual(await take(newClient().watch({ key: "k", initial: true }), 11), ["entry 3", "reset", "entry 3", "synced 7", "put 8", "reset", "entry 3", "synced 30", "reset", "entry 3", "synced 2"]);
    script = [stream([put(8), event("gone", { oldest_revision: 20, detail: "Too late." })], "end")];
    const watch = newClient().watch({ key: "k" });
    await watch.next();
    await assert.rejects(watch.next(), error => error.is("revision-gone") && error.oldestRevision === 20 && error.message === "Too late.");
});

test("a watch begins late only if it is asked to", async () => {
    script = [problem(503, "unavailable"), problem(503, "unavailable")];
    await assert.rejects(newClient({ retriesMax: 1 }).watch({ key: "k" }).next(), { status: 503 });
    script = [lost, lost, problem(503, "unavailable"), problem(503, "unavailable"), stream([put(8)], "open")];
    assert.deepEqual(await take(newClient({ retriesMax: 1 }).watch({ key: "k", persistent: true }), 1), ["put 8"]);
    script = [problem(400, "malformed-key")];
    await assert.rejects(newClient().watch({ key: "k", persistent: true }).next(), { status: 400 });
});

test("a watch whose key was removed ends, unless there is another key", async () => {
    const revoked = event("revoked", { detail: "The key was removed." });
    script = [stream([put(8), revoked], "end")];
    const watch = newClient({ apiKey: "one" }).watch({ key: "k" });
    await watch.next();
    await assert.rejects(watch.next(), error => error.is("unauthorized") && error.status === 401);
    const keys = ["two", "three"];
    script = [stream([put(8), revoked], "end"), stream([put(9)], "open")];
    assert.deepEqual(await take(newClient({ apiKey: () => keys.shift() }).watch({ key: "k" }), 2), ["put 8", "put 9"]);
    assert.equal(requests.at(-1).headers.authorization, "Bearer three");
});

test("bookmarks move the position on", async () => {
    script = [stream([event("bookmark", { revision: 50 }, 50)]), stream([put(51)], "open")];
    assert.deepEqual(await take(newClient().watch({ key: "k", bookmarks: true }), 2), ["bookmark 50", "put 51"]);
    assert.match(requests.at(-1).url, /after=00000000000000aa.50$/);
});

test("an event arrives whole however it is cut into packets, and has a limit", async () => {
    const text = `${"é😀".repeat(5000)}\n`;
    const bytes = Buffer.from(put(8, text));
    const parts = [bytes.subarray(0, 100), bytes.subarray(100, 101), ...bytes.subarray(101).toString("latin1").match(/[^]{1,997}/g).map(part => Buffer.from(part, "latin1"))];
    for (const cut of [parts, [bytes.subarray(0, -1), bytes.subarray(-1)]]) {
        for await (const { entry } of newClient({ fetch: inParts(cut) }).watch({ key: "k" })) {
            assert.equal(entry.text, text);
            break;
        }
    }

    script = [stream([put(8, "x".repeat(1_000_000))], "open")];
    await assert.rejects(newClient({ responseBytesMax: 1000 }).watch({ key: "k" }).next(), /responseBytesMax/);
});

test("a slow reader is not taken for a silent service", { timeout: 60_000 }, async () => {
    const lines = ["a", "b"].map(key => `${JSON.stringify({ key, content_type: "text/plain", text: key.repeat(200_000) })}\n`);
    let watcher;
    script = [stream(lines, "end"), response => stream([put(8)], "open")(watcher = response)];
    const client = newClient({ attemptTimeoutMs: 2000, watchSilenceMaxMs: 2000 });
    const [entries, watch] = [client.exportEntries(), client.watch({ key: "k" })];
    assert.equal((await entries.next()).value.key, "a");
    assert.equal((await watch.next()).value.revision, 8);
    await new Promise(resolve => setTimeout(resolve, 2500));
    watcher.write(put(9));
    assert.equal((await entries.next()).value.key, "b");
    assert.equal((await watch.next()).value.revision, 9);
    assert.equal(requests.length, 2);
    await Promise.all([entries.return(), watch.return()]);
});

test("an export that is cut or silent is an error, not a shorter export", { timeout: 30_000 }, async () => {
    const lines = "{\"key\":\"a\",\"content_type\":\"text/plain\",\"text\":\"1\"}\n{\"key\":\"b\",";
    const client = newClient({ attemptTimeoutMs: 2000 });
    for (const then of ["cut", "open"]) {
        script = [stream([lines], then)];
        const entries = client.exportEntries();
        assert.equal((await entries.next()).value.key, "a");
        await assert.rejects(entries.next(), error => error instanceof KvStoreError && /Discard/.test(error.message));
    }

    await assert.rejects(newClient({ attemptTimeoutMs: 50, fetch: inParts(["{"]) }).exportEntries().next(), /Discard/);
    script = [stream([lines], "cut")];
    await assert.rejects(new Response(await client.export()).text());

    script = [problem(503, "overloaded"), stream([lines.split("\n")[0]], "end")];
    assert.equal((await client.exportEntries().next()).value.text, "1");
});

test("an import that ends early says how far it came, and what got no answer is sent again", async () => {
    const report = imported => JSON.stringify({ revision: 7, imported, expired: 0, failed: 0, errors: [] });
    script = [answer(200, report(1)), lost, answer(200, report(2)), problem(507, "no-space", { outcome: "not-applied" })];
    const lines = "x".repeat(9_999).concat("\n").repeat(5);
    const error = await newClient().import([lines.slice(0, 15_000), lines.slice(15_000)].values(), { requestBytesMax: 25_000 }).catch(error => error);
    assert.ok(error instanceof KvImportError && error.is("no-space"));
    assert.deepEqual([error.report.lines, error.report.imported, error.outcome], [3, 3, "not-applied"]);
    assert.deepEqual(requests.map(({ body, headers }) => [body.length, headers["idempotency-key"]]), [[10_000, undefined], [20_000, undefined], [20_000, undefined], [20_000, undefined]]);
    assert.equal(requests.map(({ body }) => body).join("").length, 70_000);
});

test("a long poll may take longer than an attempt", async () => {
    script = [response => setTimeout(() => answer(304, undefined)(response), 400)];
    assert.equal((await newClient({ attemptTimeoutMs: 100, timeoutMs: 100 }).poll("k", { waitSeconds: 20, after: 7 })).state, "unchanged");
    assert.equal(requests[0].url, "/v1/kv/k?wait=20&after=7");
});

test("a batch that ends before its last line is an error", async () => {
    const item = JSON.stringify({ key: "a", revision: 1, created_revision: 1, version: 1, content_type: "text/plain", size: 1, modified_at: "2026-01-31T12:00:00.000Z", text: "1" });
    script = [stream([`${item}\n`], "end", { "Content-Type": "application/x-ndjson" })];
    const parts = newClient().streamMany(["a", "b"]);
    assert.equal((await parts.next()).value.entry.text, "1");
    await assert.rejects(parts.next(), /before its last line/);
});

test("a page that is no answer of the service is none, whatever its status", async () => {
    script = [response => response.writeHead(200, { "Content-Type": "text/html" }).end("Log in"), response => response.writeHead(404).end(), response => response.writeHead(404).end()];
    await assert.rejects(newClient().management.status(), /not by KvStore/);
    await assert.rejects(newClient().head("k"), /not by KvStore/);
    await assert.rejects(newClient().read("k"), /not by KvStore/);
});

test("an answer that never comes is an unknown outcome", async () => {
    script = [never];
    await assert.rejects(newClient({ attemptTimeoutMs: 50, retriesMax: 0 }).put("k", "v"), { outcome: "unknown", isTransient: true });
});
