// Every call of the client with a real service, for Node.js and for browsers: each scenario gets a client, the names of the origins' prefixes, and a prefix of its own.
import { KvEntry, KvImportError, KvStoreError } from "kvstore-client";

const show = value => JSON.stringify(value, (_, part) =>
    part === undefined ? "<undefined>" : typeof part === "bigint" ? `${part}n` : part instanceof Map ? [...part] : part instanceof Uint8Array ? [...part] : part, 1);

function equal(actual, expected) {
    if (show(actual) !== show(expected))
        throw new Error(`${show(actual)} instead of ${show(expected)}`);
}

const ok = (isTrue, what) => equal([what, Boolean(isTrue)], [what, true]);

async function fails(call, problem, about = {}) {
    const error = await Promise.resolve(call).then(() => undefined, error => error);
    if (!(error instanceof KvStoreError) || !error.is(problem))
        throw new Error(`${error?.stack ?? "no error"} instead of ${problem}`);
    for (const [name, value] of Object.entries(about))
        equal([name, error[name]], [name, value]);
    return error;
}

async function all(items) {
    const found = [];
    for await (const item of items)
        found.push(item);
    return found;
}

const textOf = async stream => await new Response(stream).text();

export const scenarios = {
    "values come back as they were put, with what is known of them": async ({ client, prefix }) => {
        const key = `${prefix}café #1%/?`;
        const { revision, created, storeId } = await client.put(key, "Ada");
        equal([created, /^[0-9a-f]{16}$/.test(storeId)], [true, true]);
        const entry = await client.get(key);
        ok(entry instanceof KvEntry, "an entry");
        equal([entry.key, entry.text, entry.revision, entry.contentType, entry.size, entry.storeId, entry.expiresAt], [key, "Ada", revision, "text/plain; charset=utf-8", 3, storeId, undefined]);
        ok(Math.abs(entry.modifiedAt - Date.now()) < 600_000, "the time");
        equal((await client.put(key, Uint8Array.of(0, 255))).created, false);
        equal((await client.get(key)).bytes, Uint8Array.of(0, 255));
        await client.putJson(key, { name: "Ada" }, { ttlSeconds: 1000 });
        equal((await client.get(key)).json(), { name: "Ada" });
        const info = await client.head(key);
        equal([info.size, info.contentType, info.expiresAt > new Date(), "bytes" in info], [14, "application/json", true, false]);
        equal([await client.exists(key), await client.exists(`${prefix}absent`), await client.head(`${prefix}absent`), await client.get(`${prefix}absent`)], [true, false, undefined, undefined]);
        const { entry: absent, revision: seen } = await client.read(`${prefix}absent`);
        ok(absent === undefined && seen >= revision, "a revision without an entry");
        await client.put(`${prefix}empty`, "");
        equal((await client.get(`${prefix}empty`)).bytes.length, 0);
        let error;
        await client.putJson(key, undefined).catch(cause => error = cause);
        ok(error instanceof TypeError, "no JSON");
    },

    "conditions decide, and say what is there": async ({ client, prefix }) => {
        const key = `${prefix}conditional`;
        await fails(client.put(key, "0", { ifPresent: true }), "precondition-failed", { currentRevision: undefined });
        const { revision, storeId } = await client.put(key, "1", { ifAbsent: true });
        await fails(client.put(key, "2", { ifAbsent: true }), "precondition-failed", { currentRevision: revision, outcome: "not-applied", status: 412 });
        await fails(client.put(key, "2", { unlessRevision: revision }), "precondition-failed");
        await fails(client.get(key, { ifRevision: revision + 1000 }), "precondition-failed");
        await fails(client.put(key, "2", { ifUnmodifiedSince: new Date(0) }), "precondition-failed");
        await fails(client.put(key, "2", { storeId: "0123456789abcdef" }), "other-store", { status: 410 });
        const { revision: next } = await client.put(key, "2", { ifRevision: [revision, 1], ifUnmodifiedSince: new Date(Date.now() + 600_000), storeId, ifPresent: false });
        await fails(client.delete(key, { ifRevision: revision }), "precondition-failed");
        ok(await client.delete(key, { ifRevision: next }) > next, "a later revision");
        equal(await client.delete(key), undefined);
    },

    "older states are read, and newer ones waited for": async ({ client, prefix }) => {
        const key = `${prefix}history`;
        const { revision: first } = await client.put(key, "1");
        const { revision: second } = await client.put(key, "2");
        equal((await client.get(key, { revision: first })).text, "1");
        equal((await client.get(key, { consistency: "local", minRevision: second })).text, "2");
        equal(await client.get(key, { revision: first - 1 }), undefined);
        await fails(client.get(key, { revision: 2 ** 50 }), "malformed-request");
        equal((await all(client.list({ prefix: key, revision: first, values: true }))).map(({ text }) => text), ["1"]);
        equal((await client.getMany([key], { revision: first })).entries.get(key).text, "1");
    },

    "expiry, patches, counters and appends": async ({ client, prefix }) => {
        const key = `${prefix}config`;
        equal([await client.patch(key, { a: 1 }), await client.touch(key, 10)], [undefined, undefined]);
        await client.putJson(key, { color: "red", size: { width: 3, height: 4 } });
        ok(await client.patch(key, { color: null, size: { height: 5 } }, { ttlSeconds: 1000 }), "a revision");
        equal((await client.get(key)).json(), { size: { width: 3, height: 5 } });
        const expiry = (await client.head(key)).expiresAt;
        await client.touch(key, 5000);
        ok((await client.head(key)).expiresAt > expiry, "a later expiry");
        await client.touch(key, "none");
        equal((await client.head(key)).expiresAt, undefined);
        await client.put(`${prefix}text`, "no JSON");
        await fails(client.patch(`${prefix}text`, {}), "not-json");
        await fails(client.increment(`${prefix}text`), "not-a-number");
        equal([await client.increment(`${prefix}n`), await client.increment(`${prefix}n`, 2n ** 62n), await client.increment(`${prefix}n`, -2)], [1n, 2n ** 62n + 1n, 2n ** 62n - 1n]);
        const one = await client.append(`${prefix}jobs ü/`, "first", { ttlSeconds: 1000 });
        const two = await client.append(`${prefix}jobs ü/`, Uint8Array.of(2), { contentType: "application/x-job" });
        ok(one.key.startsWith(`${prefix}jobs ü/`) && one.key < two.key && one.revision < two.revision, "keys in order");
        equal([(await client.get(one.key)).text, (await client.get(two.key)).contentType], ["first", "application/x-job"]);
        equal((await client.deletePrefix(`${prefix}jobs ü/`)).deleted, 2);
        await fails(client.deletePrefix(""), "malformed-request");
    },

    "an update loses nothing": async ({ client, prefix }) => {
        const key = `${prefix}list`;
        const add = item => client.update(key, entry => ({ json: [...(entry?.json() ?? []), item] }));
        await Promise.all([1, 2, 3, 4].map(add));
        equal((await client.get(key)).json().sort(), [1, 2, 3, 4]);
        equal(await client.update(key, () => undefined), undefined);
        await client.update(key, async () => ({ text: "done" }), { ttlSeconds: 1000, contentType: "text/x-done" });
        const { text, contentType, expiresAt } = await client.get(key);
        equal([text, contentType, expiresAt === undefined], ["done", "text/x-done", false]);
        let calls = 0;
        await fails(client.update(key, async () => {
            calls++;
            await client.put(key, "mine");
            return { bytes: new Uint8Array() };
        }, { attemptsMax: 3 }), "precondition-failed");
        equal([calls, (await client.get(key)).text], [3, "mine"]);
    },

    "listings page through one state, and group by a delimiter": async ({ client, prefix }) => {
        for (const name of ["a", "b/1", "b/2", "c"])
            await client.put(`${prefix}l/${name}`, name);
        const names = async options => (await all(client.list({ prefix: `${prefix}l/`, ...options }))).map(({ key }) => key.slice(prefix.length + 2));
        equal(await names({ pageSize: 1 }), ["a", "b/1", "b/2", "c"]);
        equal(await names({ after: `${prefix}l/a`, pageSize: 1 }), ["b/1", "b/2", "c"]);
        const [first] = await all(client.list({ prefix: `${prefix}l/`, values: true, pageSize: 1 }));
        equal([first.text, first.version, first.createdRevision, first.size], ["a", 1, first.revision, 1]);
        const listing = client.list({ prefix: `${prefix}l/`, pageSize: 1 });
        await listing.next();
        await client.delete(`${prefix}l/c`);
        equal((await all(listing)).map(({ key }) => key.slice(prefix.length + 2)), ["b/1", "b/2", "c"]);
        const pages = await all(client.pages({ prefix: `${prefix}l/`, delimiter: "/", pageSize: 1 }));
        equal(pages.map(({ items, prefixes }) => [...items.map(({ key }) => key), ...prefixes].map(key => key.slice(prefix.length + 2))), [["a"], ["b/"]]);
        const page = await client.page({ prefix: `${prefix}l/`, pageSize: 2, values: true });
        equal([page.items.map(({ text }) => text), (await client.page({ prefix: `${prefix}l/`, pageSize: 2, values: true, cursor: page.cursor })).items.map(({ text }) => text)], [["a", "b/1"], ["b/2"]]);
        equal([await client.count({ prefix: `${prefix}l/` }), await client.count({ prefix: `${prefix}l/`, after: `${prefix}l/a` })], [3, 2]);
    },

    "transactions are typed, and all or nothing": async ({ client, prefix }) => {
        const [a, b, c] = ["a", "b", "c"].map(name => `${prefix}t/${name}`);
        const { revision, results: [one, two] } = await client.transact({
            operations: [{ put: { key: a, json: { n: 100 } } }, { put: { key: b, bytes: Uint8Array.of(0, 255), contentType: "application/x-b", ttlSeconds: 1000 } }],
        });
        equal([one, two.created], [{ key: a, revision, created: true }, true]);
        const { results: [moved, before, gone, kept] } = await client.transact({
            guards: [{ key: a, revision }, { key: c, exists: false }],
            operations: [{ move: { from: b, to: c } }, { get: { key: b } }, { delete: { key: `${prefix}t/none` } }, { get: { key: `${prefix}t/none` } }],
        });
        equal([moved.to, before.bytes, before.contentType, gone, kept], [c, Uint8Array.of(0, 255), "application/x-b", { key: `${prefix}t/none`, deleted: false }, undefined]);
        const error = await fails(client.transact({ guards: [{ key: a, revision: 1 }, { key: b, exists: true }], operations: [{ put: { key: a, text: "lost" } }] }), "precondition-failed");
        equal(error.failedGuards, [{ field: "guards[0]", key: a, revision }, { field: "guards[1]", key: b, revision: null }]);
        equal((await client.get(a)).json(), { n: 100 });
        await fails(client.transact({ operations: [{ put: { key: a, text: "1" } }, { delete: { key: a } }] }), "malformed-request");
    },

    "many keys are read at once, also one by one": async ({ client, prefix }) => {
        const [a, b, z] = ["a", "b", "z"].map(name => `${prefix}m/${name}`);
        await client.put(b, "2");
        await client.put(a, Uint8Array.of(200));
        const { entries, missing, pending, errors } = await client.getMany([b, z, a]);
        equal([[...entries.keys()].sort(), entries.get(a).bytes, missing, pending, errors], [[a, b], Uint8Array.of(200), [z], [], []]);
        const parts = await all(client.streamMany([b, z, a], { waitSeconds: 1 }));
        equal(parts.map(part => part.type === "entry" ? part.entry.key : part.missing).sort(), [a, b, [z]]);
    },

    "a long poll ends with a change, or says that there was none": async ({ client, prefix }) => {
        const key = `${prefix}polled`;
        const { revision } = await client.put(key, "1");
        equal((await client.poll(key, { waitSeconds: 0, after: revision })).state, "unchanged");
        equal((await client.poll(key, { waitSeconds: 0, unlessRevision: revision })).state, "unchanged");
        const waiting = client.poll(key, { after: revision });
        await client.put(key, "2");
        const { state, entry, revision: seen, storeId } = await waiting;
        equal([state, entry.text], ["present", "2"]);
        await client.delete(key);
        equal((await client.poll(key, { after: `${storeId}.${seen}` })).state, "absent");
        await fails(client.poll(key, { after: `0123456789abcdef.1` }), "other-store");
    },

    "a watch sees everything, and resumes in the middle of a commit": async ({ client, prefix }) => {
        const key = `${prefix}w/a`;
        const { revision, storeId } = await client.put(key, "1");
        const connections = [];
        const abort = new AbortController();
        const watch = client.watch({ prefix: `${prefix}w/`, initial: true, signal: abort.signal, onConnection: isConnected => connections.push(isConnected) });
        const next = async () => (await watch.next()).value;
        const seen = [await next(), await next()];
        equal([seen[0].type, seen[0].entry.text, seen[1].type], ["entry", "1", "synced"]);
        const { revision: both } = await client.transact({ operations: [{ put: { key, text: "2" } }, { put: { key: `${prefix}w/b`, text: "3" } }] });
        const [one, two] = [await next(), await next()];
        equal([one.entry.text, two.entry.text, one.revision, two.position], ["2", "3", both, `${storeId}.${both}`]);
        equal(one.position, seen[1].position);
        await client.deletePrefix(`${prefix}w/`);
        equal([(await next()).type, (await next()).type], ["delete", "delete"]);
        const resumed = client.watch({ prefix: `${prefix}w/`, after: two.position, values: false });
        equal([(await resumed.next()).value.type, (await resumed.next()).value.key], ["delete", `${prefix}w/b`]);
        await resumed.return();
        const keyed = client.watch({ key, after: revision });
        equal((await keyed.next()).value.entry.text, "2");
        await keyed.return();
        const bare = client.watch({ key, after: revision, values: false });
        const { entry, info } = (await bare.next()).value;
        equal([entry, info.key, info.size, info.contentType], [undefined, key, 1, "text/plain; charset=utf-8"]);
        await bare.return();
        const pending = watch.next();
        abort.abort(new Error("enough"));
        equal(await pending.catch(error => error.message), "enough");
        equal(connections, [true, false]);
        await fails(client.watch({ key, after: "0123456789abcdef.1" }).next(), "other-store");
    },

    "what is exported can be imported, in requests of any size": async ({ client, prefix }) => {
        const entries = [{ json: { a: [1] } }, { text: "Ada\n" }, { bytes: Uint8Array.of(0, 255) }, { text: "x".repeat(100_000) }].map((value, i) => ({ key: `${prefix}x/${i}`, ...value }));
        entries[1].expiresAt = new Date(Date.now() + 1_000_000);
        entries[2].contentType = "image/x";
        const reports = [];
        const { revision: _, ...report } = await client.importEntries(entries, { requestBytesMax: 200, onProgress: ({ lines }) => reports.push(lines) });
        equal([report, reports.at(-1), reports.length > 1], [{ lines: 4, imported: 4, expired: 0, failed: 0, errors: [] }, 4, true]);
        const exported = await all(client.exportEntries({ prefix: `${prefix}x/` }));
        equal(exported.map(entry => [entry.key, entry.contentType, entry.expiresAt]), entries.map((entry, i) => [entry.key, ["application/json", "text/plain; charset=utf-8", "image/x", "text/plain; charset=utf-8"][i], entry.expiresAt]));
        equal([exported[0].json, exported[2].bytes], [{ a: [1] }, Uint8Array.of(0, 255)]);
        const bytes = await textOf(await client.export({ prefix: `${prefix}x/` }));
        await client.deletePrefix(`${prefix}x/`);
        equal((await client.import(new Blob([bytes]), { requestBytesMax: 1000 })).imported, 4);
        equal(await textOf(await client.export({ prefix: `${prefix}x/` })), bytes);
        const stream = await client.export({ prefix: `${prefix}x/` });
        equal((await client.import(stream)).imported, 4);
        equal((await client.import("")).lines, 0);
    },

    "lines that are no entries are counted, by their number in the whole": async ({ client, prefix }) => {
        const line = i => JSON.stringify({ key: `${prefix}y/${i}`, text: "y".repeat(20_000) });
        const lines = [line(1), line(2), "[", line(3), "{\"kye\": 1}", line(4)].map(text => `${text}\n`);
        const { imported, failed, errors, lines: count } = await client.import(lines, { requestBytesMax: lines[0].length });
        equal([imported, failed, errors.map(({ line }) => line), count], [4, 2, [3, 5], 6]);
        equal(await client.count({ prefix: `${prefix}y/` }), 4);
        let error;
        await client.import("[\n1]").catch(cause => error = cause);
        ok(error instanceof KvImportError && error.is("malformed-request"), "an array is no import");
        equal(error.report.lines, 0);
    },

    "mergeable values change by one call": async ({ client, prefix }) => {
        const values = client.mergeable;
        await fails(values.increment(`${prefix}likes`), "not-found");
        equal((await values.increment(`${prefix}likes`, 3, { type: "pn-counter" })).value, 3);
        equal((await values.increment(`${prefix}likes`, -1n)).value, 2);
        await values.change(`${prefix}set`, { add: ["milk", "eggs"] }, { type: "or-set" });
        await values.change(`${prefix}set`, { remove: ["eggs"] });
        equal((await values.get(`${prefix}set`)).value, ["milk"]);
        const { version } = await values.edit(`${prefix}note`, [{ at: 0, insert: "Hello world" }], { type: "text" });
        await values.edit(`${prefix}note`, [{ at: 0, insert: "Well. " }]);
        const { revision } = await values.edit(`${prefix}note`, [{ at: 5, insert: "," }, { at: 7, delete: 1, insert: "W" }], { base: version });
        const note = await values.get(`${prefix}note`);
        equal([note.value, note.revision], ["Well. Hello, World", revision]);
        equal(await values.get(`${prefix}absent`), undefined);
        await fails(values.change(`${prefix}likes`, { add: ["x"] }), "unsupported-intent");
        await fails(client.put(`${prefix}likes`, "1"), "mergeable-value");
    },

    "origins load, and are invalidated": async ({ client, origins }) => {
        const key = `${origins.rates}1`;
        const { entry, cache } = await client.read(key);
        equal([entry.json(), cache.isHit, cache.forward, cache.isStored], [{ path: "/1" }, false, "uri-miss", true]);
        equal((await client.read(key)).cache.isHit, true);
        const again = await client.read(key, { freshness: { maxAgeSeconds: 100, minFreshSeconds: 1, maxStaleSeconds: "any" } });
        equal([again.cache.isHit, again.cache.freshSeconds > 0, again.cache.ageSeconds < 100], [true, true, true]);
        await fails(client.get(`${origins.rates}2`, { freshness: { onlyIfCached: true } }), "not-cached", { status: 504 });
        ok(await client.origins.invalidate("rates", { keys: [key] }) > 0, "a revision");
        equal((await client.read(key, { freshness: { noCache: true } })).cache.isHit, false);
        await client.origins.invalidate("rates", { prefix: origins.rates });
        equal((await client.origins.load("rates", [`${origins.rates}3`])).loading, 1);
        equal((await client.getMany([`${origins.rates}4`], { waitSeconds: 20 })).entries.get(`${origins.rates}4`).json(), { path: "/4" });
        const { errors: [failure] } = await client.getMany([`${origins.rates}broken`], { waitSeconds: 20 });
        equal([failure.key, failure.problem.name], [`${origins.rates}broken`, "origin-failed"]);
        const { prefix, writes } = await client.origins.get("rates");
        equal([prefix, writes, (await client.origins.list()).map(({ name }) => name).sort()], [origins.rates, "refuse", ["behind", "carts", "rates"]]);
        await fails(client.origins.get("none"), "no-such-origin");
        await fails(client.put(key, "1"), "origin-refuses-writes");
        await fails(all(client.origins.outbox("rates")), "no-outbox");
    },

    "clients load with a token": async ({ client, origins }) => {
        const key = `${origins.carts}${Math.random()}`;
        const { entry, loadToken } = await client.read(key);
        ok(entry === undefined && loadToken, "a token");
        ok((await client.read(key)).retryAfterMs > 0, "others wait");
        await client.put(key, "loaded", { loadToken });
        equal((await client.get(key)).text, "loaded");
        await fails(client.put(key, "outdated", { loadToken }), "load-token-outdated");
        await client.delete(key);
    },

    "writes that an origin has yet to get are listed, repeated and given up": async ({ client, origins, waitUntil }) => {
        const key = `${origins.behind}refused`;
        await client.put(key, "1");
        const parked = async () => await all(client.origins.outbox("behind", { state: "parked" }));
        await waitUntil(async () => (await parked()).length === 1);
        equal((await parked()).map(item => [item.key, item.state]), [[key, "parked"]]);
        equal((await client.origins.retry("behind", { keys: [key] })).retried, 1);
        await waitUntil(async () => (await parked()).length === 1);
        equal((await client.origins.drop("behind", { prefix: origins.behind })).dropped, 1);
        equal(await all(client.origins.outbox("behind")), []);
        equal((await client.origins.drop("behind", { key })).dropped, 0);
    },

    "operators see the service": async ({ client, prefix }) => {
        await client.put(`${prefix}k`, "v");
        const { management } = client;
        equal(await management.isAlive(), true);
        await management.waitUntilReady();
        const { engine, state, keys } = await management.status();
        equal([engine, state, keys > 0], ["memory", "running", true]);
        const { replicas: [replica] } = await management.cluster();
        equal(replica.state, "ready");
        await fails(management.removeReplica("0123456789abcdef"), "no-such-replica");
        await fails(management.removeReplica(replica.id), "replica-alive");
        equal([(await management.join()).engine, await management.regions()], ["memory", []]);
        ok((await management.metrics()).includes("kvstore_"), "metrics");
        await fails(management.checkpoint(), "engine-without-files");
    },

    "persons": async ({ client }) => {
        const id = 2n ** 62n + 1n;
        const { name, updatedAt } = await client.persons.update(id, "mob");
        const person = await client.persons.get(id);
        equal([person.id, person.name, person.updatedAt], [id, name, updatedAt]);
        equal(await client.persons.get(-17), undefined);
        equal((await client.get(`person/${id}`)).json().name, "mob");
    },
};
