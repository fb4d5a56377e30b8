import { compareIds, sequenceMax, type ReplicaId } from "./ids.js";
import type { DeltaReader } from "./reader.js";
import type { DeltaWriter } from "./writer.js";

/** What a mergeable value is. */
export type CrdtType = "g-counter" | "pn-counter" | "g-set" | "or-set" | "text";

/** The types in the order of their numbers in docs/crdt-format.md, from 1. */
export const crdtTypes: readonly CrdtType[] = ["g-counter", "pn-counter", "g-set", "or-set", "text"];

/** The changes of one replica that a delta brings: those after `from`, up to `to`. An empty interval is only referred to. */
export interface Interval {
    readonly replica: ReplicaId;
    readonly from: number;
    readonly to: number;
}

/** A replica that a collection dropped, after its change `final`, in that epoch. */
export interface DroppedReplica {
    readonly replica: ReplicaId;
    readonly final: number;
    readonly epoch: number;
}

/** What replicas of an earlier epoch must know to follow the collections: since which epoch deltas are exchanged, and what was dropped since. */
export interface Collection {
    readonly floor: number;
    readonly dropped: readonly DroppedReplica[];
}

/** What every delta begins with. */
export interface DeltaHeader {
    readonly type: CrdtType;
    readonly lineage: string;
    readonly epoch: number;

    /** Undefined if the receiver should know, because the delta is for replicas of this epoch or later. */
    readonly collection: Collection | undefined;
    readonly intervals: readonly Interval[];
}

const format = 1;

export function isState(header: DeltaHeader): boolean {
    return (header.epoch === 0 || header.collection !== undefined) && header.intervals.every(interval => interval.from === 0);
}

/** Undefined if the bytes are no header. */
export function readHeader(reader: DeltaReader): DeltaHeader | undefined {
    const isKnownFormat = reader.readByte() === format;
    const type = crdtTypes[reader.readByte() - 1];
    const lineage = reader.readFixed();
    const epoch = reader.readNumber();
    const collection = epoch > 0 && reader.readNumber(1) === 1 ? readCollection(reader, epoch) : undefined;
    const intervals: Interval[] = [];
    for (let count = reader.readCount(10); count > 0 && !reader.hasFailed; count--) {
        const replica = reader.readFixed();
        const from = reader.readNumber();
        const to = from + reader.readNumber(sequenceMax - from);
        if (to === 0 || replica <= (intervals.at(-1)?.replica ?? ""))
            reader.fail();
        intervals.push({ replica, from, to });
    }

    if (collection !== undefined) {
        const named = new Set(intervals.map(interval => interval.replica));
        if (collection.dropped.some(dropped => named.has(dropped.replica)))
            reader.fail();
    }

    return reader.hasFailed || !isKnownFormat || type === undefined ? undefined : { type, lineage, epoch, collection, intervals };
}

export function writeHeader(header: DeltaHeader, writer: DeltaWriter): void {
    writer.writeByte(format);
    writer.writeByte(crdtTypes.indexOf(header.type) + 1);
    writer.writeFixed(header.lineage);
    writer.writeNumber(header.epoch);
    if (header.epoch > 0) {
        writer.writeNumber(header.collection === undefined ? 0 : 1);
        if (header.collection !== undefined)
            writeCollection(header.collection, writer);
    }

    writer.writeNumber(header.intervals.length);
    for (const { replica, from, to } of header.intervals) {
        writer.writeFixed(replica);
        writer.writeNumber(from);
        writer.writeNumber(to - from);
    }
}

function readCollection(reader: DeltaReader, epoch: number): Collection {
    const floor = reader.readNumber(epoch);
    const dropped: DroppedReplica[] = [];
    for (let count = reader.readCount(10); count > 0 && !reader.hasFailed; count--) {
        const replica = reader.readFixed();
        const final = reader.readNumber();
        const droppedIn = floor + 1 + reader.readNumber(sequenceMax - 1 - floor);
        if (droppedIn > epoch || replica <= (dropped.at(-1)?.replica ?? ""))
            reader.fail();
        dropped.push({ replica, final, epoch: droppedIn });
    }

    return { floor, dropped };
}

function writeCollection(collection: Collection, writer: DeltaWriter): void {
    writer.writeNumber(collection.floor);
    writer.writeNumber(collection.dropped.length);
    for (const { replica, final, epoch } of [...collection.dropped].sort((left, right) => compareIds(left.replica, right.replica))) {
        writer.writeFixed(replica);
        writer.writeNumber(final);
        writer.writeNumber(epoch - collection.floor - 1);
    }
}
