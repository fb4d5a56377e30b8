// The examples of README.md: what follows a program is what it prints.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/```javascript\n(?<program>[^]*?)```\n+```text\n(?<output>[^]*?)```/g)].map(({ groups }) => groups);

test("every program of README.md prints what README.md says", () => {
    assert.equal(examples.length, text.match(/```javascript/g).length);
    for (const { program, output } of examples)
        assert.equal(execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: new URL("../..", import.meta.url), encoding: "utf8" }), output);
});
