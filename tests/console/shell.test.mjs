// What is around the pages: navigation, theme, keys, and what happens while the service is away.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCalm, launch, openConsole, patience, unlock } from "./browser.mjs";
import { started, TestService } from "./service.mjs";

let browser;

before(async () => browser = await launch());
after(async () => await browser.close());

test("the first view needs no key, comes from the service alone, and is accessible in both colours", async (t) => {
    const service = await started(t, "--engine", "memory");
    for (const colorScheme of ["light", "dark"]) {
        const page = await openConsole(browser, service, "", { colorScheme });
        await page.getByRole("navigation", { name: "Pages" }).waitFor();
        await page.getByRole("heading", { level: 1 }).waitFor();
        await assertAccessible(page);
        await assertCalm(page);
        await page.context().close();
    }
});

test("the first view is small and soon there", async (t) => {
    const service = await started(t, "--engine", "memory");
    const page = await openConsole(browser, service);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const { bytes, milliseconds } = await page.evaluate(() => ({
        bytes: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, entry) => sum + entry.encodedBodySize, 0),
        milliseconds: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    }));

    // How long it takes depends on what else the machine does, so it is said and not asserted.
    t.diagnostic(`first contentful paint after ${Math.round(milliseconds)} ms; ${bytes} bytes in all`);
    assert.ok(bytes > 0 && bytes < 300_000, `${bytes} bytes`);
    await page.context().close();
});

test("below the path of a proxy everything is asked there", async (t) => {
    const service = await started(t, "--engine", "memory", "--KvStore:PathBase", "/store/one");
    const page = await openConsole(browser, service, "#/status", { path: "/store/one/ui" });
    const elsewhere = [];
    page.on("request", request => !request.url().startsWith(`${service.url}/store/one/`) && elsewhere.push(request.url()));
    await page.reload();
    await page.getByText("running", { exact: true }).waitFor();
    assert.deepEqual(elsewhere, []);
    await assertCalm(page);
    await page.context().close();
});

test("the policy of the page stops what another script would do", async (t) => {
    const service = await started(t, "--engine", "memory");
    const page = await openConsole(browser, service);
    const stopped = await page.evaluate(() => new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        const image = new Image();
        image.src = "https://example.com/image.png";
    }));
    assert.equal(stopped, "img-src");
    await page.context().close();
});

test("colours are switched, and stay switched", async (t) => {
    const service = await started(t, "--engine", "memory");
    const page = await openConsole(browser, service, "", { colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: "Colours of the system" }).click();
    await page.getByRole("button", { name: "Light colours" }).click();
    await page.getByRole("button", { name: "Dark colours" }).waitFor();
    const dark = await background();
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole("button", { name: "Dark colours" }).waitFor();
    assert.equal(await background(), dark);
    await assertCalm(page);
    await page.context().close();
});

test("a key is asked for once for each tab, is not stored beyond it, and can be forgotten", async (t) => {
    const service = new TestService("--engine", "memory");
    service.settings.push("--keys", service.keyFile);
    const key = service.newKey("ops", "read,write,delete,admin");
    t.after(() => service.dispose());
    await service.start();
    const page = await openConsole(browser, service, "#/status");
    await unlock(page, "kv_wrong");
    await page.getByText("The service does not accept this key.").waitFor();
    await assertAccessible(page);
    await unlock(page, key);
    await page.getByRole("heading", { name: "Status" }).waitFor();
    await page.getByText("ops").waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Status" }).waitFor();
    assert.deepEqual(await page.evaluate((key) => Object.values(localStorage).filter((value) => value.includes(key)), key), []);
    assert.equal(await page.evaluate(() => document.cookie), "");
    const other = await page.context().newPage();
    await other.goto(`${service.url}/ui/#/status`);
    await other.getByLabel("Key, or token").waitFor();
    await page.getByRole("button", { name: "Other key" }).click();
    await page.getByLabel("Key, or token").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await assertCalm(page);
    await page.context().close();
});

test("a service that goes away is noticed, and the page resumes when it is back", async (t) => {
    const service = await started(t);
    const page = await openConsole(browser, service, "#/status");
    await page.getByText("Running for").waitFor();
    await service.stop();
    await page.getByText("The service does not answer. The console tries again by itself.").waitFor();
    await assertAccessible(page);
    await service.start();
    await page.getByText("The console tries again by itself.").waitFor({ state: "detached" });
    await page.waitForFunction(() => document.body.textContent.includes("running"), undefined, { timeout: patience });
    await assertCalm(page);
    await page.context().close();
});

test("everything is reached by the keyboard, and the keys are listed", async (t) => {
    const service = await started(t, "--engine", "memory");
    const page = await openConsole(browser, service);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "To the content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await assertAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.type("gc");
    await page.getByRole("heading", { name: "Cluster" }).waitFor();
    await page.waitForFunction(() => document.activeElement.id === "main");
    await assertCalm(page);
    await page.context().close();
});

test("no page is wider than its window, from 400 to 2560 pixels", async (t) => {
    const service = await started(t, "--engine", "memory");
    for (const width of [400, 700, 1400, 2560]) {
        const page = await openConsole(browser, service, "", { viewport: { width, height: 900 } });
        const links = await page.getByRole("navigation", { name: "Pages" }).getByRole("link").all();
        for (const link of links) {
            await link.click();
            await page.getByRole("heading", { level: 1 }).waitFor();
            await assertCalm(page);
        }
        await page.context().close();
    }
});
