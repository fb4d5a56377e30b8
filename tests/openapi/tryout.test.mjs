// What a new user does first: open Swagger UI of an empty store and press Execute in every operation, from top to bottom, twice.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, patience } from "./browser.mjs";

const url = process.env.KVSTORE_FRESH_URL;
const artifacts = process.env.KVSTORE_ARTIFACTS;

// Every operation as the page shows it, in its order: the status of the defaults, and which keys they add, change and remove the first time.
const nothing = {};
const groups = {
    Entries: {
        putEntry: [201, { added: ["example/ada"] }],
        getEntry: [200, nothing],
        patchEntry: [204, { changed: ["example/ada"] }],
        deleteEntry: [204, { removed: ["example/ada"] }],
        appendEntry: [201, { added: ["example/queue/<revision>"] }],
        addToCounter: [200, { added: ["example/visits"] }],
    },
    Mergeable: { mergeValue: [201, { added: ["example/likes"] }], getMergeable: [200, nothing] },
    Listing: { listEntries: [200, nothing] },
    Bulk: {
        getBatch: [200, nothing],
        exportEntries: [200, nothing],
        importEntries: [200, { added: ["example/imported/1", "example/imported/2"] }],
        deletePrefix: [200, nothing],
    },
    Transactions: { runTransaction: [200, { added: ["example/account/1", "example/account/2"] }] },
    Watch: { watch: [200, nothing] },
    Origins: { invalidateOrigin: [404, nothing], loadOrigin: [404, nothing], listOutbox: [404, nothing], dropOutbox: [404, nothing], retryOutbox: [404, nothing] },
    Operations: { getLive: [200, nothing], getReady: [200, nothing], getStatus: [200, nothing], metrics: [200, nothing], getCluster: [200, nothing], forgetReplica: [404, nothing], getClusterJoin: [200, nothing], getOrigins: [200, nothing], getOrigin: [404, nothing], getRegions: [200, nothing], makeCheckpoint: [200, nothing] },
    Compatibility: { updatePerson: [200, { added: ["person/-1"] }], getPerson: [200, nothing] },
};
const operations = Object.entries(groups).flatMap(([tag, members]) => Object.entries(members).map(([id, [status, changes]]) => ({ tag, id, status, changes })));

// An entry of somebody, which no default may touch.
const kept = { key: "user/42/name", value: "Grace" };
let browser, page, documented;

before(async () => {
    await fetch(`${url}/v1/kv/${kept.key}`, { method: "PUT", body: kept.value });
    documented = new Map(Object.values((await (await fetch(`${url}/openapi/v1.json`)).json()).paths)
        .flatMap(methods => Object.values(methods)).map(operation => [operation.operationId, operation]));
    browser = await launch();
    page = await browser.newPage();
    await page.setViewport({ width: 1400, height: 1000 });
    await page.goto(`${url}/swagger/index.html`, { waitUntil: "load", ...patience });
    await page.waitForSelector(".opblock", patience);
});

after(() => browser?.close());

const block = ({ tag, id }) => `#operations-${tag}-${id}`;

async function entries() {
    const { items } = await (await fetch(`${url}/v1/kv?limit=1000`)).json();
    return new Map(items.map(item => [item.key.replace(/\d{19}$/, "<revision>"), item.revision]));
}

/** Presses Execute and returns the status that is then shown. */
async function execute(operation) {
    await open(operation);

    // Swagger UI fills in examples after it has opened an operation.
    const { parameters = [], requestBody } = documented.get(operation.id);
    const filled = parameters.filter(parameter => parameter.required).length + (requestBody ? 1 : 0);
    await page.waitForFunction((selector, count) => [...document.querySelectorAll(selector)].filter(input => input.value !== "").length === count, patience,
        `${block(operation)} tr:has(.required) input, ${block(operation)} textarea.body-param__text`, filled);
    await press(`${block(operation)} button.execute`);
    const status = await page.waitForSelector(`${block(operation)} .live-responses-table .response .response-col_status`, patience);
    return Number(await status.evaluate(cell => cell.firstChild.textContent));
}

// By script, because a click of the mouse misses what still moves.
const press = selector => page.$eval(selector, button => button.click());

/** Opens an operation, without an earlier answer. */
async function open(operation) {
    await press(`${block(operation)} .opblock-summary-control`);
    await page.waitForSelector(`${block(operation)} button.execute`, patience);

    // Execute does nothing before Swagger UI has resolved the references of the operation and shows its responses.
    await page.waitForSelector(`${block(operation)} .responses-wrapper`, patience);
    if (!await page.$(`${block(operation)} .btn-clear`))
        return;
    await press(`${block(operation)} .btn-clear`);
    await page.waitForFunction(selector => !document.querySelector(selector), patience, `${block(operation)} .btn-clear`);
}

/** Closes an operation, because a page with many open ones is slow. */
async function close(operation) {
    await press(`${block(operation)} .opblock-summary-control`);
    await page.waitForFunction(selector => !document.querySelector(selector), patience, `${block(operation)} button.execute`);
}

test("the page shows the operations in groups in the order of use, with what each group is for, and no HEAD", async () => {
    const shown = await page.$$eval(".opblock-tag-section", sections => sections.map(section => ({
        tag: section.querySelector("h3").dataset.tag,
        text: section.querySelector("h3").textContent,
        ids: [...section.querySelectorAll(".opblock")].map(operation => operation.id.split("-").at(-1)),
    })));
    assert.deepEqual(shown.map(({ tag, ids }) => [tag, ids]), Object.entries(groups).map(([tag, members]) => [tag, Object.keys(members)]));
    for (const { tag, text } of shown)
        assert.ok(text.length > tag.length + 20, `${tag} has a description: ${text}`);
});

for (const operation of operations) {
    test(`${operation.id} works as it is filled in, and loses nothing`, async () => {
        const old = await entries();
        const status = await execute(operation);
        const present = await entries();
        await (await page.$(block(operation))).screenshot({ path: join(artifacts, `tryout-${operation.id}.png`) });
        await close(operation);
        const { added = [], changed = [], removed = [] } = operation.changes;
        assert.equal(status, operation.status);
        assert.deepEqual([...present.keys()].filter(key => !old.has(key)), added);
        assert.deepEqual([...old.keys()].filter(key => !present.has(key)), removed);
        assert.deepEqual([...old.keys()].filter(key => present.has(key) && present.get(key) !== old.get(key)), changed);
    });
}

test("everything works once more, and what others stored is as it was", async () => {
    for (const operation of operations) {
        assert.equal(await execute(operation) < 300, operation.status < 300, operation.id);
        await close(operation);
    }

    assert.equal(await (await fetch(`${url}/v1/kv/${kept.key}`)).text(), kept.value);
});

test("PUT and append send nothing while no file is chosen", async () => {
    const sent = [];
    page.on("request", request => request.url().includes("/v1/kv/") && sent.push(`${request.method()} ${request.url()}`));
    for (const id of ["putEntry", "appendEntry"]) {
        const operation = { tag: "Entries", id };
        await open(operation);
        await page.select(`${block(operation)} .opblock-section-request-body select`, "application/octet-stream");
        await page.waitForSelector(`${block(operation)} input[type=file]`, patience);
        await press(`${block(operation)} button.execute`);
    }

    // What had been sent would have come before this.
    await execute({ tag: "Operations", id: "getReady" });
    assert.deepEqual(sent, []);
});

test("the page fits a phone", async () => {
    await page.setViewport({ width: 400, height: 800 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.screenshot({ path: join(artifacts, "tryout-400.png"), fullPage: true });
    assert.ok(width <= 400, `${width} pixels`);
});
