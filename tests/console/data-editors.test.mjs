// Two editors of one entry, deleting and restoring it, and its past.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertCalm, launch, openConsole } from "./browser.mjs";
import { TestService } from "./service.mjs";

let browser, service;

before(async () => {
    browser = await launch();
    service = await new TestService("--engine", "memory").start();
});

after(async () => {
    await browser.close();
    await service.dispose();
});

const openEntry = (key, show = "") => openConsole(browser, service, `#/data/browse?key=${encodeURIComponent(key)}${show}`);
const valueField = page => page.getByLabel("Value", { exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const read = async key => {
    const answer = await fetch(`${service.url}/v1/kv/${encodeURIComponent(key)}`);
    return answer.status === 404 ? undefined : { text: await answer.text(), type: answer.headers.get("Content-Type"), revision: Number(answer.headers.get("ETag").replaceAll("\"", "")), expires: answer.headers.get("KvStore-Expires") };
};

/** Opens an entry and changes its text, then has another editor save it: the page has both. */
async function conflict(key, theirs) {
    await service.put(key, "one\ntwo\nthree\nfour");
    const page = await openEntry(key);
    await button(page, "Edit").click();
    await valueField(page).fill("ONE\ntwo\nthree\nfour");
    if (theirs === undefined)
        await service.request("DELETE", `/v1/kv/${key}`);
    else
        await service.put(key, theirs);
    await page.getByText("Your text is still here").first().waitFor();
    assert.equal(await valueField(page).inputValue(), "ONE\ntwo\nthree\nfour");
    await button(page, "Save").click();
    await page.getByRole("heading", { name: "Two versions of this entry" }).waitFor();
    return page;
}

test("two editors: both versions are shown, and the merge has both changes", async () => {
    const page = await conflict("merge", "one\ntwo\nthree\nFOUR");
    await assertAccessible(page);
    assert.equal((await read("merge")).text, "one\ntwo\nthree\nFOUR");
    await button(page, "Edit both merged").click();
    assert.equal(await valueField(page).inputValue(), "ONE\ntwo\nthree\nFOUR");
    await button(page, "Save").click();
    await page.getByText("Saved merge.").first().waitFor();
    assert.equal((await read("merge")).text, "ONE\ntwo\nthree\nFOUR");
    await assertCalm(page);
    await page.context().close();
});

test("two editors: theirs is taken, and mine can be brought back", async () => {
    const page = await conflict("theirs", "theirs");
    await button(page, "Take theirs").click();
    await page.getByLabel("Value as text").getByText("theirs").waitFor();
    await button(page, "Bring it back").click();
    assert.equal(await valueField(page).inputValue(), "ONE\ntwo\nthree\nfour");
    assert.equal((await read("theirs")).text, "theirs");
    await page.context().close();
});

test("two editors: mine is kept, unless they have saved again", async () => {
    const page = await conflict("mine", "theirs");
    // Theirs comes once more between the decision and the write: it is asked again.
    let writes = 0;
    await page.route(/\/v1\/kv\/mine/, async route => {
        if (route.request().method() === "PUT" && writes++ === 0)
            await service.put("mine", "theirs again");
        await route.continue();
    });
    await button(page, "Keep mine, overwrite theirs").click();
    await page.getByText("theirs again").waitFor();
    assert.equal((await read("mine")).text, "theirs again");
    await button(page, "Keep mine, overwrite theirs").click();
    await page.getByText("Saved mine.").first().waitFor();
    assert.equal((await read("mine")).text, "ONE\ntwo\nthree\nfour");
    await page.context().close();
});

test("two editors: an entry that others have deleted is made again only if that is wanted", async () => {
    const page = await conflict("gone", undefined);
    assert.equal(await read("gone"), undefined);
    await button(page, "Create it with mine").click();
    await page.getByText("Saved gone.").first().waitFor();
    assert.equal((await read("gone")).text, "ONE\ntwo\nthree\nfour");
    await page.context().close();
});

test("a save that arrives after another one is refused, and both are shown", async () => {
    await service.put("race", "one");
    const page = await openEntry("race");
    await button(page, "Edit").click();
    await valueField(page).fill("mine");
    await page.route(/\/v1\/kv\/race/, async route => {
        if (route.request().method() === "PUT")
            await service.put("race", "theirs");
        await route.continue();
    });
    await button(page, "Save").click();
    await page.getByRole("heading", { name: "Two versions of this entry" }).waitFor();
    assert.equal((await read("race")).text, "theirs");
    await page.context().close();
});

test("what is typed while a save is under way stays, as a change of what was saved", async () => {
    await service.put("typed", "one");
    const page = await openEntry("typed");
    await button(page, "Edit").click();
    await valueField(page).fill("two");
    let release;
    const held = new Promise(resolve => release = resolve);
    await page.route(/\/v1\/kv\/typed/, async route => {
        if (route.request().method() === "PUT")
            await held;
        await route.continue();
    });
    await button(page, "Save").click();
    await button(page, "Saving…").waitFor();
    await valueField(page).fill("two and more");
    release();
    await page.getByText("Saved typed.").first().waitFor();
    assert.equal((await read("typed")).text, "two");
    assert.equal(await valueField(page).inputValue(), "two and more");
    await button(page, "Save").click();
    await valueField(page).waitFor({ state: "detached" });
    assert.equal((await read("typed")).text, "two and more");
    await page.context().close();
});

test("an answer that is lost is no conflict with oneself", async () => {
    await service.put("lost", "one");
    const page = await openEntry("lost");
    await button(page, "Edit").click();
    await valueField(page).fill("two");
    let lost = 0;
    await page.route(/\/v1\/kv\/lost/, async route => {
        if (route.request().method() !== "PUT" || lost++ > 0)
            return await route.continue();
        await route.fetch();
        await route.abort("connectionreset");
    });
    await button(page, "Save").click();
    await page.getByText("Saved lost.").first().waitFor();
    assert.equal((await read("lost")).text, "two");
    assert.equal(lost > 0, true);
    await page.context().close();
});

test("a version of others is shown at once where nothing is edited", async () => {
    await service.put("followed", "one");
    const page = await openEntry("followed");
    await page.getByLabel("Value as text").getByText("one").waitFor();
    await service.put("followed", "two");
    await page.getByLabel("Value as text").getByText("two").waitFor();
    await service.request("DELETE", "/v1/kv/followed");
    await page.getByText("There is no entry with this key any more.").waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("a text that is not saved is not left without a question", async () => {
    await service.put("unsaved", "one");
    const page = await openEntry("unsaved");
    await button(page, "Edit").click();
    await valueField(page).fill("two");
    await page.getByRole("link", { name: "Transaction" }).click();
    const question = page.getByRole("dialog", { name: "Your changes are not saved" });
    await question.getByRole("button", { name: "Keep editing" }).click();
    assert.equal(await valueField(page).inputValue(), "two");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Close the entry" }).click();
    await question.getByRole("button", { name: "Leave without saving" }).click();
    await valueField(page).waitFor({ state: "detached" });
    assert.equal((await read("unsaved")).text, "one");
    await assertCalm(page);
    await page.context().close();
});

test("a text that is edited stays while the store restarts, and is saved then", async t => {
    const own = await new TestService().start();
    t.after(() => own.dispose());
    await own.put("restarted", "one");
    const page = await openConsole(browser, own, "#/data/browse?key=restarted");
    await button(page, "Edit").click();
    await valueField(page).fill("two");
    await own.stop();
    await page.getByText("The console tries again by itself.").waitFor();
    await own.start();
    await page.getByText("The console tries again by itself.").waitFor({ state: "detached" });
    assert.equal(await valueField(page).inputValue(), "two");
    await button(page, "Save").click();
    await page.getByText("Saved restarted.").first().waitFor();
    assert.equal(await own.request("GET", "/v1/kv/restarted"), "two");
    await assertCalm(page);
    await page.context().close();
});

test("an entry is deleted and restored, but not over one that others have made", async () => {
    await service.request("PUT", "/v1/kv/deleted?ttl=5000", { body: "value", headers: { "Content-Type": "text/x-special" } });
    const page = await openEntry("deleted");
    await button(page, "Delete").first().click();
    await page.getByText("There is no entry with this key any more.").waitFor();
    assert.equal(await read("deleted"), undefined);
    await button(page, "Undo").click();
    await page.getByText("Restored deleted.").first().waitFor();
    const restored = await read("deleted");
    assert.deepEqual([restored.text, restored.type, restored.expires !== null], ["value", "text/x-special", true]);
    await page.locator("pre").getByText("value").waitFor();
    await button(page, "Delete").first().click();
    await page.getByText("There is no entry with this key any more.").waitFor();
    await service.put("deleted", "of others");
    await page.getByText(/^Deleted here/).click();
    await button(page, "Restore").click();
    await page.getByText("1 key has an entry again").first().waitFor();
    assert.equal((await read("deleted")).text, "of others");
    await assertCalm(page);
    await page.context().close();
});

test("an entry that has changed since it was seen is not deleted without a question", async () => {
    await service.put("seen", "one");
    const page = await openEntry("seen");
    await page.getByLabel("Value as text").waitFor();
    let deletions = 0;
    await page.route(/\/v1\/kv\/seen/, async route => {
        if (route.request().method() === "DELETE" && deletions++ === 0)
            await service.put("seen", "two");
        await route.continue();
    });
    await button(page, "Delete").first().click();
    const question = page.getByRole("dialog", { name: "It has changed" });
    await question.waitFor();
    assert.equal((await read("seen")).text, "two");
    await question.getByRole("button", { name: "Delete it all the same" }).click();
    await page.getByText("There is no entry with this key any more.").waitFor();
    assert.equal(await read("seen"), undefined);
    await assertCalm(page);
    await page.context().close();
});

test("a prefix is deleted after a question that says how many, and restored to the byte", async () => {
    const values = { json: ["application/json", "{\"a\":12345678901234567890,\"b\":1.0}"], spaced: ["application/json", " {\n} "], text: ["text/plain", "a\r\nb"], empty: ["text/plain", ""] };
    for (const [name, [type, value]] of Object.entries(values))
        await service.put(`tree/${name}`, value, type);
    await service.put("tree/bytes", Uint8Array.from([0, 255]), "application/octet-stream");
    for (let number = 0; number < 250; number++)
        await service.put(`tree/many/${number}`, `value ${number}`);
    const before = await service.request("GET", "/v1/export?prefix=tree/");
    const page = await openConsole(browser, service, "#/data/browse");
    await page.getByRole("treegrid").getByText("tree/", { exact: true }).click();
    await button(page, "Delete all…").click();
    const question = page.getByRole("dialog", { name: "Delete 255 entries?" });
    await assertAccessible(page);
    await question.getByRole("button", { name: "Keep them" }).click();
    assert.equal(await service.request("GET", "/v1/export?prefix=tree/"), before);
    await button(page, "Delete all…").click();
    await question.getByRole("button", { name: "Delete 255" }).click();
    await page.getByText("Deleted 255 entries below tree/.").first().waitFor();
    assert.equal(await service.request("GET", "/v1/export?prefix=tree/"), "");
    await service.put("tree/text", "of others");
    await button(page, "Undo").click();
    await page.getByText("Restored 254 entries. 1 key has an entry again, which was left as it is.").first().waitFor();
    assert.equal((await read("tree/text")).text, "of others");
    await service.put("tree/text", values.text[1]);
    assert.equal(await service.request("GET", "/v1/export?prefix=tree/"), before);
    await assertCalm(page);
    await page.context().close();
});

test("the history has every revision, with what differs, and an old value can be edited again", async () => {
    await service.put("past", "one\ntwo");
    await service.put("past", "one\nTWO");
    await service.request("DELETE", "/v1/kv/past");
    await service.put("past", "again");
    const page = await openEntry("past", "&show=history");
    const rows = page.locator(".revisions tbody tr");
    await page.getByText("The store has its whole history.").waitFor();
    await rows.nth(3).waitFor();
    assert.deepEqual(await rows.locator("td:nth-child(2)").allTextContents(), ["created", "deleted", "changed", "created"]);
    await assertAccessible(page);
    await rows.nth(2).getByRole("button").click();
    await page.locator("tr.changed").getByText("TWO", { exact: true }).waitFor();
    assert.deepEqual(await page.locator("tr.changed mark").allTextContents(), ["two", "TWO"]);
    await rows.nth(0).getByRole("radio").check();
    await page.getByRole("heading", { name: /compared with/ }).waitFor();
    await service.put("past", "live");
    await rows.nth(4).waitFor();
    await rows.nth(3).getByRole("button").click();
    await page.getByRole("button", { name: /Edit the entry with the value of revision/ }).click();
    assert.equal(await valueField(page).inputValue(), "one\nTWO");
    await button(page, "Save").click();
    await page.getByText("Saved past.").first().waitFor();
    assert.equal((await read("past")).text, "one\nTWO");
    await assertCalm(page);
    await page.context().close();
});

test("a history that the store has not kept says from where it is known", async t => {
    const own = await new TestService("--engine", "memory", "--KvStore:HistoryCommitsMax", "10").start();
    t.after(() => own.dispose());
    await own.put("short", "first");
    for (let number = 0; number < 40; number++)
        await own.put("other", String(number));
    const page = await openConsole(browser, own, "#/data/browse?key=short&show=history");
    await page.getByText(/The store has its history since revision \d+/).waitFor();
    await page.getByText("written before the history begins").waitFor();
    await page.locator(".diff").getByText("first").waitFor();
    await own.put("short", "second");
    await page.locator(".revisions").getByText("changed").waitFor();
    await assertCalm(page);
    await page.context().close();
});

test("what was deleted cannot be restored when the history is over, which is said", async t => {
    const own = await new TestService("--engine", "memory", "--KvStore:HistoryCommitsMax", "10").start();
    t.after(() => own.dispose());
    await own.put("short", "first");
    const page = await openConsole(browser, own, "#/data/browse?key=short");
    await button(page, "Delete").first().click();
    await page.getByText("There is no entry with this key any more.").waitFor();
    for (let number = 0; number < 40; number++)
        await own.put("other", String(number));
    await button(page, "Undo").click();
    await page.getByText("the store does not have its history any more").first().waitFor();
    await assertCalm(page);
    await page.context().close();
});
