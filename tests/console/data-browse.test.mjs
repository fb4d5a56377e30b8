// The keys as a tree: groups and counts, search, links, keyboard, live changes, restarts, and keys of access.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCalm, launch, openConsole, unlock } from "./browser.mjs";
import { TestService } from "./service.mjs";

let browser, service;

before(async () => {
    browser = await launch();
    service = await new TestService("--engine", "memory").start();
    for (const key of ["alone", "user/1/name", "user/1/mail", "user/2/name", "user/", "shop:a:1", "shop:a:2", "menü/ß €.txt"])
        await service.put(key, `value of ${key}`);
});

after(async () => {
    await browser.close();
    await service.dispose();
});

const tree = page => page.getByRole("treegrid");
const row = (page, name) => tree(page).getByRole("row").filter({ has: page.getByText(name, { exact: true }) });

test("groups have counts, open and close, and lead to the values", async () => {
    const page = await openConsole(browser, service, "#/data/browse");
    await page.getByText("8 keys").waitFor();
    await row(page, "user/").getByText("4 keys").waitFor();
    await row(page, "user/").click();
    await row(page, "(the key itself)").waitFor();
    await row(page, "1/").getByText("2 keys").waitFor();
    await assertAccessible(page);
    await row(page, "1/").click();
    await row(page, "mail").click();
    await page.getByText("value of user/1/mail").waitFor();
    await page.locator("#revision").getByText("3").waitFor();
    await assertAccessible(page);
    await row(page, "user/").click();
    await row(page, "mail").waitFor({ state: "detached" });
    await assertCalm(page);
    await page.context().close();
});

test("a prefix is found while it is typed, a key by its name, and both have links that can be shared", async () => {
    const page = await openConsole(browser, service, "#/data/browse");
    await row(page, "alone").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("user/1");
    await row(page, "1/").waitFor();
    await page.getByText("2 keys").first().waitFor();
    assert.match(page.url(), /prefix=user%2F1/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "search", "more can be typed");
    await page.getByLabel("Prefix, or a whole key").fill("menü/ß €.txt");
    await page.keyboard.press("Enter");
    await page.getByText("value of menü/ß €.txt").waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByText("value of menü/ß €.txt").waitFor();
    await other.close();
    await page.goto(`${service.url}/ui/#/data/browse?prefix=shop:&delimiter=:`);
    await row(page, "a:").getByText("2 keys").waitFor();
    await page.getByLabel("Groups by").selectOption("");
    await row(page, "shop:a:1").waitFor();
    await page.getByRole("navigation", { name: "Prefix" }).getByRole("link", { name: "All keys" }).click();
    await row(page, "alone").waitFor();
    await page.goto(`${service.url}/ui/#/data/browse?prefix=nothing`);
    await page.getByText("No key begins with").waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("the keyboard does everything that the mouse does", async () => {
    const page = await openConsole(browser, service, "#/data/browse");
    await row(page, "alone").waitFor();
    await page.keyboard.press("t");
    const active = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.textContent ?? "");
    assert.match(await active(), /^alone/);
    await page.keyboard.press("End");
    assert.match(await active(), /user\//);
    await page.keyboard.press("ArrowRight");
    await page.locator("[aria-expanded=true]").waitFor();
    await row(page, "1/").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.match(await active(), /1\//);
    await page.keyboard.press("ArrowRight");
    await row(page, "mail").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByText("value of user/1/mail").waitFor();
    await page.keyboard.press("t");
    await page.keyboard.press("ArrowLeft");
    assert.match(await active(), /1\//);
    await page.keyboard.press("o");
    const crumbs = page.getByRole("navigation", { name: "Prefix" });
    await crumbs.getByRole("link", { name: "1/" }).waitFor();
    assert.match(page.url(), /prefix=user%2F1%2F/);
    await page.keyboard.press("u");
    await crumbs.getByRole("link", { name: "1/" }).waitFor({ state: "detached" });
    assert.match(page.url(), /prefix=user%2F(&|$)/);
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keys" });
    for (const label of ["Search by prefix", "A new entry", "Save what is edited", "Delete the row of the tree"])
        await list.getByText(label).waitFor();
    await page.keyboard.press("Escape");
    await assertCalm(page);
    await page.context().close();
});

test("changes of others are on the screen at once, with what they do to groups and counts", async () => {
    const page = await openConsole(browser, service, "#/data/browse");
    await page.getByText("live", { exact: true }).waitFor();
    await service.put("live/a", "1");
    await row(page, "live/").getByText("1 key", { exact: true }).waitFor();
    await row(page, "live/").click();
    await row(page, "a").waitFor();
    await service.put("live/b", "12345");
    await row(page, "b").getByText("5 bytes").waitFor();
    await page.locator(".line.flash").first().waitFor();
    await row(page, "live/").getByText("2 keys").waitFor();
    await service.put("live/b", "123");
    await row(page, "b").getByText("3 bytes").waitFor();
    await service.request("DELETE", "/v1/kv?prefix=live/");
    await row(page, "live/").waitFor({ state: "detached" });
    await page.waitForFunction(() => /changed/.test(document.getElementById("announcements").textContent));
    await page.getByText("8 keys").waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("an entry that expires counts down, and goes", async () => {
    const page = await openConsole(browser, service, "#/data/browse");
    await page.getByText("live", { exact: true }).waitFor();
    await service.request("PUT", "/v1/kv/soon?ttl=4", { body: "x" });
    await row(page, "soon").locator("time").waitFor();
    await row(page, "soon").getByText("2 s").waitFor();
    await row(page, "soon").waitFor({ state: "detached" });
    await assertCalm(page);
    await page.context().close();
});

test("the page stays when the store restarts, and misses nothing that happens meanwhile", async t => {
    const own = await new TestService().start();
    t.after(() => own.dispose());
    await own.put("kept", "1");
    await own.put("away", "1");
    const page = await openConsole(browser, own, "#/data/browse");
    await row(page, "kept").waitFor();
    await page.getByText("live", { exact: true }).waitFor();
    await own.stop();
    await page.getByText("reconnecting").waitFor();
    await row(page, "kept").waitFor();
    await own.start();
    await own.put("new", "1");
    await own.request("DELETE", "/v1/kv/away");
    await row(page, "new").waitFor();
    await row(page, "away").waitFor({ state: "detached" });
    await page.getByText("live", { exact: true }).waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("a store that begins anew is shown as it is", async t => {
    const own = await new TestService("--engine", "memory").start();
    t.after(() => own.dispose());
    for (const key of ["old/1", "old/2", "old/3"])
        await own.put(key, "1");
    const page = await openConsole(browser, own, "#/data/browse?key=old/1");
    await row(page, "old/").waitFor();
    await page.locator("pre").getByText("1").waitFor();
    await own.stop();
    await own.start();
    await own.put("new", "1");
    await row(page, "new").waitFor();
    await row(page, "old/").waitFor({ state: "detached" });
    await page.getByText("There is no entry with this key").waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("a key of access with a prefix shows what it may, and offers nothing else", async t => {
    const own = new TestService("--engine", "memory");
    own.settings.push("--keys", own.keyFile);
    const [reader, writer] = [own.newKey("reader", "read", "user/"), own.newKey("writer", "read,write,delete")];
    await own.start();
    t.after(() => own.dispose());
    for (const key of ["user/1", "secret"])
        await own.put(key, "1", "text/plain", { Authorization: `Bearer ${writer}` });
    const page = await openConsole(browser, own, "#/data/browse");
    await unlock(page, reader);
    await page.getByText("Your key is for keys that begin with one of these").waitFor();
    await assertAccessible(page);
    await page.getByRole("link", { name: "user/" }).click();
    await row(page, "1").click();
    await page.locator("pre").waitFor();
    assert.equal(await page.getByText("secret").count(), 0);
    for (const name of ["Edit", "Delete", "New entry"])
        assert.equal(await page.getByRole("button", { name }).or(page.getByRole("link", { name })).count(), 0, name);
    await page.goto(`${own.url}/ui/#/data/browse?prefix=user/&key=secret`);
    await page.getByText("This key is for keys that begin with").waitFor();
    assert.ok(await page.locator(".toast").count() <= 1, "one refusal is said once");
    await page.goto(`${own.url}/ui/#/data/transfer`);
    await page.getByRole("heading", { name: "Export", exact: true }).waitFor();
    assert.equal(await page.getByRole("heading", { name: "Import", exact: true }).count(), 0);
    await assertCalm(page);
    await page.context().close();
});

test("read-only, nothing that changes anything is there, whatever the key may", async () => {
    const page = await openConsole(browser, service, "#/data/browse?key=alone", { path: "/ui/?readonly" });
    await page.locator("pre").waitFor();
    for (const name of ["Edit", "Delete", "New entry", "Change the expiry"])
        assert.equal(await page.getByRole("button", { name }).or(page.getByRole("link", { name })).count(), 0, name);
    await page.keyboard.press("e");
    assert.equal(await page.getByLabel("Value", { exact: true }).count(), 0);
    await assertCalm(page);
    await page.context().close();
});

test("no page of entries is wider than its window, and each is accessible in both colours", async () => {
    await service.put("wide/" + "long-name-".repeat(20), JSON.stringify({ text: "word".repeat(200) }), "application/json");
    for (const [width, colorScheme] of [[400, "dark"], [2560, "light"]]) {
        for (const hash of ["#/data/browse?prefix=wide/", `#/data/browse?key=wide/${"long-name-".repeat(20)}`, "#/data/browse?key=alone&show=history", "#/data/browse?show=new", "#/data/transaction", "#/data/transfer"]) {
            const page = await openConsole(browser, service, hash, { viewport: { width, height: 900 }, colorScheme });
            await page.getByRole("heading").first().waitFor();
            await (hash.includes("history") ? page.getByText("created") : page.getByRole("main")).waitFor();
            await assertAccessible(page);
            await assertCalm(page);
            await page.context().close();
        }
    }
});
