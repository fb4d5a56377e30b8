// What the type checker says of calls.ts, of the programs of README.md, and of the one of docs/clients.md, which then prints what that document says.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TestService } from "../service.mjs";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url);
const read = path => readFileSync(new URL(path, root), "utf8");
const blocks = (text, language) => [...text.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "g"))].map(([, block]) => block);
const options = [
    "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom,dom.iterable,dom.asynciterable",
    "--types", "node", "--rootDir", ".", "--outDir", "dist/examples/out",
];

test("programs with the client pass the type checker, and mistakes do not", { timeout: 120_000 }, async () => {
    const clients = read("../../docs/clients.md");
    const [program, ...others] = blocks(clients, "typescript");
    assert.equal(others.length, 0);
    const programs = { clients: program, ...blocks(read("README.md"), "javascript") };
    mkdirSync(new URL("dist/examples/", root), { recursive: true });
    const files = Object.entries(programs).map(([name, text]) => {
        const file = new URL(`dist/examples/${name}.mts`, root);
        writeFileSync(file, text);
        return fileURLToPath(file);
    });
    await run("node_modules/.bin/tsc", [...options, "test/types/calls.ts", ...files], { cwd: root }).catch(({ stdout }) => assert.fail(stdout));

    const service = await new TestService("--engine", "memory").start();
    try {
        const { stdout } = await run(process.execPath, ["dist/examples/out/dist/examples/clients.mjs"], { cwd: root, env: { ...process.env, KVSTORE_URL: service.url } });
        assert.equal(stdout, blocks(clients, "text")[0]);
    } finally {
        await service.dispose();
    }
});
