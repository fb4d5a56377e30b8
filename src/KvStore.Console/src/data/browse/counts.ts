import { signal, type ReadonlySignal } from "@preact/signals";

// Enough for a few screens; a count is asked for again when its row is shown.
const countsMax = 2000;

// The service counts in the same time whatever the number, so a screen of counts takes a few round trips on the connections that a browser keeps.
const requestsMax = 4;

interface Known {
    count: number | undefined;

    /** Which change of the keys it is from: an answer to a question from before the last change does not count. */
    asked: number;
    changes: number;
}

/** The numbers of keys below prefixes: those on the screen are asked for, and again when something below them changes. */
export class Counts {
    /** Counts the answers. */
    readonly changes: ReadonlySignal<number>;
    readonly #changes = signal(0);
    readonly #known = new Map<string, Known>();
    #wanted: string[] = [];
    #requests = 0;

    /** @param found Called with each answer. */
    constructor(private readonly ask: (prefix: string) => Promise<number>, private readonly found: (prefix: string, count: number) => void) {
        this.changes = this.#changes;
    }

    get(prefix: string): number | undefined {
        return this.#known.get(prefix)?.count;
    }

    /** Asks for the counts that are on the screen, and not for those that were there before. */
    show(prefixes: readonly string[]): void {
        this.#wanted = prefixes.filter(prefix => {
            const known = this.#known.get(prefix);
            return known === undefined || known.asked < known.changes;
        });
        this.#next();
    }

    /** Something below a prefix has changed. */
    changed(prefix: string): void {
        const known = this.#known.get(prefix);
        if (known !== undefined)
            known.changes++;
    }

    /** Anything may have changed. */
    allChanged(): void {
        for (const known of this.#known.values())
            known.changes++;
    }

    #next(): void {
        while (this.#requests < requestsMax && this.#wanted.length > 0)
            void this.#request(this.#wanted.shift()!);
    }

    async #request(prefix: string): Promise<void> {
        const known = this.#known.get(prefix) ?? { count: undefined, asked: -1, changes: 0 };
        const { changes } = known;
        known.asked = changes;
        this.#known.delete(prefix);
        this.#known.set(prefix, known);
        if (this.#known.size > countsMax)
            this.#known.delete(this.#known.keys().next().value!);
        this.#requests++;
        try {
            const count = await this.ask(prefix);
            known.count = count;
            if (changes === known.changes)
                this.found(prefix, count);
        } catch {
            // The row stays as it was; the listing itself says what is wrong. It is asked for again when the screen changes.
            known.asked = -1;
        }

        this.#requests--;
        this.#changes.value++;
        this.#next();
    }
}
