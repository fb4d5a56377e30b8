import { KvStoreError } from "../http/errors.js";
import type { Sender } from "../http/sender.js";
import { toEntry, toInfo, type EntryInfo, type Item, type KvEntry } from "./entry.js";
import { callOf, queryOf, stateOf, type ReadOptions } from "./options.js";
import { jsonIn } from "./writes.js";

/** Which entries are listed. */
export interface ListOptions extends ReadOptions {
    /** Only keys that start with this. */
    readonly prefix?: string | undefined;

    /** Only keys after this one, which need not exist. */
    readonly after?: string | undefined;

    /** Whether the entries have their values. Default false. */
    readonly values?: boolean | undefined;

    /** The most entries and groups of a page, of which one request gets one; at most 1000. Default 1000. */
    readonly pageSize?: number | undefined;
}

/** Which page is listed, and how keys are grouped. */
export interface PageOptions extends ListOptions {
    /** Keys that share the text up to the next delimiter after the prefix become one of the `prefixes`, as in a directory. */
    readonly delimiter?: string | undefined;

    /** Continues after the page that has this cursor. */
    readonly cursor?: string | undefined;
}

/** A page of a listing. */
export interface Page<T extends EntryInfo = EntryInfo> {
    /** The revision of the state that all pages of the listing are from. */
    readonly revision: number;
    readonly items: readonly T[];

    /** The groups, if there is a delimiter. */
    readonly prefixes: readonly string[];

    /** Where the next page begins; undefined on the last one. */
    readonly cursor: string | undefined;
}

export async function page<T extends EntryInfo>(sender: Sender, options: PageOptions): Promise<Page<T>> {
    const { prefix, after, delimiter, values, pageSize = 1000, cursor } = options;

    // A cursor has the state and the place.
    const start = cursor === undefined ? { after, ...stateOf(options) } : { cursor };
    const answer = await sender.send({ method: "GET", target: `/v1/kv${queryOf({ prefix, delimiter, limit: pageSize, values: values || undefined, ...start })}`, ...callOf(options) });
    const { revision, items, prefixes = [], cursor: next } = jsonIn<{ revision: number; items: readonly Item[]; prefixes?: readonly string[]; cursor?: string }>(answer);
    return { revision, items: items.map(item => (values ? whole(item, answer.headers) : toInfo(item, answer.headers)) as EntryInfo as T), prefixes, cursor: next };
}

export async function* pages<T extends EntryInfo>(sender: Sender, options: PageOptions): AsyncGenerator<Page<T>> {
    for (let { cursor } = options; ;) {
        const next: Page<T> = await page<T>(sender, { ...options, cursor });
        yield next;
        cursor = next.cursor;
        if (cursor === undefined)
            return;
    }
}

export async function* list<T extends EntryInfo>(sender: Sender, options: ListOptions): AsyncGenerator<T> {
    for await (const { items } of pages<T>(sender, options))
        yield* items;
}

export async function count(sender: Sender, options: Pick<ListOptions, "prefix" | "after" | keyof ReadOptions>): Promise<number> {
    const { prefix, after } = options;
    const answer = await sender.send({ method: "GET", target: `/v1/kv${queryOf({ prefix, after, count_only: true, ...stateOf(options) })}`, ...callOf(options) });
    return jsonIn<{ count: number }>(answer).count;
}

/** An entry that has to have its value. */
export function whole(item: Item, headers: Headers): KvEntry {
    const entry = toEntry(item, headers);
    if (entry === undefined)
        throw new KvStoreError(`The service did not give the value of ${item.key}.`, { headers, outcome: "not-applied", isTransient: false });
    return entry;
}
