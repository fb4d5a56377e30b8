import { KvStoreError } from "../http/errors.js";
import type { Answer, Sender } from "../http/sender.js";
import { backoff, delay } from "../http/time.js";
import { revisionOf, storeIdOf, type KvEntry } from "./entry.js";
import {
    conditionsOf, entryTarget, pathOf, queryOf, writeOf, type CallOptions, type ConditionalWriteOptions, type UnconditionalWriteOptions, type WriteOptions,
} from "./options.js";
import { read } from "./reads.js";

/** Conditions and settings of a `put`. */
export interface PutOptions extends WriteOptions {
    /** By default `text/plain; charset=utf-8` for text, and `application/octet-stream` for bytes. */
    readonly contentType?: string | undefined;

    /** Of a key that clients load: stores what was loaded, unless the key has changed since. */
    readonly loadToken?: string | undefined;
}

/** Conditions of a deletion. */
export interface DeleteOptions extends ConditionalWriteOptions {
    /** Of a key that clients load: there is nothing to load. */
    readonly loadToken?: string | undefined;
}

/** Settings of an append. */
export interface AppendOptions extends UnconditionalWriteOptions {
    readonly contentType?: string | undefined;
    readonly ttlSeconds?: number | undefined;
}

/** Settings of an update. */
export interface UpdateOptions extends CallOptions {
    readonly ttlSeconds?: number | "none" | undefined;

    /** By default `application/json`, `text/plain; charset=utf-8` or `application/octet-stream`, by the kind of the value. */
    readonly contentType?: string | undefined;

    /** How often it is tried while others write the entry at the same time. Default 20. */
    readonly attemptsMax?: number | undefined;
}

/** What a write has done. */
export interface WriteResult {
    readonly revision: number;
    readonly storeId: string | undefined;
}

/** What a `put` has done. */
export interface PutResult extends WriteResult {
    /** Whether there was no entry before. */
    readonly created: boolean;
}

/** A value: text, bytes, or what is stored as JSON. */
export type KvValue = { readonly text: string } | { readonly bytes: Uint8Array } | { readonly json: unknown };

export async function put(sender: Sender, key: string, value: string | Uint8Array, options: PutOptions): Promise<PutResult> {
    const answer = await sender.send({
        method: "PUT", target: entryTarget(key) + queryOf({ ttl: options.ttlSeconds }), body: value,
        ...writeOf(options, { "Content-Type": options.contentType ?? mediaTypeOf(value), "KvStore-Load-Token": options.loadToken, ...conditionsOf(options) }),
    });
    return { ...resultOf(answer), created: answer.status === 201 };
}

export async function remove(sender: Sender, key: string, options: DeleteOptions): Promise<number | undefined> {
    return await orAbsent(async () => {
        const headers = { "KvStore-Load-Token": options.loadToken, ...conditionsOf(options) };
        return revisionOf((await sender.send({ method: "DELETE", target: entryTarget(key), ...writeOf(options, headers) })).headers);
    });
}

export async function patch(sender: Sender, key: string, change: unknown, options: WriteOptions): Promise<number | undefined> {
    return await sendPatch(sender, key, { body: jsonOf(change) }, "application/merge-patch+json", options);
}

/** Sets the expiry alone. */
export async function touch(sender: Sender, key: string, options: WriteOptions): Promise<number | undefined> {
    return await sendPatch(sender, key, {}, undefined, options);
}

export async function append(sender: Sender, prefix: string, value: string | Uint8Array, options: AppendOptions): Promise<WriteResult & { readonly key: string }> {
    if (!prefix.endsWith("/"))
        throw new RangeError(`The prefix has to end with a slash: ${prefix}`);
    const answer = await sender.send({
        method: "POST", target: entryTarget(prefix) + queryOf({ ttl: options.ttlSeconds }), body: value, ...writeOf(options, { "Content-Type": options.contentType ?? mediaTypeOf(value) }),
    });
    const path = answer.headers.get("Location")?.split("/v1/kv/", 2)[1];
    if (path === undefined)
        throw new KvStoreError("The service did not say under which key it has stored the value.", { status: answer.status, headers: answer.headers, outcome: "applied", isTransient: false });
    return { ...resultOf(answer), key: decodeURIComponent(path) };
}

export async function increment(sender: Sender, key: string, by: bigint | number, options: WriteOptions): Promise<bigint> {
    const { bytes } = await sender.send({
        method: "POST", target: `/v1/counters/${pathOf(key)}${queryOf({ by, ttl: options.ttlSeconds })}`, ...writeOf(options, conditionsOf(options)),
    });
    return BigInt(new TextDecoder().decode(bytes));
}

export async function removePrefix(sender: Sender, prefix: string, options: UnconditionalWriteOptions): Promise<{ readonly revision: number; readonly deleted: number }> {
    return jsonIn(await sender.send({ method: "DELETE", target: `/v1/kv${queryOf({ prefix })}`, ...writeOf(options) }));
}

/** Replaces a value by what is made of it, and begins again if others wrote it meanwhile. */
export async function update(
    sender: Sender, key: string, change: (entry: KvEntry | undefined) => KvValue | undefined | Promise<KvValue | undefined>, options: UpdateOptions,
): Promise<PutResult | undefined> {
    const { signal, ttlSeconds, attemptsMax = 20 } = options;
    for (let conflicts = 0; ; conflicts++) {
        const { entry, storeId } = await read(sender, key, options);
        const value = await change(entry);
        if (value === undefined)
            return undefined;
        try {
            const condition = entry === undefined ? { ifAbsent: true } : { ifRevision: entry.revision };
            return await put(sender, key, contentOf(value), { signal, storeId, ttlSeconds, contentType: options.contentType ?? ("json" in value ? "application/json" : undefined), ...condition });
        } catch (error) {
            // If an earlier attempt may have been applied, the condition may have failed because of that: to change the value again could do it twice.
            if (!(error instanceof KvStoreError) || !error.is("precondition-failed") || error.outcome !== "not-applied" || conflicts + 1 >= attemptsMax)
                throw error;
        }

        await delay(backoff(conflicts, 2, 200), signal);
        signal?.throwIfAborted();
    }
}

export const contentOf = (value: KvValue): string | Uint8Array => "json" in value ? jsonOf(value.json) : "text" in value ? value.text : value.bytes;

/** Text for JSON. There is none for undefined and functions, which JSON.stringify answers by undefined. */
export function jsonOf(value: unknown): string {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined)
        throw new TypeError(`There is no JSON for ${typeof value}.`);
    return text;
}

export const jsonIn = <T>(answer: Answer): T => JSON.parse(new TextDecoder().decode(answer.bytes)) as T;

const resultOf = ({ headers }: Answer): WriteResult => ({ revision: revisionOf(headers), storeId: storeIdOf(headers) });

const mediaTypeOf = (value: string | Uint8Array): string => typeof value === "string" ? "text/plain; charset=utf-8" : "application/octet-stream";

async function sendPatch(sender: Sender, key: string, body: { body?: string }, contentType: string | undefined, options: WriteOptions): Promise<number | undefined> {
    return await orAbsent(async () => revisionOf((await sender.send({
        method: "PATCH", target: entryTarget(key) + queryOf({ ttl: options.ttlSeconds }), ...body, ...writeOf(options, { "Content-Type": contentType, ...conditionsOf(options) }),
    })).headers));
}

async function orAbsent<T>(write: () => Promise<T>): Promise<T | undefined> {
    try {
        return await write();
    } catch (error) {
        if (error instanceof KvStoreError && error.is("not-found") && error.outcome === "not-applied")
            return undefined;
        throw error;
    }
}
