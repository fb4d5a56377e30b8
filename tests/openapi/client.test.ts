// A client that is generated from the document, against the service. That this compiles is half of the test.
import assert from "node:assert/strict";
import { test } from "node:test";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

const client = createClient<paths>({ baseUrl: process.env["KVSTORE_URL"]! });
const asText = { "Content-Type": "text/plain" };

// Values are bytes of any media type: as they are, not as JSON.
const put = (key: string, value: string, header: Record<string, string> = {}) => client.PUT("/v1/kv/{key}", {
    params: { path: { key }, header },
    body: value,
    bodySerializer: (body: unknown) => body as string,
    headers: asText,
});

const get = (key: string, query: { revision?: number; min_revision?: number; consistency?: "linearizable" | "local" } = {}) =>
    client.GET("/v1/kv/{key}", { params: { path: { key }, query }, parseAs: "text" });

test("a value comes back as it was put", async () => {
    const written = await put("client/café #1", "Ada");
    assert.equal(written.response.status, 201);
    const read = await get("client/café #1");
    assert.equal(read.response.status, 200);
    assert.equal(read.data, "Ada");
    assert.equal(read.response.headers.get("ETag"), written.response.headers.get("ETag"));
    assert.equal(read.response.headers.get("Content-Type"), "text/plain");
});

test("a condition that does not hold is a problem with the current tag", async () => {
    const first = await put("client/conditional", "1", { "If-None-Match": "*" });
    const etag = first.response.headers.get("ETag")!;
    assert.equal((await put("client/conditional", "2", { "If-Match": etag })).response.status, 204);
    const late = await put("client/conditional", "3", { "If-Match": etag });
    assert.equal(late.response.status, 412);
    const problem: components["schemas"]["Problem"] = late.error!;
    assert.equal(problem.status, 412);
    assert.equal(problem.type, "/docs/http-api#precondition-failed");
    assert.notEqual(late.response.headers.get("ETag"), etag);
});

test("a listing has pages, groups and counts", async () => {
    for (const key of ["client/list/a", "client/list/b/1", "client/list/b/2", "client/list/c"])
        await put(key, key);
    const prefix = "client/list/";
    const first = await client.GET("/v1/kv", { params: { query: { prefix, limit: 2, delimiter: "/", values: true } } });
    assert.deepEqual(first.data!.items!.map(item => [item.key, item.text]), [["client/list/a", "client/list/a"]]);
    assert.deepEqual(first.data!.prefixes, ["client/list/b/"]);
    const second = await client.GET("/v1/kv", { params: { query: { cursor: first.data!.cursor!, limit: 2 } } });
    assert.deepEqual(second.data!.items!.map(item => item.key), ["client/list/c"]);
    assert.equal(second.data!.cursor, undefined);
    assert.equal((await client.GET("/v1/kv", { params: { query: { prefix, count_only: true } } })).data!.count, 4);
});

test("a read takes a revision, a consistency and a least revision", async () => {
    const revision = Number((await put("client/state", "old")).response.headers.get("KvStore-Revision"));
    await put("client/state", "new");
    assert.equal((await get("client/state", { revision, min_revision: revision, consistency: "local" })).data, "old");
    assert.equal((await get("client/state", { revision: 0 })).error!.status, 404);
});

test("an entry that was deleted is not found", async () => {
    await put("client/deleted", "1");
    const deletion = () => client.DELETE("/v1/kv/{key}", { params: { path: { key: "client/deleted" } } });
    assert.equal((await deletion()).response.status, 204);
    assert.equal((await deletion()).error!.status, 404);
    assert.equal((await client.HEAD("/v1/kv/{key}", { params: { path: { key: "client/deleted" } } })).response.status, 404);
});

test("a patch changes a member, a counter counts, appended keys are in order", async () => {
    const path = { key: "client/json" };
    await client.PUT("/v1/kv/{key}", { params: { path }, body: { name: "Ada", born: 1815 } });
    const patched = await client.PATCH("/v1/kv/{key}", { params: { path }, body: { born: null }, headers: { "Content-Type": "application/merge-patch+json" } });
    assert.equal(patched.response.status, 204);
    assert.deepEqual((await client.GET("/v1/kv/{key}", { params: { path } })).data, { name: "Ada" });

    const counter = { params: { path: { key: "client/counter" }, query: { by: 5 } }, parseAs: "text" } as const;
    await client.POST("/v1/counters/{key}", counter);
    assert.equal((await client.POST("/v1/counters/{key}", counter)).data, "10");

    const appended: string[] = [];
    for (const value of ["1", "2"]) {
        const { response } = await client.POST("/v1/kv/{key}", { params: { path: { key: "client/log/" } }, body: value, bodySerializer: (body: unknown) => body as string, headers: asText });
        assert.equal(response.status, 201);
        appended.push(response.headers.get("Location")!);
    }

    assert.deepEqual(appended.toSorted(), appended);
});

test("a person is what the first service answered", async () => {
    const updated = await client.PUT("/person/update", { body: { id: 100, name: "mob" } });
    assert.equal(updated.data!.name, "mob");
    assert.deepEqual((await client.GET("/person/get", { params: { query: { id: 100 } } })).data, updated.data);
});

test("a transaction has typed guards, operations and results", async () => {
    const { data } = await client.POST("/v1/txn", {
        body: {
            guards: [{ key: "client/txn/lock", exists: false }, { key: "client/txn/new", revision: 0 }],
            operations: [{ put: { key: "client/txn/new", json: { name: "Ada" }, ttl: 60 } }, { get: { key: "client/txn/absent" } }, { delete: { key: "client/txn/draft" } }],
        },
    });
    const results: components["schemas"]["TransactionOperationResult"][] = data!.results;
    assert.deepEqual(results.map(result => "put" in result ? result.put.created : "get" in result ? result.get : "delete" in result && result.delete.deleted), [true, null, false]);

    // @ts-expect-error A guard has either a revision or exists.
    const guard: components["schemas"]["TransactionGuard"] = { key: "a" };
    // @ts-expect-error An operation is one of four.
    const operation: components["schemas"]["TransactionOperation"] = { increment: { key: "a" } };
    const refused = await client.POST("/v1/txn", { body: { guards: [guard], operations: [operation] } });
    assert.equal(refused.error!.field, "guards[0].revision");

    const failed = await client.POST("/v1/txn", { body: { guards: [{ key: "client/txn/new", exists: false }], operations: [] } });
    assert.equal(failed.error!.failed![0]!.key, "client/txn/new");
});

test("everything below a prefix is deleted at once", async () => {
    await put("client/gone/1", "1");
    const deleted = await client.DELETE("/v1/kv", { params: { query: { prefix: "client/gone/" } } });
    assert.equal(deleted.response.status, 200);
    assert.equal((await client.GET("/v1/kv", { params: { query: { prefix: "client/gone/", count_only: true } } })).data!.count, 0);
});

test("the service says how it is", async () => {
    assert.equal((await client.GET("/readyz")).data!.status, "ready");
    assert.equal((await client.GET("/v1/status")).data!.engine, "memory");
});
