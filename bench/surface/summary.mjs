#!/usr/bin/env node
// The summary at the top of docs/performance.md, and its picture: made of the recorded tables, so that it says what they say.
//
//   node bench/surface/summary.mjs           writes both; after any table was written anew
//   node bench/surface/summary.mjs --check   says what differs, and changes nothing
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dots } from "./dots.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = "docs/performance.md";
const image = "docs/images/performance.svg";

// What a reader asks for first: its name, the document and the place of its table, and the row there.
const rows = [
    ["GET of 100 bytes", "performance", "quick", "GET, hit", "64"],
    ["PUT of 100 bytes", "performance", "quick", "PUT, new keys", "64"],
    ["PUT, on disk when answered", "performance", "durable", "PUT, new keys", "64"],
    ["list of 100 entries with values", "performance-surface", "lists", "list of 100 with values", "64"],
    ["transaction of 10 writes", "performance-surface", "writes", "transaction of 10 puts", "64"],
    ["GET of 1 MiB", "performance-surface", "values", "GET", "16"],
    ["PUT of 1 MiB", "performance-surface", "values", "PUT", "16"],
    ["import, an entry", "performance-surface", "bulk", "import, entries", "1"],
].map(([name, document, place, what, connections]) => ({ name, document, place, what, connections }));

// The columns, by the names that contenders have in the tables. Of several limits the first in the table counts.
const columns = [
    { name: "its limit", is: who => /^(bare Kestrel|the limit|limit,)/.test(who) },
    { name: "redis by HTTP", is: who => /^(redis by webdis|webdis \+ redis)/.test(who) },
    { name: "nginx", is: who => who === "nginx" },
    { name: "etcd by HTTP", is: who => who === "etcd's gateway" },
];

const read = path => readFileSync(`${root}/${path}`, "utf8");
const cells = line => line.split("|").slice(1, -1).map(cell => cell.trim());

/** The lines of a table of contenders, each as an object with the names of its columns. */
function tableOf({ document, place }) {
    const text = read(`docs/${document}.md`);
    const lines = text.slice(text.indexOf(`<!-- ${place} begin -->`), text.indexOf(`<!-- ${place} end -->`)).split("\n");
    const first = lines.findIndex(line => line.startsWith("|") && cells(line).includes("who"));
    const names = cells(lines[first]);
    return lines.slice(first + 2).filter(line => line.startsWith("|")).map(line => Object.fromEntries(cells(line).map((cell, i) => [names[i], cell])));
}

function figuresOf(row) {
    const lines = tableOf(row).filter(line => (line.what ?? line.workload) === row.what && line.connections === row.connections && (row.name.includes("MiB") === (line.value === "1 MiB")));
    const own = lines.find(line => /^KvStore(, disk engine)?$/.test(line.who));
    if (own === undefined)
        throw new Error(`docs/${row.document}.md has no row of KvStore for ${row.what} with ${row.connections} connections in its table ${row.place}`);
    const ratios = columns.map(column => lines.find(line => column.is(line.who))?.["KvStore is"]);
    return { ...row, rate: own["requests/s, median"] ?? own["a second, median"], processor: own["processor, us"], ratios: ratios.map(ratio => ratio && Number.parseFloat(ratio)) };
}

const figures = rows.map(figuresOf);
const shown = ratio => (ratio === undefined ? "" : `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(2)}x`);
const table = [
    `| with two cores | a second | us | ${columns.map(column => `of ${column.name}`).join(" | ")} |`,
    `|---|---:|---:|${"---:|".repeat(columns.length)}`,
    ...figures.map(({ name, rate, processor, ratios }) => `| ${name} | ${rate} | ${processor} | ${ratios.map(shown).join(" | ")} |`),
].join("\n");
const picture = dots("KvStore's requests per second, as a multiple of others'", columns.map(column => column.name), figures);

const [begin, end] = ["<!-- summary begin -->\n", "<!-- summary end -->"];
const text = read(page);
const [before, rest] = text.split(begin);
const written = `${before}${begin}\n${table}\n\n${end}${rest.split(end)[1]}`;

if (process.argv[2] === "--check") {
    const stale = [[page, written], [image, picture]].filter(([path, expected]) => read(path) !== expected).map(([path]) => path);
    if (stale.length > 0) {
        console.error(`${stale.join(" and ")}: not what the tables say; run node bench/surface/summary.mjs`);
        process.exit(1);
    }
} else {
    writeFileSync(`${root}/${page}`, written);
    writeFileSync(`${root}/${image}`, picture);
}
