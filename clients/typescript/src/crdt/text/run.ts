import type { DotRun } from "../deltas/runs.js";

/** What a run of changes is. The numbers are those of docs/crdt-format.md. */
export const runKind = { insertRight: 0, insertLeft: 1, insertAtStart: 2, deleteUpwards: 3, deleteDownwards: 4, gap: 5 } as const;

/** A run of insertions has at most this many elements, so that a 32-bit number holds its length. */
export const insertionMax = 2 ** 31 - 1;

/** Consecutive changes of one author in a delta. */
export class TextRun {
    /** Where the scalars of those inserted elements that the sender does not know to be deleted begin. */
    content = 0;

    /**
     * @param kind What they are.
     * @param first The sequence of the first one.
     * @param length How many there are.
     * @param reference The author, by its place in the header, of the parent of the first inserted element, or of the first deleted one.
     * @param referenceSequence The sequence of that element.
     */
    constructor(readonly kind: number, readonly first: number, readonly length: number, readonly reference: number, readonly referenceSequence: number) {
    }

    get last(): number {
        return this.first + this.length - 1;
    }

    get isInsertion(): boolean {
        return this.kind <= runKind.insertAtStart;
    }

    get isDeletion(): boolean {
        return this.kind === runKind.deleteUpwards || this.kind === runKind.deleteDownwards;
    }

    get targets(): DotRun {
        return this.kind === runKind.deleteUpwards
            ? { first: this.referenceSequence, last: this.referenceSequence + this.length - 1 }
            : { first: this.referenceSequence - this.length + 1, last: this.referenceSequence };
    }
}
