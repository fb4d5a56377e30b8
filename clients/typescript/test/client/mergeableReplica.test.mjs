// Replicas that are edited online and offline, against a service in memory.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createReplica, KvStoreClient, loadReplica, LocalStorage, MemoryStorage, MergeableReplica, ProgramLocks } from "kvstore-client";
import { change } from "../crdt/changes.mjs";
import { forSeeds } from "../random.mjs";
import { StubService } from "./stubService.mjs";

let service, client, opened;

beforeEach(() => {
    service = new StubService();
    client = new KvStoreClient("http://stub", { fetch: service.fetch });
    opened = [];
});

afterEach(() => Promise.all(opened.map(replica => replica.close())));

/** One browser: what its pages have in common. */
const browser = (storage = new MemoryStorage()) => ({ storage, locks: new ProgramLocks(), retryDelayMs: 1, retryDelayMaxMs: 5 });

async function open(type, options = browser(), key = "a value/1") {
    const replica = await MergeableReplica.open(client, key, type, options);
    opened.push(replica);
    return replica;
}

/** Waits for an event after which something is true. */
const until = (replica, isTrue) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`It is ${replica.state}: ${replica.error}`)), 10_000);
    const check = () => {
        if (!isTrue())
            return;
        clearTimeout(timer);
        end();
        resolve();
    };
    const end = replica.subscribe(check);
    check();
});

const state = (replica, wanted) => until(replica, () => replica.state === wanted);

test("what one types the other one sees", async () => {
    const one = await open("text");
    const other = await open("text");
    one.change(text => text.insert(0, "Hello"));
    await until(other, () => other.value.text === "Hello");
    other.change(text => text.insert(5, ", world"));
    await until(one, () => one.value.text === "Hello, world");
    await Promise.all([one.synced(), other.synced()]);
    assert.ok(!one.hasUnsent && !other.hasUnsent);
});

test("what is done offline is sent when the service can be reached", async () => {
    const one = await open("pn-counter");
    const other = await open("pn-counter");
    await Promise.all([one.synced(), other.synced()]);
    service.cut();
    await state(one, "offline");
    one.change(counter => counter.increment(3));
    other.change(counter => counter.increment(-1));
    assert.equal(one.value.value, 3n);
    assert.ok(one.hasUnsent);
    service.isOnline = true;
    await until(one, () => one.value.value === 2n);
    await until(other, () => other.value.value === 2n);
});

test("a value that is begun offline is continued on the one that is there", async () => {
    service.isOnline = false;
    const one = await open("or-set");
    const other = await open("or-set");
    one.change(set => set.change(["milk"]));
    other.change(set => set.change(["bread"]));
    service.isOnline = true;
    await until(one, () => one.value.size === 2);
    await until(other, () => other.value.size === 2);
    assert.equal(one.value.lineage, service.values.get("a value/1").hub.lineage);
});

for (const [name, storageOf] of [["memory", () => new MemoryStorage()], ["localStorage", () => new LocalStorage(fakeStorage())]]) {
    test(`what was not sent is there when the page is opened again, from ${name}`, async () => {
        const shared = browser(storageOf());
        const first = await open("pn-counter", shared);
        first.change(counter => counter.increment(5));
        await first.synced();
        service.cut();
        first.change(counter => counter.increment(2));
        const { self } = first.value;
        await first.close();
        assert.throws(() => first.change(counter => counter.increment(1)));

        const again = await open("pn-counter", shared);
        assert.equal(again.value.self, self);
        assert.equal(again.value.value, 7n);
        assert.ok(again.hasUnsent);
        service.isOnline = true;
        await again.synced();
        assert.equal(service.values.get("a value/1").hub.value, 7n);
    });
}

test("pages of one browser have ids of their own, and what a closed one left unsent is sent by another", async () => {
    const shared = browser();
    const [one, other] = [await open("g-set", shared), await open("g-set", shared)];
    await Promise.all([one.synced(), other.synced()]);
    assert.notEqual(one.value.self, other.value.self);
    service.cut();
    one.change(set => set.change(["one"]));
    other.change(set => set.change(["other"]));
    await Promise.all([one.close(), other.close()]);
    service.isOnline = true;
    const again = await open("g-set", shared);
    await until(again, () => again.value.size === 2 && again.state === "synced");
    assert.deepEqual(service.values.get("a value/1").hub.elements, ["one", "other"]);
    assert.equal((await shared.storage.list("http://stub a value/1")).length, 1);
});

test("what arrives is acknowledged now and then by a replica that has changed something", async () => {
    const one = await open("g-set", { ...browser(), upkeepIntervalMs: 5 });
    const other = await open("g-set", { ...browser(), upkeepIntervalMs: 5 });
    one.change(set => set.change(["one"]));
    await Promise.all([one.synced(), other.synced()]);
    service.change("a value/1", set => set.change(["by another"]));
    while (service.acknowledged?.version !== String(service.values.get("a value/1").hub.version))
        await new Promise(resolve => setTimeout(resolve, 1));
    assert.equal(service.acknowledged.replica, one.value.self);
});

test("an answer that is lost applies nothing twice", async () => {
    const one = await open("pn-counter");
    await one.synced();
    let losses = 3;
    service.fault = request => request.method === "POST" && losses-- > 0 ? "lost" : undefined;
    one.change(counter => counter.increment(7));
    await until(one, () => one.state === "synced" && losses < 0);
    assert.equal(service.values.get("a value/1").hub.value, 7n);
});

test("what others did to changes whose answer was lost does not keep later ones from being sent", async () => {
    const one = await open("text");
    await one.synced();
    let isLossy = true;
    service.fault = request => request.method === "POST" && isLossy ? "lost" : undefined;
    one.change(text => text.insert(0, "ab"));
    const { hub } = service.values.get("a value/1");
    await until(one, () => hub.text === "ab" && one.state !== "syncing");
    service.change("a value/1", text => text.delete(0, 1));
    await until(one, () => one.value.text === "b");
    one.change(text => text.insert(1, "c"));
    isLossy = false;
    await until(one, () => one.state === "synced" && !one.hasUnsent);
    assert.equal(hub.text, "bc");
});

for (const isArrived of [true, false]) {
    test(`a replica that was retired while offline repeats what was not sent, once, if its last request ${isArrived ? "arrived" : "did not arrive"}`, async () => {
        const options = browser();
        const one = await open("pn-counter", options);
        one.change(counter => counter.increment(100));
        await one.synced();
        const { self } = one.value;
        service.fault = request => {
            if (request.method !== "POST")
                return undefined;
            service.cut();
            return isArrived ? "lost" : "unsent";
        };
        one.change(counter => counter.increment(10));
        await state(one, "offline");
        one.change(counter => counter.increment(1));
        service.retire("a value/1", self);
        service.fault = () => undefined;
        service.isOnline = true;
        await until(one, () => one.state === "synced" && one.value.self !== self);
        assert.equal(one.value.value, 111n);
        assert.equal(service.values.get("a value/1").hub.value, 111n);
        assert.deepEqual((await options.storage.list("http://stub a value/1")).map(stored => stored.id), [one.value.self]);
    });
}

test("a text that was retired while offline keeps what was typed where it was typed", async () => {
    const one = await open("text");
    one.change(text => text.insert(0, "one two three"));
    await one.synced();
    const { self } = one.value;
    service.cut();
    one.change(text => text.insert(8, "and a half "));
    one.change(text => text.delete(0, 4));
    service.change("a value/1", text => text.insert(13, " four"));
    service.change("a value/1", text => text.delete(4, 3));
    service.retire("a value/1", self);
    service.isOnline = true;
    await until(one, () => one.state === "synced");
    assert.equal(one.value.text, " and a half three four");
    assert.equal(service.values.get("a value/1").hub.text, one.value.text);
});

test("a set that was retired while offline repeats additions and removals", async () => {
    const one = await open("or-set");
    one.change(set => set.change(["milk", "bread", "tea"]));
    await one.synced();
    const { self } = one.value;
    service.cut();
    one.change(set => set.change(["jam"], ["milk", "tea"]));
    service.change("a value/1", set => set.change(["tea", "salt"], ["bread", "milk"]));
    service.retire("a value/1", self);
    service.isOnline = true;
    await until(one, () => one.state === "synced");
    assert.deepEqual(one.value.elements, ["jam", "salt", "tea"], "the addition at once wins");
    assert.deepEqual(service.values.get("a value/1").hub.elements, one.value.elements);
});

test("a service that lost changes gets them again", async () => {
    const one = await open("text");
    one.change(text => text.insert(0, "first"));
    await one.synced();
    const value = service.values.get("a value/1");
    const backup = value.hub.encode();
    one.change(text => text.insert(5, " second"));
    await one.synced();
    service.cut();
    await state(one, "offline");
    value.hub = loadReplica(backup);
    one.change(text => text.insert(12, " third"));
    service.isOnline = true;
    await one.synced();
    assert.equal(value.hub.text, "first second third");
    assert.ok(service.requests.filter(request => request.startsWith("POST")).length >= 3);
});

test("a value that was deleted, and one that was made again, are for the application to decide", async () => {
    const one = await open("text");
    one.change(text => text.insert(0, "old"));
    await one.synced();
    service.delete("a value/1");
    await state(one, "deleted");
    await assert.rejects(one.synced());
    one.change(text => text.insert(3, " and new"));
    const other = await open("text");
    other.change(text => text.insert(0, "made again: "));
    await other.synced();
    one.retry();
    await state(one, "conflict");
    assert.equal(one.value.text, "old and new");
    one.startOver(true);
    await until(one, () => one.state === "synced" && one.value.text.includes("made again: "));
    assert.equal(one.value.text.length, "made again:  and new".length);
    await until(other, () => other.value.text === one.value.text);
});

test("a value that was made again is another one, also if its version looks the same", async () => {
    const one = await open("g-counter");
    await one.synced();
    service.change("a value/1", counter => counter.increment(5));
    await until(one, () => one.value.value === 5n);
    service.cut();
    const value = service.values.get("a value/1");
    value.hub = createReplica("g-counter", value.hub.self);
    value.hub.increment(7);
    assert.ok(value.hub.version.equals(one.value.version));
    service.isOnline = true;
    await state(one, "conflict");
    one.startOver(true);
    await until(one, () => one.state === "synced" && one.value.value === 7n);
});

test("what the service refuses stays until it is tried again", async () => {
    const one = await open("g-counter");
    await one.synced();
    service.fault = request => request.method === "POST" ? 403 : undefined;
    one.change(counter => counter.increment(1));
    await state(one, "failed");
    assert.equal(one.error.problem.name, "forbidden");
    assert.ok(one.hasUnsent);
    service.fault = () => undefined;
    one.retry();
    await one.synced();
    assert.equal(service.values.get("a value/1").hub.value, 1n);
});

test("a storage that fails lets nothing be sent that is not stored", async () => {
    const options = browser();
    const one = await open("g-counter", options);
    await one.synced();
    options.storage.save = async () => {
        throw new Error("the quota is exceeded");
    };
    const posts = () => service.requests.filter(request => request.startsWith("POST")).length;
    const before = posts();
    one.change(counter => counter.increment(1));
    await state(one, "failed");
    assert.match(String(one.error), /quota/);
    assert.equal(posts(), before);
    delete options.storage.save;
    one.retry();
    await one.synced();
});

test("a state that is too large takes no more changes, and another type none at all", async () => {
    const one = await open("text", { ...browser(), bytesMax: 100 });
    one.change(text => text.insert(0, "x".repeat(200)));
    await one.synced();
    assert.throws(() => one.change(text => text.insert(0, "x")), RangeError);
    const other = await open("or-set");
    await state(other, "failed");
    assert.ok(other.error.is("other-type"));
});

test("replicas agree after random cuts, losses and retirements", async () => {
    await forSeeds(Number(process.env.KVSTORE_TEST_LONG ? 300 : 15), async random => {
        service = new StubService();
        client = new KvStoreClient("http://stub", { fetch: service.fetch });
        const type = random.pick(["pn-counter", "or-set", "text"]);
        const replicas = [await open(type), await open(type), await open(type)];
        await Promise.all(replicas.map(replica => replica.synced()));
        let total = 0n;
        for (let step = 0; step < 30; step++) {
            const replica = random.pick(replicas);
            const before = replica.value.value;
            replica.change(value => change(random, value));
            total += type === "pn-counter" ? replica.value.value - before : 0n;
            if (random.oneIn(3))
                await new Promise(resolve => setImmediate(resolve));
            service.fault = request => request.method === "POST" ? random.pick([undefined, undefined, "lost", 503]) : undefined;
            if (random.oneIn(6))
                service.isOnline ? service.cut() : service.isOnline = true;
            if (!service.isOnline && random.oneIn(4))
                service.retire("a value/1", random.pick(replicas).value.self);
        }

        service.isOnline = true;
        service.fault = () => undefined;
        const { hub } = service.values.get("a value/1");
        const isDone = replica => replica.state === "synced" && replica.value.version.covers(hub.version);
        while (!replicas.every(isDone))
            await Promise.all(replicas.map(replica => until(replica, () => isDone(replica))));
        for (const replica of replicas)
            assert.deepEqual(replica.value.encode(), hub.encode());
        if (type === "pn-counter")
            assert.equal(hub.value, total);
        await Promise.all(replicas.map(replica => replica.close()));
    });
});

function fakeStorage() {
    const items = new Map();
    return {
        get length() {
            return items.size;
        },
        key: index => [...items.keys()][index] ?? null,
        getItem: key => items.get(key) ?? null,
        setItem: (key, item) => void items.set(key, item),
        removeItem: key => void items.delete(key),
    };
}
