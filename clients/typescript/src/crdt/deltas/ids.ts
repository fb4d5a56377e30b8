/**
 * Names a replica: one copy of a value with one history of changes, as 16 lowercase hexadecimal digits. It is random, because two replicas with the
 * same id would give different changes the same name. A replica that lost what it had done takes a new one.
 */
export type ReplicaId = string;

/** The highest number of a change, which a double holds exactly. */
export const sequenceMax = Number.MAX_SAFE_INTEGER;

/** A new random id. */
export function newReplicaId(): ReplicaId {
    return Array.from(crypto.getRandomValues(new Uint8Array(8)), byte => byte.toString(16).padStart(2, "0")).join("");
}

export function isReplicaId(text: string): boolean {
    return /^[0-9a-f]{16}$/.test(text);
}

/** The order of numbers without sign, which is that of their digits. */
export function compareIds(left: ReplicaId, right: ReplicaId): number {
    return left < right ? -1 : left > right ? 1 : 0;
}
