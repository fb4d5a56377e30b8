// Many entries: a million keys on the screen, export and import, and transactions.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { assertAccessible, assertCalm, launch, openConsole } from "./browser.mjs";
import { TestService } from "./service.mjs";

let browser;

before(async () => browser = await launch());
after(async () => await browser.close());

/** Opens a page that has no way to write files as they arrive, as most browsers: what is saved is a download. */
async function openDownloading(service, hash) {
    const page = await openConsole(browser, service, "#/status", { acceptDownloads: true });
    await page.addInitScript(() => delete globalThis.showSaveFilePicker);
    await page.goto("about:blank");
    await page.goto(`${service.url}/ui/${hash}`);
    return page;
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const keysMax = 1_000_000;

/** Stores a million keys: 500,000 below one prefix, and as many below 5,000 groups. */
async function fill(service) {
    async function* lines() {
        for (let start = 0; start < keysMax; start += 10_000) {
            let text = "";
            for (let number = start; number < start + 10_000; number++)
                text += `{"key":"${number < keysMax / 2 ? `flat/${String(number).padStart(7, "0")}` : `group/${number % 5000}/${number}`}","text":"value ${number}"}\n`;
            yield Buffer.from(text);
        }
    }
    const answer = await fetch(`${service.url}/v1/import`, { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: ReadableStream.from(lines()), duplex: "half" });
    assert.equal((await answer.json()).imported, keysMax);
}

test("a million keys: the first view, the memory of the page, and the way to any of them", async t => {
    const service = await new TestService("--engine", "memory").start();
    t.after(() => service.dispose());
    await fill(service);
    const page = await openConsole(browser, service, "#/data/browse");
    const start = await page.evaluate(() => performance.timeOrigin);
    await page.getByText("1,000,000 keys").waitFor();
    const tree = page.getByRole("treegrid");
    await tree.getByText("500,000 keys").first().waitFor();
    t.diagnostic(`first view with counts: ${Math.round(Date.now() - start)} ms`);

    await tree.getByText("flat/", { exact: true }).click();
    await tree.getByText("0000000", { exact: true }).waitFor();
    await tree.getByText("group/", { exact: true }).waitFor({ state: "detached" });
    // As fast as pages arrive, to the 20,000th row and back: rows that were shown long ago are released.
    for (let height = 0; height < 32 * 20_000;) {
        height = await tree.evaluate(element => {
            const before = element.scrollHeight;
            element.scrollTop = before;
            return before;
        });
        await page.waitForFunction(before => document.querySelector("[role=treegrid]").scrollHeight > before, height);
    }

    await tree.evaluate(element => element.scrollTop = element.scrollHeight);
    await page.waitForFunction(() => [...document.querySelectorAll(".line .name")].some(({ textContent }) => Number(textContent) > 19_000));
    const rows = await page.locator(".line").count();
    assert.ok(rows < 100, `${rows} rows are elements`);
    await tree.evaluate(element => element.scrollTop = 0);
    await tree.getByText("0000000", { exact: true }).waitFor();

    await page.getByLabel("Prefix, or a whole key").fill("flat/04999");
    await page.getByText("100 keys", { exact: true }).waitFor();
    await page.getByLabel("Prefix, or a whole key").fill("flat/0499999");
    await page.keyboard.press("Enter");
    await page.getByText("value 499999").waitFor();

    const devtools = await page.context().newCDPSession(page);
    await devtools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await devtools.send("Runtime.getHeapUsage");
    t.diagnostic(`heap of the page: ${(usedSize / 1024 / 1024).toFixed(1)} MiB; renderer process: ${await rendererMemory()} MiB`);
    assert.ok(usedSize < 100 * 1024 * 1024, `${usedSize} bytes of heap`);
    await assertCalm(page);
    await page.context().close();
});

/** What the largest renderer has of the memory of the machine, with its share of what processes share. */
async function rendererMemory() {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const sizes = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => {
        try {
            return Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, "utf8"))[1]) / 1024;
        } catch {
            return 0;
        }
    });
    return Math.round(Math.max(...sizes));
}

test("an export has every entry to the byte, and an import stores it elsewhere", async t => {
    const [source, target] = [await new TestService("--engine", "memory").start(), await new TestService("--engine", "memory").start()];
    t.after(() => Promise.all([source.dispose(), target.dispose()]));
    for (let number = 0; number < 300; number++)
        await source.put(`shop/${number}`, JSON.stringify({ number, big: "1".repeat(number) }), "application/json");
    await source.put("elsewhere", "x");
    const page = await openDownloading(source, "#/data/transfer?prefix=shop/");
    await page.getByText("This browser holds the file until it is whole, so it can have at most 512 MiB.").waitFor();
    await assertAccessible(page);
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Export").click()]);
    assert.equal(download.suggestedFilename(), "shop.ndjson");
    await page.getByText(/Exported 300 entries, /).first().waitFor();
    const buffer = readFileSync(await download.path());
    assert.equal(buffer.toString(), await source.request("GET", "/v1/export?prefix=shop/"));
    await page.context().close();

    const other = await openConsole(browser, target, "#/data/transfer");
    await other.getByLabel("File with lines of JSON").setInputFiles({ name: "shop.ndjson", mimeType: "application/x-ndjson", buffer });
    await button(other, "Import").click();
    await other.getByText(/Imported 300 entries from /).first().waitFor();
    assert.equal(await target.request("GET", "/v1/export"), buffer.toString());
    await assertCalm(other);
    await other.context().close();
});

test("lines that cannot be stored are listed with why, and the others are stored", async t => {
    const service = await new TestService("--engine", "memory").start();
    t.after(() => service.dispose());
    const page = await openConsole(browser, service, "#/data/transfer");
    const buffer = Buffer.from("{\"key\":\"a\",\"text\":\"1\"}\n{\"kye\":\"b\",\"text\":\"2\"}\n{\"key\":\"c\",\"text\":\"3\"}\n{\"key\":\"d\",\"text\":\"4\",\"expires_at\":\"2020-01-01T00:00:00Z\"}\n");
    await page.getByLabel("File with lines of JSON").setInputFiles({ name: "bad.ndjson", mimeType: "application/x-ndjson", buffer });
    await button(page, "Import").click();
    await page.getByText("Imported 2 entries from bad.ndjson.").first().waitFor();
    await page.getByText("1 line could not be stored. 1 entry had expired.").waitFor();
    const row = page.getByRole("row").filter({ hasText: "The member is not known" });
    assert.equal(await row.getByRole("cell").first().textContent(), "2");
    await assertAccessible(page);
    await page.getByLabel("File with lines of JSON").setInputFiles({ name: "wrong.json", mimeType: "application/json", buffer: Buffer.from("[1, 2]") });
    await button(page, "Import").click();
    await page.getByText(/The import ended early/).first().waitFor();
    assert.equal(await service.request("GET", "/v1/kv?count_only=true").then(text => JSON.parse(text).count), 2);
    await assertCalm(page);
    await page.context().close();
});

test("an export and an import show how far they are, and can be cancelled", async t => {
    const service = await new TestService("--engine", "memory").start();
    t.after(() => service.dispose());
    const page = await openDownloading(service, "#/data/transfer");
    page.on("download", () => page.complaints.push("an export that was cancelled made a file"));
    const line = number => `{"key":"many/${String(number).padStart(6, "0")}","text":"${"x".repeat(1000)}"}\n`;
    const buffer = Buffer.from(Array.from({ length: 8000 }, (_, number) => line(number)).join(""));

    // The second request is held back, so that the first is progress and the rest is what is cancelled.
    let imports = 0;
    let release;
    const held = new Promise(resolve => release = resolve);
    await page.route(/\/v1\/import/, async route => {
        if (imports++ > 0)
            await held;
        await route.continue().catch(() => undefined);
    });
    await page.getByLabel("File with lines of JSON").setInputFiles({ name: "many.ndjson", mimeType: "application/x-ndjson", buffer });
    await button(page, "Import").click();
    const progress = page.getByRole("progressbar");
    await page.waitForFunction(() => document.querySelector("progress")?.value > 0);
    assert.ok(await progress.evaluate(bar => bar.value) < 1);
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await page.getByRole("treegrid").getByText("many/").waitFor();
    await page.getByRole("link", { name: "Export and import" }).click();
    await button(page, "Cancel").click();
    await page.getByText("The import was cancelled.").first().waitFor();
    release();
    await page.unroute(/\/v1\/import/);
    const stored = JSON.parse(await service.request("GET", "/v1/kv?count_only=true")).count;
    assert.ok(stored > 0 && stored < 8000, `${stored} entries are stored`);

    await service.request("POST", "/v1/import", { body: buffer, headers: { "Content-Type": "application/x-ndjson" } });
    let exports = 0;
    await page.route(/\/v1\/export/, async route => {
        exports++;
        await new Promise(resolve => page.once("close", resolve));
        await route.abort().catch(() => undefined);
    });
    await button(page, "Export").click();
    await page.getByText("Exporting").waitFor();
    while (exports === 0)
        await page.waitForRequest(/\/v1\/export/, { timeout: 1000 }).catch(() => undefined);
    await button(page, "Cancel").click();
    await page.getByText("The export was cancelled. No file was made.").first().waitFor();
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("a transaction is filled in, fails by a guard, is corrected, and is applied", async t => {
    const service = await new TestService("--engine", "memory").start();
    t.after(() => service.dispose());
    await service.put("account/a", "100", "application/json");
    await service.put("account/old", "x");
    const page = await openConsole(browser, service, "#/data/transaction");
    await button(page, "Add a guard").click();
    await page.getByLabel("Guard 1: key").fill("account/a");
    await page.getByLabel("Guard 1: must").selectOption("be at revision");
    await page.getByLabel("Guard 1: revision").fill("77");
    await button(page, "Add a guard").click();
    await page.getByLabel("Guard 2: key").fill("account/b");
    await page.getByLabel("Guard 2: must").selectOption("be absent");
    await page.getByLabel("Operation 1: key").fill("account/b");
    await page.getByLabel("Operation 1: value").fill("{\"balance\": 1.50");
    await page.getByText("Line 1, column 17: The object is not closed.").waitFor();
    await page.getByLabel("Operation 1: value").fill("{\"balance\": 1.50}");
    for (const [index, kind, key] of [[2, "get", "account/a"], [3, "delete", "account/none"], [4, "move", "account/old"]]) {
        await button(page, "Add an operation").click();
        await page.getByLabel(`Operation ${index}: what`).selectOption(kind);
        await page.getByLabel(`Operation ${index}: key`).fill(key);
    }

    await page.getByText("Where is it to be moved to?").waitFor();
    await page.getByLabel("Operation 4: to").fill("account/new");
    await assertAccessible(page);
    await button(page, "Run the transaction").click();
    await page.getByText("Nothing was changed: 1 guard has failed.").first().waitFor();
    await page.getByText("It failed: the entry is at revision 1.").waitFor();
    await assertAccessible(page);
    assert.equal(JSON.parse(await service.request("GET", "/v1/kv?count_only=true")).count, 2);
    await button(page, "Use revision 1").click();
    await button(page, "Run the transaction").click();
    await page.getByText("Applied at revision 3.").first().waitFor();
    for (const text of ["Created account/b.", "Read account/a as it was before the transaction, at revision 1.", "There was no account/none to delete.", "Moved account/old to account/new."])
        await page.getByText(text).waitFor();
    assert.equal(await service.request("GET", "/v1/kv/account/b"), "{\"balance\": 1.50}");
    await page.getByRole("link", { name: "Keys", exact: true }).click();
    await page.getByRole("link", { name: "Transaction" }).click();
    assert.equal(await page.getByLabel("Operation 4: to").inputValue(), "account/new");
    await assertCalm(page);
    await page.context().close();
});
