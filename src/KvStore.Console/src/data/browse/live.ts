import { KvStoreError, type EntryInfo, type KvStoreClient } from "kvstore-client";
import { signal, type ReadonlySignal } from "@preact/signals";

/** What a watch tells those who show keys. */
export interface LiveSink {
    /** What happened since the last call, the latest of each key. */
    changed(changes: readonly LiveChange[]): void;

    /** Changes were missed: everything has to be read again. Gives the revision to watch after. */
    missed(): Promise<number>;

    /** The watch cannot be continued, as when its key of access was removed. */
    failed(error: unknown): void;
}

export interface LiveChange {
    readonly key: string;

    /** Undefined: it was deleted, or has expired. */
    readonly entry: EntryInfo | undefined;
    readonly revision: number;
}

/** `live`; `away` while the service cannot be reached; `ended` if the key may not watch. */
export type LiveState = "live" | "away" | "ended";

// Ten times a second is as fast as people can follow, and a page that draws more often than that draws in vain.
const flushMs = 100;

// After so many changes that no one sees, a narrower watch is worth its connection.
const unseenMax = 500;

/** Watches the keys that are on the screen. What happens at a high rate is handed on in groups. */
export class Live {
    readonly state: ReadonlySignal<LiveState>;
    readonly #state = signal<LiveState>("away");
    #prefix: string | undefined;

    // Undefined: everything is to be read first.
    #position: number | undefined;
    #abort = new AbortController();
    #pending = new Map<string, LiveChange>();
    #timer: ReturnType<typeof setTimeout> | undefined;
    #unseen = 0;
    #shown = "";

    constructor(private readonly client: KvStoreClient, private readonly sink: LiveSink) {
        this.state = this.#state;
    }

    /** What is watched at present. */
    get prefix(): string | undefined {
        return this.#prefix;
    }

    /** Watches the keys below a prefix, of which those below a longer one are on the screen. */
    start(prefix: string, revision: number | undefined): void {
        this.stop();
        this.#prefix = prefix;
        this.#position = revision;
        this.#unseen = 0;
        this.#abort = new AbortController();
        void this.#run(prefix, this.#abort.signal);
    }

    /** Says what is on the screen. The watch becomes narrower if most of what it sees is elsewhere, and wider if it has to. */
    show(prefix: string): void {
        this.#shown = prefix;
        if (this.#prefix !== undefined && (!prefix.startsWith(this.#prefix) || (this.#unseen >= unseenMax && prefix !== this.#prefix)))
            this.start(prefix, undefined);
    }

    stop(): void {
        this.#abort.abort();
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.#prefix = undefined;
        this.#pending.clear();
    }

    async #run(prefix: string, signal: AbortSignal): Promise<void> {
        while (!signal.aborted) {
            try {
                const onConnection = (isConnected: boolean): void => {
                    if (!signal.aborted)
                        this.#state.value = isConnected ? "live" : "away";
                };
                this.#position ??= await this.sink.missed();
                const events = this.client.watch({ prefix, after: this.#position, values: false, persistent: true, onConnection, signal });
                for await (const event of events) {
                    if (event.type === "put" || event.type === "delete" || event.type === "expire")
                        this.#add({ key: event.key, entry: event.type === "put" ? event.info : undefined, revision: event.revision });
                }
            } catch (error) {
                if (signal.aborted)
                    return;

                // The position has left the history, or the store is another one: what is on the screen may be anything.
                if (error instanceof KvStoreError && error.status === 410) {
                    this.#position = undefined;
                    continue;
                }

                this.#state.value = "ended";
                this.#prefix = undefined;
                this.sink.failed(error);
                return;
            }
        }
    }

    #add(change: LiveChange): void {
        if (!change.key.startsWith(this.#shown))
            this.#unseen++;
        this.#pending.set(change.key, change);
        this.#timer ??= setTimeout(() => this.#flush(), flushMs);
    }

    #flush(): void {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        const changes = [...this.#pending.values()];
        this.#pending.clear();
        if (changes.length > 0)
            this.sink.changed(changes);
    }
}
