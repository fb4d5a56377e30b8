// Swagger UI of a service with keys, over TLS: it loads without a key, and with one typed in behind Authorize it does what the key may.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, newPage, patience } from "./browser.mjs";

const url = process.env.KVSTORE_SECURE_URL;
const artifacts = process.env.KVSTORE_ARTIFACTS;
const [key] = readFileSync(join(artifacts, "secure.log"), "utf8").match(/^kv_\S+$/m);
const complaints = [];
let browser, page;

before(async () => {
    browser = await launch({ acceptInsecureCerts: true });
    page = await newPage(browser, url, complaints, text => text.includes("status of 401 "));
    await page.goto(`${url}/swagger/index.html`, { waitUntil: "load", ...patience });
});

after(() => browser?.close());

// By script, because a click of the mouse misses what still moves.
const press = selector => page.$eval(selector, button => button.click());

async function open(operation) {
    const block = await page.waitForSelector(`#operations-${operation}`, patience);
    if (!await block.$("button.execute"))
        await press(`#operations-${operation} .opblock-summary-control`);
    await page.waitForSelector(`#operations-${operation} button.execute`, patience);
    return block;
}

/** Executes an operation with what is filled in, and returns the status once it is the wanted one. */
async function execute(operation, wanted) {
    await open(operation);
    await page.waitForSelector(`#operations-${operation} .responses-wrapper`, patience);
    await press(`#operations-${operation} button.execute`);
    await page.waitForFunction((selector, status) => document.querySelector(selector)?.firstChild.textContent.trim() === status, patience,
        `#operations-${operation} .live-responses-table .response .response-col_status`, wanted);
}

test("without a key the page says what is missing", async () => {
    await execute("Entries-putEntry", "401");
    await execute("Entries-getEntry", "401");
});

test("with a key behind Authorize it stores, reads and watches", async () => {
    await press(".auth-wrapper .btn.authorize");
    const input = await page.waitForSelector(".modal-ux input", patience);
    await input.type(key);
    await page.screenshot({ path: join(artifacts, "authorize.png") });
    await press(".modal-ux button.authorize");
    await page.waitForSelector(".modal-ux .btn-done", patience);
    await press(".modal-ux .btn-done");

    await execute("Entries-putEntry", "201");
    await execute("Entries-getEntry", "200");
    const watch = await open("Watch-watch");
    const prefix = await watch.waitForSelector('tr[data-param-name="prefix"] input', patience);
    await prefix.click({ count: 3 });
    await prefix.type("example/");
    await (await watch.$('tr[data-param-name="initial"] select')).select("true");
    await press("#operations-Watch-watch button.execute");
    await page.waitForFunction(() => document.querySelector("#operations-Watch-watch .live-responses-table .response")?.textContent.includes("event: synced"), patience);
    await page.screenshot({ path: join(artifacts, "secure.png"), fullPage: true });
    await press("#operations-Watch-watch button.btn-clear");
});

test("the key is kept nowhere, and goes nowhere else", async () => {
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    assert.ok(!stored.includes(key), stored);
    await page.reload({ waitUntil: "load", ...patience });
    await execute("Entries-getEntry", "401");
});

test("the page had no errors", () => assert.deepEqual(complaints, []));
