// The examples of README.md: what follows a program is what it prints.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { TestService } from "../service.mjs";

const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/```javascript\n(?<program>[^]*?)```\n+```text\n(?<output>[^]*?)```/g)].map(({ groups }) => groups);

test("every program of README.md prints what README.md says", { timeout: 60_000 }, async () => {
    assert.equal(examples.length, text.match(/```javascript/g).length);
    const service = await new TestService("--engine", "memory").start();
    try {
        for (const { program, output } of examples)
            assert.equal(await run(program, service.url), output);
    } finally {
        await service.dispose();
    }
});

async function run(program, url) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
        cwd: new URL("../..", import.meta.url), env: { ...process.env, KVSTORE_URL: url }, stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    for await (const data of child.stdout)
        output += data;
    return output;
}
