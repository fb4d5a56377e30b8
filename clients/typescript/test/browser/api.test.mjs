// Every call of the client in a page of another origin than the service's, with a key: CORS lets through what the client sends and reads.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { origins, startWithOrigins } from "../api/service.mjs";
import { scenarios } from "../api/scenarios.mjs";
import { launch, servePages, waitFor } from "./pages.mjs";

const complaints = [];
let pages, running, browser, page;

before(async () => {
    pages = await servePages();
    running = await startWithOrigins("--KvStore:AllowedOrigins", pages.origin);
    const { service } = running;
    const key = service.newKey("page", "read,write,delete,admin");
    service.settings.push("--keys", service.keyFile);
    await service.start();
    browser = await launch();
    page = await browser.newPage();
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(`${pages.origin}/test/browser/client.html?service=${encodeURIComponent(service.url)}&key=${key}`);
    await waitFor(page, () => window.isReady);
});

after(async () => {
    await browser?.close();
    await running?.dispose();
    pages?.close();
});

for (const [index, name] of Object.keys(scenarios).entries()) {
    test(name, async () => await page.evaluate(async ({ name, prefix, origins }) => {
        const { scenarios } = await import("/test/api/scenarios.mjs");
        const waitUntil = async isTrue => {
            while (!await isTrue())
                await new Promise(resolve => setTimeout(resolve, 20));
        };
        await scenarios[name]({ client, origins, prefix, waitUntil });
    }, { name, prefix: `s${index}/`, origins }));
}

test("the page had no errors", () => assert.deepEqual(complaints, []));
