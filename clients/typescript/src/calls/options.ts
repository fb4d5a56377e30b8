import type { Freshness } from "./freshness.js";

/** What every call takes. */
export interface CallOptions {
    /** Ends the call. A write may have been applied nevertheless. */
    readonly signal?: AbortSignal | undefined;

    /** Only this store may answer, such as that of an entry that was read before; another one is an `other-store`, and changes nothing. */
    readonly storeId?: string | undefined;
}

/** Which state is read. */
export interface ReadOptions extends CallOptions {
    /** An older state: that as of this revision. */
    readonly revision?: number | undefined;

    /** `local` is the state of the replica that is asked, which may be stale. Default `linearizable`. */
    readonly consistency?: "linearizable" | "local" | undefined;

    /** Waits until the replica has reached this revision, such as that of your last write. */
    readonly minRevision?: number | undefined;
}

/** Settings of a read of one entry. */
export interface EntryReadOptions extends ReadOptions {
    /** Throws a `precondition-failed` unless this revision last wrote the entry. */
    readonly ifRevision?: number | undefined;

    /** How fresh a key of an origin has to be. */
    readonly freshness?: Freshness | undefined;
}

/** Settings of a long poll: what to wait for. */
export interface PollOptions extends CallOptions {
    /** The longest wait; at most 60 s unless the service is set otherwise. Default 30. */
    readonly waitSeconds?: number | undefined;

    /** Waits until the entry is written or deleted after this revision or position, such as the `revision` of the last result. By default after the call. */
    readonly after?: number | string | undefined;

    /** Waits until the entry has another revision than this one. */
    readonly unlessRevision?: number | undefined;
}

/** Settings of a write that has no conditions. */
export interface UnconditionalWriteOptions extends CallOptions {
    /** Makes the write safe to repeat across restarts of your own program; by default random. */
    readonly idempotencyKey?: string | undefined;
}

/** Conditions of a write. If one does not pass, the call throws a `precondition-failed`. */
export interface ConditionalWriteOptions extends UnconditionalWriteOptions {
    /** Writes only if this revision, or one of these, last wrote the entry. */
    readonly ifRevision?: number | readonly number[] | undefined;

    /** Writes only if none of these last wrote the entry. */
    readonly unlessRevision?: number | readonly number[] | undefined;

    /** Writes only if the entry was not written after this second. Prefer `ifRevision`: two writes within one second look alike. */
    readonly ifUnmodifiedSince?: Date | undefined;
}

/** Conditions and settings of a write. */
export interface WriteOptions extends ConditionalWriteOptions {
    /** Writes only if there is no entry. */
    readonly ifAbsent?: boolean | undefined;

    /** Writes only if there is an entry. */
    readonly ifPresent?: boolean | undefined;

    /** After how many whole seconds the entry expires; `none` removes the expiry. */
    readonly ttlSeconds?: number | "none" | undefined;
}

/** A key in a path. A slash that is encoded means the same as one that is not. */
export const pathOf = (key: string): string => encodeURIComponent(key);

export const entryTarget = (key: string): string => `/v1/kv/${pathOf(key)}`;

/** A query; what is undefined is left out. */
export function queryOf(parameters: Readonly<Record<string, string | number | bigint | boolean | undefined>>): string {
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
    return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}

/** The parameters of a read. */
export const stateOf = ({ revision, consistency, minRevision }: ReadOptions): Record<string, string | number | undefined> => ({ revision, consistency, min_revision: minRevision });

/** Headers; what is undefined is left out. */
export function headersOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
    return Object.fromEntries(Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined));
}

/** The signal and the headers that every call has. */
export function callOf({ signal, storeId }: CallOptions, headers: Readonly<Record<string, string | undefined>> = {}): { signal: AbortSignal | undefined; headers: Record<string, string> } {
    return { signal, headers: headersOf({ "KvStore-Store-Id": storeId, ...headers }) };
}

/** The same of a write. */
export function writeOf(options: UnconditionalWriteOptions, headers: Readonly<Record<string, string | undefined>> = {}): ReturnType<typeof callOf> & { idempotencyKey: string | undefined } {
    return { ...callOf(options, headers), idempotencyKey: options.idempotencyKey };
}

/** The headers of conditions. */
export function conditionsOf({ ifRevision, unlessRevision, ifAbsent, ifPresent, ifUnmodifiedSince }: WriteOptions): Record<string, string | undefined> {
    return {
        "If-Match": ifPresent ? "*" : tagsOf(ifRevision),
        "If-None-Match": ifAbsent ? "*" : tagsOf(unlessRevision),
        "If-Unmodified-Since": ifUnmodifiedSince?.toUTCString(),
    };
}

export function tagsOf(revisions: number | readonly number[] | undefined): string | undefined {
    if (revisions === undefined)
        return undefined;
    return typeof revisions === "number" ? `"${revisions}"` : revisions.map(revision => `"${revision}"`).join(", ");
}
