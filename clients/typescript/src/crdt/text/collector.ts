import { normalize, type DotRun } from "../deltas/runs.js";
import type { Version } from "../deltas/version.js";
import type { Author } from "./author.js";
import type { Block } from "./block.js";
import type { DeletionRun } from "./deletionLog.js";
import type { TextTree } from "./tree.js";

// What a collection of the hub does to the text of every replica that follows it. Element by element, so that replicas with other blocks drop the same.

/**
 * Condemns what a version knows to be deleted: from then on it gets no children.
 * @returns Whether there was anything that was not condemned.
 */
export function condemn(tree: TextTree, stable: Version): boolean {
    let hasCondemned = false;
    for (const block of isolateDeleted(tree, stable)) {
        hasCondemned ||= !block.isCondemned;
        block.isCondemned = true;
    }

    return hasCondemned;
}

/**
 * Drops what a version knows to be deleted, and what was condemned in every live replica, unless it has children.
 * @returns Whether there was anything to drop.
 */
export function dropDeleted(tree: TextTree, stable: Version): boolean {
    let hasDropped = false;
    const leaves = isolateDeleted(tree, stable);
    const stableBlocks = new Set(leaves);
    for (let block = leaves.pop(); block !== undefined; block = leaves.pop()) {
        if (!stableBlocks.has(block) || block.rightChildren.length > 0)
            continue;
        if (block.leftChildren.length === 0) {
            const parent = tree.blockOf(block.parentAuthor, block.parentSequence);
            tree.drop(block, parent);
            stableBlocks.delete(block);
            leaves.push(parent);
            hasDropped = true;
        } else if (block.length > 1) {
            // The first element has children; those after it have none.
            tree.trim(block);
            hasDropped = true;
        }
    }

    // A deletion is of no more use when what it deleted is dropped and everyone knows.
    for (const author of tree.authors) {
        const { runs } = author.deletions;
        const kept = runs.flatMap(run => remaining(run, stable.of(author.id)));
        if (count(kept) === count(runs))
            continue;
        author.deletions.replace(kept);
        hasDropped = true;
    }

    return hasDropped;
}

const count = (runs: readonly DeletionRun[]): number => runs.reduce((sum, run) => sum + run.length, 0);

// Makes blocks that have only elements that a version knows to be deleted.
function isolateDeleted(tree: TextTree, stable: Version): Block[] {
    const deleted = new Map<Author, DotRun[]>();
    for (const author of tree.authors) {
        const last = stable.of(author.id);
        for (const run of author.deletions.runs) {
            if (run.first > last)
                break;
            const targets = deleted.get(run.target);
            if (targets === undefined)
                deleted.set(run.target, [run.clip(run.first, last).targets]);
            else
                targets.push(run.clip(run.first, last).targets);
        }
    }

    return [...deleted].flatMap(([author, runs]) => normalize(runs).flatMap(run => isolate(tree, author, run)));
}

function isolate(tree: TextTree, author: Author, run: DotRun): Block[] {
    const blocks = [];
    let block = author.blocks.firstFrom(run.first);
    while (block !== undefined && block.first <= run.last) {
        if (block.first < run.first)
            block = tree.split(block, run.first - block.first);
        if (block.last > run.last)
            tree.split(block, run.last - block.first + 1);
        blocks.push(block);
        block = author.blocks.firstFrom(block.last + 1);
    }

    return blocks;
}

function remaining(run: DeletionRun, stable: number): DeletionRun[] {
    if (run.first > stable)
        return [run];
    const { first: low, last: high } = run.clip(run.first, stable).targets;
    const kept: DeletionRun[] = [];
    for (let block = run.target.blocks.firstFrom(low); block !== undefined && block.first <= high; block = run.target.blocks.firstFrom(block.last + 1)) {
        const first = Math.max(block.first, low);
        const last = Math.min(block.last, high);
        kept.push(run.step > 0
            ? run.clip(run.first + first - run.targetFirst, run.first + last - run.targetFirst)
            : run.clip(run.first + run.targetFirst - last, run.first + run.targetFirst - first));
    }

    if (run.step < 0)
        kept.reverse();
    return run.last > stable ? [...kept, run.clip(stable + 1, run.last)] : kept;
}
