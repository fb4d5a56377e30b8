import type { ReplicaId } from "../deltas/ids.js";
import { BlockIndex } from "./blockIndex.js";
import { DeletionLog } from "./deletionLog.js";

/** A replica as the author of a text: what it inserted and what it deleted. */
export class Author {
    readonly blocks = new BlockIndex();
    readonly deletions = new DeletionLog();

    constructor(readonly id: ReplicaId) {
    }
}
