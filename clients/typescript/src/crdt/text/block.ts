import type { Author } from "./author.js";

export type Side = "right" | "left";

const none: readonly Block[] = [];

/**
 * Consecutive elements of one author, each the right child of the one before, adjacent in the text, and either all visible or all deleted. Only the first
 * one can have left children, and only the last one right children: whatever comes between splits the block.
 */
export class Block {
    /** Where the scalars are; without meaning if they are deleted. */
    content = 0;
    isDeleted = false;

    /** Whether every live replica knows that the elements are deleted: then they get no more children. */
    isCondemned = false;

    /** The element that the first one is a child of; the start of the text if it has no author. */
    parentAuthor: Author | undefined = undefined;
    parentSequence = 0;
    side: Side = "right";

    /** The children of the first element, in the order of author and sequence, which is that of the text. */
    leftChildren = none;

    /** The children of the last element, in the same order. */
    rightChildren = none;

    /** An ancestor that a search for ancestors may continue from. */
    shortcut: Block | undefined = undefined;

    // The order of the text: a list, and a splay tree that finds positions.
    previous: Block | undefined = undefined;
    next: Block | undefined = undefined;
    up: Block | undefined = undefined;
    low: Block | undefined = undefined;
    high: Block | undefined = undefined;

    /** How many visible elements this subtree of the splay tree has. */
    sum: number;

    /** @param author Who inserted the elements; undefined for the start of the text, which is one element that has no place of its own. */
    constructor(readonly author: Author | undefined, public first: number, public length: number) {
        this.sum = 0;
    }

    get last(): number {
        return this.first + this.length - 1;
    }

    get visible(): number {
        return this.isDeleted || this.author === undefined ? 0 : this.length;
    }

    /** Whether the neighbor on the right continues this block, so that the border between the two can move. */
    isContinuedBy(next: Block): boolean {
        return this.author !== undefined && next.author === this.author && next.first === this.last + 1 && next.parentAuthor === this.author &&
            next.parentSequence === this.last && next.side === "right" && this.rightChildren.length === 1;
    }
}

/** How many siblings come before a block that is not among them. */
export function countBefore(siblings: readonly Block[], block: Block): number {
    let low = 0;
    let high = siblings.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (isBefore(siblings[middle]!, block))
            low = middle + 1;
        else
            high = middle;
    }

    return low;
}

/** The siblings with one more. Mostly there were none, and then nothing is copied. */
export function withSibling(siblings: readonly Block[], index: number, block: Block): readonly Block[] {
    return siblings.length === 0 ? [block] : [...siblings.slice(0, index), block, ...siblings.slice(index)];
}

export function withoutSibling(siblings: readonly Block[], block: Block): readonly Block[] {
    return siblings.length === 1 ? none : siblings.filter(other => other !== block);
}

function isBefore(left: Block, right: Block): boolean {
    return left.author === right.author ? left.first < right.first : left.author!.id < right.author!.id;
}
