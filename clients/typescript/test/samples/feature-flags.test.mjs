// The sample feature-flags, as its script starts it, in Chromium: an operator and two visitors. Screenshots stay in artifacts/typescript.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, waitFor } from "../browser/pages.mjs";
import { Flags } from "../../../../samples/feature-flags/wwwroot/flags.js";

const artifacts = fileURLToPath(new URL("../../../../artifacts/typescript/", import.meta.url));
const script = fileURLToPath(new URL("../../../../samples/feature-flags/run.sh", import.meta.url));
const complaints = [];
let sample, browser, address, operator, ada, ben;

before(async () => {
    mkdirSync(artifacts, { recursive: true });
    const [port, pagePort] = await Promise.all([freePort(), freePort()]);
    address = `http://localhost:${pagePort}/`;
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
    [operator, ada, ben] = await Promise.all(["operator.html", "#ada", "#ben"].map(open));
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

/** The page of a user of their own. */
async function open(path) {
    const page = await (await browser.createBrowserContext()).newPage();
    await page.setViewport({ width: 640, height: 480 });
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(address + path);
    await page.waitForSelector("#state[data-state=live]");
    return page;
}

const shows = (page, flag, isThere) => page.waitForFunction((flag, isThere) => document.querySelector(`[data-flag=${flag}]`).hidden !== isThere, { polling: 20 }, flag, isThere);

const set = (flag, percent) => operator.$eval(`[data-name=${flag}] input`, (range, percent) => {
    range.value = percent;
    range.dispatchEvent(new Event("change"));
}, percent);

test("a feature appears for every visitor when it is switched on, and goes when it is off", async () => {
    for (const visitor of [ada, ben]) {
        await shows(visitor, "banner", true);
        await shows(visitor, "express", false);
    }

    await operator.click("[data-name=express] .on");
    await Promise.all([shows(ada, "express", true), shows(ben, "express", true)]);
    await operator.waitForFunction(() => document.querySelector("[data-name=express] output").textContent === "100 %", { polling: 20 });
    await operator.click("[data-name=express] .off");
    await Promise.all([shows(ada, "express", false), shows(ben, "express", false)]);
});

test("a share of the visitors has a feature, and more percent only add some", async () => {
    const shares = [];
    for (let percent = 0; percent <= 100; percent += 10) {
        const flags = new Flags(undefined, { getItem: () => JSON.stringify([["f", { percent }]]) });
        shares.push(new Set(Array.from({ length: 2000 }, (_, i) => `visitor ${i}`).filter(visitor => flags.isOn("f", visitor))));
    }

    for (const [i, share] of shares.entries()) {
        assert.ok(Math.abs(share.size - 200 * i) < 100, `${share.size} of 2000 at ${10 * i} %`);
        assert.ok(i === 0 || [...shares[i - 1]].every(visitor => share.has(visitor)));
    }

    // At which percentage each of the two gets it.
    const first = name => Array.from({ length: 101 }, (_, percent) => percent).find(percent => new Flags(undefined, { getItem: () => JSON.stringify([["reviews", { percent }]]) }).isOn("reviews", name));
    const between = Math.ceil((Math.min(first("ada"), first("ben"))) / 5) * 5;
    assert.ok(between < Math.max(first("ada"), first("ben")), "The slider can be between the two.");
    await set("reviews", between);
    await Promise.all([shows(ada, "reviews", first("ada") <= between), shows(ben, "reviews", first("ben") <= between)]);
    await operator.screenshot({ path: `${artifacts}/feature-flags-operator.png` });
    await ada.screenshot({ path: `${artifacts}/feature-flags-ada.png` });
    await ben.screenshot({ path: `${artifacts}/feature-flags-ben.png` });
});

test("a visitor who is offline keeps the flags, and is live again with what has changed", async () => {
    await set("banner", 100);
    await shows(ben, "banner", true);
    await ben.setOfflineMode(true);
    await ben.waitForSelector("#state[data-state=offline]");
    await operator.click("[data-name=banner] .off");
    await shows(ada, "banner", false);
    await shows(ben, "banner", true);
    await ben.setOfflineMode(false);
    await ben.waitForSelector("#state[data-state=live]");
    await shows(ben, "banner", false);
});

test("a flag that an operator adds is there for other operators, with its description kept", async () => {
    await operator.type("#name", "gift-wrap");
    await operator.click("#add button");
    const other = await open("operator.html");
    await other.waitForSelector("[data-name=gift-wrap]");
    await set("reviews", 100);
    await waitFor(other, () => document.querySelector("[data-name=reviews] output").textContent === "100 %");
    assert.match(await other.$eval("[data-name=reviews] .description", description => description.textContent), /^What other customers say/);
});

test("the pages had no errors", () => assert.deepEqual(complaints, []));
