// Clients of the tests, each with a document of its own, and what the service has stored of it.
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import * as Y from "yjs";
import { KvStoreClient } from "../../dist/index.js";
import { KvStoreProvider } from "../../dist/yjs/index.js";
import { Link, TestService } from "../service.mjs";

export const service = new TestService("--engine", "disk");
let documents = 0, open = [];

before(async () => {
    await service.start();
    // The first fetch of a process never ends in Node.js 20 if its connection is closed at once, as a cut one is.
    await fetch(`${service.url}/readyz`);
});
after(() => service.dispose());
afterEach(async () => {
    await Promise.all(open.map(one => one.close()));
    open = [];
});

export const newName = () => `notes/${++documents}`;

/** A client, which collects its errors. */
export function join(name, { url = service.url, apiKey, doc = new Y.Doc(), ...options } = {}) {
    const provider = new KvStoreProvider(new KvStoreClient(url, { apiKey }), name, doc, { sendAfter: 1, ...options });
    const client = {
        doc, provider, text: doc.getText("text"), errors: [],
        async close() {
            await provider.destroy();
            doc.destroy();
        },
    };
    provider.on("error", error => client.errors.push(error));
    open.push(client);
    return client;
}

export async function joined(name, options) {
    const client = join(name, options);
    await client.provider.whenSynced();
    return client;
}

export async function link() {
    const made = await new Link().open(service.url);
    open.push(made);
    return made;
}

/** Waits for a condition that changes of documents and providers bring about. */
export async function until(condition, ...clients) {
    const deadline = Date.now() + 20_000;
    while (!await condition()) {
        assert.ok(Date.now() < deadline, `${condition}: ${clients.map(client => client.text)}`);
        await new Promise(resolve => setTimeout(resolve, 5));
    }
}

export const equal = (...clients) => until(() => new Set(clients.map(({ text }) => text.toString())).size === 1, ...clients);

export const list = async prefix => (await (await fetch(`${service.url}/v1/kv?prefix=${prefix}&limit=1000&values=true`)).json()).items;
export const updatesOf = name => list(`${name}/u/`);
export const partsOf = name => list(`${name}/s/`);

/** What a client sees that comes now. */
export async function stored(name) {
    const client = await joined(name);
    return client.text.toString();
}
