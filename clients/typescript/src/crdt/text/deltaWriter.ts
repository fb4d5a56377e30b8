import type { DeltaHeader } from "../deltas/header.js";
import { fromScalars } from "../deltas/unicode.js";
import type { DeltaWriter } from "../deltas/writer.js";
import type { Author } from "./author.js";
import type { Block } from "./block.js";
import type { TextCollection } from "./collection.js";
import type { DeletionRun } from "./deletionLog.js";
import { insertionMax, runKind } from "./run.js";
import type { TextTree } from "./tree.js";

/** Writes what a delta of a text has after its header. Runs are as long as they can be, however the changes arrived. */
export function writeTextDelta(tree: TextTree, header: DeltaHeader, collected: TextCollection, writer: DeltaWriter): void {
    const runs = new RunWriter(tree, header, writer);
    for (const { replica, from, to } of header.intervals)
        runs.writeAuthor(tree.findAuthor(replica), from, to);
    writer.writeText(runs.content);
    if (header.collection !== undefined)
        collected.write(writer);
}

/** The authors that changes of one since a sequence refer to. */
export function* referredBy(author: Author, from: number): Generator<Author> {
    for (let block = author.blocks.firstFrom(from + 1); block !== undefined; block = author.blocks.firstFrom(block.last + 1)) {
        const referred = block.first > from ? block.parentAuthor : author;
        if (referred !== undefined)
            yield referred;
    }

    for (const run of author.deletions.from(from + 1))
        yield run.target;
}

class RunWriter {
    readonly #places: Map<string, number>;
    readonly #cursors: number[];
    #content = "";

    constructor(readonly tree: TextTree, header: DeltaHeader, readonly writer: DeltaWriter) {
        this.#places = new Map(header.intervals.map(({ replica }, place) => [replica, place]));
        this.#cursors = header.intervals.map(() => 0);
    }

    get content(): string {
        return this.#content;
    }

    writeAuthor(author: Author | undefined, from: number, to: number): void {
        const deletions = author?.deletions.from(from + 1) ?? [];
        let deletion = 0;
        let next = from + 1;
        while (next <= to) {
            const block = author?.blocks.firstFrom(next);
            const run = deletions[deletion];
            if (block !== undefined && block.first <= next) {
                next = this.#writeInsertions(author!, block, next);
            } else if (run !== undefined && run.first <= next) {
                this.#writeDeletions(author!, run);
                next += run.length;
                deletion++;
            } else {
                const end = Math.min(block?.first ?? to + 1, run?.first ?? to + 1);
                this.#writeHead(runKind.gap, end - next);
                next = end;
            }
        }
    }

    // A chain of blocks is one run: how it was split since does not matter.
    #writeInsertions(author: Author, begin: Block, first: number): number {
        const isWithin = first > begin.first;
        const parentAuthor = isWithin ? author : begin.parentAuthor;
        const parentSequence = isWithin ? first - 1 : begin.parentSequence;
        const isLeft = !isWithin && begin.side === "left";
        let block: Block | undefined = begin;
        let next = first;
        do {
            if (!block.isDeleted)
                this.#content += fromScalars(this.tree.scalars.of(block).subarray(next - block.first));
            next = block.last + 1;
            block = author.blocks.firstFrom(next);
        } while (block !== undefined && block.first === next && block.parentAuthor === author && block.parentSequence === next - 1 && block.side === "right" &&
            block.last - first < insertionMax);

        if (parentAuthor === undefined) {
            this.#writeHead(runKind.insertAtStart, next - first);
        } else {
            this.#writeHead(isLeft ? runKind.insertLeft : runKind.insertRight, next - first);
            this.#writeReference(author, parentAuthor, parentSequence, parentSequence);
        }

        this.#cursors[this.#places.get(author.id)!] = next - 1;
        return next;
    }

    #writeDeletions(author: Author, run: DeletionRun): void {
        this.#writeHead(run.step > 0 ? runKind.deleteUpwards : runKind.deleteDownwards, run.length);
        this.#writeReference(author, run.target, run.targetFirst, run.step > 0 ? run.targets.last : run.targets.first);
    }

    #writeHead(kind: number, length: number): void {
        this.writer.writePacked(kind, 3, length - 1);
    }

    #writeReference(author: Author, referred: Author, sequence: number, cursor: number): void {
        const place = this.#places.get(referred.id)!;
        const distance = sequence - this.#cursors[place]!;
        this.#cursors[place] = cursor;
        const isOfOther = referred === author ? 0 : 1;
        if (distance >= 0)
            this.writer.writePacked(isOfOther, 2, distance);
        else
            this.writer.writePacked(isOfOther | 2, 2, -distance - 1);
        if (isOfOther)
            this.writer.writeNumber(place);
    }
}
