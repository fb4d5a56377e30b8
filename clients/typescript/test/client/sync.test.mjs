// Mergeable replicas and a real service, over a network that is cut.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { crdtTypes, KvStoreClient, MemoryStorage, MergeableReplica, ProgramLocks } from "kvstore-client";
import { change, valueOf } from "../crdt/changes.mjs";
import { forSeeds } from "../random.mjs";
import { Link, TestService } from "../service.mjs";

let service, links, direct;

before(async () => {
    service = await new TestService().start();
    links = await Promise.all([1, 2, 3].map(() => new Link().open(service.url)));
    direct = new KvStoreClient(service.url);
});

after(async () => {
    links?.forEach(link => link.close());
    await service?.dispose();
});

const open = (link, key, type, apiKey) => MergeableReplica.open(
    new KvStoreClient(link.url, apiKey === undefined ? {} : { apiKey }), key, type, { storage: new MemoryStorage(), locks: new ProgramLocks(), retryDelayMs: 5, retryDelayMaxMs: 50 });

const until = (replica, isTrue) => new Promise(resolve => {
    const check = () => isTrue() && (end(), resolve());
    const end = replica.subscribe(check);
    check();
});

const intend = async (key, intent) => {
    const response = await fetch(`${service.url}/v1/crdt/${key}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(intent) });
    assert.ok(response.ok, await response.text());
};

for (const type of crdtTypes) {
    test(`replicas of a ${type} agree with the service after random cuts`, { timeout: 60_000 }, () => forSeeds(2, async random => {
        const key = `sync/${type}/${random.below(2 ** 31)}`;
        const replicas = await Promise.all(links.map(link => open(link, key, type)));
        await replicas[0].synced();
        for (let step = 0; step < 30; step++) {
            random.pick(replicas).change(value => change(random, value));
            const link = random.pick(links);
            if (random.oneIn(4))
                link.isCut ? link.mend() : link.cut();
            else if (random.oneIn(6))
                link.loseAnswers(1, /^POST \/v1\/crdt\//);
            await new Promise(resolve => setImmediate(resolve));
        }

        links.forEach(link => link.loseAnswers(0));
        links.forEach(link => link.mend());
        replicas.forEach(replica => replica.retry());
        const isSame = () => replicas.every(replica => replica.state === "synced" && String(replica.value.version) === String(replicas[0].value.version));
        while (!isSame())
            await Promise.race(replicas.map(replica => new Promise(resolve => until(replica, isSame).then(resolve))).concat(new Promise(resolve => setTimeout(resolve, 50))));
        for (const replica of replicas)
            assert.deepEqual(replica.value.encode(), replicas[0].value.encode());
        const read = await (await fetch(`${service.url}/v1/crdt/${key}`)).json();
        const value = valueOf(replicas[0].value);
        assert.deepEqual(read, typeof value === "bigint" ? Number(value) : value);
        await Promise.all(replicas.map(replica => replica.close()));
    }));
}

test("intents that the service carries out arrive, and a restart of it loses nothing", { timeout: 60_000 }, async () => {
    const one = await open(links[0], "sync/restart", "text");
    one.change(text => text.insert(0, "one"));
    await one.synced();
    await intend("sync/restart", { edits: [{ at: 3, insert: " two" }] });
    await until(one, () => one.value.text === "one two");
    await service.stop();
    await until(one, () => one.state === "offline");
    one.change(text => text.insert(7, " three"));
    await service.start();
    await one.synced();
    assert.equal(await (await fetch(`${service.url}/v1/crdt/sync/restart`)).json(), "one two three");
    await one.close();
});

test("a value that is deleted, made again or no such value is said to be", { timeout: 60_000 }, async () => {
    const one = await open(links[0], "sync/deleted", "g-set");
    await one.synced();
    await direct.delete("sync/deleted");
    await until(one, () => one.state === "deleted");
    await intend("sync/deleted?type=g-set", { add: ["new"] });
    one.retry();
    await until(one, () => one.state === "conflict");
    one.startOver(false);
    await one.synced();
    assert.deepEqual(one.value.elements, ["new"]);
    await one.close();

    await direct.put("sync/entry", "1");
    const entry = await open(links[0], "sync/entry", "pn-counter");
    await until(entry, () => entry.state === "failed");
    assert.ok(entry.error.is("not-mergeable"));
    await entry.close();
});
