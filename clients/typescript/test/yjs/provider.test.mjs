// The provider of Yjs against the service, over connections that break.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { equal, join, joined, link, list, newName, service, stored, until, updatesOf } from "./clients.mjs";
import { TestService } from "../service.mjs";

test("the program of yjs.md prints what yjs.md says", async () => {
    const text = readFileSync(new URL("../../yjs.md", import.meta.url), "utf8");
    const { program, output } = /```javascript\n(?<program>[^]*?)```\n+```text\n(?<output>[^]*?)```/.exec(text).groups;
    const { stdout } = await promisify(execFile)(
        process.execPath, ["--input-type=module", "--eval", program.replace("http://localhost:8080", service.url)], { cwd: new URL("../..", import.meta.url) });
    assert.equal(stdout, output);
});

test("two clients edit at once", async () => {
    const name = newName(), [one, other] = await Promise.all([joined(name), joined(name)]);
    one.text.insert(0, "hello ");
    other.text.insert(0, "world ");
    await Promise.all([one, other].map(client => client.provider.whenStored()));
    await equal(one, other);
    assert.equal(one.text.length, 12);
    assert.equal(await stored(name), one.text.toString());
});

test("keystrokes become one update", async () => {
    const name = newName(), client = await joined(name, { sendAfter: 30 });
    for (const character of "a line of text")
        client.text.insert(client.text.length, character);
    await client.provider.whenStored();
    assert.equal((await updatesOf(name)).length, 1);
    assert.equal(await stored(name), "a line of text");
});

test("what is edited while the connection is cut is sent afterwards", async () => {
    const name = newName(), cable = await link(), one = await joined(name, { url: cable.url }), other = await joined(name);
    one.text.insert(0, "before ");
    await equal(one, other);
    cable.cut();
    await until(() => !one.provider.synced);
    one.text.insert(one.text.length, "offline ");
    other.text.insert(0, "meanwhile ");
    assert.ok(one.provider.unsentBytes > 0);
    cable.mend();
    await one.provider.whenStored();
    await equal(one, other);
    assert.equal(one.text.toString(), "meanwhile before offline ");
});

test("an answer that is lost stores nothing twice", async () => {
    const name = newName(), cable = await link(), client = await joined(name, { url: cable.url });
    for (let i = 0; i < 3; i++) {
        cable.loseAnswers(1);
        client.text.insert(client.text.length, `${i} `);
        await client.provider.whenStored();
    }
    assert.equal(cable.lost, 3);
    assert.equal((await updatesOf(name)).length, 3);
    assert.equal(await stored(name), "0 1 2 ");
});

test("a client that cannot load adds to what is stored, and replaces nothing", async () => {
    const name = newName(), writer = await joined(name);
    writer.text.insert(0, "precious");
    await writer.provider.whenStored();
    const cable = await link();
    cable.cut();
    const client = join(name, { url: cable.url, compactAfter: 2 });
    client.text.insert(0, "typed into a blank page, ");
    await until(() => client.provider.status === "connecting");
    assert.equal(await stored(name), "precious");
    cable.mend();
    await client.provider.whenStored();
    await equal(client, writer);
    assert.deepEqual([...client.text.toString().matchAll("precious")].length, 1);
});

test("who is here comes and goes", async () => {
    const name = newName(), [one, other] = await Promise.all([joined(name), joined(name)]);
    one.provider.awareness.setLocalStateField("user", { name: "Ada", cursor: 3 });
    const seen = () => other.provider.awareness.getStates().get(one.doc.clientID)?.user;
    await until(() => seen()?.name === "Ada");
    const late = await joined(name);
    assert.equal(late.provider.awareness.getStates().get(one.doc.clientID).user.cursor, 3);
    const [entry] = await list(`${name}/a/`);
    assert.ok(Date.parse(entry.expires_at) > Date.now());
    await one.close();
    await until(() => seen() === undefined);
});

test("the service is killed and started again", async () => {
    const name = newName(), [one, other] = await Promise.all([joined(name), joined(name)]);
    one.text.insert(0, "kept ");
    await equal(one, other);
    await service.stop("SIGKILL");
    one.text.insert(5, "typed meanwhile ");
    await service.start();
    await one.provider.whenStored();
    await equal(one, other);
    assert.equal(await stored(name), "kept typed meanwhile ");
});

test("a document that another client deletes is stored again only if the application wants that", async () => {
    const name = newName(), [one, other] = await Promise.all([joined(name), joined(name)]);
    one.text.insert(0, "text");
    await equal(one, other);
    let deletions = 0;
    for (const { provider } of [one, other])
        provider.on("deleted", () => deletions++);
    await fetch(`${service.url}/v1/kv?prefix=${name}/`, { method: "DELETE" });
    await until(() => deletions === 2);
    other.text.insert(0, "more ");
    assert.equal(other.provider.status, "disconnected");
    assert.equal((await list(`${name}/`)).length, 0);
    other.provider.connect();
    await other.provider.whenSynced();
    await other.provider.whenStored();
    assert.equal(await stored(name), "more text");
});

test("a client without the rights keeps what it cannot send, and a store that is lost gets the document back", async () => {
    const guarded = new TestService("--engine", "memory");
    const reader = guarded.newKey("reader", "read", "notes/"), writer = guarded.newKey("writer", "read,write,delete", "notes/");
    guarded.settings.push("--keys", guarded.keyFile);
    await guarded.start();
    try {
        const { url } = guarded, stranger = join("notes/1", { url });
        stranger.text.insert(0, "from a stranger");
        await until(() => stranger.errors.length > 0);
        assert.equal(stranger.errors[0].status, 401);
        assert.equal(stranger.provider.status, "disconnected");

        const author = await joined("notes/1", { url, apiKey: writer });
        author.text.insert(0, "written ");
        await author.provider.whenStored();
        const client = await joined("notes/1", { url, apiKey: reader });
        assert.equal(client.text.toString(), "written ");
        client.text.insert(0, "not allowed ");
        await until(() => client.errors.length > 0);
        assert.equal(client.errors[0].problem.name, "forbidden");
        author.text.insert(8, "again ");
        await until(() => client.text.toString() === "not allowed written again ");
        assert.ok(client.provider.unsentBytes > 0);

        // The application gets another key, and nothing is lost.
        await client.provider.destroy();
        const allowed = await joined("notes/1", { url, apiKey: writer, doc: client.doc });
        await allowed.provider.whenStored();
        await equal(author, allowed);
        await allowed.close();

        // The engine memory begins another store, which gets the document back.
        await guarded.stop("SIGKILL");
        await until(() => !author.provider.synced);
        await guarded.start();
        await author.provider.whenSynced();
        await author.provider.whenStored();
        const late = await joined("notes/1", { url, apiKey: writer });
        assert.equal(late.text.toString(), author.text.toString());
        await Promise.all([late, author].map(one => one.close()));
    } finally {
        await guarded.dispose();
    }
});
