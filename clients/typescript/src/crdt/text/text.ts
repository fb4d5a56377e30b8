import type { DeltaHeader } from "../deltas/header.js";
import type { ReplicaId } from "../deltas/ids.js";
import type { DeltaReader } from "../deltas/reader.js";
import { fromScalars, isValidText, toScalars } from "../deltas/unicode.js";
import { Version } from "../deltas/version.js";
import type { DeltaWriter } from "../deltas/writer.js";
import type { IntentOutcome, MergeOutcome } from "../replicas/outcomes.js";
import { CrdtReplica, type Mark } from "../replicas/replica.js";
import type { Author } from "./author.js";
import { TextCollection } from "./collection.js";
import { condemn, dropDeleted } from "./collector.js";
import { DeletionRun } from "./deletionLog.js";
import { readTextDelta, type TextDelta } from "./delta.js";
import { referredBy, writeTextDelta } from "./deltaWriter.js";
import { TextMerge } from "./merge.js";
import { TextTree } from "./tree.js";

/** Names a place of a text by the character before it, so that it stays there while the text is edited around it. Undefined is the start. */
export type TextAnchor = { readonly replica: ReplicaId; readonly sequence: number } | undefined;

/**
 * A replica of a text. Positions and counts are in Unicode scalars. An edit costs logarithmic time; what it is as a delta is `deltaSince` the version
 * before it.
 */
export class TextReplica extends CrdtReplica {
    #tree = new TextTree();
    #collected = TextCollection.none;

    /** @internal */
    constructor(lineage: string, self: ReplicaId) {
        super("text", lineage, self);
    }

    /** The number of Unicode scalars. */
    get length(): number {
        return this.#tree.order.count;
    }

    /** The text. Takes time by its length. */
    get text(): string {
        let text = "";
        for (let block = this.#tree.start.next; block !== undefined; block = block.next) {
            if (!block.isDeleted)
                text += fromScalars(this.#tree.scalars.of(block));
        }

        return text;
    }

    /** Inserts text at a position. */
    insert(position: number, text: string): IntentOutcome {
        if (!Number.isInteger(position) || position < 0 || position > this.length)
            return "out-of-range";
        if (text === "")
            return "unchanged";
        if (!isValidText(text))
            return "invalid-text";
        const scalars = toScalars(text);
        this.#tree.insertAt(position, this.#author, this.takeSequences(scalars.length), scalars);
        return "applied";
    }

    /** Deletes text at a position. */
    delete(position: number, count: number): IntentOutcome {
        if (!Number.isInteger(position) || !Number.isInteger(count) || position < 0 || count < 0 || position + count > this.length)
            return "out-of-range";
        if (count === 0)
            return "unchanged";

        let first = this.takeSequences(count);
        while (count > 0) {
            const { block, offset } = this.#tree.order.find(position);
            const part = Math.min(count, block.length - offset);
            this.#author.deletions.append(new DeletionRun(first, part, block.author!, block.first + offset, 1));
            this.#tree.delete(block, offset, part);
            first += part;
            count -= part;
        }

        return "applied";
    }

    /** The anchor of a position, such as that of a caret. */
    anchorAt(position: number): TextAnchor {
        if (position <= 0 || this.length === 0)
            return undefined;
        const { block, offset } = this.#tree.order.find(Math.min(position, this.length) - 1);
        return { replica: block.author!.id, sequence: block.first + offset };
    }

    /** Where an anchor is now; undefined if its character was deleted so long ago that it was collected. */
    positionOf(anchor: TextAnchor): number | undefined {
        if (anchor === undefined)
            return 0;
        const block = this.#tree.findAuthor(anchor.replica)?.blocks.find(anchor.sequence);
        return block && this.#tree.order.positionOf(block) + (block.isDeleted ? 0 : anchor.sequence - block.first + 1);
    }

    /** @internal Each insertion after the same character as here, or the nearest one before it that the target has. */
    override repeatOn(target: TextReplica, since: Mark): void {
        let before: TextAnchor;
        for (let block = this.#tree.start.next; block !== undefined; block = block.next) {
            const { id } = block.author!;
            const first = id === this.self ? Math.max(block.first, since.sequence + 1) : block.last + 1;
            before = target.#lastBetween(id, block.first, first - 1) ?? before;
            if (block.isDeleted || first > block.last)
                continue;
            const text = fromScalars(this.#tree.scalars.of(block).subarray(first - block.first));
            const position = target.positionOf(before)!;
            target.insert(position, text);
            before = target.anchorAt(position + block.last - first + 1);
        }

        for (const run of this.#author.deletions.from(since.sequence + 1))
            target.#deleteBetween(run.target.id, run.targets.first, run.targets.last);
    }

    protected override mergeBody(header: DeltaHeader, reader: DeltaReader): MergeOutcome {
        const delta = readTextDelta(header, reader);
        if (delta === undefined)
            return "malformed";
        if (header.epoch <= this.epoch)
            return this.#merge(header, delta, this.#tree);

        // What the hub dropped is in no delta, so a replica that follows its collection must have seen that it was deleted.
        const newlyDropped = header.collection!.dropped.filter(dropped => dropped.epoch > this.epoch);
        if (this.version.count > 0 && (!this.version.covers(delta.collected.dropped) || newlyDropped.some(({ replica, final }) => this.seen(replica) < final)))
            return "outdated";

        // On a copy, because only the result shows whether something refers to what was dropped.
        const copy = new TextReplica(this.lineage, this.self);
        copy.load(this.encode());
        const outcome = this.#merge(header, delta, copy.#tree);
        if (outcome !== "unchanged")
            return outcome;
        if (!newlyDropped.every(({ replica }) => copy.tryDrop(replica)))
            return "outdated";
        this.#tree = copy.#tree;
        this.#collected = delta.collected;
        return outcome;
    }

    protected override writeBody(header: DeltaHeader, writer: DeltaWriter): void {
        writeTextDelta(this.#tree, header, this.#collected, writer);
    }

    protected override referredSince(version: Version): Set<ReplicaId> {
        const referred = new Set<ReplicaId>();
        for (const author of this.#tree.authors) {
            if (this.seen(author.id) <= version.of(author.id))
                continue;
            for (const other of referredBy(author, version.of(author.id)))
                referred.add(other.id);
        }

        return referred;
    }

    protected override canBringForward(version: Version): boolean {
        return version.covers(this.#collected.dropped);
    }

    protected override dropDeleted(stable: Version): boolean {
        let { dropped, condemned } = this.#collected;
        const hasDropped = stable.epoch >= condemned.epoch && dropDeleted(this.#tree, condemned);
        if (hasDropped)
            dropped = condemned;
        const joined = condemned.join(stable);
        const hasCondemned = condemn(this.#tree, joined);
        if (hasCondemned)
            condemned = new Version(this.epoch + 1, joined.entries);
        this.#collected = new TextCollection(dropped, condemned);
        return hasDropped || hasCondemned;
    }

    protected override tryDrop(replica: ReplicaId): boolean {
        const author = this.#tree.findAuthor(replica);
        return author === undefined || (author.blocks.isEmpty && author.deletions.runs.length === 0 &&
            !this.#tree.authors.some(other => other.deletions.runs.some(run => run.target === author)));
    }

    protected override remove(replica: ReplicaId): void {
        this.#collected = this.#collected.without(replica);
        this.#tree.removeAuthor(replica);
    }

    get #author(): Author {
        return this.#tree.authorOf(this.self);
    }

    // The last of consecutive elements that is here, visible or deleted.
    #lastBetween(replica: ReplicaId, first: number, last: number): TextAnchor {
        const blocks = this.#tree.findAuthor(replica)?.blocks;
        let found: TextAnchor;
        for (let block = blocks?.firstFrom(first); block !== undefined && block.first <= last; block = blocks?.firstFrom(block.last + 1))
            found = { replica, sequence: Math.min(block.last, last) };
        return found;
    }

    #deleteBetween(replica: ReplicaId, first: number, last: number): void {
        const blocks = this.#tree.findAuthor(replica)?.blocks;
        for (let block = blocks?.firstFrom(first); block !== undefined && first <= last && block.first <= last; block = blocks?.firstFrom(first)) {
            const from = Math.max(block.first, first);
            first = Math.min(block.last, last) + 1;
            if (!block.isDeleted)
                this.delete(this.#tree.order.positionOf(block) + from - block.first, first - from);
        }
    }

    #merge(header: DeltaHeader, delta: TextDelta, tree: TextTree): MergeOutcome {
        const replicas = header.intervals.map(interval => interval.replica);
        const merge = new TextMerge(tree, delta, replicas, replicas.map(replica => this.isDropped(replica) ? Infinity : this.seen(replica)));
        const obstacle = merge.findObstacle();
        if (obstacle !== undefined)
            return obstacle;
        merge.apply();
        if (header.epoch > this.epoch) {
            // The hub drops a replica only when everything that it deleted is stable.
            const dropped = header.collection!.dropped.map(({ replica, final }) => [replica, final] as const);
            dropDeleted(tree, delta.collected.dropped.join(new Version(0, dropped)));
            condemn(tree, delta.collected.condemned);
        }

        return "unchanged";
    }
}
