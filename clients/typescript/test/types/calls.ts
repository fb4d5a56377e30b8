// What the compiler has to accept, and what it has to reject. It is compiled, and not executed.
import { KvImportError, KvStoreClient, KvStoreError, type documents, type EntryInfo, type KvEntry, type Operation, type ProblemName, type WatchEvent } from "kvstore-client";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const same = <A, B>(_: Same<A, B>): void => undefined;

export async function transactions(store: KvStoreClient, operations: readonly Operation[]): Promise<void> {
    const { results: [put, got, moved, gone] } = await store.transact({
        guards: [{ key: "a", revision: 1 }, { key: "b", exists: false }],
        operations: [{ put: { key: "a", json: { n: 1 }, ttlSeconds: 5 } }, { get: { key: "a" } }, { move: { from: "a", to: "b" } }, { delete: { key: "c" } }],
    });
    same<typeof put.created, boolean>(true);
    same<typeof got, KvEntry | undefined>(true);
    same<typeof moved.to, string>(true);
    same<typeof gone.deleted, boolean>(true);
    const { results } = await store.transact({ operations });
    results.at(0);

    // @ts-expect-error A deletion creates nothing.
    gone.created;
    // @ts-expect-error There is no such operation.
    await store.transact({ operations: [{ increment: { key: "a" } }] });
    // @ts-expect-error A value is missing.
    await store.transact({ operations: [{ put: { key: "a" } }] });
    // @ts-expect-error A guard says something.
    await store.transact({ guards: [{ key: "a" }], operations: [] });
}

export async function listings(store: KvStoreClient): Promise<void> {
    for await (const entry of store.list({ values: true }))
        same<typeof entry, KvEntry>(true);
    for await (const entry of store.list({ prefix: "a" }))
        same<typeof entry, EntryInfo>(true);
    for await (const { items, prefixes, cursor } of store.pages({ delimiter: "/" })) {
        same<typeof items, readonly EntryInfo[]>(true);
        same<typeof prefixes, readonly string[]>(true);
        same<typeof cursor, string | undefined>(true);
    }

    // @ts-expect-error A listing without values has none.
    for await (const { bytes } of store.list())
        void bytes;
}

export async function watches(store: KvStoreClient): Promise<void> {
    for await (const event of store.watch({ prefix: "a", initial: true }) satisfies AsyncIterable<WatchEvent>) {
        switch (event.type) {
            case "entry":
            case "put":
                same<typeof event.entry, KvEntry | undefined>(true);
                break;
            case "delete":
            case "expire":
                same<typeof event.key, string>(true);
                break;
            case "synced":
            case "bookmark":
                same<typeof event.position, string | undefined>(true);
                break;
            default:
                same<typeof event.type, "reset">(true);
        }
    }

    // @ts-expect-error What is watched is missing.
    store.watch({ initial: true });
}

export async function errors(store: KvStoreClient): Promise<void> {
    try {
        await store.update("a", entry => ({ json: (entry?.json<number>() ?? 0) + 1 }));
    } catch (error) {
        if (error instanceof KvImportError)
            same<typeof error.report.lines, number>(true);
        if (error instanceof KvStoreError && error.is("precondition-failed"))
            same<typeof error.currentRevision, number | undefined>(true);

        // @ts-expect-error There is no such problem.
        if (error instanceof KvStoreError && error.is("precondition-faild"))
            throw error;
    }

    const name: ProblemName = "queue-full";
    void name;
}

export async function documentsOf(store: KvStoreClient): Promise<void> {
    const status = await store.management.status();
    same<typeof status, documents.StatusAnswer>(true);
    same<typeof status.memory.accounts.entries.bytes, number>(true);
    same<typeof status.log, documents.LogStatus | undefined>(true);
    const found = await store.poll("a");
    if (found.state === "present")
        same<typeof found.entry, KvEntry>(true);

    // @ts-expect-error Only one that is present has an entry.
    found.entry;
}
