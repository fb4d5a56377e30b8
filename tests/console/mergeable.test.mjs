// Mergeable values in the console.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCalm, launch, openConsole, unlock } from "./browser.mjs";
import { started, TestService } from "./service.mjs";

let browser;

before(async () => browser = await launch());
after(async () => await browser.close());

const intent = (service, key, type, body) => service.request("POST", `/v1/crdt/${key}?type=${type}`, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
const read = async (service, key) => JSON.parse(await service.request("GET", `/v1/crdt/${key}`));

async function make(page, key, type) {
    await page.getByText("Make a new one").click();
    await page.getByLabel("Key", { exact: true }).fill(key);
    await page.getByLabel("Type").selectOption(type);
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("heading", { name: key }).waitFor();
}

test("a counter is made, changed here, and follows others", async (t) => {
    const service = await started(t, "--engine", "memory");
    const page = await openConsole(browser, service, "#/mergeable");
    await make(page, "page/likes", "pn-counter");
    await page.getByLabel("By how much").fill("12");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.locator(".count", { hasText: /^12$/ }).waitFor();
    await page.getByLabel("By how much").fill("2");
    await page.getByRole("button", { name: "Subtract" }).click();
    await page.locator(".count", { hasText: /^10$/ }).waitFor();
    await intent(service, "page/likes", "pn-counter", { increment: 5 });
    await page.locator(".count", { hasText: /^15$/ }).waitFor();
    assert.equal(await read(service, "page/likes"), 15);
    await assertAccessible(page);
    await assertCalm(page);
    await page.context().close();
});

test("a set gets elements and loses them", async (t) => {
    const service = await started(t, "--engine", "memory");
    await intent(service, "page/list", "or-set", { add: ["milk", "bread"] });
    const page = await openConsole(browser, service, "#/mergeable?key=page/list");
    const elements = page.getByRole("list", { name: "Elements" });
    await page.getByLabel("New element").fill("eggs");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await elements.getByText("eggs").waitFor();
    await page.getByRole("button", { name: "Remove milk" }).click();
    await elements.getByText("milk").waitFor({ state: "detached" });
    assert.deepEqual(await read(service, "page/list"), ["bread", "eggs"]);
    await assertAccessible(page);
    await assertCalm(page);
    await page.context().close();
});

test("an edit of a text merges with the edit of another", async (t) => {
    const service = await started(t, "--engine", "memory");
    await intent(service, "page/note", "text", { edits: [{ at: 0, insert: "Hello 🌍 world" }] });
    const page = await openConsole(browser, service, "#/mergeable?key=page/note");
    const area = page.getByLabel("Text", { exact: true });
    await area.fill("Hello 🌍 wide world");
    await intent(service, "page/note", "text", { edits: [{ at: 0, insert: "Well. " }] });
    await page.getByText("Others have changed the text meanwhile.").waitFor();

    // Unsaved text is not left without a question.
    await page.getByRole("link", { name: "Cluster" }).click();
    await page.getByRole("dialog", { name: "Discard the edit?" }).waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Stay" }).click();
    await page.getByRole("button", { name: "Save the edit" }).click();
    await page.waitForFunction(() => document.querySelector("textarea").value === "Well. Hello 🌍 wide world");
    assert.equal(await read(service, "page/note"), "Well. Hello 🌍 wide world");
    await assertCalm(page);
    await page.context().close();
});

test("values are found among other entries, below a prefix", async (t) => {
    const service = await started(t, "--engine", "memory");
    await intent(service, "a/one", "pn-counter", { increment: 1 });
    await intent(service, "b/two", "pn-counter", { increment: 1 });
    await service.put("a/plain", "text");
    const page = await openConsole(browser, service, "#/mergeable");
    await page.getByText("2 among 3 entries.").waitFor();
    await page.getByLabel("Prefix of their keys").fill("a/");
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByText("1 among 2 entries.").waitFor();
    await page.getByRole("link", { name: "a/one" }).click();
    await page.getByRole("heading", { name: "a/one" }).waitFor();
    await assertCalm(page);
    await page.context().close();
});

for (const [name, rights, settings, path] of [
    ["a key that may only read", "read", [], "/ui/"],
    ["an operator who wants no changes", "read,write,delete", ["--KvStore:Console", "read-only"], "/ui/"],
    ["an address that asks for no changes", "read,write,delete", [], "/ui/?readonly"],
]) {
    test(`${name}: nothing is offered that changes something`, async (t) => {
        const service = new TestService("--engine", "memory", ...settings);
        t.after(() => service.dispose());
        service.settings.push("--keys", service.keyFile);
        const key = service.newKey("restricted", rights, "team/");
        const writer = service.newKey("writer", "read,write");
        await service.start();
        for (const value of ["team/likes", "other/likes"]) {
            await service.request("POST", `/v1/crdt/${value}?type=pn-counter`, { body: "{\"increment\":7}", headers: { "Content-Type": "application/json", Authorization: `Bearer ${writer}` } });
        }

        const page = await openConsole(browser, service, "#/mergeable", { path });
        await unlock(page, key);

        // What the key may see is where the page begins.
        await page.getByRole("link", { name: "team/likes" }).click();
        await page.locator(".count", { hasText: /^7$/ }).waitFor();
        assert.equal(await page.getByText("other/likes").count(), 0);
        assert.equal(await page.getByText("Make a new one").count(), 0);
        assert.equal(await page.getByRole("button", { name: "Add", exact: true }).count(), 0);
        await assertAccessible(page);
        await assertCalm(page);
        await page.context().close();
    });
}
