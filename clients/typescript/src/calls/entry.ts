import { fromBase64 } from "../crdt/deltas/base64.js";
import { cacheStatusOf, type CacheStatus } from "./freshness.js";

/** What is known of an entry besides its value. Immutable. */
export interface EntryInfo {
    readonly key: string;

    /** The revision that last wrote the entry; its ETag. */
    readonly revision: number;

    /** The media type that the value was stored with. */
    readonly contentType: string;

    /** The bytes of the value. */
    readonly size: number;

    /** When it was last written; from `get` and `head` in whole seconds. Undefined in the answer of a counter. */
    readonly modifiedAt: Date | undefined;

    /** When it expires; undefined if it does not. */
    readonly expiresAt: Date | undefined;

    /** The revision that created the entry; undefined from `get` and `head`. */
    readonly createdRevision: number | undefined;

    /** The number of writes since then; undefined from `get` and `head`. */
    readonly version: number | undefined;

    /** The store that assigned the revision. */
    readonly storeId: string | undefined;
}

/** An entry as it was read, with its value. Immutable. */
export class KvEntry implements EntryInfo {
    readonly key: string;
    readonly revision: number;
    readonly contentType: string;
    readonly size: number;
    readonly modifiedAt: Date | undefined;
    readonly expiresAt: Date | undefined;
    readonly createdRevision: number | undefined;
    readonly version: number | undefined;
    readonly storeId: string | undefined;

    constructor(info: EntryInfo, readonly bytes: Uint8Array) {
        this.key = info.key;
        this.revision = info.revision;
        this.contentType = info.contentType;
        this.size = info.size;
        this.modifiedAt = info.modifiedAt;
        this.expiresAt = info.expiresAt;
        this.createdRevision = info.createdRevision;
        this.version = info.version;
        this.storeId = info.storeId;
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

/** A read, also of a key without an entry. */
export interface ReadResult {
    /** Undefined if there is none. */
    readonly entry: KvEntry | undefined;

    /** The revision of the state that was read. */
    readonly revision: number;
    readonly storeId: string | undefined;

    /** Of a key that clients load: this client is to load it, and to store it with this token. */
    readonly loadToken: string | undefined;

    /** Of a key that another client loads: when to read it again. */
    readonly retryAfterMs: number | undefined;

    /** How a key of an origin was answered. */
    readonly cache: CacheStatus | undefined;

    /** Of a local read from a replica: how old the state may be. */
    readonly stateAgeSeconds: number | undefined;
}

/** An entry, or one without its value, in JSON of the service. */
export interface Item {
    readonly key: string;
    readonly revision: number;
    readonly created_revision: number;
    readonly version: number;
    readonly content_type: string;
    readonly size: number;
    readonly modified_at: string;
    readonly expires_at?: string;
    readonly json?: unknown;
    readonly text?: string;
    readonly base64?: string;
}

export function toInfo(item: Item, headers: Headers): EntryInfo {
    return {
        key: item.key, revision: item.revision, contentType: item.content_type, size: item.size, modifiedAt: new Date(item.modified_at),
        expiresAt: item.expires_at === undefined ? undefined : new Date(item.expires_at), createdRevision: item.created_revision, version: item.version,
        storeId: storeIdOf(headers),
    };
}

/** The entry of an item; undefined if the item has no value. JSON is written anew, so its bytes may differ from those that are stored. */
export function toEntry(item: Item, headers: Headers): KvEntry | undefined {
    const text = item.text ?? ("json" in item ? JSON.stringify(item.json) : undefined);
    const bytes = text !== undefined ? new TextEncoder().encode(text) : item.base64 !== undefined ? fromBase64(item.base64) : undefined;
    return bytes && new KvEntry(toInfo(item, headers), bytes);
}

/** What the headers of a value say about its entry. */
export function infoOf(key: string, headers: Headers, size: number): EntryInfo {
    return {
        key, revision: Number(headers.get("ETag")?.replaceAll("\"", "")), contentType: headers.get("Content-Type") ?? "", size,
        modifiedAt: dateOf(headers.get("Last-Modified")), expiresAt: dateOf(headers.get("KvStore-Expires")), createdRevision: undefined, version: undefined,
        storeId: storeIdOf(headers),
    };
}

export function resultOf(entry: KvEntry | undefined, headers: Headers, retryAfterMs: number | undefined): ReadResult {
    const age = headers.get("KvStore-State-Age");
    return {
        entry, revision: revisionOf(headers), storeId: storeIdOf(headers), loadToken: headers.get("KvStore-Load-Token") ?? undefined, retryAfterMs,
        cache: cacheStatusOf(headers), stateAgeSeconds: age === null ? undefined : Number(age),
    };
}

export const revisionOf = (headers: Headers): number => Number(headers.get("KvStore-Revision"));

export const storeIdOf = (headers: Headers): string | undefined => headers.get("KvStore-Store-Id") ?? undefined;

const dateOf = (text: string | null): Date | undefined => text === null ? undefined : new Date(text);
