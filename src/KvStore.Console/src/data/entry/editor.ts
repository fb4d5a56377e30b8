import { KvStoreError, type EntryInfo, type KvStoreClient, type WriteOptions } from "kvstore-client";
import { batch, computed, signal } from "@preact/signals";
import type { Merged } from "../diff/merge.js";
import { sameBytes } from "../values/kinds.js";
import { bytesOf, draftOf, findError, isChanged, mergeOf, type Draft, type Version } from "./draft.js";
import { secondsLeft } from "./serverClock.js";
import { isConflict, loadedBytesMax, versionOf, type SaveResult } from "./versions.js";

/** `large`: what is known of the entry is there, but not its value. */
export type EditorState = "loading" | "large" | "ready" | "failed";

/**
 * One entry as it is viewed and edited. Every write names the revision that the user has seen, so nothing is overwritten that the user has not: if the
 * entry has changed, both versions are kept until the user has decided.
 */
export class Editor {
    readonly state = signal<EditorState>("loading");
    readonly error = signal<unknown>(undefined);

    /** What is known of an entry whose value is not loaded. */
    readonly info = signal<EntryInfo | undefined>(undefined);

    /** What the draft was made from; undefined: there is no entry. */
    readonly base = signal<Version | undefined>(undefined);

    /** What others have stored since; its version is undefined if they have deleted it. */
    readonly theirs = signal<{ readonly version: Version | undefined } | undefined>(undefined);
    readonly draft = signal<Draft | undefined>(undefined);
    readonly isSaving = signal(false);

    /** Counts the changes of others that were shown. */
    readonly updates = signal(0);
    readonly isDirty = computed(() => this.draft.value !== undefined && isChanged(this.draft.value, this.base.value));

    // The newest state that was read, and the newest change that was heard of.
    #seen = 0;
    #latest = 0;
    readonly #abort = new AbortController();

    constructor(private readonly client: KvStoreClient, readonly key: string) {}

    /** Reads the entry, and follows it from then on. */
    async open(): Promise<void> {
        await this.#load(false);
        if (this.state.peek() !== "failed")
            void this.#follow();
    }

    /** Reads a value that is large. */
    async loadValue(): Promise<void> {
        this.state.value = "loading";
        await this.#load(true);
    }

    readonly dispose = (): void => this.#abort.abort();

    /** Begins to edit what is stored, or what a draft has instead. */
    edit(draft: Draft = draftOf(this.base.peek())): void {
        this.draft.value = draft;
    }

    change(part: Partial<Draft>): void {
        this.draft.value = { ...this.draft.peek()!, ...part };
    }

    discard(): void {
        this.draft.value = undefined;
        if (this.theirs.peek() !== undefined)
            this.takeTheirs();
    }

    /** Stores the draft if the entry is still what it was made from. */
    async save(): Promise<SaveResult> {
        const [draft, base] = [this.draft.peek()!, this.base.peek()];
        const bytes = bytesOf(draft);
        if (bytes === undefined || findError(draft)?.isFatal === true)
            return "invalid";
        if (this.theirs.peek() !== undefined)
            return "conflict";
        this.isSaving.value = true;
        try {
            const expiry = draft.expiry !== "keep" ? draft.expiry : base?.expiresAt === undefined ? undefined : secondsLeft(base.expiresAt);
            const condition: WriteOptions = base === undefined ? { ifAbsent: true } : { ifRevision: base.revision, storeId: base.storeId };
            const { revision } = await this.client.put(this.key, bytes, { ...condition, contentType: draft.contentType, ttlSeconds: expiry === "none" ? undefined : expiry });
            this.#seen = Math.max(this.#seen, revision);

            const saved = { bytes, contentType: draft.contentType, revision, expiresAt: undefined, modifiedAt: new Date(), storeId: undefined };
            this.#showSaved(saved, await this.#read().catch(() => saved), draft);
            return "saved";
        } catch (error) {
            if (!isConflict(error) && !(error instanceof KvStoreError && error.outcome === "unknown"))
                throw error;
            const now = await this.#read();

            // An attempt whose answer was lost may have stored it, or another editor has stored the same.
            if (now !== undefined && now.contentType === draft.contentType && sameBytes(now.bytes, bytes)) {
                this.#showSaved(now, now, draft);
                return "saved";
            }

            if (!isConflict(error) && now?.revision === base?.revision)
                throw error;
            this.theirs.value = { version: now };
            return "conflict";
        } finally {
            this.isSaving.value = false;
            await this.#catchUp().catch(() => undefined);
        }
    }

    /** Changes when the entry expires, and nothing else. */
    async setExpiry(expiry: number | "none"): Promise<void> {
        const base = this.base.peek()!;
        await this.client.touch(this.key, expiry, { ifRevision: base.revision, storeId: base.storeId });
        this.#show(await this.#read());
    }

    /** Gives up the draft for what others have stored. */
    takeTheirs(): void {
        this.#show(this.theirs.peek()!.version);
    }

    /** Keeps the draft, now as a change of what others have stored. They are overwritten when it is saved, unless they have written again. */
    keepMine(): void {
        batch(() => {
            this.base.value = this.theirs.peek()!.version;
            this.theirs.value = undefined;
        });
    }

    /** Makes a draft of both versions, by lines. Returns in how many places they contradict each other; undefined if they are not text. */
    mergeBoth(): number | undefined {
        const merged = this.merge();
        if (merged === undefined)
            return undefined;
        this.keepMine();
        this.change({ mode: "text", text: merged.text });
        return merged.conflicts;
    }

    /** What a merge would be; undefined if a version is not text. */
    merge(): Merged | undefined {
        return mergeOf(this.base.peek(), this.draft.peek(), this.theirs.peek()?.version);
    }

    async #load(isWanted: boolean): Promise<void> {
        try {
            const signal = this.#abort.signal;

            // A listing, because it says of which state it is, which a watch can follow.
            const page = isWanted ? undefined : await this.client.page({ prefix: this.key, pageSize: 1, signal });
            const info = page?.items[0];
            if (info?.key === this.key && info.size > loadedBytesMax) {
                this.#seen = Math.max(this.#seen, page!.revision);
                batch(() => {
                    this.info.value = info;
                    this.state.value = "large";
                });
                return;
            }

            this.#show(await this.#read());
        } catch (error) {
            if (this.#abort.signal.aborted)
                return;
            batch(() => {
                this.error.value = error;
                this.state.value = "failed";
            });
        }
    }

    async #read(): Promise<Version | undefined> {
        const { entry, revision } = await this.client.read(this.key, { signal: this.#abort.signal });
        this.#seen = Math.max(this.#seen, revision);
        return entry && versionOf(entry);
    }

    /** What is stored, without a draft. */
    #show(version: Version | undefined): void {
        batch(() => {
            this.base.value = version;
            this.theirs.value = undefined;
            this.draft.value = undefined;
            this.info.value = undefined;
            this.state.value = "ready";
        });
    }

    /** What is stored after a save. What was typed while it was under way is a change of what was saved, even if others have written again since. */
    #showSaved(saved: Version, now: Version | undefined, draft: Draft): void {
        const typed = this.draft.peek();
        const isLatest = now?.revision === saved.revision;
        this.#show(typed === draft || isLatest ? now : saved);
        if (typed === draft || typed === undefined)
            return;
        this.draft.value = { ...typed, expiry: typed.expiry === draft.expiry ? "keep" : typed.expiry };
        this.theirs.value = isLatest ? undefined : { version: now };
    }

    async #follow(): Promise<void> {
        const { signal } = this.#abort;
        while (!signal.aborted) {
            try {
                for await (const event of this.client.watch({ key: this.key, after: this.#seen, values: false, persistent: true, signal })) {
                    if ("revision" in event)
                        await this.#notice(event.revision);
                }
            } catch (error) {
                if (signal.aborted || !(error instanceof KvStoreError) || error.status !== 410)
                    return;

                // The store began anew, or too much was written meanwhile: what is stored may be anything.
                this.#seen = 0;
                await this.#notice(Infinity).catch(() => undefined);
            }
        }
    }

    async #notice(revision: number): Promise<void> {
        this.#latest = Math.max(this.#latest, revision);

        // The event of a write of this editor may come before its answer.
        if (!this.isSaving.peek())
            await this.#catchUp();
    }

    async #catchUp(): Promise<void> {
        if (this.#latest <= this.#seen)
            return;
        const isLarge = this.state.peek() === "large";
        const now = isLarge ? undefined : await this.#read();
        if (isLarge)
            await this.#load(false);
        this.#latest = Math.min(this.#latest, this.#seen);
        const base = this.base.peek();
        if (isLarge || (now?.revision === base?.revision && now?.storeId === base?.storeId && this.theirs.peek() === undefined))
            return;
        if (this.isDirty.peek()) {
            this.theirs.value = { version: now };
        } else {
            const isEdited = this.draft.peek() !== undefined;
            this.#show(now);
            if (isEdited)
                this.edit();
        }

        this.updates.value++;
    }
}
