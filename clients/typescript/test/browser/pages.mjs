// Pages for Chromium: what is in this package, and the vectors, at an address of their own.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import puppeteer from "puppeteer-core";

const root = new URL("../../", import.meta.url);
export const vectors = new URL("../../tests/crdt-vectors/", root);
const imports = '<script type="importmap">{"imports": {"kvstore-client": "/dist/index.js"}}</script><script';

export async function servePages() {
    const server = createServer((request, response) => {
        const { pathname } = new URL(request.url, "http://localhost");
        const file = pathname.startsWith("/vectors/") ? new URL(`.${pathname.slice("/vectors".length)}`, vectors) : new URL(`.${pathname}`, root);
        if (!existsSync(file))
            return response.writeHead(404).end();
        const content = readFileSync(file, "utf8");
        response.writeHead(200, { "Content-Type": pathname.endsWith(".html") ? "text/html" : pathname.endsWith(".json") ? "application/json" : "text/javascript" });
        response.end(pathname.endsWith(".html") ? content.replace("<script", imports) : content);
    });
    await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
    return {
        origin: `http://127.0.0.1:${server.address().port}`,
        close() {
            server.closeAllConnections();
            server.close();
        },
    };
}

export const launch = () => puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium's own sandbox does not work for root, and no page but those of the tests is opened.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
});

// By a timer, because a page in the background gets no frames.
export const waitFor = (page, isTrue) => page.waitForFunction(isTrue, { polling: 20 });
