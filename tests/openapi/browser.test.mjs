// What a person does with Swagger UI, in a real browser.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";

const url = process.env.KVSTORE_URL;
const patience = { timeout: 60_000 };
const complaints = [];
let browser, page;

before(async () => {
    browser = await puppeteer.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        // Chromium's own sandbox does not work for root, and no page but our own is opened.
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
    });
    page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 1600 });
    page.on("pageerror", error => complaints.push(String(error)));
    page.on("console", message => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`${url}/swagger/index.html`, { waitUntil: "load", ...patience });
});

after(() => browser?.close());

/** Opens an operation, fills in its parameters and body, executes it, and returns what the page then shows of the answer. */
async function tryOut(tag, operation, { parameters = {}, mediaType, body } = {}) {
    const block = await page.waitForSelector(`#operations-${tag}-${operation}`, patience);
    await (await block.waitForSelector(".opblock-summary-control", patience)).click();
    await block.waitForSelector("button.execute", patience);
    for (const [name, value] of Object.entries(parameters))
        await fill(await block.waitForSelector(`tr[data-param-name="${name}"] input`, patience), value);
    if (mediaType)
        await (await block.waitForSelector(".opblock-section-request-body select", patience)).select(mediaType);
    if (body)
        await fill(await block.waitForSelector(".opblock-section-request-body textarea", patience), body);
    await (await block.waitForSelector("button.execute", patience)).click();
    const row = await block.waitForSelector(".live-responses-table .response", patience);
    const shown = {
        status: await row.$eval(".response-col_status", cell => cell.firstChild.textContent.trim()),
        text: await row.evaluate(cell => cell.textContent),
    };
    await block.screenshot({ path: join(process.env.KVSTORE_ARTIFACTS, `${operation}.png`) });
    return shown;
}

async function fill(input, text) {
    await input.click({ count: 3 });
    await input.press("Backspace");
    await input.type(text);
}

test("Try it out of PUT stores a value", async () => {
    const shown = await tryOut("Entries", "putEntry", { parameters: { key: "browser/a b" }, mediaType: "text/plain", body: "typed into the page" });
    assert.equal(shown.status, "201");
    assert.match(shown.text, /etag/i);
    const stored = await fetch(`${url}/v1/kv/browser/a%20b`);
    assert.equal(stored.headers.get("Content-Type"), "text/plain");
    assert.equal(await stored.text(), "typed into the page");
});

test("Try it out of GET shows the value", async () => {
    const shown = await tryOut("Entries", "getEntry", { parameters: { key: "browser/a b" } });
    assert.equal(shown.status, "200");
    assert.match(shown.text, /typed into the page/);
});

test("Try it out of GET shows what is wrong", async () => {
    const shown = await tryOut("Compatibility", "getPerson", { parameters: { id: "424242" } });
    assert.equal(shown.status, "404");
    assert.match(shown.text, /docs\/http-api\.md#not-found/);
});

// Swagger UI shows an answer when it has ended, which a watch does not; pages use the browser's EventSource.
test("EventSource of a page sees what is there and what changes", async () => {
    await fetch(`${url}/v1/kv/browser/watched`, { method: "PUT", body: "before" });
    const seen = await page.evaluate(() => new Promise((resolve, reject) => {
        const events = [];
        const source = new EventSource("/v1/watch?key=browser/watched&initial=true");
        source.onerror = () => reject(new Error(`the stream ended after ${JSON.stringify(events)}`));
        source.addEventListener("entry", event => events.push(["entry", JSON.parse(event.data).key]));
        source.addEventListener("synced", () => fetch("/v1/kv/browser/watched", { method: "DELETE" }));
        source.addEventListener("change", event => {
            events.push(["change", JSON.parse(event.data).changes[0].type]);
            source.close();
            resolve(events);
        });
    }));
    assert.deepEqual(seen, [["entry", "browser/watched"], ["change", "delete"]]);
});

test("the page had no errors", () => {
    // The browser writes a line for each answer that is an error; one was asked for.
    assert.deepEqual(complaints.filter(text => !text.includes("404")), []);
});
