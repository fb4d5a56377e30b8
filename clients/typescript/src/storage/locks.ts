/** Locks that pages, or programs, which share a storage have in common. */
export interface ReplicaLocks {
    /** Takes a lock, and returns what releases it; undefined if it is taken. It is released as well when the page or the program ends. */
    tryTake(name: string): Promise<(() => void) | undefined>;
}

/** The locks of the browser (Web Locks), which all pages of a site have in common. */
export const webLocks: ReplicaLocks = {
    tryTake: name => new Promise((resolve, reject) => {
        navigator.locks.request(name, { ifAvailable: true }, lock => {
            if (lock === null)
                return resolve(undefined);

            // The lock is held until this promise ends.
            return new Promise<void>(release => resolve(() => release()));
        }).catch(reject);
    }),
};

/** Locks of this program alone, for a storage that no other one uses. */
export class ProgramLocks implements ReplicaLocks {
    readonly #taken = new Set<string>();

    async tryTake(name: string): Promise<(() => void) | undefined> {
        if (this.#taken.has(name))
            return undefined;
        this.#taken.add(name);
        return () => void this.#taken.delete(name);
    }
}
