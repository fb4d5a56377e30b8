import type { ReplicaId } from "../crdt/index.js";
import type { ReplicaLocks } from "../storage/locks.js";
import type { ReplicaStorage, StoredReplica } from "../storage/storage.js";

/**
 * The stored replicas of one value. Two pages of a browser must not use the same one, because they would give different changes the same name: a page that
 * uses one holds the lock of its id.
 */
export class ReplicaSlots {
    constructor(readonly name: string, readonly storage: ReplicaStorage, readonly locks: ReplicaLocks) {
    }

    /**
     * Takes a stored replica that nothing else uses, one with changes that were not sent if there is one.
     * @param use Makes something of it, which then has to release it; undefined for another one to be taken.
     */
    async take<R>(use: (stored: StoredReplica, release: () => void) => R | undefined): Promise<R | undefined> {
        const all = await this.storage.list(this.name);
        const replaced = new Set(all.map(stored => stored.replaces));
        for (const { id, replaces } of all.filter(stored => !replaced.has(stored.id)).sort((left, right) => Number(right.hasUnsent) - Number(left.hasUnsent))) {
            const release = await this.lock(id);
            if (release === undefined)
                continue;

            // It may have been used, and removed, between the listing and the lock.
            const stored = (await this.storage.list(this.name)).find(other => other.id === id);
            const used = stored && use(stored, release);
            if (used !== undefined) {
                if (replaces !== undefined)
                    await this.storage.remove(this.name, replaces);
                return used;
            }

            release();
        }

        return undefined;
    }

    async lock(id: ReplicaId): Promise<(() => void) | undefined> {
        return await this.locks.tryTake(`kvstore-replica ${this.name} ${id}`);
    }
}
