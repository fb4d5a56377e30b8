// Takes pictures of every page of the console, light and dark, 400 and 1,400 pixels wide, into artifacts/console-screenshots, for people to look at.
//
//   node screenshots.mjs             every page
//   node screenshots.mjs status      those whose address contains this
import { createServer } from "node:http";
import { mkdirSync } from "node:fs";
import { launch, openConsole } from "./browser.mjs";
import { TestService } from "./service.mjs";

const folder = new URL("../../artifacts/console-screenshots/", import.meta.url).pathname;

/** Addresses of pages, and what is there when they are complete. */
const pages = [
    ["status", "Connections and reads"], ["cluster", "Replicas"], ["origins", "breaker closed"], ["mergeable?key=page/note", "Revision"], ["mergeable?key=page/list", "Revision"],
    ["data/browse", "user/"], ["data/browse?key=user/1", "user/1"], ["data/browse?key=user/1&show=history", "user/1"], ["data/browse?show=new", "New"], ["data/transaction", "Transaction"], ["data/transfer", "Export"],
].filter(([hash]) => hash.includes(process.argv[2] ?? ""));

const source = createServer((request, response) => response.writeHead(200, { "Content-Type": "application/json" }).end("{\"rate\":1.1}"));
await new Promise(resolve => source.listen(0, "127.0.0.1", resolve));
const service = new TestService("--KvStore:Origins:rates:Prefix", "rates/", "--KvStore:Origins:rates:Http:Url", `http://127.0.0.1:${source.address().port}/{key}`, "--KvStore:Origins:rates:Tokens:PerSecond", "50");
await service.start();
const browser = await launch();
try {
    mkdirSync(folder, { recursive: true });
    const intent = (key, type, body) => service.request("POST", `/v1/crdt/${key}?type=${type}`, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    await intent("page/note", "text", { edits: [{ at: 0, insert: "Things to bring:\n- a tent\n- two lamps\n" }] });
    await intent("page/list", "or-set", { add: ["bread", "milk", "eggs", "a very long element that has to break somewhere, as some of them are"] });
    for (let i = 0; i < 40; i++)
        await service.put(`user/${i}`, JSON.stringify({ name: `User ${i}`, roles: ["reader", "writer"], address: { street: "Main Street", number: i } }), "application/json");
    await service.put("user/1", JSON.stringify({ name: "Ada", roles: ["reader"] }), "application/json");
    await service.put("config/banner", "Welcome to the shop");
    const load = setInterval(() => {
        for (let i = 0; i < 5; i++) {
            void service.put(`load/${i}`, "value").catch(() => {});
            void fetch(`${service.url}/v1/kv/rates/${i}`).catch(() => {});
        }
    }, 100);
    for (const [hash, text] of pages) {
        for (const colorScheme of ["light", "dark"]) {
            for (const width of [400, 1400]) {
                const page = await openConsole(browser, service, `#/${hash}`, { colorScheme, viewport: { width, height: 900 } });
                await page.locator("main").getByText(text).first().waitFor();

                // Until the charts have a few samples.
                await page.waitForTimeout(hash === "status" ? 15_000 : 500);
                await page.screenshot({ path: `${folder}${hash.replaceAll(/[^a-z0-9]+/g, "-")}-${colorScheme}-${width}.png`, fullPage: true });
                await page.context().close();
            }
        }
    }

    clearInterval(load);
} finally {
    await browser.close();
    await service.dispose();
    source.close();
}
