import type { ReplicaId } from "../crdt/index.js";
import type { ReplicaStorage, StoredReplica } from "./storage.js";

const storeName = "replicas";

/** Keeps replicas in IndexedDB. */
export class IndexedDbStorage implements ReplicaStorage {
    readonly #database: Promise<IDBDatabase>;

    /** @param databaseName The database, which is made if it is not there. */
    constructor(databaseName = "kvstore") {
        const opening = indexedDB.open(databaseName, 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore(storeName, { keyPath: ["name", "id"] });
        this.#database = completed(opening);
    }

    async list(name: string): Promise<StoredReplica[]> {
        // An array is above every string.
        return await this.#run("readonly", replicas => replicas.getAll(IDBKeyRange.bound([name], [name, []])));
    }

    async save(replica: StoredReplica): Promise<void> {
        await this.#run("readwrite", replicas => replicas.put(replica));
    }

    async remove(name: string, id: ReplicaId): Promise<void> {
        await this.#run("readwrite", replicas => replicas.delete([name, id]));
    }

    async #run<T>(mode: IDBTransactionMode, action: (replicas: IDBObjectStore) => IDBRequest<T>): Promise<T> {
        const transaction = (await this.#database).transaction(storeName, mode);
        const request = action(transaction.objectStore(storeName));

        // The request succeeds before its transaction has committed, which alone means that it is stored.
        await new Promise<void>((resolve, reject) => {
            transaction.oncomplete = () => resolve();
            transaction.onabort = () => reject(transaction.error);
        });
        return request.result;
    }
}

function completed<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
