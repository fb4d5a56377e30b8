// The client and a real service.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KvStoreClient, KvStoreError } from "kvstore-client";
import { Link, TestService } from "../service.mjs";

let service, link, client;

before(async () => {
    service = await new TestService().start();
    link = await new Link().open(service.url);
    client = new KvStoreClient(link.url, { retryDelayMs: 5, retryDelayMaxMs: 50, retriesMax: 20 });
});

after(async () => {
    link?.close();
    await service?.dispose();
});

const fails = (problem, status) => error => error instanceof KvStoreError && error.is(problem) && error.status === status && error.outcome === "not-applied";

test("a value comes back as it was put", async () => {
    const { revision, created } = await client.put("client/café #1", "Ada");
    assert.ok(created);
    const entry = await client.get("client/café #1");
    assert.deepEqual([entry.text, entry.revision, entry.contentType], ["Ada", revision, "text/plain; charset=utf-8"]);
    await client.put("client/bytes", Uint8Array.of(0, 255));
    assert.deepEqual([...(await client.get("client/bytes")).bytes], [0, 255]);
    await client.putJson("client/json", { name: "Ada" }, { ttlSeconds: 100 });
    assert.deepEqual((await client.get("client/json")).json(), { name: "Ada" });
    assert.equal(await client.get("client/absent"), undefined);
});

test("a condition that does not pass is an error that says so", async () => {
    const { revision } = await client.put("client/conditional", "1");
    await assert.rejects(client.put("client/conditional", "2", { ifAbsent: true }), fails("precondition-failed", 412));
    await client.put("client/conditional", "2", { ifRevision: revision });
    await assert.rejects(client.delete("client/conditional", { ifRevision: revision }), fails("precondition-failed", 412));
    assert.ok(await client.delete("client/conditional") > revision);
    assert.equal(await client.delete("client/conditional"), undefined);
});

test("an answer that is lost increments once", async () => {
    link.loseAnswers(2, /^POST \/v1\/counters\//);
    assert.equal(await client.increment("client/counter", 5), 5n);
    assert.equal(link.lost, 2);
    assert.equal(await client.increment("client/counter", -7n), -2n);
});

test("what is not from the service is never an answer", async () => {
    const other = new KvStoreClient("http://elsewhere", { fetch: async () => new Response("Log in here"), retriesMax: 0 });
    await assert.rejects(other.get("client/absent"), /not by KvStore/);
    const proxy = new KvStoreClient("http://elsewhere", { fetch: async () => new Response("gone", { status: 404 }), retriesMax: 0 });
    await assert.rejects(proxy.delete("client/absent"), { outcome: "unknown", status: 404 });
});

test("a call ends when it is aborted, and when its time is over", async () => {
    const hanging = new KvStoreClient("http://elsewhere", {
        fetch: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))), timeoutMs: 20, retryDelayMs: 1,
    });
    await assert.rejects(hanging.put("client/late", ""), { outcome: "unknown", isTransient: true });
    const abort = new AbortController();
    const call = hanging.get("client/late", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(call, /enough/);
});

test("a watch sees everything once and in order, over cuts and a restart of the service", { timeout: 60_000 }, async () => {
    await client.put("watched/0", "0");
    const seen = [];
    const done = (async () => {
        for await (const event of client.watch({ prefix: "watched/", initial: true })) {
            seen.push(event.type === "synced" || event.type === "reset" ? event.type : `${event.type} ${event.key.slice(8)} ${event.entry?.text ?? ""}`.trim());
            if (event.key === "watched/end")
                return;
        }
    })();
    const direct = new KvStoreClient(service.url, { retryDelayMs: 5, retriesMax: 20 });
    while (!seen.includes("synced"))
        await new Promise(resolve => setImmediate(resolve));
    const wanted = ["entry 0 0", "synced"];
    for (let i = 1; i <= 6; i++) {
        await direct.put(`watched/${i}`, `${i}`);
        wanted.push(`put ${i} ${i}`);
        link.cut();
        await direct.delete(`watched/${i}`);
        wanted.push(`delete ${i}`);
        if (i === 3) {
            await service.stop();
            await service.start();
        }

        link.mend();
    }

    await direct.put("watched/end", "");
    await done;
    assert.deepEqual(seen, [...wanted, "put end"]);
});

test("a watch that cannot begin is an error, and one that is aborted ends", async () => {
    await assert.rejects(client.watch({ key: "k", after: 2 ** 50 }).next(), { status: 410 });
    const abort = new AbortController();
    const watch = client.watch({ key: "k", signal: abort.signal });
    const next = watch.next();
    abort.abort(new Error("enough"));
    await assert.rejects(next, /enough/);
});
