import type { Author } from "./author.js";
import type { Block } from "./block.js";
import { divide, type TextDelta } from "./delta.js";
import { runKind, type TextRun } from "./run.js";
import type { TextTree } from "./tree.js";

/**
 * Whether the known part of a run is another change than the one that the text has: one replica id must not have two histories. What was dropped cannot be
 * compared.
 */
export function differsFromHistory(tree: TextTree, authors: readonly (Author | undefined)[], delta: TextDelta, place: number, run: TextRun, seen: number): boolean {
    const author = authors[place];
    if (author === undefined)
        return false;
    if (run.isDeletion) {
        const known = author.deletions.find(run.first);
        return known === undefined
            ? author.blocks.find(run.first) !== undefined
            : known.target !== authors[run.reference] || known.clip(run.first, run.first).targetFirst !== run.referenceSequence;
    }

    if (!run.isInsertion)
        return false;
    if (author.deletions.find(run.first) !== undefined)
        return true;
    const block = author.blocks.find(run.first);
    return block !== undefined && (hasOtherParent(block, authors, run) || hasOtherContent(tree, author, delta, place, run, seen));
}

function hasOtherParent(block: Block, authors: readonly (Author | undefined)[], run: TextRun): boolean {
    if (run.first > block.first)
        return run.kind !== runKind.insertRight || authors[run.reference] !== block.author || run.referenceSequence !== run.first - 1;
    if (run.kind === runKind.insertAtStart)
        return block.parentAuthor !== undefined;
    return block.parentAuthor === undefined || block.parentAuthor !== authors[run.reference] || block.parentSequence !== run.referenceSequence ||
        block.side !== (run.kind === runKind.insertLeft ? "left" : "right");
}

function hasOtherContent(tree: TextTree, author: Author, delta: TextDelta, place: number, run: TextRun, seen: number): boolean {
    let content = run.content;
    for (const part of divide(run, delta.deleted[place]!)) {
        if (part.isDeleted)
            continue;
        const last = Math.min(part.last, seen);
        for (let block = author.blocks.firstFrom(part.first); block !== undefined && block.first <= last; block = author.blocks.firstFrom(block.last + 1)) {
            const first = Math.max(block.first, part.first);
            const count = Math.min(block.last, last) - first + 1;
            if (block.isDeleted)
                continue;
            const known = tree.scalars.of(block).subarray(first - block.first);
            const given = delta.scalars.subarray(content + first - part.first);
            for (let i = 0; i < count; i++) {
                if (known[i] !== given[i])
                    return true;
            }
        }

        content += part.last - part.first + 1;
    }

    return false;
}
