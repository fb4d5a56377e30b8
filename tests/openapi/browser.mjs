// The browser of the tests.
import puppeteer from "puppeteer-core";

export const patience = { timeout: 60_000 };

export const launch = ({ args = [], ...options } = {}) => puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium's own sandbox does not work for root, and no page but those of the tests is opened.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", ...args],
    ...options,
});

/** A page for Swagger UI at a URL. What goes wrong in it is added to the complaints, and so is each request that goes elsewhere. */
export async function newPage(browser, url, complaints, isExpected = () => false) {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 1600 });
    page.on("request", request => /^(https?|wss?):/.test(request.url()) && !request.url().startsWith(`${url}/`) && complaints.push(`asked for ${request.url()}`));
    page.on("pageerror", error => complaints.push(String(error)));
    page.on("console", message => message.type() === "error" && !isExpected(message.text()) && complaints.push(message.text()));
    return page;
}
