import type { Block } from "./block.js";
import type { TextTree } from "./tree.js";

/**
 * The nearest element that is not condemned and has a block below it on its right. It decides whether a block belongs to the right children of an element
 * before it with only condemned ones between. Links to the left and through the condemned stay what they are, so they are followed once and then cut short.
 */
export function ancestorOnTheLeftOf(tree: TextTree, block: Block): Block {
    let top = block;
    let parent: Block;
    while (true) {
        if (top.shortcut !== undefined) {
            top = top.shortcut;
            continue;
        }

        parent = tree.blockOf(top.parentAuthor, top.parentSequence);
        if (top.side === "right" && !parent.isCondemned)
            break;
        top.shortcut = parent;
        top = parent;
    }

    while (block !== top) {
        const next = block.shortcut!;
        block.shortcut = top;
        block = next;
    }

    return parent;
}
