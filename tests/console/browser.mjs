// The browser of the tests.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** How long a test waits for what must come. It is generous, because other work shares the machine. */
export const patience = 30_000;

export const launch = (options = {}) => chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium's own sandbox does not work for root, and no page but those of the tests is opened.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
    ...options,
});

/**
 * A page of the console. What goes wrong in it is added to `page.complaints`: errors of scripts, what the policy of the page forbids, and each request
 * that goes elsewhere. Answers with an error are none, as tests ask for such.
 */
export async function openConsole(browser, service, hash = "", { path = "/ui/", ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.complaints = [];
    page.on("request", request => /^(https?|wss?):/.test(request.url()) && !request.url().startsWith(`${service.url}/`) && page.complaints.push(`asked for ${request.url()}`));
    page.on("pageerror", error => page.complaints.push(String(error)));
    page.on("console", message => message.type() === "error" && !/Failed to load resource|net::ERR_/.test(message.text()) && page.complaints.push(message.text()));
    await page.goto(service.url + path + hash);
    return page;
}

/** Types the key of access in. */
export async function unlock(page, key) {
    await page.getByLabel("Key, or token").fill(key);
    await page.getByRole("button", { name: "Use it" }).click();
}

/** Fails if the page is hard or impossible to use for people with a screen reader or a keyboard, as far as axe finds that. */
export async function assertAccessible(page) {
    // By the protocol of the browser, which the policy of the page does not bind.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`), []);
}

/** Fails if something went wrong in the page, or if it is wider than its window. */
export async function assertCalm(page) {
    assert.deepEqual(page.complaints, []);
    const { wide, window } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, window: document.documentElement.clientWidth }));
    assert.ok(wide <= window, `the page is ${wide} pixels wide in a window of ${window}`);
}
