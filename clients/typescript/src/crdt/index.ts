import { CounterReplica } from "./counters/counter.js";
import { readHeader, type CrdtType } from "./deltas/header.js";
import { newReplicaId, type ReplicaId } from "./deltas/ids.js";
import { DeltaReader } from "./deltas/reader.js";
import { SetReplica } from "./sets/set.js";
import { TextReplica } from "./text/text.js";

export { CounterReplica, newReplicaId, SetReplica, TextReplica };
export type { CrdtType, ReplicaId };
export { crdtTypes } from "./deltas/header.js";
export { isReplicaId } from "./deltas/ids.js";
export { countScalars, isValidText, toScalarPosition, toStringIndex } from "./deltas/unicode.js";
export { Version } from "./deltas/version.js";
export type { IntentOutcome, MergeOutcome } from "./replicas/outcomes.js";
export type { CrdtReplica } from "./replicas/replica.js";
export type { TextAnchor } from "./text/text.js";

/** The replica of each type. */
export interface ReplicaOfType {
    "g-counter": CounterReplica;
    "pn-counter": CounterReplica;
    "g-set": SetReplica;
    "or-set": SetReplica;
    text: TextReplica;
}

/** A replica of some type. */
export type AnyReplica = ReplicaOfType[CrdtType];

/** Creates a value. Only one replica does; the others load its state. */
export function createReplica<T extends CrdtType>(type: T, self?: ReplicaId, lineage?: string): ReplicaOfType[T];
export function createReplica(type: CrdtType, self: ReplicaId = newReplicaId(), lineage: string = newReplicaId()): AnyReplica {
    switch (type) {
        case "g-counter":
        case "pn-counter":
            return new CounterReplica(type, lineage, self);
        case "g-set":
        case "or-set":
            return new SetReplica(type, lineage, self);
        case "text":
            return new TextReplica(lineage, self);
    }
}

/**
 * Makes a replica of a value from its state.
 * @param state What `encode` gave. Any bytes may be given.
 * @param self A new id, or that of this replica if the state is the last one it saved.
 * @returns The replica; undefined if the bytes are no full state, or that of a value that has dropped this id.
 */
export function loadReplica(state: Uint8Array, self: ReplicaId = newReplicaId()): AnyReplica | undefined {
    const header = readHeader(new DeltaReader(state));
    if (header === undefined)
        return undefined;
    const replica = createReplica(header.type, self, header.lineage);
    const outcome = replica.load(state);
    return outcome === "merged" || outcome === "unchanged" ? replica : undefined;
}
