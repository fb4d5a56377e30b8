import { signal } from "@preact/signals";
import type { ImportReport, KvStoreClient } from "kvstore-client";
import type { Target } from "./files.js";

/** How far an export or an import is. */
export interface Progress {
    readonly bytes: number;
    readonly entries: number;

    /** The part that is done, from 0 to 1; undefined if it is not known. */
    readonly part: number | undefined;
}

/** Gives the lines of entries to a target as they arrive. What arrives is whole, or this throws. */
export async function exportTo(client: KvStoreClient, target: Target, prefix: string, onProgress: (progress: Progress) => void, abort: AbortSignal): Promise<Progress> {
    const total = await client.count({ prefix, signal: abort });
    const reader = (await client.export({ prefix, signal: abort })).getReader();
    let [bytes, entries] = [0, 0];
    try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
            for (let at = part.value.indexOf(newline); at >= 0; at = part.value.indexOf(newline, at + 1))
                entries++;
            bytes += part.value.length;
            await target.write(part.value);
            onProgress({ bytes, entries, part: total === 0 ? undefined : Math.min(1, entries / total) });
        }

        await target.finish();
        return { bytes, entries, part: 1 };
    } catch (error) {
        await reader.cancel().catch(() => undefined);
        await target.discard().catch(() => undefined);
        throw error;
    }
}

/** Stores the lines of a file. */
export async function importFile(client: KvStoreClient, file: Blob, onProgress: (progress: Progress, report: ImportReport) => void, abort: AbortSignal): Promise<ImportReport> {
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
        const reader = file.stream().getReader();
        try {
            for (let part = await reader.read(); !part.done; part = await reader.read()) {
                bytes += part.value.length;
                yield part.value;
            }
        } finally {
            await reader.cancel().catch(() => undefined);
        }
    }
    return await client.import(counted(), { signal: abort, onProgress: report => onProgress({ bytes, entries: report.imported, part: file.size === 0 ? 1 : bytes / file.size }, report) });
}

const newline = 10;

/** A transfer that is under way, if any; a page that is left for another one finds it again. */
export const running = signal<{ readonly what: "export" | "import"; readonly name: string; readonly progress: Progress; readonly abort: AbortController } | undefined>(undefined);

/** How the last one ended. */
export const lastReport = signal<{ readonly text: string; readonly report?: ImportReport; readonly isError: boolean } | undefined>(undefined);
