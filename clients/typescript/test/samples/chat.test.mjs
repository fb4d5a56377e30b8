// The sample chat, as its script starts it, in Chromium: two visitors, one of whom is away for a while.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../browser/pages.mjs";

const artifacts = fileURLToPath(new URL("../../../../artifacts/typescript/", import.meta.url));
const script = fileURLToPath(new URL("../../../../samples/chat/run.sh", import.meta.url));
const complaints = [];
let sample, browser, store, address, ada, ben;

before(async () => {
    mkdirSync(artifacts, { recursive: true });
    const [port, pagePort] = await Promise.all([freePort(), freePort()]);
    [store, address] = [`http://localhost:${port}`, `http://localhost:${pagePort}/`];
    sample = spawn(script, ["--port", port, "--page-port", pagePort, "--no-build"]);
    let output = "";
    await new Promise((resolve, reject) => {
        for (const stream of [sample.stdout, sample.stderr]) {
            stream.on("data", data => {
                output += data;
                if (output.includes("run.sh: ready."))
                    resolve();
            });
        }
        sample.on("exit", code => reject(new Error(`run.sh ended with code ${code}:\n${output}`)));
    });
    browser = await launch();
    [ada, ben] = await Promise.all(["#ada", "#ben"].map(open));
});

after(async () => {
    await browser?.close();
    const ended = new Promise(resolve => sample.removeAllListeners("exit").on("exit", resolve));
    sample.kill();
    await ended;
});

function freePort() {
    return new Promise((resolve, reject) => {
        const server = createServer().on("error", reject).listen(0, "localhost", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

async function open(path) {
    const page = await (await browser.createBrowserContext()).newPage();
    await page.setViewport({ width: 480, height: 480 });
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(address + path);
    await page.waitForSelector("#state[data-state=live]");
    return page;
}

const say = (page, text) => page.$eval("#say", (form, text) => {
    form.elements.text.value = text;
    form.requestSubmit();
}, text);

const log = page => page.$$eval("#messages li", rows => rows.map(row => row.textContent));
const shows = (page, text) => page.waitForFunction(text => document.getElementById("messages").textContent.includes(text), { polling: 20 }, text);

test("what one says the other sees, as text, and who is there", async () => {
    await say(ada, "Hello <b>Ben</b>");
    await shows(ben, "ada Hello <b>Ben</b>");
    await Promise.all([ada, ben].map(page => page.waitForFunction(() => document.getElementById("present").textContent === "ada, ben", { polling: 20 })));
});

test("messages at once are in the same order on both pages", async () => {
    await Promise.all(Array.from({ length: 10 }, (_, i) => [say(ada, `a${i}`), say(ben, `b${i}`)]).flat());
    for (const page of [ada, ben])
        await page.waitForFunction(() => document.querySelectorAll("#messages li").length === 21, { polling: 20 });
    assert.deepEqual(await log(ada), await log(ben));
    await ada.screenshot({ path: `${artifacts}/chat.png` });
});

test("a visitor who was away sees what was said meanwhile", async () => {
    await ben.setOfflineMode(true);
    await ben.waitForSelector("#state[data-state=offline]");
    await say(ada, "Are you there?");
    await shows(ada, "Are you there?");
    await ben.setOfflineMode(false);
    await shows(ben, "Are you there?");
    assert.deepEqual(await log(ada), await log(ben));
});

test("a message from a terminal, and one that is none", async () => {
    const post = body => fetch(`${store}/v1/kv/chat/messages/`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    await post('{"from": "cron", "text": "It is noon."}');
    await post("[]");
    await Promise.all([ada, ben].map(page => shows(page, "cron It is noon.")));
});

test("the page had no errors", () => assert.deepEqual(complaints, []));
