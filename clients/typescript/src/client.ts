import { getMany, streamMany, type BatchOptions, type BatchPart, type BatchResult } from "./calls/batches.js";
import type { EntryInfo, KvEntry, ReadResult } from "./calls/entry.js";
import { exportBytes, exportEntries, type ExportOptions, type TransferEntry } from "./calls/exports.js";
import { bytesOf, importFrom, linesOf, type ImportOptions, type ImportReport, type ImportSource } from "./calls/imports.js";
import { count, list, page, pages, type ListOptions, type Page, type PageOptions } from "./calls/lists.js";
import { ManagementCalls } from "./calls/management.js";
import { MergeableValues } from "./calls/mergeable.js";
import type { EntryReadOptions, PollOptions, ReadOptions, UnconditionalWriteOptions, WriteOptions } from "./calls/options.js";
import { OriginCalls } from "./calls/origins.js";
import { PersonCalls } from "./calls/persons.js";
import { head, poll, read, type PollResult } from "./calls/reads.js";
import { transact, type Operation, type Transaction, type TransactionResult } from "./calls/transactions.js";
import { watch, type WatchEvent, type WatchOptions } from "./calls/watches.js";
import {
    append, increment, jsonOf, patch, put, remove, removePrefix, touch, update, type AppendOptions, type DeleteOptions, type KvValue, type PutOptions, type PutResult, type UpdateOptions, type WriteResult,
} from "./calls/writes.js";
import { Sender, type KvStoreOptions } from "./http/sender.js";

/**
 * A client of one service. Create one and share it. A call that fails throws a {@link KvStoreError}. Attempts without an answer are repeated: every write
 * carries an `Idempotency-Key`, so the service applies it once.
 */
export class KvStoreClient {
    /** @internal */
    readonly sender: Sender;

    /** Where entries come from, if they come from elsewhere. */
    readonly origins: OriginCalls;

    /** Health, status, replicas, regions, metrics. */
    readonly management: ManagementCalls;

    /** Counters, sets and text that merge. */
    readonly mergeable: MergeableValues;

    /** The requests of `/person`. */
    readonly persons: PersonCalls;

    /** @param address Where the service is, such as `https://store.example.com`, with its path if it has one. */
    constructor(address: string | URL, options: KvStoreOptions = {}) {
        this.sender = new Sender(address, options);
        this.origins = new OriginCalls(this.sender);
        this.management = new ManagementCalls(this.sender);
        this.mergeable = new MergeableValues(this.sender);
        this.persons = new PersonCalls(this.sender);
    }

    /** Where the service is. */
    get address(): string {
        return this.sender.address;
    }

    /** Reads an entry; undefined if there is none. */
    async get(key: string, options: EntryReadOptions = {}): Promise<KvEntry | undefined> {
        return (await read(this.sender, key, options)).entry;
    }

    /** Reads an entry and what else the service says of it: the revision of the state, how an origin answered, a token to load it. */
    async read(key: string, options: EntryReadOptions = {}): Promise<ReadResult> {
        return await read(this.sender, key, options);
    }

    /** Reads an entry without its value; undefined if there is none. */
    async head(key: string, options: EntryReadOptions = {}): Promise<EntryInfo | undefined> {
        return await head(this.sender, key, options);
    }

    /** Whether there is an entry. */
    async exists(key: string, options: EntryReadOptions = {}): Promise<boolean> {
        return await head(this.sender, key, options) !== undefined;
    }

    /** Waits until an entry has changed, with one long poll. For more than one change, {@link watch} it. */
    async poll(key: string, options: PollOptions = {}): Promise<PollResult> {
        return await poll(this.sender, key, options);
    }

    /** Reads up to 1000 entries of one state. With a wait, those of origins are loaded first. */
    async getMany(keys: readonly string[], options: BatchOptions = {}): Promise<BatchResult> {
        return await getMany(this.sender, keys, options);
    }

    /** Reads up to 1000 entries and yields each as soon as it is there, which matters for those that origins load. */
    streamMany(keys: readonly string[], options: BatchOptions = {}): AsyncGenerator<BatchPart> {
        return streamMany(this.sender, keys, options);
    }

    /** Yields the entries below a prefix, in the order of the bytes of their keys, all of one state. Pages are fetched as they are needed. */
    list(options: ListOptions & { readonly values: true }): AsyncGenerator<KvEntry>;
    list(options?: ListOptions): AsyncGenerator<EntryInfo>;
    list(options: ListOptions = {}): AsyncGenerator<EntryInfo> {
        return list(this.sender, options);
    }

    /** The same page by page, with keys grouped by a delimiter if there is one. */
    pages(options: PageOptions & { readonly values: true }): AsyncGenerator<Page<KvEntry>>;
    pages(options?: PageOptions): AsyncGenerator<Page>;
    pages(options: PageOptions = {}): AsyncGenerator<Page> {
        return pages(this.sender, options);
    }

    /** One page. */
    page(options: PageOptions & { readonly values: true }): Promise<Page<KvEntry>>;
    page(options?: PageOptions): Promise<Page>;
    async page(options: PageOptions = {}): Promise<Page> {
        return await page(this.sender, options);
    }

    /** The number of entries, which takes the same time for any number. */
    async count(options: Pick<ListOptions, "prefix" | "after" | keyof ReadOptions> = {}): Promise<number> {
        return await count(this.sender, options);
    }

    /** Stores a value. Text is stored as `text/plain`, bytes as `application/octet-stream`, unless another media type is given. */
    async put(key: string, value: string | Uint8Array, options: PutOptions = {}): Promise<PutResult> {
        return await put(this.sender, key, value, options);
    }

    /** Stores a value as JSON. */
    async putJson(key: string, value: unknown, options: WriteOptions = {}): Promise<PutResult> {
        return await put(this.sender, key, jsonOf(value), { ...options, contentType: "application/json" });
    }

    /**
     * Replaces a value by what `change` makes of it; undefined leaves it as it is. If others write the entry at the same time, it is read and changed
     * again. Returns undefined if it was left.
     */
    async update(key: string, change: (entry: KvEntry | undefined) => KvValue | undefined | Promise<KvValue | undefined>, options: UpdateOptions = {}): Promise<PutResult | undefined> {
        return await update(this.sender, key, change, options);
    }

    /** Changes members of a JSON value (RFC 7396): null removes a member, objects are merged. Returns the revision; undefined if there is no entry. */
    async patch(key: string, change: unknown, options: WriteOptions = {}): Promise<number | undefined> {
        return await patch(this.sender, key, change, options);
    }

    /** Sets when an entry expires, and nothing else. Returns the revision; undefined if there is no entry. */
    async touch(key: string, ttlSeconds: number | "none", options: Omit<WriteOptions, "ttlSeconds"> = {}): Promise<number | undefined> {
        return await touch(this.sender, key, { ...options, ttlSeconds });
    }

    /** Deletes an entry. Returns the revision of the deletion; undefined if there was no entry. */
    async delete(key: string, options: DeleteOptions = {}): Promise<number | undefined> {
        return await remove(this.sender, key, options);
    }

    /** Deletes every entry below a prefix at one revision. */
    async deletePrefix(prefix: string, options: UnconditionalWriteOptions = {}): Promise<{ readonly revision: number; readonly deleted: number }> {
        return await removePrefix(this.sender, prefix, options);
    }

    /** Stores a value under a new key below a prefix that ends with a slash. Keys sort by when they were made. */
    async append(prefix: string, value: string | Uint8Array, options: AppendOptions = {}): Promise<WriteResult & { readonly key: string }> {
        return await append(this.sender, prefix, value, options);
    }

    /** Adds to a number, which begins with 0, and returns the new one. The service does it, so callers at once never conflict. */
    async increment(key: string, by: bigint | number = 1, options: WriteOptions = {}): Promise<bigint> {
        return await increment(this.sender, key, by, options);
    }

    /** Applies operations at one revision if every guard passes, or nothing. If one does not: a `precondition-failed`, whose `failedGuards` has all of them. */
    async transact<const O extends readonly Operation[]>(transaction: Transaction<O>, options: UnconditionalWriteOptions = {}): Promise<TransactionResult<O>> {
        return await transact(this.sender, transaction, options);
    }

    /** Yields what happens to a key or below a prefix, every change once and in order, until it is ended. Once it has begun, it reconnects and resumes on its own. */
    watch(options: WatchOptions): AsyncGenerator<WatchEvent> {
        return watch(this.sender, options);
    }

    /** Every entry of one state as lines of JSON, byte for byte. The stream fails if it does not arrive whole: discard what has arrived then. */
    async export(options: ExportOptions = {}): Promise<ReadableStream<Uint8Array>> {
        return await exportBytes(this.sender, options);
    }

    /** The same as entries. JSON is parsed, so its bytes and large numbers may differ from those that are stored. */
    exportEntries(options: ExportOptions = {}): AsyncGenerator<TransferEntry> {
        return exportEntries(this.sender, options);
    }

    /** Stores the lines of an export, in several requests. Throws a {@link KvImportError} if it ends early; to import everything again is safe. */
    async import(source: ImportSource, options: ImportOptions = {}): Promise<ImportReport> {
        return await importFrom(this.sender, bytesOf(source), options);
    }

    /** The same with entries. */
    async importEntries(entries: Iterable<TransferEntry> | AsyncIterable<TransferEntry>, options: ImportOptions = {}): Promise<ImportReport> {
        return await importFrom(this.sender, linesOf(entries), options);
    }
}
