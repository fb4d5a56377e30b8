import { compareIds, type ReplicaId } from "../deltas/ids.js";
import { ancestorOnTheLeftOf } from "./ancestors.js";
import { Author } from "./author.js";
import { Block, countBefore, withoutSibling, withSibling, type Side } from "./block.js";
import { BlockOrder } from "./blockOrder.js";
import { Scalars } from "./scalars.js";

/**
 * The elements of a text, visible and deleted, as a tree whose traversal in order (left children, the element, right children) is the text.
 *
 * An element that is inserted becomes the right child of its left neighbor, or, if that has right children, a left child of the first of what is below it
 * (Fugue). So what is typed forwards is a chain of right children and what is typed backwards a chain of left children, and the chains of replicas that type
 * at one place stay whole: siblings are ordered by author. A parent may be a deleted element, but never a condemned one, so that those can be dropped.
 */
export class TextTree {
    readonly #authors = new Map<ReplicaId, Author>();
    readonly order = new BlockOrder();
    readonly scalars = new Scalars();

    get start(): Block {
        return this.order.start;
    }

    get authors(): Author[] {
        return [...this.#authors.values()].sort((left, right) => compareIds(left.id, right.id));
    }

    authorOf(id: ReplicaId): Author {
        let author = this.#authors.get(id);
        if (author === undefined)
            this.#authors.set(id, author = new Author(id));
        return author;
    }

    findAuthor(id: ReplicaId): Author | undefined {
        return this.#authors.get(id);
    }

    removeAuthor(id: ReplicaId): void {
        this.#authors.delete(id);
    }

    /** The block of an element that exists. */
    blockOf(author: Author | undefined, sequence: number): Block {
        return author === undefined ? this.start : author.blocks.find(sequence)!;
    }

    /** Inserts visible elements at a position. */
    insertAt(position: number, author: Author, first: number, scalars: Int32Array): void {
        const { block: left, offset } = position === 0 ? { block: this.start, offset: 0 } : this.order.find(position - 1);
        if (offset < left.length - 1) {
            this.place(this.newBlock(author, first, scalars), this.split(left, offset + 1), "left");
        } else if (left.rightChildren.length > 0) {
            let right = left.next;
            while (right?.isCondemned)
                right = right.next;
            const isBelow = right !== undefined && (right === left.next || ancestorOnTheLeftOf(this, right) === left);
            this.place(this.newBlock(author, first, scalars), isBelow ? right! : left, isBelow ? "left" : "right");
        } else {
            this.append(left, author, first, scalars);
        }
    }

    /**
     * Inserts visible elements as right children of the last element of a block, which has none.
     * @returns The block that ends with them: the same one if they continue it.
     */
    append(block: Block, author: Author, first: number, scalars: Int32Array): Block {
        if (block.author === author && block.last + 1 === first && !block.isDeleted && block.content + block.length === this.scalars.count) {
            this.scalars.add(scalars);
            block.length += scalars.length;
            this.order.recount(block);
            return block;
        }

        const added = this.newBlock(author, first, scalars);
        this.place(added, block, "right");
        return added;
    }

    newBlock(author: Author, first: number, scalars: Int32Array): Block {
        const block = new Block(author, first, scalars.length);
        block.content = this.scalars.count;
        this.scalars.add(scalars);
        return block;
    }

    /** Inserts a block as a child of the last (right) or first (left) element of another. */
    place(added: Block, parent: Block, side: Side): void {
        added.side = side;
        added.parentAuthor = parent.author;
        if (side === "right") {
            added.parentSequence = parent.last;
            const index = countBefore(parent.rightChildren, added);
            let before = parent;
            if (index > 0) {
                for (before = parent.rightChildren[index - 1]!; before.rightChildren.length > 0;)
                    before = before.rightChildren.at(-1)!;
            }

            parent.rightChildren = withSibling(parent.rightChildren, index, added);
            this.order.insertAfter(before, added);
        } else {
            added.parentSequence = parent.first;
            const index = countBefore(parent.leftChildren, added);
            let after = parent;
            if (index < parent.leftChildren.length) {
                for (after = parent.leftChildren[index]!; after.leftChildren.length > 0;)
                    after = after.leftChildren[0]!;
            }

            parent.leftChildren = withSibling(parent.leftChildren, index, added);
            this.order.insertAfter(after.previous!, added);
        }

        added.author!.blocks.add(added);
    }

    /** Splits a block, and returns the block of the rest, which begins with the element at `offset`. */
    split(block: Block, offset: number): Block {
        const rest = new Block(block.author, block.first + offset, block.length - offset);
        rest.content = block.content + offset;
        rest.isDeleted = block.isDeleted;
        rest.isCondemned = block.isCondemned;
        rest.parentAuthor = block.author;
        rest.parentSequence = rest.first - 1;
        rest.rightChildren = block.rightChildren;
        block.length = offset;
        block.rightChildren = [rest];
        this.order.insertAfter(block, rest);
        block.author!.blocks.add(rest);
        return rest;
    }

    /** Deletes visible elements of a block. */
    delete(block: Block, offset: number, count: number): void {
        if (!this.#tryMoveBorder(block, offset, count)) {
            if (offset > 0)
                block = this.split(block, offset);
            if (count < block.length)
                this.split(block, count);
            block.isDeleted = true;
            this.order.recount(block);
            const { previous } = block;
            if (previous?.isDeleted && !previous.isCondemned && previous.isContinuedBy(block))
                block = this.#join(previous, block);
            const { next } = block;
            if (next?.isDeleted && !next.isCondemned && block.isContinuedBy(next))
                this.#join(block, next);
        }

        this.scalars.release(count, this.start);
    }

    /** Drops a deleted block that has no children. */
    drop(block: Block, parent: Block): void {
        if (block.side === "right")
            parent.rightChildren = withoutSibling(parent.rightChildren, block);
        else
            parent.leftChildren = withoutSibling(parent.leftChildren, block);
        block.author!.blocks.remove(block);
        this.order.remove(block);
    }

    /** Drops the elements of a deleted block after the first one, which have no children. */
    trim(block: Block): void {
        block.length = 1;
        this.order.recount(block);
    }

    // Deleting backwards from the end of a block, or forwards from its start, moves the border to what was deleted before.
    #tryMoveBorder(block: Block, offset: number, count: number): boolean {
        if (count === block.length)
            return false;
        const { next, previous } = block;
        if (offset + count === block.length && next?.isDeleted && !next.isCondemned && block.isContinuedBy(next)) {
            next.first -= count;
            next.length += count;
            next.parentSequence -= count;
            block.length -= count;
            this.order.recount(block);
            return true;
        }

        if (offset === 0 && previous?.isDeleted && !previous.isCondemned && previous.isContinuedBy(block)) {
            previous.length += count;
            block.first += count;
            block.length -= count;
            block.content += count;
            block.parentSequence += count;
            this.order.recount(block);
            return true;
        }

        return false;
    }

    #join(block: Block, next: Block): Block {
        next.author!.blocks.remove(next);
        this.order.remove(next);
        block.length += next.length;
        block.rightChildren = next.rightChildren;

        // Shortcuts may lead to the block that is no more.
        next.shortcut = block;
        return block;
    }
}
