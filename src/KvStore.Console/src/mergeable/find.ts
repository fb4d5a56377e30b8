import type { EntryInfo, KvStoreClient } from "kvstore-client";

/** The media type of the entries that mergeable values are. */
export const mergeableType = "application/vnd.kvstore.crdt";

/** What was found, and where to continue. */
export interface Found {
    readonly values: readonly EntryInfo[];

    /** How many entries were looked at. */
    readonly scanned: number;

    /** Where the rest begins; undefined if there is none. */
    readonly cursor: string | undefined;
}

// There is no list of mergeable values alone, so all entries are looked at: at most so many for one request of the user.
const PagesMax = 20;
const ValuesMax = 200;

/** Finds mergeable values below a prefix, and continues what was found before. */
export async function findMergeable(client: KvStoreClient, prefix: string, before: Found | undefined, signal: AbortSignal): Promise<Found> {
    const values = [...before?.values ?? []];
    const wanted = values.length + ValuesMax;
    let scanned = before?.scanned ?? 0;
    let cursor = before?.cursor;
    for (let pages = 0; pages < PagesMax && values.length < wanted; pages++) {
        const page = await client.page({ prefix, cursor, signal });
        values.push(...page.items.filter((item) => item.contentType === mergeableType));
        scanned += page.items.length;
        cursor = page.cursor;
        if (cursor === undefined)
            break;
    }

    return { values, scanned, cursor };
}
