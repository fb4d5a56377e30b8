/** Where an export goes. */
export interface Target {
    write(bytes: Uint8Array): Promise<void>;

    /** The file is whole. */
    finish(): Promise<void>;

    /** What has arrived is to be discarded. */
    discard(): Promise<void>;
}

interface SavePicker {
    showSaveFilePicker(options: { suggestedName: string; types: readonly { description: string; accept: Record<string, readonly string[]> }[] }): Promise<FileSystemFileHandle>;
}

/** Without a way to write a file as it arrives, a browser has to have all of it first. */
export const heldBytesMax = 512 * 1024 * 1024;

/** Whether the browser writes files as they arrive, so that there is no bound. */
export const canStream = (): boolean => "showSaveFilePicker" in globalThis && isSecureContext;

/** Asks where to save a file. Undefined if the user does not want to. */
export async function chooseTarget(name: string): Promise<Target | undefined> {
    if (!canStream())
        return new HeldTarget(name);
    try {
        const options = { suggestedName: name, types: [{ description: "Lines of JSON", accept: { "application/x-ndjson": [".ndjson"] } }] };
        const stream = await (await (globalThis as unknown as SavePicker).showSaveFilePicker(options)).createWritable();
        return { write: bytes => stream.write(bytes as Uint8Array<ArrayBuffer>), finish: () => stream.close(), discard: () => stream.abort() };
    } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError")
            return undefined;
        throw error;
    }
}

/** Holds a file until it is whole, in parts that a browser may keep on its disk, and has it downloaded then. */
class HeldTarget implements Target {
    #blob = new Blob();
    #parts: Uint8Array<ArrayBuffer>[] = [];
    #bytes = 0;

    constructor(private readonly name: string) {}

    async write(bytes: Uint8Array): Promise<void> {
        this.#bytes += bytes.length;
        if (this.#blob.size + this.#bytes > heldBytesMax)
            throw new Error(`The export is larger than ${heldBytesMax / 1024 / 1024} MiB, which is what this browser can hold. Export a longer prefix, or use GET /v1/export with curl.`);
        this.#parts.push(bytes as Uint8Array<ArrayBuffer>);
        if (this.#bytes > partBytes)
            this.#gather();
    }

    async finish(): Promise<void> {
        this.#gather();
        download(this.#blob, this.name);
    }

    async discard(): Promise<void> {
        this.#blob = new Blob();
        this.#parts = [];
    }

    #gather(): void {
        this.#blob = new Blob([this.#blob, ...this.#parts], { type: "application/x-ndjson" });
        this.#parts = [];
        this.#bytes = 0;
    }
}

const partBytes = 8 * 1024 * 1024;

/** Has the browser save bytes as a file. */
export function download(blob: Blob, name: string): void {
    const url = URL.createObjectURL(blob);
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();

    // The download has begun when the click is over, but not every browser has its reference to the bytes then.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A name for a file from a key or a prefix. */
export const fileName = (key: string, suffix: string): string => `${key.replace(/[^\w.-]+/g, "-").replace(/^-+|-+$/g, "") || "store"}${suffix}`;
