import { fromBase64 } from "../crdt/deltas/base64.js";

/** An entry as it was read. Immutable. */
export class KvEntry {
    /**
     * @param key The key.
     * @param revision The revision that last wrote the entry; its ETag.
     * @param contentType The media type that the value was stored with.
     * @param bytes The value.
     */
    constructor(readonly key: string, readonly revision: number, readonly contentType: string, readonly bytes: Uint8Array) {
    }

    /** The value as text. */
    get text(): string {
        return new TextDecoder().decode(this.bytes);
    }

    /** The value as JSON. Throws a SyntaxError if it is none. */
    json<T = unknown>(): T {
        return JSON.parse(this.text) as T;
    }
}

/** An entry, or one without its value, in JSON of the service. */
export interface Item {
    readonly key: string;
    readonly revision: number;
    readonly content_type: string;
    readonly json?: unknown;
    readonly text?: string;
    readonly base64?: string;
}

/** The entry of an item; undefined if the item has no value. JSON is written anew, so its bytes may differ from those that are stored. */
export function toEntry(item: Item): KvEntry | undefined {
    const text = item.text ?? ("json" in item ? JSON.stringify(item.json) : undefined);
    const bytes = text !== undefined ? new TextEncoder().encode(text) : item.base64 !== undefined ? fromBase64(item.base64) : undefined;
    return bytes && new KvEntry(item.key, item.revision, item.content_type, bytes);
}

/** What a watch sees. */
export type WatchEvent =
    /** An entry that existed at the start, if the watch is one with `initial`. */
    | { readonly type: "entry"; readonly key: string; readonly revision: number; readonly entry: KvEntry | undefined }

    /** All existing entries have come; changes follow. */
    | { readonly type: "synced"; readonly revision: number }

    /** Changes were missed: forget what was seen; the existing entries come again. Only in a watch with `initial`. */
    | { readonly type: "reset" }

    /** An entry was written; `entry` is undefined in a watch without values. */
    | { readonly type: "put"; readonly key: string; readonly revision: number; readonly entry: KvEntry | undefined }

    /** An entry was deleted, or expired. */
    | { readonly type: "delete" | "expire"; readonly key: string; readonly revision: number };
