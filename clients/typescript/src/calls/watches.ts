import { KvStoreError } from "../http/errors.js";
import type { ServerEvent } from "../http/events.js";
import { Network } from "../http/network.js";
import type { Sender } from "../http/sender.js";
import { backoff, delay } from "../http/time.js";
import { toEntry, toInfo, type EntryInfo, type Item, type KvEntry } from "./entry.js";
import { callOf, queryOf, type CallOptions } from "./options.js";

/** What is watched, a key or everything below a prefix, and how. */
export type WatchOptions = CallOptions & ({ readonly key: string } | { readonly prefix: string }) & {
    /** Yields the existing entries first. If changes were missed, it says `reset` and yields them again. With `after` only then. */
    readonly initial?: boolean | undefined;

    /** Starts after a revision, or after the `position` of an earlier event. */
    readonly after?: number | string | undefined;

    /** Whether events have values. Default true. */
    readonly values?: boolean | undefined;

    /** Whether to yield bookmarks: the position moves on while nothing happens. Default false. */
    readonly bookmarks?: boolean | undefined;

    /** Whether it also begins when the service can be reached at last. By default a watch that cannot begin throws after the retries of a call. */
    readonly persistent?: boolean | undefined;

    /** Called when a connection begins and when it ends, for example to show that a page is offline. */
    readonly onConnection?: ((isConnected: boolean) => void) | undefined;
};

/** What a watch sees. */
export type WatchEvent =
    /** An entry that existed at the start, if the watch is one with `initial`; `entry` is undefined in a watch without values. */
    | { readonly type: "entry"; readonly key: string; readonly revision: number; readonly info: EntryInfo; readonly entry: KvEntry | undefined }

    /** All existing entries have come; changes follow. */
    | { readonly type: "synced"; readonly revision: number; readonly position: string | undefined }

    /** Changes were missed: forget what was seen; the existing entries come again. Only in a watch with `initial`. */
    | { readonly type: "reset" }

    /** An entry was written; `entry` is undefined in a watch without values. */
    | { readonly type: "put"; readonly key: string; readonly revision: number; readonly info: EntryInfo; readonly entry: KvEntry | undefined; readonly position: string | undefined }

    /** An entry was deleted, or expired. */
    | { readonly type: "delete" | "expire"; readonly key: string; readonly revision: number; readonly position: string | undefined }

    /** There is no further change up to this revision. */
    | { readonly type: "bookmark"; readonly revision: number; readonly position: string | undefined };

type Change = Item & { readonly type: "put" | "delete" | "expire" };

export async function* watch(sender: Sender, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const network = new Network(options.signal);
    try {
        yield* follow(sender, options, network);
    } finally {
        network.end();
    }
}

async function* follow(sender: Sender, options: WatchOptions, network: Network): AsyncGenerator<WatchEvent, never> {
    const { signal, initial, persistent, onConnection } = options;
    const what = { key: "key" in options ? options.key : undefined, prefix: "prefix" in options ? options.prefix : undefined, values: options.values ?? true };
    const { retryDelayMs, retryDelayMaxMs } = sender.options;
    let position = options.after === undefined ? undefined : String(options.after);
    let hasBegun = false;
    let hasYielded = false;
    for (let failures = 0; ; failures++) {
        let pauseMs = 0;
        let isConnected = false;
        try {
            const from = position !== undefined ? { after: position } : { initial: initial || undefined };
            const call = { method: "GET" as const, target: `/v1/watch${queryOf({ ...what, ...from })}`, ...callOf(options), signal: network.connection() };
            const { headers, events } = await sender.watch(hasBegun || persistent ? { ...call, retriesMax: 0 } : call);
            hasBegun = isConnected = true;
            onConnection?.(true);

            // Without it, what happens before the first event would be missed if the connection broke before that; and a bare revision would be taken
            // for one of whatever store is there then.
            if (position === undefined ? !initial : !position.includes("."))
                position = positionOf(headers, position);
            for await (const event of events) {
                failures = 0;
                pauseMs = event.retryMs ?? 0;
                throwIfFinal(event);
                for (const seen of toWatchEvents(event, position, options, headers)) {
                    hasYielded = true;
                    yield seen;
                }

                position = event.id ?? position;
            }
        } catch (error) {
            signal?.throwIfAborted();
            if (!(error instanceof KvStoreError))
                throw error;
            if (error.status === 410 && initial)
                position = undefined;
            else if (!canRetry(sender, error) || !(hasBegun || persistent))
                throw error;
            pauseMs = error.retryAfterMs ?? pauseMs;
        } finally {
            if (isConnected)
                onConnection?.(false);
        }

        if (position === undefined && hasYielded) {
            hasYielded = false;
            yield { type: "reset" };
        }

        await delay(backoff(failures, retryDelayMs, retryDelayMaxMs, pauseMs), network.pause());
        signal?.throwIfAborted();
    }
}

/** The store and a revision: that of the state when the watch began, or the one that was asked for. */
function positionOf(headers: Headers, revision: string | undefined): string {
    const store = headers.get("KvStore-Store-Id");
    return `${store === null ? "" : `${store}.`}${revision ?? headers.get("KvStore-Revision")}`;
}

// A key that was removed may have been replaced, which only what gives the present key can know.
function canRetry(sender: Sender, error: KvStoreError): boolean {
    return error.isTransient || (error.problem?.members["event"] === "revoked" && typeof sender.options.apiKey === "function");
}

// After these, to connect again in the same way would lead to the same.
function throwIfFinal(event: ServerEvent): void {
    if (event.name !== "gone" && event.name !== "revoked")
        return;
    const members = JSON.parse(event.data) as Record<string, unknown>;
    const detail = String(members["detail"] ?? event.name);
    const [status, name] = event.name === "gone" ? [410, "revision-gone"] : [401, "unauthorized"];
    throw new KvStoreError(detail, { status, problem: { name, detail, members: { ...members, event: event.name } }, outcome: "not-applied", isTransient: false });
}

function* toWatchEvents(event: ServerEvent, before: string | undefined, { bookmarks }: WatchOptions, headers: Headers): Generator<WatchEvent> {
    const position = event.id ?? before;
    switch (event.name) {
        case "entry": {
            const item = JSON.parse(event.data) as Item;
            yield { type: "entry", key: item.key, revision: item.revision, info: toInfo(item, headers), entry: toEntry(item, headers) };
            return;
        }
        case "synced":
        case "bookmark":
            if (event.name === "synced" || bookmarks)
                yield { type: event.name, revision: (JSON.parse(event.data) as { revision: number }).revision, position };
            return;
        case "change": {
            const { revision, changes } = JSON.parse(event.data) as { revision: number; changes: readonly Change[] };
            for (const [index, item] of changes.entries()) {
                // To resume in the middle of a commit is to see all of it again, and never to miss the rest.
                const about = { key: item.key, revision, position: index === changes.length - 1 ? position : before };
                yield item.type === "put" ? { type: "put", ...about, info: toInfo(item, headers), entry: toEntry(item, headers) } : { type: item.type, ...about };
            }
        }
    }
}
