// Every call of the client, in Node.js.
import { after, before, test } from "node:test";
import { KvStoreClient } from "kvstore-client";
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
