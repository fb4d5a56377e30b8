// The histories of tests/crdt-vectors, which .NET wrote: the same bytes here.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Session } from "./session.mjs";

const folder = new URL("../../../../tests/crdt-vectors/", import.meta.url);

// Which refusal it is depends on what is checked first.
const refusedOr = result => ["merged", "unchanged", "applied", "collected", undefined].includes(result.outcome) ? result : { ...result, outcome: "refused" };

for (const file of readdirSync(folder).filter(name => name.endsWith(".json"))) {
    test(`the histories of ${file} give the same bytes here as in .NET`, () => {
        const histories = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
        assert.ok(histories.length > 0);
        for (const { name, steps, end } of histories) {
            const session = new Session();
            steps.forEach(({ result, ...step }, i) => {
                const isMerge = step.op === "merge";
                const made = session.execute(step);
                assert.deepEqual(isMerge ? refusedOr(made) : made, isMerge ? refusedOr(result) : result, `${name}, step ${i}: ${JSON.stringify(step)}`);
            });
            for (const { replicas, ...expected } of end) {
                for (const replica of replicas)
                    assert.deepEqual(session.describe(replica), expected, `${name}, the end of ${replica}`);
            }
        }
    });
}
