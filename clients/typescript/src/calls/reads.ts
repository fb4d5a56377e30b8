import { KvStoreError } from "../http/errors.js";
import type { Answer, Sender } from "../http/sender.js";
import { infoOf, KvEntry, resultOf, revisionOf, storeIdOf, type EntryInfo, type ReadResult } from "./entry.js";
import { cacheControlOf } from "./freshness.js";
import { callOf, entryTarget, queryOf, stateOf, tagsOf, type EntryReadOptions, type PollOptions } from "./options.js";

/** What a long poll found. */
export type PollResult =
    /** It was written. */
    | { readonly state: "present"; readonly entry: KvEntry; readonly revision: number; readonly storeId: string | undefined }

    /** It was deleted, or there is none. */
    | { readonly state: "absent"; readonly revision: number; readonly storeId: string | undefined }

    /** The time was over. */
    | { readonly state: "unchanged"; readonly revision: number; readonly storeId: string | undefined };

export async function read(sender: Sender, key: string, options: EntryReadOptions): Promise<ReadResult> {
    try {
        const { headers, bytes } = await sender.send(requestOf("GET", key, options));
        return resultOf(new KvEntry(infoOf(key, headers, bytes.length), bytes), headers, undefined);
    } catch (error) {
        if (error instanceof KvStoreError && error.is("not-found") && error.headers !== undefined)
            return resultOf(undefined, error.headers, error.retryAfterMs);
        throw error;
    }
}

export async function head(sender: Sender, key: string, options: EntryReadOptions): Promise<EntryInfo | undefined> {
    try {
        const { headers } = await sender.send(requestOf("HEAD", key, options));
        return infoOf(key, headers, Number(headers.get("Content-Length")));
    } catch (error) {
        // The answer has no body that could say so, but only the service names a revision.
        if (error instanceof KvStoreError && error.status === 404 && error.headers?.has("KvStore-Revision"))
            return undefined;
        throw error;
    }
}

export async function poll(sender: Sender, key: string, options: PollOptions): Promise<PollResult> {
    const { waitSeconds = 30, after, unlessRevision } = options;
    try {
        const answer = await sender.send({
            method: "GET", target: entryTarget(key) + queryOf({ wait: waitSeconds, after }), allowsUnchanged: true, waitMs: waitSeconds * 1000,
            ...callOf(options, { "If-None-Match": tagsOf(unlessRevision) }),
        });
        return { ...stateIn(key, answer), ...aboutOf(answer.headers) };
    } catch (error) {
        if (error instanceof KvStoreError && error.is("not-found") && error.headers !== undefined)
            return { state: "absent", ...aboutOf(error.headers) };
        throw error;
    }
}

const aboutOf = (headers: Headers): { revision: number; storeId: string | undefined } => ({ revision: revisionOf(headers), storeId: storeIdOf(headers) });

function stateIn(key: string, { status, headers, bytes }: Answer): { state: "unchanged" } | { state: "present"; entry: KvEntry } {
    return status === 304 ? { state: "unchanged" } : { state: "present", entry: new KvEntry(infoOf(key, headers, bytes.length), bytes) };
}

// Without a Cache-Control, fetch adds "no-cache" to a request that the cache of a browser must not answer, and an origin would be asked by every read.
const neutral = "no-transform";

function requestOf<M extends "GET" | "HEAD">(method: M, key: string, options: EntryReadOptions): { method: M; target: string } & ReturnType<typeof callOf> {
    return {
        method, target: entryTarget(key) + queryOf(stateOf(options)),
        ...callOf(options, { "If-Match": tagsOf(options.ifRevision), "Cache-Control": cacheControlOf(options.freshness) ?? neutral }),
    };
}
