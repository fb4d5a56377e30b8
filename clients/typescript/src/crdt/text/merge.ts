import type { ReplicaId } from "../deltas/ids.js";
import { indexFrom } from "../deltas/runs.js";
import type { MergeOutcome } from "../replicas/outcomes.js";
import type { Author } from "./author.js";
import { Block, type Side } from "./block.js";
import { DeletionRun } from "./deletionLog.js";
import { divide, type TextDelta } from "./delta.js";
import { differsFromHistory } from "./history.js";
import { runKind, type TextRun } from "./run.js";
import type { TextTree } from "./tree.js";

/** Merges a delta into a text: first finds everything that could prevent it, so that it is merged whole or not at all. */
export class TextMerge {
    readonly #authors: (Author | undefined)[];
    readonly #insertions: { author: number; run: TextRun }[] = [];

    /**
     * @param replicas The replicas of the delta's intervals.
     * @param seen By interval, the changes that the text has; infinity for a replica that was dropped.
     */
    constructor(readonly tree: TextTree, readonly delta: TextDelta, readonly replicas: readonly ReplicaId[], readonly seen: readonly number[]) {
        this.#authors = replicas.map(replica => tree.findAuthor(replica));
    }

    /** Finds what prevents the merge, and the order of the insertions in which parents precede children. */
    findObstacle(): MergeOutcome | undefined {
        for (const [author, runs] of this.delta.runs.entries()) {
            for (const run of runs) {
                const obstacle = this.#findObstacleIn(author, run);
                if (obstacle !== undefined)
                    return obstacle;
            }
        }

        return this.#tryOrder() ? undefined : "malformed";
    }

    apply(): void {
        this.replicas.forEach((replica, author) => {
            this.#authors[author] = this.seen[author] === Infinity ? undefined : this.tree.authorOf(replica);
        });
        for (const { author, run } of this.#insertions)
            this.#insert(author, run);
        this.seen.forEach((seen, place) => {
            const author = this.#authors[place];
            if (author === undefined)
                return;
            for (const run of this.delta.deleted[place]!)
                this.#delete(author, run.first, Math.min(run.last, seen));
            for (const run of this.delta.runs[place]!) {
                if (run.isDeletion && run.last > seen)
                    author.deletions.append(this.#logEntry(run).clip(Math.max(run.first, seen + 1), run.last));
            }
        });
    }

    #findObstacleIn(author: number, run: TextRun): MergeOutcome | undefined {
        const seen = this.seen[author]!;
        if (run.first <= seen && seen !== Infinity && differsFromHistory(this.tree, this.#authors, this.delta, author, run, seen))
            return "forked";
        if (run.last <= seen || run.kind === runKind.gap)
            return undefined;

        if (run.isDeletion) {
            if (this.seen[run.reference] === Infinity)
                return "collected";
            const lastOfTarget = this.delta.runs[run.reference]!.at(-1)?.last ?? 0;
            return run.targets.last > Math.max(this.seen[run.reference]!, lastOfTarget) ? "malformed" : undefined;
        }

        const parent = this.#parentOf(author, run);
        if (parent === undefined)
            return undefined;
        const seenOfParent = this.seen[parent.author]!;
        if (parent.sequence > seenOfParent)
            return this.#isInserted(parent.author, parent.sequence) ? undefined : "malformed";

        // The parent was there once: it was deleted, and dropped when everyone who was live knew.
        return seenOfParent === Infinity || this.#authors[parent.author]?.blocks.find(parent.sequence) === undefined ? "collected" : undefined;
    }

    // Each author's insertions stay in order. One waits while its parent's author is taken up to the parent; if that waits for an author who waits, it is a circle.
    #tryOrder(): boolean {
        const position = this.seen.map(() => 0);
        const inserted = [...this.seen];
        const isWaiting = this.seen.map(() => false);
        for (let first = 0; first < inserted.length; first++) {
            const waiting = [{ author: first, goal: Infinity }];
            isWaiting[first] = true;
            for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
                const { author, goal } = top;
                const run = this.delta.runs[author]![position[author]!];
                if (inserted[author]! >= goal || run === undefined) {
                    isWaiting[author] = false;
                    waiting.pop();
                    continue;
                }

                if (run.isInsertion && run.last > this.seen[author]!) {
                    const parent = this.#parentOf(author, run);
                    if (parent !== undefined && parent.sequence > inserted[parent.author]!) {
                        if (isWaiting[parent.author])
                            return false;
                        waiting.push({ author: parent.author, goal: parent.sequence });
                        isWaiting[parent.author] = true;
                        continue;
                    }

                    this.#insertions.push({ author, run });
                }

                position[author]!++;
                inserted[author] = Math.max(inserted[author]!, run.last);
            }
        }

        return true;
    }

    #insert(place: number, run: TextRun): void {
        const author = this.#authors[place]!;
        const seen = this.seen[place]!;
        const parent = this.#parentOf(place, run);
        const sequence = parent?.sequence ?? 0;
        let side: Side = run.kind === runKind.insertLeft && run.first > seen ? "left" : "right";
        let at = parent === undefined ? this.tree.start : this.tree.blockOf(this.#authors[parent.author], sequence);
        if (side === "right" && sequence !== at.last)
            this.tree.split(at, sequence - at.first + 1);
        else if (side === "left" && sequence !== at.first)
            at = this.tree.split(at, sequence - at.first);

        let content = run.content;
        for (const part of divide(run, this.delta.deleted[place]!)) {
            const start = content;
            content += part.isDeleted ? 0 : part.last - part.first + 1;
            if (part.last <= seen)
                continue;
            const first = Math.max(part.first, seen + 1);
            const count = part.last - first + 1;
            const begin = start + first - part.first;
            const scalars = this.delta.scalars.subarray(begin, begin + count);
            if (!part.isDeleted && side === "right" && at.rightChildren.length === 0) {
                at = this.tree.append(at, author, first, scalars);
                continue;
            }

            const block = part.isDeleted ? new Block(author, first, count) : this.tree.newBlock(author, first, scalars);
            block.isDeleted = part.isDeleted;
            this.tree.place(block, at, side);
            at = block;
            side = "right";
        }
    }

    #delete(author: Author, first: number, last: number): void {
        for (let block = author.blocks.firstFrom(first); first <= last && block !== undefined && block.first <= last; block = author.blocks.firstFrom(first)) {
            const offset = Math.max(first - block.first, 0);
            const count = Math.min(block.length - offset, last - block.first - offset + 1);
            first = block.first + offset + count;
            if (!block.isDeleted)
                this.tree.delete(block, offset, count);
        }
    }

    #logEntry(run: TextRun): DeletionRun {
        return new DeletionRun(run.first, run.length, this.#authors[run.reference]!, run.referenceSequence, run.kind === runKind.deleteUpwards ? 1 : -1);
    }

    // If the text has the first part of a run, the rest continues it. Undefined is the start of the text.
    #parentOf(author: number, run: TextRun): { author: number; sequence: number } | undefined {
        const seen = this.seen[author]!;
        if (run.first <= seen)
            return { author, sequence: seen };
        return run.kind === runKind.insertAtStart ? undefined : { author: run.reference, sequence: run.referenceSequence };
    }

    #isInserted(author: number, sequence: number): boolean {
        const runs = this.delta.runs[author]!;
        const run = runs[indexFrom(runs, sequence)];
        return run !== undefined && run.first <= sequence && run.isInsertion;
    }
}
