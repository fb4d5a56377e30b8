// What a person does with Swagger UI, in a real browser.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, get } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, newPage, patience } from "./browser.mjs";

const url = process.env.KVSTORE_URL;
const complaints = [];
let browser, page;

before(async () => {
    browser = await launch();
    page = await newPage(browser, url, complaints);
    await openPage();
});

after(() => browser?.close());

const openPage = (at = url) => page.goto(`${at}/swagger/index.html`, { waitUntil: "load", ...patience });

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

const put = (key, value) => fetch(`${url}/v1/kv/${key}`, { method: "PUT", body: value, headers: { "Content-Type": "text/plain" } });

const watchAnswer = "#operations-Watch-watch .live-responses-table .response";
const watchText = () => page.$eval(`${watchAnswer} pre`, pre => pre.textContent);
const waitForAnswer = text => page.waitForFunction(
    (selector, wanted) => document.querySelector(selector)?.textContent.includes(wanted), patience, watchAnswer, text);

/** The watch operation, opened. */
async function watchBlock() {
    const block = await page.waitForSelector("#operations-Watch-watch", patience);
    if (!await block.$("button.execute"))
        await (await block.waitForSelector(".opblock-summary-control", patience)).click();
    await block.waitForSelector("button.execute", patience);
    return block;
}

async function executeWatch(parameters) {
    const block = await watchBlock();
    for (const [name, value] of Object.entries(parameters)) {
        const row = await block.waitForSelector(`tr[data-param-name="${name}"]`, patience);
        const choice = await row.$("select");
        await (choice ? choice.select(value) : fill(await row.$("input"), value));
    }

    await (await block.waitForSelector("button.execute", patience)).click();
}

const clearWatch = async () => (await (await watchBlock()).waitForSelector("button.btn-clear", patience)).click();

async function waitForWatchers(count) {
    const deadline = Date.now() + patience.timeout;
    while ((await (await fetch(`${url}/v1/status`)).json()).watchers !== count)
        assert.ok(Date.now() < deadline, `not ${count} watch`);
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
    assert.match(shown.text, /\/docs\/http-api#not-found/);
});

test("Try it out of a watch shows what is there and what changes while it happens, until Clear", async () => {
    await put("watched/a", "there before");
    await executeWatch({ prefix: "watched/", initial: "true" });
    await waitForAnswer("event: synced");
    await put("watched/b", "stored meanwhile");
    await waitForAnswer("stored meanwhile");
    await (await watchBlock()).screenshot({ path: join(process.env.KVSTORE_ARTIFACTS, "watch.png") });

    const answer = await page.$eval(watchAnswer, row => row.textContent);
    assert.match(answer, /^200/);
    assert.match(answer, /content-type: text\/event-stream/);
    assert.match(await watchText(), /^: watching after revision \d+\n\nevent: entry\ndata: .*"watched\/a".*"there before".*\n\nevent: synced\n(.*\n){3}event: change\n.*\ndata: .*"watched\/b".*\n\n$/);
    const command = await page.$eval("#operations-Watch-watch .curl", text => text.textContent);
    assert.equal(command, `curl -N -X 'GET' \\\n  '${url}/v1/watch?prefix=watched%2F&initial=true&values=true&consistency=linearizable' \\\n  -H 'accept: text/event-stream'`);

    await waitForWatchers(1);
    await clearWatch();
    await waitForWatchers(0);
    assert.equal(await page.$(watchAnswer), null);
});

test("another Execute of a watch ends the one before, and leaving the page ends it, too", async () => {
    await put("again", "first");
    const second = (await put("again", "second")).headers.get("KvStore-Revision");
    await put("again", "third");
    await executeWatch({ prefix: "again", after: "0", initial: "false" });
    await waitForAnswer("first");
    await executeWatch({ prefix: "", after: "", key: "again", "Last-Event-ID": second });
    await waitForAnswer("third");
    await put("again", "fourth");
    await waitForAnswer("fourth");
    assert.match(await watchText(), new RegExp(`^: watching after revision ${second}\n`));
    assert.doesNotMatch(await watchText(), /first|second/);

    await waitForWatchers(1);
    await openPage();
    await waitForWatchers(0);
});

test("a watch shows the end of what came, and says what it does not show", async () => {
    const value = "v".repeat(1000);
    await executeWatch({ prefix: "long/" });
    await waitForAnswer("watching after revision");
    for (let i = 0; i < 100; i++)
        await put(`long/${i}`, `${value}${i}.`);
    await waitForAnswer(`${value}99.`);
    const text = await watchText();
    assert.match(text, /^: \d+ characters before this are not shown any more\n\nevent: change\n/);
    assert.ok(text.length > 60_000 && text.length <= 64 * 1024 + 100, `${text.length}`);
    assert.ok(await page.$eval(`${watchAnswer} pre`, pre => pre.scrollTop > 0 && pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 1), "the newest is in view");
    await clearWatch();
});

test("an error of a watch is shown as every error", async () => {
    for (const [status, problem, parameters] of [["400", "malformed-request", { key: "a", prefix: "a" }], ["410", "revision-gone", { key: "", prefix: "a", "Last-Event-ID": "999999999" }]]) {
        await executeWatch(parameters);
        await waitForAnswer(`/docs/http-api#${problem}`);
        assert.ok((await page.$eval(watchAnswer, row => row.textContent)).startsWith(status));
        assert.equal(JSON.parse(await watchText()).status, Number(status));
        await clearWatch();
    }
});

test("the function for browsers in docs/http-api.md survives error responses", async () => {
    const document = readFileSync(new URL("../../docs/http-api.md", import.meta.url), "utf8");
    const [code] = document.split("### Watching in a browser")[1].match(/(?<=```javascript\n)[^]*?(?=```)/);
    const failures = [];
    let endWatch;
    const proxy = createServer((asked, answer) => {
        if (asked.url.startsWith("/v1/watch?") && failures.length > 0)
            return answer.writeHead(failures.shift(), { "Retry-After": "0" }).end();
        get({ host: new URL(url).hostname, port: new URL(url).port, path: asked.url, headers: asked.headers }, come => {
            come.pipe(answer.writeHead(come.statusCode, come.headers));
            answer.on("close", () => come.destroy());
            if (asked.url.startsWith("/v1/watch?"))
                endWatch = () => answer.destroy();
        });
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const other = await browser.newPage();
    try {
        await put("kept/a", "1");
        await other.goto(`http://127.0.0.1:${proxy.address().port}/livez`, { waitUntil: "load", ...patience });
        await other.evaluate(`${code}
            window.seen = [];
            window.end = watch("prefix=kept/", () => seen.push("reset"), (name, data) => name === "bookmark" || seen.push([name, data.key ?? data.changes?.[0].key].join(" ").trim()));`);
        const waitFor = wanted => other.waitForFunction(wanted => seen.join() === wanted, patience, wanted);
        let wanted = "reset,entry kept/a,synced";
        await waitFor(wanted);

        // Once for its own attempt to reconnect, once for the question why.
        for (const [key, status] of [["b", 503], ["c", 429]]) {
            failures.push(status, status);
            endWatch();
            await put(`kept/${key}`, "1");
            await waitFor(wanted += `,change kept/${key}`);
        }

        failures.push(410, 410);
        endWatch();
        await waitFor(wanted += ",reset,entry kept/a,entry kept/b,entry kept/c,synced");
        await other.evaluate("end()");
        await waitForWatchers(0);
    } finally {
        await other.close();
        proxy.closeAllConnections();
        proxy.close();
    }
});

for (const [how, end, said] of [["ended", answer => answer.end(), ": the stream has ended\n"], ["broke off", answer => answer.destroy(), ": the stream broke off: "]]) {
    test(`a watch that ${how} says so after what came`, async () => {
        let endWatch;
        const proxy = createServer((asked, answer) => get(`${url}${asked.url}`, come => {
            come.pipe(answer.writeHead(come.statusCode, come.headers));
            if (asked.url.startsWith("/v1/watch?"))
                endWatch = () => end(answer, come.unpipe().destroy());
        })).listen(0, "127.0.0.1");
        await once(proxy, "listening");
        const own = page;
        page = await browser.newPage();
        try {
            await openPage(`http://127.0.0.1:${proxy.address().port}`);
            await executeWatch({ prefix: "ended" });
            await waitForAnswer("watching after revision");
            endWatch();
            await waitForAnswer(said);
            assert.match(await watchText(), /^: watching after revision /);
        } finally {
            await page.close();
            page = own;
            proxy.close();
            proxy.closeAllConnections();
        }
    });
}

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
    // The browser writes a line for each answer that is an error; these were asked for.
    assert.deepEqual(complaints.filter(text => !/status of (400|404|410) /.test(text)), []);
});
