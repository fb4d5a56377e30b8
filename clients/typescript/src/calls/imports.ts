import { KvStoreError, type Failure } from "../http/errors.js";
import type { Answer, Sender } from "../http/sender.js";
import { toLine, type TransferEntry } from "./exports.js";
import { callOf, type CallOptions } from "./options.js";
import { jsonIn } from "./writes.js";

/** Settings of an import. */
export interface ImportOptions extends CallOptions {
    /** The bytes of one request, unless a single line is larger. Default 1 MiB, which proxies let through. */
    readonly requestBytesMax?: number | undefined;

    /** Called after each request. */
    readonly onProgress?: ((report: ImportReport) => void) | undefined;
}

/** A line that is no entry, or that the key may not write. */
export interface ImportLineError {
    /** Its number in the whole import, from 1. */
    readonly line: number;
    readonly detail: string;
}

/** What an import has done so far. */
export interface ImportReport {
    /** The revision that has all of it. */
    readonly revision: number;
    readonly lines: number;
    readonly imported: number;

    /** Entries that were not stored, because they had expired already. */
    readonly expired: number;
    readonly failed: number;

    /** The first 100 lines that have failed. */
    readonly errors: readonly ImportLineError[];
}

/** What can be imported: lines of an export, as text or bytes in pieces of any size. */
export type ImportSource = string | Uint8Array | Blob | ReadableStream<Uint8Array> | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** An import ended early. The lines that `report` counts are stored, and some of those after them may be: to import everything again is safe. */
export class KvImportError extends KvStoreError {
    override readonly name = "KvImportError";

    constructor(message: string, failure: Failure, readonly report: ImportReport) {
        super(message, failure);
    }
}

const errorsMax = 100;
const newline = 10;

// A request is this much smaller than it may be, at most.
const pieceBytes = 16 * 1024;

/**
 * Sends whole lines in requests of a bounded size, one after the other: a browser can send no stream over HTTP/1.1, memory is bounded, and what got no
 * answer can be sent again, which is safe because an import is no transaction anyway.
 */
export async function importFrom(sender: Sender, source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportReport> {
    const { requestBytesMax = 1024 * 1024, onProgress } = options;
    let report: ImportReport = { revision: 0, lines: 0, imported: 0, expired: 0, failed: 0, errors: [] };
    for await (const lines of inRequests(source, requestBytesMax, sender.options.responseBytesMax)) {
        report = await importLines(sender, lines, report, options);
        onProgress?.(report);
    }

    // An empty import is one as well: it says whether the service takes it.
    return report.lines === 0 ? await importLines(sender, new Uint8Array(), report, options) : report;
}

async function importLines(sender: Sender, lines: Uint8Array, before: ImportReport, options: ImportOptions): Promise<ImportReport> {
    let rest = lines;
    let report = before;
    while (true) {
        try {
            const answer = await sender.send({ method: "POST", target: "/v1/import", body: rest, idempotencyKey: "none", ...callOf(options, { "Content-Type": "application/x-ndjson" }) });
            return sum(report, answer, countLines(rest));
        } catch (error) {
            if (!(error instanceof KvStoreError))
                throw error;

            // The service rejects a body whose first line is not the beginning of an entry at all. Not so here, where that is one bad line of many.
            const end = rest.indexOf(newline) + 1;
            if (report.lines === 0 || error.status !== 400 || end === 0)
                throw new KvImportError(error.message, error, report);
            report = withError(report, error.message);
            rest = rest.subarray(end);
            if (rest.length === 0)
                return report;
        }
    }
}

function sum(report: ImportReport, answer: Answer, lines: number): ImportReport {
    const { revision, imported, expired, failed, errors } = jsonIn<ImportReport>(answer);
    return {
        revision: Math.max(report.revision, revision), lines: report.lines + lines, imported: report.imported + imported, expired: report.expired + expired, failed: report.failed + failed,
        errors: [...report.errors, ...errors.map(({ line, detail }) => ({ line: report.lines + line, detail }))].slice(0, errorsMax),
    };
}

function withError(report: ImportReport, detail: string): ImportReport {
    const line = report.lines + 1;
    return { ...report, lines: line, failed: report.failed + 1, errors: [...report.errors, { line, detail }].slice(0, errorsMax) };
}

// The last line may have no line break.
function countLines(bytes: Uint8Array): number {
    let count = bytes.length > 0 && bytes.at(-1) !== newline ? 1 : 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1))
        count++;
    return count;
}

/** Whole lines, in requests of at most so many bytes unless a single line is larger. */
async function* inRequests(source: AsyncIterable<Uint8Array>, bytesMax: number, lineBytesMax: number): AsyncGenerator<Uint8Array> {
    let parts: Uint8Array[] = [];
    let length = 0;

    // How many of these bytes are whole lines.
    let whole = 0;
    for await (const chunk of source) {
        for (let at = 0; at < chunk.length; at += pieceBytes) {
            const piece = chunk.subarray(at, at + pieceBytes);
            if (whole > 0 && length + piece.length > bytesMax) {
                const bytes = joined(parts);
                yield bytes.subarray(0, whole);
                parts = [bytes.subarray(whole)];
                length -= whole;
                whole = 0;
            }

            const end = piece.lastIndexOf(newline) + 1;
            if (end > 0)
                whole = length + end;
            parts.push(piece);
            length += piece.length;
            if (length - whole > lineBytesMax)
                throw new RangeError(`A line is larger than responseBytesMax, ${lineBytesMax} bytes.`);
        }
    }

    if (length > 0)
        yield joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
    }

    return bytes;
}

/** The bytes of a source. */
export async function* bytesOf(source: ImportSource): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    if (typeof source === "string") {
        yield encoder.encode(source);
    } else if (source instanceof Uint8Array) {
        yield source;
    } else if (source instanceof Blob || source instanceof ReadableStream) {
        yield* chunksOf(source instanceof Blob ? source.stream() : source);
    } else {
        for await (const piece of source)
            yield typeof piece === "string" ? encoder.encode(piece) : piece;
    }
}

// Not every browser can iterate a stream.
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = stream.getReader();
    let isDone = false;
    try {
        for (let part = await reader.read(); !part.done; part = await reader.read())
            yield part.value;
        isDone = true;
    } finally {
        if (!isDone)
            await reader.cancel().catch(() => undefined);
    }
}

/** The lines of entries. */
export async function* linesOf(entries: Iterable<TransferEntry> | AsyncIterable<TransferEntry>): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    for await (const entry of entries)
        yield encoder.encode(toLine(entry));
}
