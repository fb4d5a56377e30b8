// The tables and the picture of one part: node report.mjs PART RESULTS [FOLDER OF PICTURES].
import { readFileSync, writeFileSync } from "node:fs";
import { picture, short } from "./chart.mjs";
import { median } from "./percentiles.mjs";

const [part, file, folder] = process.argv.slice(2);
const results = readFileSync(file, "utf8").trimEnd().split("\n").map(line => JSON.parse(line));
const xs = [...new Set(results.map(result => result.x))];
if (part !== "beside")
    xs.sort((left, right) => left - right);
const names = [...new Set(results.map(result => result.series))].filter(name => name !== "memory");

/** All rounds of a figure at a place. */
const all = (series, x, figure) => results.filter(result => result.series === series && result.x === x && result[figure] !== undefined).map(result => result[figure]);
const typical = (series, x, figure) => median(all(series, x, figure));

/** The median over the rounds of one series' figure divided by another's, or by itself at another place, in the same round. */
function ratio(figure, [series, x], [against, at]) {
    const of = (name, place) => new Map(results.filter(result => result.series === name && result.x === place).map(result => [result.round, result[figure]]));
    const [above, below] = [of(series, x), of(against, at)];
    return median([...above].filter(([round]) => below.has(round)).map(([round, value]) => value / below.get(round)));
}

const points = (series, figure) => xs.filter(x => all(series, x, figure).length > 0).map(x => {
    const values = all(series, x, figure);
    return { x, y: median(values), low: Math.min(...values), high: Math.max(...values) };
});
const curve = (figure, shown = names) => shown.map(name => ({ name, points: points(name, figure) }));
const flat = (x, y) => ({ x, y, low: y, high: y });

const digits = (value, count) => (value === undefined ? "" : value.toFixed(count));
const grouped = value => (value === undefined ? "" : Math.round(value).toLocaleString("en-US"));
const mebibytes = value => (value === undefined ? "" : grouped(value / 1048576));

/** Rows of cells as a table, whose columns from the second on are numbers. */
function table(head, rows) {
    const line = cells => `| ${cells.join(" | ")} |`;
    return [line(head), `|---|${head.slice(1).map(() => "---:|").join("")}`, ...rows.map(line)].join("\n");
}

/** Requests per second, their ratio to the first place, latencies and processor time of each series at each place. */
function requests(label, shown = names) {
    return table([label, ...shown.flatMap(name => [`${name}, per s`, "of the first", "p50 / p99 ms", "us"])], xs.map(x => [
        typeof x === "number" ? grouped(x) : x,
        ...shown.flatMap(name => [
            grouped(typical(name, x, "rate")), digits(ratio("rate", [name, x], [name, xs[0]]), 2),
            `${digits(typical(name, x, "p50"), 2)} / ${digits(typical(name, x, "p99"), 2)}`, digits(typical(name, x, "processor"), 1),
        ]),
    ]));
}

// What an entry, a watcher or a commit adds to the memory of the process without them.
const perUnit = x => (typical("memory", x, "resident") - typical("memory", xs[0], "resident")) / (x - xs[0]);

const views = {
    entries: () => {
        const timed = ["GET", "PUT", "list of 100"];
        const large = xs.filter(x => x >= 100 * xs[0]);
        return {
            title: "Cost by the number of entries",
            text: `${requests("entries", timed)}\n\n${table(["entries", "watch event, p50 / p99 ms", "memory of the process, MiB", "bytes an entry", "of these in the account of the entries"], xs.map(x => [
                grouped(x), `${digits(typical("watch event", x, "p50"), 2)} / ${digits(typical("watch event", x, "p99"), 2)}`, mebibytes(typical("memory", x, "resident")),
                x < 100 * xs[0] ? "" : grouped(perUnit(x)), grouped(typical("memory", x, "entries") / x),
            ]))}`,
            panels: [
                { title: "Requests per second", xLabel: "entries", series: curve("rate", timed) },
                { title: "Processor time of a request, us", xLabel: "entries", series: curve("processor", timed) },
                { title: "Watch event, ms from write to client", xLabel: "entries", series: ["p50", "p99"].map(name => ({ name, points: points("watch event", name) })) },
                { title: "Memory, bytes an entry", xLabel: "entries", series: [
                    { name: "process", points: large.map(x => flat(x, perUnit(x))) },
                    { name: "account", points: large.map(x => flat(x, typical("memory", x, "entries") / x)) },
                ] },
            ],
        };
    },
    connections: () => {
        const [get, put] = ["GET", "PUT"].map(method => x => ratio("rate", [`${method}, kvstore`, x], [`${method}, floor`, x]));
        const shown = ["GET, kvstore", "PUT, kvstore", "GET, floor", "PUT, floor"];
        const named = figure => curve(figure, shown).map((one, i) => ({ ...one, name: i > 1 ? `bare ${one.name.slice(0, 3)}` : one.name.slice(0, 3), dashed: i > 1 }));
        return {
            title: "Cost by the number of connections",
            text: table(["connections", "GET, per s", "of bare", "p99 ms", "us", "bare, us", "PUT, per s", "of bare", "p99 ms", "us", "bare, us"], xs.map(x => [
                grouped(x), ...[["GET", get], ["PUT", put]].flatMap(([method, of]) => [
                    grouped(typical(`${method}, kvstore`, x, "rate")), digits(of(x), 2), digits(typical(`${method}, kvstore`, x, "p99"), 1),
                    digits(typical(`${method}, kvstore`, x, "processor"), 1), digits(typical(`${method}, floor`, x, "processor"), 1),
                ]),
            ])),
            panels: [
                { title: "Requests per second", xLabel: "connections", series: named("rate") },
                { title: "Processor time of a request, us", xLabel: "connections", series: named("processor") },
                { title: "Requests per second, of the bare web server", xLabel: "connections", series: [{ name: "GET", points: xs.map(x => flat(x, get(x))) }, { name: "PUT", points: xs.map(x => flat(x, put(x))) }] },
                { title: "p99, ms", xLabel: "connections", series: named("p99"), isLog: true },
            ],
        };
    },
    watchers: () => {
        const writers = names.filter(name => name.startsWith("PUT"));
        return {
            title: "Cost by the number of watchers of one prefix",
            text: `${table(["watchers", "delivery, p50 / p99 ms", "memory of the process, MiB"], xs.map(x => [
                grouped(x), x === 0 ? "" : `${digits(typical("delivery", x, "p50"), 1)} / ${digits(typical("delivery", x, "p99"), 1)}`, mebibytes(typical("memory", x, "resident")),
            ]))}\n\n${requests("watchers", writers)}`,
            panels: [
                { title: "Delivery at 10 events/s, ms", xLabel: "watchers", series: ["p50", "p99"].map(name => ({ name, points: points("delivery", name) })), isLog: true },
                { title: "PUT elsewhere, per second", xLabel: "watchers", series: writers.map(name => ({ name: name.replace("PUT elsewhere, ", ""), points: points(name, "rate") })) },
            ],
        };
    },
    history: () => ({
        title: "Cost by the length of the history",
        text: `${requests("commits")}\n\n${table(["commits", "memory of the process, MiB", "the account of the history, MiB"], xs.map(x => [
            grouped(x), mebibytes(typical("memory", x, "resident")), mebibytes(typical("memory", x, "history")),
        ]))}`,
        panels: [
            { title: "Requests per second", xLabel: "commits in the history", series: curve("rate") },
            { title: "Processor time of a request, us", xLabel: "commits in the history", series: curve("processor") },
        ],
    }),
    beside: () => {
        const of = figure => names.map(name => ({ name, points: xs.map(x => ({ x: x.replace(/^an? /, ""), y: figure(name, x) })) }));
        return {
            title: "GET and PUT beside what copies the store",
            text: requests("beside"),
            panels: [
                { title: "Requests per second, of those beside nothing", xLabel: "", isBars: true, series: of((name, x) => ratio("rate", [name, x], [name, xs[0]])) },
                { title: "p99, ms", xLabel: "", isBars: true, series: of((name, x) => typical(name, x, "p99")) },
            ],
        };
    },
};

const { title, text, panels } = views[part]();
if (folder !== undefined) {
    writeFileSync(`${folder}/growth-${part}.svg`, picture(title, panels));
    const ends = xs.length > 1 && typeof xs[0] === "number" ? `, from ${short(xs[0])} to ${short(xs.at(-1))}` : "";
    console.log(`![${title}${ends}: the curves of the table below](images/growth-${part}.svg)\n`);
}
console.log(text + "\n");
