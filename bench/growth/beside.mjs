// GET and PUT beside what copies the whole store: with the disk engine, because the others have no files.
import { execFile } from "node:child_process";
import { copyFile, open, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { load } from "./load.mjs";

const run = promisify(execFile);
const connections = 16;

/** Lines of one import. They replace entries that exist, so that the store stays as large as it is. */
const importedLines = 200_000;

const url = (service, path) => `http://127.0.0.1:${service.port}${path}`;

// A checkpoint of a state that has one is none, so something changes before each of them.
async function checkpoint({ service }) {
    await fetch(url(service, "/v1/kv/changed"), { method: "PUT", body: "x" });
    const answer = await fetch(url(service, "/v1/admin/checkpoint"), { method: "POST" });
    if (!answer.ok)
        throw new Error(await answer.text());
    return (await answer.json()).file;
}

// Copied and flushed, because a backup is one when it is on a disk. The next checkpoint may replace the file during the copy: that one is asked for again.
async function backup({ service, folder, data }) {
    const copy = `${folder}/copy`;
    try {
        await copyFile(`${data}/${(await checkpoint({ service })).split("/").at(-1)}`, copy);
    } catch (error) {
        if (error.code !== "ENOENT")
            throw error;
        return;
    }
    const file = await open(copy, "r+");
    await file.sync();
    await file.close();
    await rm(copy);
}

const exportAll = ({ service }) => run("curl", ["-sS", "--fail", "-o", "/dev/null", url(service, "/v1/export")]);

const importAll = ({ service, folder }) => run("curl", [
    "-sS", "--fail", "-T", `${folder}/lines`, "-X", "POST", "-H", "Content-Type: application/x-ndjson", "-o", "/dev/null", url(service, "/v1/import"),
]);

const work = { nothing: undefined, "a checkpoint": checkpoint, "a backup": backup, "an export": exportAll, "an import": importAll };

/** Repeats the work while something is measured, and returns that. */
async function during(action, context, measure) {
    let ended = false;
    const working = (async () => {
        while (!ended && action !== undefined)
            await action(context);
    })();
    const figures = await measure();
    ended = true;
    await working;
    return figures;
}

export const beside = {
    prepare: async ({ services: [service], folder }) => {
        const value = "x".repeat(100);
        const lines = Array.from({ length: importedLines }, (_, i) => `{"key":"e${String(i * 5).padStart(9, "0")}","text":"${value}"}\n`);
        await writeFile(`${folder}/lines`, lines.join(""));
        for (const workload of ["entries", "entries-put"])
            await load(service, workload, connections, 1);
        await importAll({ service, folder });
        await exportAll({ service });
    },
    places: ({ services: [service], folder }) => Object.entries(work).map(([x, action]) => ({
        x,
        measure: async ({ seconds }) => {
            const data = `${folder}/${service.name}-data`;
            const context = { service, folder, data };
            return {
                GET: await during(action, context, () => load(service, "entries", connections, seconds)),
                PUT: await during(action, context, () => load(service, "entries-put", connections, seconds)),
            };
        },
    })),
};
