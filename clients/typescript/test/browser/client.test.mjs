// The client in Chromium: the vectors, replicas in IndexedDB that two tabs share, and watches with a key.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { Link, TestService } from "../service.mjs";
import { launch, servePages, vectors, waitFor } from "./pages.mjs";

const complaints = [];
let pages, service, link, key, browser;

before(async () => {
    pages = await servePages();
    service = new TestService("--engine", "memory", "--KvStore:AllowedOrigins", pages.origin);
    key = service.newKey("page", "read,write,delete", "page/");
    service.settings.push("--keys", service.keyFile);
    await service.start();
    link = await new Link().open(service.url);
    browser = await launch();
});

after(async () => {
    await browser?.close();
    link?.close();
    await service?.dispose();
    pages?.close();
});

const newUser = () => browser.createBrowserContext();

async function open(user) {
    const page = await user.newPage();
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(`${pages.origin}/test/browser/client.html?service=${encodeURIComponent(link.url)}&key=${key}`);
    await waitFor(page, () => window.isReady);
    return page;
}

test("the vectors give the same bytes in a browser", async () => {
    const page = await open(await newUser());
    const files = readdirSync(vectors).filter(file => file.endsWith(".json"));
    const compared = await page.evaluate(async files => {
        const { follow } = await import("/test/crdt/session.mjs");
        const sorted = value => JSON.stringify(value, value && typeof value === "object" && !Array.isArray(value) ? Object.keys(value).sort() : undefined);
        let count = 0;
        for (const file of files) {
            for (const history of await (await fetch(`/vectors/${file}`)).json()) {
                follow(history, (made, expected, where) => {
                    count++;
                    if (sorted(made) !== sorted(expected))
                        throw new Error(`${where}: ${sorted(made)} instead of ${sorted(expected)}`);
                });
            }
        }

        return count;
    }, files);
    assert.ok(compared > 1000, `${compared}`);
});

test("what is typed offline is in IndexedDB, and arrives after the page was closed and opened again", async () => {
    const user = await newUser();
    const [one, other] = [await open(user), await open(await newUser())];
    for (const page of [one, other])
        await page.evaluate(async () => (window.note = await open("page/note", "text")).synced());
    await one.evaluate(() => note.change(text => text.insert(0, "online")));
    await waitFor(other, () => note.value.text === "online");

    link.cut();
    await waitFor(one, () => note.state === "offline");
    await one.evaluate(() => note.change(text => text.insert(6, ", offline 😀")));
    const id = await one.evaluate(async () => {
        await note.close();
        return note.value.self;
    });
    await one.close();
    const again = await open(user);
    const found = await again.evaluate(async () => {
        window.note = await open("page/note", "text");
        return [note.value.text, note.value.self, note.hasUnsent];
    });
    assert.deepEqual(found, ["online, offline 😀", id, true]);

    link.mend();
    await waitFor(other, () => note.value.text === "online, offline 😀");
    await again.evaluate(() => note.synced());
});

test("a page that is killed loses nothing that was stored, and another tab sends it", async () => {
    const user = await newUser();
    const [one, tab] = [await open(user), await open(user)];
    const ids = [];
    for (const page of [one, tab]) {
        ids.push(await page.evaluate(async () => {
            window.list = await open("page/list", "or-set");
            await list.synced();
            return list.value.self;
        }));
    }

    assert.notEqual(ids[0], ids[1]);
    link.cut();
    await waitFor(one, () => list.state === "offline");
    await one.evaluate(async () => {
        list.change(set => set.change(["milk"]));
        const database = await new Promise(resolve => indexedDB.open("kvstore").onsuccess = event => resolve(event.target.result));
        const stored = () => new Promise(resolve => database.transaction("replicas").objectStore("replicas").getAll().onsuccess = event => resolve(event.target.result));
        while (!(await stored()).some(replica => replica.id === list.value.self && replica.hasUnsent))
            await new Promise(resolve => setTimeout(resolve, 5));
    });
    await one.close();
    link.mend();
    await waitFor(tab, () => list.state === "synced" && list.value.has("milk"));
});

test("a watch of a page sends its key in a header, and resumes after a cut", async () => {
    const page = await open(await newUser());
    await page.evaluate(() => {
        window.seen = [];
        window.abort = new AbortController();
        window.watching = (async () => {
            for await (const event of client.watch({ prefix: "page/watched/", initial: true, signal: abort.signal }))
                seen.push(event.type + (event.entry ? ` ${event.entry.text}` : ""));
        })().catch(error => seen.push(error.name));
    });
    await waitFor(page, () => seen.join() === "synced");
    await page.evaluate(() => client.put("page/watched/a", "1"));
    await waitFor(page, () => seen.join() === "synced,put 1");
    link.cut();
    link.mend();
    await page.evaluate(() => client.put("page/watched/a", "2"));
    await waitFor(page, () => seen.join() === "synced,put 1,put 2");
    await page.evaluate(() => abort.abort());
    await waitFor(page, () => seen.at(-1) === "AbortError");
    await assert.rejects(page.evaluate(() => client.get("elsewhere")), /begin with page/);
});

test("the pages had no errors", () => assert.deepEqual(complaints, []));
