import type { CrdtType, ReplicaId } from "../crdt/index.js";
import type { Mark } from "../crdt/replicas/replica.js";

/** A replica as it is stored. Immutable. */
export interface StoredReplica {
    /** The service and the key that it is a replica of. */
    readonly name: string;
    readonly id: ReplicaId;
    readonly type: CrdtType;
    readonly state: Uint8Array;

    /** Whether it was begun without the service, so that its lineage is one of its own. */
    readonly isProvisional: boolean;

    /** Whether it has changes that the service is not known to have. */
    readonly hasUnsent: boolean;

    /** What the service is known to have of what this replica did. */
    readonly acknowledged: Mark;

    /** What was sent, and may have arrived. */
    readonly sent: readonly Mark[];

    /** The replica whose place this one took; it may still be stored if the program ended in between. */
    readonly replaces: ReplicaId | undefined;
}

/** Where replicas are kept while no page is open. An application may have its own. */
export interface ReplicaStorage {
    /** Every replica of a name. */
    list(name: string): Promise<StoredReplica[]>;

    /** Stores a replica in place of the one with its name and id. Completes when it is stored. */
    save(replica: StoredReplica): Promise<void>;

    remove(name: string, id: ReplicaId): Promise<void>;
}

/** Keeps replicas for as long as the program runs. */
export class MemoryStorage implements ReplicaStorage {
    readonly #replicas = new Map<string, StoredReplica>();

    async list(name: string): Promise<StoredReplica[]> {
        return [...this.#replicas.values()].filter(replica => replica.name === name);
    }

    async save(replica: StoredReplica): Promise<void> {
        this.#replicas.set(`${replica.name} ${replica.id}`, replica);
    }

    async remove(name: string, id: ReplicaId): Promise<void> {
        this.#replicas.delete(`${name} ${id}`);
    }
}
