import { KvStoreError, type EntryInfo, type KvStoreClient } from "kvstore-client";
import { signal } from "@preact/signals";
import { versionOf } from "../entry/versions.js";
import type { Version } from "../entry/draft.js";

/** What happened to a key at a revision. */
export interface Revision {
    readonly revision: number;
    readonly kind: "created" | "changed" | "deleted" | "expired" | "present";

    /** Undefined after a deletion. */
    readonly info: EntryInfo | undefined;
}

// The newest ones are kept of a key that changes all the time.
const revisionsMax = 1000;

// While others write so fast that the history has moved on before it is read, not more often than this.
const restartMs = 500;

/**
 * What the store still knows of the past of a key, the newest first, and what happens to it from then on. The list is without values: those that are
 * looked at are read as of their revision.
 */
export class KeyHistory {
    readonly revisions = signal<readonly Revision[]>([]);

    /** The revision after which everything is known; undefined until that is known, 0 from the beginning of the store. */
    readonly knownSince = signal<number | undefined>(undefined);
    readonly isComplete = signal(false);
    readonly isCut = signal(false);
    readonly error = signal<unknown>(undefined);
    readonly #abort = new AbortController();

    constructor(private readonly client: KvStoreClient, readonly key: string) {}

    dispose(): void {
        this.#abort.abort();
    }

    async run(): Promise<void> {
        const { signal } = this.#abort;
        while (!signal.aborted) {
            try {
                await this.#follow();
            } catch (error) {
                if (signal.aborted)
                    return;

                // The service was away for so long, or began anew: what is known begins anew as well.
                if (error instanceof KvStoreError && error.status === 410) {
                    this.knownSince.value = undefined;
                    await new Promise(resolve => setTimeout(resolve, restartMs));
                    continue;
                }

                this.error.value = error;
                return;
            }
        }
    }

    /** The value at a revision; undefined if there was none, or the history does not have it any more. */
    async read({ revision, info }: Revision): Promise<Version | undefined> {
        if (info === undefined)
            return undefined;
        const asOf = Math.max(revision, this.knownSince.peek() ?? 0);
        const entry = await this.client.get(this.key, { revision: asOf, signal: this.#abort.signal });
        return entry && versionOf(entry);
    }

    async #follow(): Promise<void> {
        const { signal } = this.#abort;
        const { items, revision } = await this.client.page({ prefix: this.key, pageSize: 1, signal });
        const present = items.find(item => item.key === this.key);
        const since = await this.#oldest(present, revision);
        this.revisions.value = [];
        this.isComplete.value = this.isCut.value = false;
        this.knownSince.value = since;

        // An entry that was last written before what the history has is where the list begins.
        if (present !== undefined && present.revision <= since)
            this.#add({ revision: present.revision, kind: "present", info: present });
        this.isComplete.value = since >= revision;
        for await (const event of this.client.watch({ key: this.key, after: since, values: false, bookmarks: true, persistent: true, signal })) {
            if (event.type === "put")
                this.#add({ revision: event.revision, kind: event.info.version === 1 ? "created" : "changed", info: event.info });
            else if (event.type === "delete" || event.type === "expire")
                this.#add({ revision: event.revision, kind: event.type === "delete" ? "deleted" : "expired", info: undefined });
            const isLast = "revision" in event && event.revision >= (present?.revision ?? revision);
            this.isComplete.value ||= isLast;
        }
    }

    /**
     * The revision from which a watch can start. The service says which when it is asked for an older one. If the key of access is limited to prefixes it
     * does not, as that tells of other keys, so a few that matter are tried.
     */
    async #oldest(present: EntryInfo | undefined, revision: number): Promise<number> {
        for (const candidate of [0, (present?.createdRevision ?? revision) - 1, (present?.revision ?? revision) - 1]) {
            const refusal = await this.#tryFrom(Math.max(0, candidate));
            if (refusal === undefined)
                return Math.max(0, candidate);
            if (refusal.oldestRevision !== undefined)
                return refusal.oldestRevision;
        }

        return revision;
    }

    /** Watches from a revision, for as long as it takes to see whether that is possible. Returns why it is not. */
    async #tryFrom(after: number): Promise<KvStoreError | undefined> {
        const probe = new AbortController();
        try {
            const signal = AbortSignal.any([probe.signal, this.#abort.signal]);
            await this.client.watch({ key: this.key, after, values: false, signal, onConnection: () => probe.abort() }).next();
        } catch (error) {
            this.#abort.signal.throwIfAborted();
            if (error instanceof KvStoreError && error.status === 410)
                return error;
            if (!probe.signal.aborted)
                throw error;
        }

        return undefined;
    }

    #add(revision: Revision): void {
        const all = [revision, ...this.revisions.peek()];
        this.isCut.value ||= all.length > revisionsMax;
        this.revisions.value = all.slice(0, revisionsMax);
    }
}
