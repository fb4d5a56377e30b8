// The histories of tests/crdt-vectors, which .NET wrote: the same bytes here.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { follow } from "./session.mjs";

const folder = new URL("../../../../tests/crdt-vectors/", import.meta.url);

for (const file of readdirSync(folder).filter(name => name.endsWith(".json"))) {
    test(`the histories of ${file} give the same bytes here as in .NET`, () => {
        const histories = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
        assert.ok(histories.length > 0);
        histories.forEach(history => follow(history, assert.deepEqual));
    });
}
