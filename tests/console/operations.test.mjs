// The pages for operators: status, cluster, origins.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { assertAccessible, assertCalm, launch, openConsole, patience, unlock } from "./browser.mjs";
import { started, TestService } from "./service.mjs";

let browser;

before(async () => browser = await launch());
after(async () => await browser.close());

/** The latest value of a line of a chart. */
const valueOf = (page, chart, line) => page.locator("section.chart", { has: page.getByRole("heading", { name: chart, exact: true }) })
    .getByRole("listitem").filter({ hasText: line }).locator("b").textContent();

test("status: charts move with what the service does", async (t) => {
    const service = await started(t);
    const page = await openConsole(browser, service, "#/status");
    await page.getByRole("heading", { name: "Latency" }).waitFor();
    await assertAccessible(page);

    // As much as it takes until each line has shown something, one sample after the other.
    const seen = new Set();
    const wanted = [["Requests per second", "reads"], ["Requests per second", "writes"], ["Requests per second", "refused"], ["Latency", "99 %"], ["Batch size", "mean"], ["Flush time", "99 %"], ["Entries", "entries"]];
    const end = Date.now() + patience;
    for (let i = 0; seen.size < wanted.length && Date.now() < end; i++) {
        await Promise.all([service.put(`load/${i}`, "value"), fetch(`${service.url}/v1/kv/load/absent`), fetch(`${service.url}/v1/kv/load/0`)]);
        for (const [chart, line] of wanted) {
            const text = await valueOf(page, chart, line);
            if (!["0", "–"].includes(text))
                seen.add(`${chart}: ${line}`);
        }
    }

    assert.deepEqual([...seen].sort(), wanted.map(([chart, line]) => `${chart}: ${line}`).sort());
    await page.getByRole("row", { name: /^entries/ }).waitFor();
    await page.getByRole("heading", { name: "Log on disk" }).waitFor();
    await page.getByText("running", { exact: true }).waitFor();
    await assertAccessible(page);
    await assertCalm(page);
    await page.context().close();
});

test("a key without the right to administer gets one sentence, not a refusal each second", async (t) => {
    const service = new TestService("--engine", "memory");
    t.after(() => service.dispose());
    service.settings.push("--keys", service.keyFile);
    const key = service.newKey("reader", "read");
    await service.start();
    const page = await openConsole(browser, service, "#/status");
    const refused = [];
    page.on("response", response => response.status() === 403 && refused.push(response.url()));
    await unlock(page, key);
    for (const [name, hash] of [["Status", "#/status"], ["Cluster", "#/cluster"], ["Origins", "#/origins"]]) {
        await page.goto(`${service.url}/ui/${hash}`);
        await page.getByRole("heading", { name }).waitFor();
        await page.getByText("needs a key with the right admin").waitFor();
        await assertAccessible(page);
    }

    assert.deepEqual(refused, []);
    await assertCalm(page);
    await page.context().close();
});

test("cluster: one node says that it is one", async (t) => {
    const service = await started(t, "--engine", "memory", "--KvStore:ReplicaName", "alone");
    const page = await openConsole(browser, service, "#/cluster");
    await page.getByText("This service is one node").waitFor();
    await page.getByRole("row", { name: /^alone ready/ }).waitFor();
    await assertAccessible(page);
    await assertCalm(page);
    await page.context().close();
});

test("cluster: replicas with their lag, members of etcd with their leader, and a replica that failed is removed", async (t) => {
    const service = await started(t, "--engine", "memory");
    const page = await openConsole(browser, service, "", { path: "/ui/#/status" });
    const replica = (name, state, more = {}) => ({ id: `id-${name}`, name, url: `http://${name}:8080`, state, revision: 1200, lag: 0, version: "0.1.0", last_seen_seconds: 0.2, ...more });
    const member = (name, leader, reachable) => ({ name, urls: [`http://${name}:2379`], reachable, leader, size: reachable ? 2 << 20 : null, size_in_use: reachable ? 1 << 20 : null, version: reachable ? "3.6.1" : null });
    let replicas = [replica("one", "ready"), replica("two", "ready", { revision: 1190, lag: 10 }), replica("three", "failed", { lag: null, last_seen_seconds: 90 })];
    await page.route("**/v1/cluster", route => route.fulfill({
        json: { store_id: "0123456789abcdef", as_of: new Date().toISOString(), replicas, etcd: [member("m1", true, true), member("m2", false, true), member("m3", false, false)], alarms: ["NOSPACE"], quorum: { healthy: 2, needed: 2, tolerates: 0 } },
    }));
    const removed = [];
    await page.route("**/v1/cluster/replicas/*", route => {
        removed.push(`${route.request().method()} ${new URL(route.request().url()).pathname}`);
        replicas = replicas.slice(0, 2);
        return route.fulfill({ status: 204, contentType: "" });
    });
    await page.getByRole("link", { name: "Cluster" }).click();
    await page.getByRole("row", { name: /^two ready 1,190 10/ }).waitFor();
    await page.getByRole("row", { name: /^m1 reachable leader/ }).waitFor();
    await page.getByRole("row", { name: /^m3 not reachable/ }).waitFor();
    await page.getByText("etcd has raised alarms: NOSPACE.").waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Remove three" }).click();
    await page.getByRole("dialog", { name: "Remove three from the list?" }).waitFor();
    await page.getByRole("button", { name: "Keep it" }).click();
    assert.deepEqual(removed, []);
    await page.getByRole("button", { name: "Remove three" }).click();
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByRole("row", { name: /^three/ }).waitFor({ state: "detached" });
    assert.deepEqual(removed, ["DELETE /v1/cluster/replicas/id-three"]);
    await assertCalm(page);
    await page.context().close();
});

test("origins: none, and what there is to know of those that there are", async (t) => {
    const plain = await started(t, "--engine", "memory");
    const empty = await openConsole(browser, plain, "#/origins");
    await empty.getByText("This service has no origins.").waitFor();
    await assertAccessible(empty);
    await empty.context().close();

    const source = createServer((request, response) => {
        request.resume().on("end", () => response.writeHead(request.method === "GET" ? 200 : 400, { "Content-Type": "application/json" }).end("{}"));
    });
    await new Promise(resolve => source.listen(0, "127.0.0.1", resolve));
    t.after(() => {
        source.closeAllConnections();
        source.close();
    });
    const address = `http://127.0.0.1:${source.address().port}/{key}`;
    const service = await started(t, "--engine", "memory",
        "--KvStore:Origins:rates:Prefix", "rates/", "--KvStore:Origins:rates:Http:Url", address, "--KvStore:Origins:rates:Tokens:PerSecond", "50",
        "--KvStore:Origins:behind:Prefix", "behind/", "--KvStore:Origins:behind:Http:Url", address, "--KvStore:Origins:behind:Writes", "behind");
    await service.request("GET", "/v1/kv/rates/eur");
    await service.put("behind/a", "value");

    // The origin refuses what is delivered to it, so the write is parked; a delivery that got no answer is repeated before that.
    while (JSON.parse(await service.request("GET", "/v1/origins/behind")).outbox.parked === 0)
        await setTimeout(200);
    const page = await openConsole(browser, service, "#/origins");
    const rates = page.getByRole("region", { name: "Origin rates" });
    await rates.getByText("breaker closed").waitFor();
    await rates.getByText("Tokens per second").waitFor();
    await rates.getByText("1, 0 of them repeated").waitFor();
    const behind = page.getByRole("region", { name: "Origin behind" });
    await behind.getByRole("button", { name: "Show the parked" }).click();
    await page.getByRole("dialog").getByRole("row", { name: /behind\/a/ }).waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await behind.getByRole("button", { name: "Deliver them again" }).click();
    await page.getByText("1 are delivered again.").waitFor();
    await assertAccessible(page);
    await assertCalm(page);
    await page.context().close();
});
