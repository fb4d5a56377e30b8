// What the provider of Yjs stores: updates, the snapshot that they are merged into, and pieces of what is too large.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import { Sender } from "../../dist/http/sender.js";
import { Compactor } from "../../dist/yjs/compactor.js";
import { DocumentKeys } from "../../dist/yjs/keys.js";
import { forSeeds } from "../random.mjs";
import { equal, joined, list, newName, partsOf, service, stored, until, updatesOf } from "./clients.mjs";

const never = new AbortController().signal;
const sender = () => new Sender(service.url, {});

test("content of another storage is sent, deletions alone as well, and nothing that is there already", async () => {
    const name = newName(), first = await joined(name);
    first.text.insert(0, "abcdef");
    await first.provider.whenStored();
    await first.close();

    const doc = new Y.Doc();
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(first.doc));
    doc.getText("text").delete(1, 2);
    const second = await joined(name, { doc });
    await second.provider.whenStored();
    assert.equal((await updatesOf(name)).length, 2);
    assert.equal(await stored(name), "adef");

    const third = await joined(name, { doc: second.doc });
    await third.provider.whenStored();
    assert.equal((await updatesOf(name)).length, 2);
});

test("of many clients that seed, one does", async () => {
    const name = newName(), clients = await Promise.all(Array.from({ length: 5 }, () => joined(name)));
    const seeded = await Promise.all(clients.map(({ provider }) => provider.seed(doc => doc.getText("text").insert(0, "Title"))));
    assert.equal(seeded.filter(did => did).length, 1);
    await equal(...clients);
    assert.equal(clients[0].text.toString(), "Title");
    const late = await joined(name);
    assert.equal(await late.provider.seed(doc => doc.getText("text").insert(0, "Title")), false);
    assert.equal(late.text.toString(), "Title");
});

test("updates are merged into the snapshot, without what was deleted", async () => {
    const name = newName(), client = await joined(name, { compactAfter: 8 });
    for (let i = 0; i < 8; i++) {
        client.text.insert(0, "x".repeat(1_000));
        client.text.delete(0, 999);
        await client.provider.whenStored();
    }
    await until(async () => (await updatesOf(name)).length === 0);
    const [part] = await partsOf(name);
    assert.equal(part.key, `${name}/s/0000`);
    assert.ok(part.size < 500, `${part.size} bytes`);
    assert.equal(await stored(name), "x".repeat(8));
});

test("of clients that merge at once one does, and no change is lost", () => forSeeds(1, async random => {
    const name = newName(), keys = new DocumentKeys(name), writer = await joined(name, { compactAfter: Infinity });
    const compactors = [1, 2, 3].map(() => new Compactor(sender(), keys, true, 1_500));
    for (let round = 0; round < 12; round++) {
        for (let i = 1 + random.below(4); i > 0; i--) {
            writer.text.insert(random.below(writer.text.length + 1), `${round}.${i} `.repeat(1 + random.below(40)));
            if (writer.text.length > 40 && random.oneIn(3))
                writer.text.delete(random.below(20), 20);
            await writer.provider.whenStored();
        }
        const items = [...await partsOf(name), ...await updatesOf(name)];
        for (const compactor of compactors) {
            compactor.clear();
            items.forEach(item => compactor.added(item));
        }
        const outcomes = await Promise.allSettled(compactors.map(compactor => compactor.compact(never)));
        assert.equal(outcomes.filter(({ value }) => value === true).length, 1, `round ${round}`);
        for (const { status, reason } of outcomes)
            assert.ok(status === "fulfilled" || reason.status === 412, String(reason));
        assert.equal((await updatesOf(name)).length, 0);
        assert.equal(await stored(name), writer.text.toString(), `round ${round}`);
    }
    const parts = await partsOf(name);
    assert.ok(parts.length > 1, "the snapshot has one part");
    assert.ok(parts.every(({ size }) => size <= 1_500));
}));

test("a document that is larger than a value is stored in pieces", async () => {
    const name = newName(), doc = new Y.Doc(), text = doc.getText("text");
    for (let i = 0; i < 300; i++)
        text.insert(0, `${i} `.padStart(100, "."));
    const client = await joined(name, { doc, valueBytesMax: 4_096, compactAfter: 4 });
    await client.provider.whenStored();
    const sizes = (await list(`${name}/`)).map(({ size }) => size);
    assert.ok(sizes.every(size => size <= 4_096), `${sizes}`);
    assert.equal(await stored(name), text.toString());
});

test("text that is typed in one go is cut, between characters", async () => {
    const name = newName(), keys = new DocumentKeys(name), writer = await joined(name, { valueBytesMax: 1_000, compactAfter: Infinity });
    const compactor = new Compactor(sender(), keys, true, 1_000);
    let expected = "";
    for (let i = 0; i < 5; i++) {
        const typed = "a".repeat(i) + "😀".repeat(350);
        writer.text.insert(writer.text.length, typed);
        expected += typed;
        await writer.provider.whenStored();
        compactor.clear();
        [...await partsOf(name), ...await updatesOf(name)].forEach(item => compactor.added(item));
        assert.ok(await compactor.compact(never));
        assert.equal((await updatesOf(name)).length, 0);
        assert.equal(await stored(name), expected);
    }
    const sizes = (await partsOf(name)).map(({ size }) => size);
    assert.ok(sizes.every(size => size <= 1_000), `${sizes}`);
});

test("what the service finds too large is sent once it is deleted", async () => {
    const name = newName(), client = await joined(name);
    client.text.insert(0, "kept");
    client.doc.getMap("pictures").set("large", "x".repeat(1.2 * 1024 * 1024));
    await until(() => client.errors.length > 0);
    assert.equal(client.errors[0].problem.name, "too-large");
    assert.ok(client.provider.unsentBytes > 0);
    client.doc.getMap("pictures").delete("large");
    await client.provider.whenStored();
    assert.equal(client.errors.length, 1);
    assert.equal(await stored(name), "kept");
});

test("an entry that is no update stays, and nothing is merged", async () => {
    const name = newName();
    await fetch(`${service.url}/v1/kv/${name}/u/`, { method: "POST", body: new Uint8Array([255, 255, 255, 255, 1]) });
    const client = await joined(name, { compactAfter: 2 });
    assert.match(client.errors[0].message, /no update of Yjs/);
    client.text.insert(0, "a");
    await client.provider.whenStored();
    client.text.insert(0, "b");
    await client.provider.whenStored();
    const compactor = new Compactor(sender(), new DocumentKeys(name), true, 1_000_000);
    (await updatesOf(name)).forEach(item => compactor.added(item));
    await assert.rejects(compactor.compact(never));
    assert.equal((await updatesOf(name)).length, 3);
    assert.equal(await stored(name), "ba");
});
