import { fromBase64, toBase64 } from "../crdt/deltas/base64.js";
import { readLines } from "../http/chunks.js";
import type { Sender } from "../http/sender.js";
import { callOf, queryOf, stateOf, type ReadOptions } from "./options.js";
import type { KvValue } from "./writes.js";

/** Which entries are exported. */
export interface ExportOptions extends ReadOptions {
    readonly prefix?: string | undefined;
}

/** An entry of an export or for an import. */
export type TransferEntry = KvValue & {
    readonly key: string;

    /** By default `application/json`, `text/plain; charset=utf-8` or `application/octet-stream`, by the kind of the value. */
    readonly contentType?: string | undefined;
    readonly expiresAt?: Date | undefined;
};

interface Line {
    readonly key: string;
    readonly content_type: string | undefined;
    readonly expires_at?: string | undefined;
    readonly json?: unknown;
    readonly text?: string;
    readonly base64?: string;
}

export async function exportBytes(sender: Sender, options: ExportOptions): Promise<ReadableStream<Uint8Array>> {
    const { chunks } = await begin(sender, options);
    return new ReadableStream<Uint8Array>({
        async pull(controller) {
            const { done, value } = await chunks.next();
            if (done)
                controller.close();
            else
                controller.enqueue(value);
        },
        async cancel() {
            await chunks.return(undefined);
        },
    });
}

export async function* exportEntries(sender: Sender, options: ExportOptions): AsyncGenerator<TransferEntry> {
    const { chunks } = await begin(sender, options);
    for await (const line of readLines(chunks, sender.options.responseBytesMax))
        yield fromLine(JSON.parse(line) as Line);
}

async function begin(sender: Sender, options: ExportOptions): Promise<{ chunks: AsyncGenerator<Uint8Array> }> {
    return await sender.stream({ method: "GET", target: `/v1/export${queryOf({ prefix: options.prefix, ...stateOf(options) })}`, ...callOf(options) });
}

function fromLine({ key, content_type: contentType, expires_at: expiry, ...value }: Line): TransferEntry {
    const about = { key, contentType, expiresAt: expiry === undefined ? undefined : new Date(expiry) };
    return value.text !== undefined ? { ...about, text: value.text } : value.base64 !== undefined ? { ...about, bytes: fromBase64(value.base64)! } : { ...about, json: value.json };
}

/** An entry as a line, with its line break. */
export function toLine({ key, contentType, expiresAt, ...value }: TransferEntry): string {
    if ("json" in value && value.json === undefined)
        throw new TypeError(`There is no JSON for undefined, which is the value of ${key}.`);
    return `${JSON.stringify({ key, content_type: contentType, expires_at: expiresAt?.toISOString(), ...("bytes" in value ? { base64: toBase64(value.bytes) } : value) })}\n`;
}
