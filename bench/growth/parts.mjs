// What each part of run.sh measures. A part has places: a place on the axis, and what is measured there, by the name of its series.
import { beside } from "./beside.mjs";
import { load, residentBytes, status } from "./load.mjs";
import { latencies } from "./percentiles.mjs";
import { Watchers, writePaced } from "./watchers.mjs";

const isQuick = process.env.GROWTH_QUICK === "1";
const connectionCounts = isQuick ? [1, 64, 256] : [1, 4, 16, 64, 256, 1000, 4000, 10_000];
const watcherCounts = isQuick ? [0, 1, 100] : [0, 1, 10, 100, 1000, 10_000];

/** The number of connections where their number is not what is measured. */
const usual = 64;

/** Writes a second to watched keys where delivery is measured: so few that no watcher has to wait for the event before. */
const idleRate = 10;

// The time in which a process compiles what it runs. Many services need less each, because the first round is one of several.
async function warm(services, workloads) {
    for (const service of services)
        for (const workload of workloads)
            await load(service, workload, usual, services.length > 2 ? 1 : 3);
}

/** Requests of any entry of stores that differ only in the number of their entries. */
const entries = {
    prepare: ({ services }) => warm(services, ["entries", "entries-put", "entries-list"]),
    places: ({ services }) => services.map(service => ({
        x: service.size,
        measure: async ({ seconds }) => {
            const watchers = await Watchers.open(service, 1);
            const delivery = latencies(await watchers.deliver(100, seconds));
            await watchers.close();
            return {
                GET: await load(service, "entries", usual, seconds),
                PUT: await load(service, "entries-put", usual, seconds),
                "list of 100": await load(service, "entries-list", usual, seconds),
                "watch event": delivery,
                memory: { resident: residentBytes(service.pid), entries: await status(service, "memory.accounts.entries.bytes") },
            };
        },
    })),
};

const connections = {
    prepare: ({ services }) => warm(services, ["put-same", "get"]),
    places: ({ services }) => connectionCounts.flatMap(count => services.map(service => ({
        x: count,
        measure: async ({ seconds }) => ({
            [`GET, ${service.name}`]: await load(service, "get", count, seconds),
            [`PUT, ${service.name}`]: await load(service, "put-same", count, seconds),
        }),
    }))),
};

/** Watchers of one prefix: how late they hear of a few writes, and what writers elsewhere notice. */
const watchers = {
    prepare: ({ services }) => warm(services, ["put-same"]),
    places: ({ services: [service] }) => watcherCounts.map(count => ({
        x: count,
        measure: async ({ seconds }) => {
            const open = await Watchers.open(service, count);
            const figures = {};
            if (count > 0)
                figures["delivery"] = latencies(await open.deliver(idleRate, seconds * 2));
            figures["PUT elsewhere, no events"] = await load(service, "put-same", usual, seconds);
            const events = writePaced(service, idleRate, seconds + 0.5);
            figures[`PUT elsewhere, ${idleRate} events/s`] = await load(service, "put-same", usual, seconds);
            await events;
            figures.memory = { resident: residentBytes(service.pid) };
            await open.close();
            return figures;
        },
    })),
};

/** Stores that retain more or fewer commits, all of which have replaced an entry. */
const history = {
    prepare: async ({ services }) => {
        await warm(services, ["put-same", "get"]);
        for (const service of services)
            while (await status(service, "revision") - await status(service, "oldest_revision") < 0.95 * service.size)
                await load(service, "put-same", usual, 1);
    },
    places: ({ services }) => services.map(service => ({
        x: service.size,
        measure: async ({ seconds }) => ({
            GET: await load(service, "get", usual, seconds),
            PUT: await load(service, "put-same", usual, seconds),
            memory: { resident: residentBytes(service.pid), history: await status(service, "memory.accounts.history.bytes") },
        }),
    })),
};

export const parts = { entries, connections, watchers, history, beside };
