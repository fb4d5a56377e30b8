import { Block } from "./block.js";

/**
 * The blocks in the order of the text: a list for neighbors, and a splay tree for positions. What was used last is near the root, so that typing costs
 * little; everything else is logarithmic on average over all operations. Reading a position changes the tree.
 */
export class BlockOrder {
    readonly start = new Block(undefined, 0, 1);
    #root = this.start;

    /** The number of visible elements. */
    get count(): number {
        return this.#root.sum;
    }

    insertAfter(before: Block, added: Block): void {
        this.#splay(before);
        added.low = before;
        added.high = before.high;
        before.up = added;
        before.high = undefined;
        if (added.high !== undefined)
            added.high.up = added;
        update(before);
        update(added);
        added.up = undefined;
        this.#root = added;

        added.previous = before;
        added.next = before.next;
        before.next = added;
        if (added.next !== undefined)
            added.next.previous = added;
    }

    /** Removes a block, which is not the start. */
    remove(block: Block): void {
        this.#splay(block);
        const low = block.low!;
        const high = block.high;
        low.up = undefined;
        this.#root = low;
        const previous = block.previous!;
        this.#splay(previous);
        previous.high = high;
        if (high !== undefined)
            high.up = previous;
        update(previous);

        previous.next = block.next;
        if (block.next !== undefined)
            block.next.previous = previous;
        block.low = block.high = block.previous = block.next = undefined;
    }

    /** The block of a visible element, and its place there. */
    find(position: number): { block: Block; offset: number } {
        let at = this.#root;
        while (true) {
            const low = at.low?.sum ?? 0;
            if (position < low) {
                at = at.low!;
                continue;
            }

            position -= low;
            if (position < at.visible)
                break;
            position -= at.visible;
            at = at.high!;
        }

        this.#splay(at);
        return { block: at, offset: position };
    }

    /** How many visible elements precede a block. */
    positionOf(block: Block): number {
        this.#splay(block);
        return block.low?.sum ?? 0;
    }

    /** Counts a block again, whose length or visibility has changed. */
    recount(block: Block): void {
        this.#splay(block);
        update(block);
    }

    #splay(block: Block): void {
        for (let parent = block.up; parent !== undefined; parent = block.up) {
            if (parent.up !== undefined)
                rotate((parent.up.low === parent) === (parent.low === block) ? parent : block);
            rotate(block);
        }

        this.#root = block;
    }
}

// Lifts a block above its parent. What is below both is counted anew, so a count that was stale on the way is right after it.
function rotate(block: Block): void {
    const parent = block.up!;
    const grandparent = parent.up;
    if (parent.low === block) {
        parent.low = block.high;
        if (block.high !== undefined)
            block.high.up = parent;
        block.high = parent;
    } else {
        parent.high = block.low;
        if (block.low !== undefined)
            block.low.up = parent;
        block.low = parent;
    }

    parent.up = block;
    block.up = grandparent;
    if (grandparent !== undefined) {
        if (grandparent.low === parent)
            grandparent.low = block;
        else
            grandparent.high = block;
    }

    update(parent);
    update(block);
}

function update(block: Block): void {
    block.sum = block.visible + (block.low?.sum ?? 0) + (block.high?.sum ?? 0);
}
