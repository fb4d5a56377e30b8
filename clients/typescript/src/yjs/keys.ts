/** The keys below which one document is stored, and what a key of them is. */
export class DocumentKeys {
    readonly prefix: string;
    readonly updates: string;
    readonly #parts: string;
    readonly #presence: string;

    constructor(readonly name: string) {
        if (!name || name.endsWith("/"))
            throw new TypeError("The name of a document is not empty and does not end with a slash.");
        this.prefix = `${name}/`;
        this.updates = `${name}/u/`;
        this.#parts = `${name}/s/`;
        this.#presence = `${name}/a/`;
    }

    /** Parts of the snapshot are numbered from 0. */
    part(number: number): string {
        return this.#parts + String(number).padStart(4, "0");
    }

    presence(client: number): string {
        return this.#presence + client;
    }

    isUpdate(key: string): boolean {
        return key.startsWith(this.updates) && !key.includes("/", this.updates.length);
    }

    partNumber(key: string): number | undefined {
        return key.startsWith(this.#parts) ? toNumber(key.slice(this.#parts.length)) : undefined;
    }

    /** Whether a key holds content: an update or a part of the snapshot. */
    isContent(key: string): boolean {
        return this.isUpdate(key) || this.partNumber(key) !== undefined;
    }

    client(key: string): number | undefined {
        return key.startsWith(this.#presence) ? toNumber(key.slice(this.#presence.length)) : undefined;
    }
}

const toNumber = (digits: string) => /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
