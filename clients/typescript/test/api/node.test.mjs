// Every call of the client in Node.js, and what its types say of the service.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { KvStoreClient, problemNames } from "kvstore-client";
import { interfacesOf } from "../types/documents.mjs";
import { origins, startWithOrigins } from "./service.mjs";
import { scenarios } from "./scenarios.mjs";

let running, client;

before(async () => {
    running = await startWithOrigins();
    await running.service.start();
    client = new KvStoreClient(running.service.url);
});

after(async () => await running?.dispose());

async function waitUntil(isTrue) {
    while (!await isTrue())
        await new Promise(resolve => setTimeout(resolve, 20));
}

for (const [index, [name, scenario]] of Object.entries(scenarios).entries())
    test(name, async () => await scenario({ client, origins, prefix: `s${index}/`, waitUntil }));

test("the client knows every problem that the HTTP API has", () => {
    const [, errors] = readFileSync(new URL("../../../../docs/http-api.md", import.meta.url), "utf8").split("\n## Errors\n");
    assert.deepEqual([...problemNames].sort(), [...errors.matchAll(/^### (\S+)$/gm)].map(([, name]) => name).sort());
});

// What the service has besides does no harm: node test/types/documents.mjs URL adds it.
test("every member of the documents that the client types is one of the service", async () => {
    const served = interfacesOf(await (await fetch(`${running.service.url}/openapi/v1.json`)).json());
    const typed = readFileSync(new URL("../../src/calls/documents.ts", import.meta.url), "utf8");
    let count = 0;
    for (const [, name, body] of typed.matchAll(/export interface (\w+) \{([^}]*)\}/g)) {
        const members = served.get(name)?.map(({ text }) => text);
        for (const [text] of body.matchAll(/readonly .*;/g)) {
            assert.ok(members?.includes(text), `${name} of the service has no ${text}`);
            count++;
        }
    }

    assert.ok(count > 100);
});
