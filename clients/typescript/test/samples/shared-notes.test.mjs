// The sample shared-notes, as its script starts it, in Chromium: two users, one of whom is offline for a while. Screenshots stay in artifacts/typescript.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const artifacts = fileURLToPath(new URL("../../../../artifacts/typescript/", import.meta.url));
const script = fileURLToPath(new URL("../../../../samples/shared-notes/run.sh", import.meta.url));
const complaints = [];
let sample, browser, port, address, ada, ben;

before(async () => {
    mkdirSync(artifacts, { recursive: true });
    port = await freePorts();
    address = `http://localhost:${port + 3}/`;
    sample = spawn(script, ["--port", port, "--page-port", port + 3, "--no-build"]);
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
    browser = await puppeteer.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        // Chromium's own sandbox does not work for root, and no page but that of the sample is opened.
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
    });
    [ada, ben] = await Promise.all([open("party"), open("party")]);
});

after(async () => {
    await browser?.close();
    const ended = new Promise(resolve => sample.removeAllListeners("exit").on("exit", resolve));
    sample.kill();
    await ended;
});

/** The first of four free ports in a row. */
async function freePorts() {
    for (; ;) {
        const first = await listen(0);
        const others = [1, 2, 3].map(i => listen(first + i));
        if ((await Promise.allSettled(others)).every(({ status }) => status === "fulfilled"))
            return first;
    }
}

function listen(port) {
    return new Promise((resolve, reject) => {
        const server = createServer().on("error", reject).listen(port, "localhost", () => {
            const found = server.address().port;
            server.close(() => resolve(found));
        });
    });
}

/** The page of a user of their own. */
async function open(note) {
    const page = await (await browser.createBrowserContext()).newPage();
    await page.setViewport({ width: 720, height: 480 });
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(`${address}#${note}`);
    await isState(page, "synced");
    return page;
}

const isState = (page, state) => page.waitForSelector(`#state[data-state=${state}]`);
const textOf = page => page.$eval("#text", area => area.value);
const listOf = page => page.$$eval("#list .name", names => names.map(name => name.textContent));
const likesOf = page => page.$eval("#likes", likes => Number(likes.textContent));
const contentOf = async page => ({ text: await textOf(page), list: await listOf(page), likes: await likesOf(page) });

async function type(page, text, at) {
    await page.$eval("#text", (area, at) => {
        area.focus();
        area.setSelectionRange(at ?? area.value.length, at ?? area.value.length);
    }, at);
    await page.keyboard.sendCharacter(text);
}

async function add(page, item) {
    await page.focus("#item");
    await page.keyboard.sendCharacter(item);
    await page.keyboard.press("Enter");
}

const buy = (page, item) => page.$$eval("#list li", (entries, item) => entries.find(entry => entry.querySelector(".name").textContent === item).querySelector("button").click(), item);

/** Another note on the same page. */
async function turnTo(page, note) {
    await Promise.all([page.waitForNavigation(), page.evaluate(note => location.hash = note, note)]);
    await isState(page, "synced");
}

/** Waits until both show the same, and everything is stored. */
async function converge() {
    for (const page of [ada, ben])
        await page.waitForSelector("#state[data-state=synced][aria-busy=false]");
    const deadline = Date.now() + 20_000;
    for (; ;) {
        const [left, right] = await Promise.all([ada, ben].map(contentOf));
        if (JSON.stringify(left) === JSON.stringify(right))
            return left;
        assert.ok(Date.now() < deadline, `${JSON.stringify(left)} and ${JSON.stringify(right)}`);
    }
}

async function photograph(name, ...pages) {
    for (const [i, page] of pages.entries())
        await page.screenshot({ path: `${artifacts}/shared-notes-${name}-${i + 1}.png` });
}

test("two browsers edit at once, one of them offline for a while, and agree on everything", async () => {
    await type(ada, "Party on Saturday\n\nWe start at eight.\n");
    await ben.waitForFunction(() => document.getElementById("text").value.endsWith("eight.\n"));
    await type(ben, "Bring your own cups.\n");
    for (const [page, item] of [[ada, "Milk"], [ben, "Apples"]])
        await add(page, item);
    for (const page of [ada, ben])
        await page.click("#like");
    const before = await converge();
    assert.deepEqual(before, { text: "Party on Saturday\n\nWe start at eight.\nBring your own cups.\n", list: ["Apples", "Milk"], likes: 2 });
    await photograph("before", ada, ben);

    await ben.setOfflineMode(true);
    await isState(ben, "offline");
    await type(ada, " 5 December", "Party on Saturday".length);
    await type(ben, "Ben bakes a cake.\n");
    await buy(ada, "Milk");
    await add(ada, "Bread");
    await add(ben, "Milk");
    await add(ben, "Flour");
    for (const page of [ada, ben, ben])
        await page.click("#like");
    await isState(ada, "synced");
    await isState(ben, "unsent");
    await photograph("offline", ada, ben);
    assert.notEqual(await textOf(ada), await textOf(ben));

    await ben.setOfflineMode(false);
    const after = await converge();
    assert.deepEqual(after, {
        text: "Party on Saturday 5 December\n\nWe start at eight.\nBring your own cups.\nBen bakes a cake.\n", list: ["Apples", "Bread", "Flour", "Milk"], likes: 5,
    });
    await photograph("after", ada, ben);
});

test("what is typed offline survives that the page is closed", async () => {
    await ben.setOfflineMode(true);
    await isState(ben, "offline");
    await type(ben, "typed offline");
    await ben.reload();
    await isState(ben, "unsent");
    assert.match(await textOf(ben), /typed offline$/);
    await ben.setOfflineMode(false);
    await ada.waitForFunction(() => document.getElementById("text").value.endsWith("typed offline"));
    await converge();
});

test("the caret stays on its character and on its place while others insert above it", async () => {
    await Promise.all([ada, ben].map(page => turnTo(page, "caret")));
    await ada.$eval("#text", area => {
        area.focus();
        area.setRangeText(Array.from({ length: 80 }, (_, i) => `Line ${i} – 😀\n`).join(""));
        area.dispatchEvent(new InputEvent("input"));
        const at = area.value.indexOf("Line 40") + 4;
        area.setSelectionRange(at, at + 3);
        area.scrollTop = area.scrollHeight / 2 - 100;
    });
    await converge();
    const measure = () => ada.$eval("#text", area => ({ selected: area.value.slice(area.selectionStart, area.selectionEnd), start: area.selectionStart, scrolled: area.scrollTop, height: parseFloat(getComputedStyle(area).lineHeight) }));
    const before = await measure();
    // Both edits arrive at once.
    await ada.setOfflineMode(true);
    await isState(ada, "offline");
    const inserted = "😀 one\ntwo\nthree\n";
    await type(ben, inserted, 0);
    await type(ben, "!", (await textOf(ben)).indexOf("Line 70"));
    await ben.waitForSelector("#state[aria-busy=false]");
    await ada.setOfflineMode(false);
    await converge();
    const after = await measure();
    assert.equal(after.selected, before.selected);
    assert.equal(after.start, before.start + inserted.length);
    assert.ok(Math.abs(after.scrolled - before.scrolled - 3 * before.height) < 2, JSON.stringify([before, after]));
    // And what the first one types goes where the caret is.
    await ada.keyboard.type("X");
    await converge();
    assert.match(await textOf(ben), /LineX – 😀\n/);
});

test("the commands of README.md change what the page shows", async () => {
    await turnTo(ada, "home");
    const text = readFileSync(new URL("README.md", `file://${script}`), "utf8");
    const commands = text.slice(text.indexOf("From a terminal:")).split("```")[1].trim().replaceAll(":8080/", `:${port}/`).replaceAll("curl ", "curl -sSf ");
    const output = execFileSync("bash", ["-euc", commands], { encoding: "utf8" });
    assert.ok(output.endsWith("Hello. \""), output);
    await ada.waitForFunction(() => document.getElementById("likes").textContent === "1");
    await ada.waitForFunction(() => document.querySelector("#list .name")?.textContent === "Salt");
    await ada.waitForFunction(() => document.getElementById("text").value === "Hello. ");
});

test("on a phone everything has room", async () => {
    await turnTo(ada, "party");
    await ada.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true });
    await isState(ada, "synced");
    await photograph("phone", ada);
    assert.ok(await ada.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    const likes = await likesOf(ada);
    await ada.tap("#like");
    await ada.waitForFunction(likes => Number(document.getElementById("likes").textContent) === likes + 1, {}, likes);
    assert.deepEqual(complaints, []);
});
