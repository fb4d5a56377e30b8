// The document itself: valid, free of what the linter minds, complete, and the same as docs/http-api.md says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";

const file = process.env.KVSTORE_DOCUMENT;
const document = JSON.parse(readFileSync(file, "utf8"));
const page = readFileSync(new URL("../../docs/http-api.md", import.meta.url), "utf8");

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, method, ...operation })));

const resolve = value => value.$ref ? value.$ref.split("/").slice(1).reduce((at, name) => at[name], document) : value;

// What has no form of its own needs no example: bytes.
const hasExample = ([mediaType, content]) => mediaType === "application/octet-stream" || "example" in content || "examples" in content;

test("the document is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    assert.deepEqual(result.errors ?? [], []);
    assert.ok(result.valid);
    assert.equal(validator.version, "3.1");
});

test("the linter minds nothing", () => {
    const lint = spawnSync("node_modules/.bin/redocly", ["lint", file, "--config", "redocly.yaml"], { encoding: "utf8" });
    assert.equal(lint.status, 0, lint.stdout + lint.stderr);
});

for (const { name, method, tags, parameters = [], requestBody, responses } of operations) {
    test(`${name} has examples and every error`, () => {
        for (const parameter of parameters.filter(each => each.required))
            assert.ok("example" in parameter, `the parameter ${parameter.name} has an example`);
        for (const content of Object.entries(requestBody?.content ?? {}))
            assert.ok(hasExample(content), `the body as ${content[0]} has an example`);
        for (const [status, response] of Object.entries(responses).map(([status, response]) => [status, resolve(response)])) {
            for (const content of Object.entries(response.content ?? {}))
                assert.ok(hasExample(content), `${status} as ${content[0]} has an example`);
            if (status >= 400 && method !== "head")
                assert.equal(response.content["application/problem+json"].example.status, Number(status));
        }

        if (!tags.includes("Operations"))
            assert.ok(responses["503"], "it can come while the store loads");
        for (const status of anyRefusals)
            assert.ok(responses[status], `it can be refused with ${status}`);
    });
}

// Any request may get these before it is known what it asks for; the page says so once.
const anyRefusals = ["400", "403", "408", "410", "414", "417", "421", "431"];

test("docs/http-api.md lists the same operations and statuses", () => {
    const rows = [...page.matchAll(/^\| `(GET|HEAD|PUT|PATCH|POST|DELETE) ([^`]+)`[^|]*\| ([^|]+) \| ([^|]+) \|$/gm)];
    const nameOf = (method, path) => `${method} ${path.replace(/\?.*/, "").replace("{prefix}/", "{key}")}`;
    const told = new Map(rows.map(([, method, path, success, other]) => [nameOf(method, path), { success, statuses: [...`${success}, ${other}`.matchAll(/\b[1-5]\d\d\b/g)].map(String) }]));
    for (const { name, method, responses } of operations.filter(each => !each.tags.includes("Operations"))) {
        assert.ok(told.has(name), `${name} is in the table`);
        if (method !== "head")
            assert.deepEqual([...new Set([...told.get(name).statuses, ...anyRefusals, "401"])].toSorted(), Object.keys(responses).toSorted(), name);
    }

    for (const name of told.keys())
        assert.ok(operations.some(operation => operation.name === name), `${name} of the table is in the document`);
});

test("a HEAD has the statuses of its GET", () => {
    for (const [path, { get, head }] of Object.entries(document.paths)) {
        if (get && head)
            assert.deepEqual(Object.keys(head.responses), Object.keys(get.responses), path);
    }
});

test("an error that several operations have is written once", () => {
    const written = operations.flatMap(({ name, responses }) => Object.entries(responses)
        .filter(([status, response]) => status >= 400 && response.content).map(([status, response]) => ({ name: `${name} ${status}`, text: JSON.stringify(response) })));
    for (const { name, text } of written)
        assert.equal(written.filter(other => other.text === text && other.name.slice(-3) === name.slice(-3)).length, 1, name);
});
