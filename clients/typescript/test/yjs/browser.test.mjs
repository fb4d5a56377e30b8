// The provider of Yjs in Chromium, in a page that keeps its document in IndexedDB.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { Link, TestService } from "../service.mjs";

const root = new URL("../../", import.meta.url);
const complaints = [];
let pages, service, cable, browser, address;

// What a bundler would resolve. lib0 exports each of its files without the ending.
const imports = {
    "yjs": "/node_modules/yjs/dist/yjs.mjs",
    "y-indexeddb": "/node_modules/y-indexeddb/src/y-indexeddb.js",
    "y-protocols/awareness": "/node_modules/y-protocols/awareness.js",
    ...Object.fromEntries(readdirSync(new URL("node_modules/lib0/", root)).filter(file => file.endsWith(".js")).map(file => [`lib0/${file.slice(0, -3)}`, `/node_modules/lib0/${file}`])),
};

before(async () => {
    pages = createServer((request, response) => {
        const { pathname } = new URL(request.url, "http://localhost"), file = new URL(`.${pathname}`, root);
        if (!existsSync(file))
            return response.writeHead(404).end();
        const isPage = pathname.endsWith(".html"), content = readFileSync(file);
        response.writeHead(200, { "Content-Type": isPage ? "text/html" : "text/javascript" });
        response.end(isPage ? content.toString().replace("<script", `<script type="importmap">${JSON.stringify({ imports })}</script><script`) : content);
    });
    await new Promise(resolve => pages.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${pages.address().port}`;
    service = await new TestService("--engine", "memory", "--KvStore:AllowedOrigins", origin).start();
    cable = await new Link().open(service.url);
    address = `${origin}/test/yjs/yjs.html?service=${encodeURIComponent(cable.url)}`;
    browser = await puppeteer.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        // Chromium's own sandbox does not work for root, and no page but that of the tests is opened.
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
    });
});

after(async () => {
    await browser?.close();
    cable?.close();
    await service?.dispose();
    pages?.close();
});

/** A page of a user of its own. */
async function open() {
    const page = await (await browser.createBrowserContext()).newPage();
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(address);
    await page.waitForFunction(() => window.provider?.synced);
    return page;
}

const textOf = page => page.evaluate(() => text.toString());

test("two pages edit at once, and one is closed and opened again while its connection is cut", async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await Promise.all([one.evaluate(() => text.insert(0, "hello ")), other.evaluate(() => text.insert(0, "world "))]);
    for (const page of [one, other])
        await page.waitForFunction(() => text.length === 12 && provider.unsentBytes === 0);
    assert.equal(await textOf(one), await textOf(other));
    await one.evaluate(() => provider.awareness.setLocalStateField("user", { name: "Ada" }));
    await other.waitForFunction(() => [...provider.awareness.getStates().values()].some(({ user }) => user?.name === "Ada"));

    cable.cut();
    await one.waitForFunction(() => provider.status === "connecting");
    await one.evaluate(() => text.insert(text.length, "offline"));
    await one.reload();
    await one.waitForFunction(() => window.text?.toString().endsWith("offline") && provider.status === "connecting");
    cable.mend();
    for (const page of [one, other])
        await page.waitForFunction(() => text.toString().endsWith("offline") && provider.unsentBytes === 0 && provider.synced);
    assert.equal(await textOf(one), await textOf(other));
    assert.deepEqual(complaints, []);
});
