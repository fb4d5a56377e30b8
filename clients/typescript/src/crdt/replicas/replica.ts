import { isState, readHeader, writeHeader, type Collection, type CrdtType, type DeltaHeader, type DroppedReplica, type Interval } from "../deltas/header.js";
import { sequenceMax, type ReplicaId } from "../deltas/ids.js";
import { DeltaReader } from "../deltas/reader.js";
import { Version } from "../deltas/version.js";
import { DeltaWriter } from "../deltas/writer.js";
import type { MergeOutcome } from "./outcomes.js";

/** How much of what a replica did itself another one has. Immutable. */
export interface Mark {
    /** The number of its changes. */
    readonly sequence: number;

    /** What it has added to a counter in total, and subtracted. */
    readonly added: bigint;
    readonly subtracted: bigint;
}

/**
 * One replica of a mergeable value. It changes by intents of its own and by deltas of others; replicas that have seen the same changes, in whatever
 * order, are equal to the byte, also those that are written in another language.
 *
 * A delta has the changes of an interval of each replica, so it can be merged by every replica that has what precedes them, any number of times. The
 * hub of a lineage, which is a service, decides what is collected; deltas carry that here.
 */
export abstract class CrdtReplica {
    readonly #seen = new Map<ReplicaId, number>();
    #order: ReplicaId[] = [];
    #dropped = new Map<ReplicaId, DroppedReplica>();
    #floor = 0;
    #epoch = 0;

    /** @internal */
    constructor(
        /** The type of the value. */
        readonly type: CrdtType,

        /** Which creation of the value this is: random, so that values created twice under one key are not merged. */
        readonly lineage: string,

        /** The id under which this replica changes the value. */
        readonly self: ReplicaId) {
    }

    /** How many collections this replica has seen. */
    get epoch(): number {
        return this.#epoch;
    }

    /** The changes that are included. */
    get version(): Version {
        return new Version(this.#epoch, this.#entries());
    }

    /** The full state, as a delta since nothing. */
    encode(): Uint8Array {
        return this.#encodeSince(Version.empty);
    }

    /**
     * What a replica at a version lacks; the full state if the version has collections that this replica should follow first. Undefined if something that
     * the version does not include was collected, so that only the full state will do.
     */
    deltaSince(version: Version): Uint8Array | undefined {
        // The version of a later epoch does not name what was dropped, which this replica still has.
        if (version.epoch > this.#epoch)
            return this.encode();
        return version.epoch >= this.#floor && this.canBringForward(version) ? this.#encodeSince(version) : undefined;
    }

    /** Merges a delta or a state. Any bytes may be given; those that cannot be merged leave the replica as it was. */
    merge(delta: Uint8Array): MergeOutcome {
        return this.#merge(delta, header => this.#findObstacle(header));
    }

    /** @internal Merges the state that a new replica begins with, in which changes of its own are no surprise. */
    load(state: Uint8Array): MergeOutcome {
        return this.#merge(state, header => this.#findObstacleToLoad(header));
    }

    /**
     * @internal Collects garbage; for the hub alone, which a client never is. Tests need it to be the hub of others.
     * @returns Whether anything was dropped or forgotten, which makes a new epoch.
     */
    collect(retired: Iterable<ReplicaId>, stable: Version, floor: number): boolean {
        let hasDropped = this.dropDeleted(stable);
        for (const replica of retired) {
            const final = this.seen(replica);
            if (final === 0 || !this.tryDrop(replica))
                continue;
            this.#drop(replica);
            this.#dropped.set(replica, { replica, final, epoch: this.#epoch + 1 });
            hasDropped = true;
        }

        const forgotten = [...this.#dropped.values()].filter(dropped => dropped.epoch <= floor);
        if (!hasDropped && forgotten.length === 0)
            return false;
        for (const { replica } of forgotten)
            this.#dropped.delete(replica);
        this.#floor = Math.max(this.#floor, floor);
        this.#epoch++;
        return true;
    }

    /** @internal What this replica has done itself. */
    mark(): Mark {
        return { sequence: this.seen(this.self), added: 0n, subtracted: 0n };
    }

    /** @internal How many changes of a replica are included, or were when it was dropped. */
    known(replica: ReplicaId): number {
        return this.#dropped.get(replica)?.final ?? this.seen(replica);
    }

    /** @internal Repeats on another replica of the same type what this one has done itself since then. */
    abstract repeatOn(target: CrdtReplica, since: Mark): void;

    /** Merges the rest of a delta whose intervals fit, or leaves everything as it was. */
    protected abstract mergeBody(header: DeltaHeader, reader: DeltaReader): MergeOutcome;

    /** Writes the rest of a delta. */
    protected abstract writeBody(header: DeltaHeader, writer: DeltaWriter): void;

    /** Removes what is left of a replica that the hub dropped. */
    protected abstract remove(replica: ReplicaId): void;

    /** Prepares the hub's removal of a replica; false if the value still has content of it. */
    protected abstract tryDrop(replica: ReplicaId): boolean;

    /** Drops what a stable version knows to be deleted; for the hub. */
    protected dropDeleted(_stable: Version): boolean {
        return false;
    }

    /** The replicas that a delta since a version names besides those with changes. */
    protected referredSince(_version: Version): Set<ReplicaId> {
        return new Set();
    }

    /** Whether a delta since a version can say everything that the version lacks. */
    protected canBringForward(_version: Version): boolean {
        return true;
    }

    /** The number of changes of a replica that are included. */
    protected seen(replica: ReplicaId): number {
        return this.#seen.get(replica) ?? 0;
    }

    protected isDropped(replica: ReplicaId): boolean {
        return this.#dropped.has(replica);
    }

    /** Names changes of this replica, and returns the first of them. */
    protected takeSequences(count: number): number {
        const before = this.seen(this.self);
        if (before + count > sequenceMax)
            throw new RangeError("A replica has named all the changes it can; take a new id.");
        this.#advance(this.self, before + count);
        return before + 1;
    }

    protected encodeIntervals(intervals: Interval[], withCollection: boolean, writeBody: (header: DeltaHeader, writer: DeltaWriter) => void): Uint8Array {
        const collection: Collection | undefined = withCollection ? { floor: this.#floor, dropped: [...this.#dropped.values()] } : undefined;
        const header = { type: this.type, lineage: this.lineage, epoch: this.#epoch, collection, intervals };
        const writer = new DeltaWriter();
        writeHeader(header, writer);
        writeBody(header, writer);
        return writer.written.slice();
    }

    #encodeSince(version: Version): Uint8Array {
        const referred = this.referredSince(version);
        const intervals: Interval[] = [];
        for (const [replica, to] of this.#entries()) {
            const sequence = version.of(replica);
            if (to > sequence || referred.has(replica))
                intervals.push({ replica, from: Math.min(sequence, to), to });
        }

        return this.encodeIntervals(intervals, version.epoch < this.#epoch, (header, writer) => this.writeBody(header, writer));
    }

    #merge(delta: Uint8Array, findObstacle: (header: DeltaHeader) => MergeOutcome | undefined): MergeOutcome {
        const reader = new DeltaReader(delta);
        const header = readHeader(reader);
        if (header === undefined)
            return "malformed";
        if (header.type !== this.type)
            return "other-type";
        if (header.lineage !== this.lineage)
            return "other-lineage";
        const obstacle = findObstacle(header);
        if (obstacle !== undefined)
            return obstacle;

        let outcome = this.mergeBody(header, reader);
        if (outcome !== "merged" && outcome !== "unchanged")
            return outcome;
        for (const { replica, to } of header.intervals) {
            if (!this.isDropped(replica) && to > this.seen(replica)) {
                this.#advance(replica, to);
                outcome = "merged";
            }
        }

        if (header.epoch > this.#epoch) {
            this.#follow(header.epoch, header.collection!);
            outcome = "merged";
        }

        return outcome;
    }

    #findObstacleToLoad(header: DeltaHeader): MergeOutcome | undefined {
        if (!isState(header))
            return "gap";
        return header.collection?.dropped.some(dropped => dropped.replica === this.self) ? "outdated" : undefined;
    }

    #findObstacle(header: DeltaHeader): MergeOutcome | undefined {
        if (header.epoch < this.#floor)
            return "collected";
        if (header.epoch > this.#epoch) {
            if (header.collection === undefined)
                return "gap";
            if (header.collection.floor > this.#epoch ||
                header.collection.dropped.some(({ replica, final }) => replica === this.self || this.seen(replica) > final))
                return "outdated";
        }

        for (const { replica, from, to } of header.intervals) {
            const dropped = this.#dropped.get(replica);
            if (dropped !== undefined) {
                if (to > dropped.final)
                    return "collected";
            } else if (replica === this.self && to > this.seen(replica)) {
                return "forked";
            } else if (from > this.seen(replica)) {
                return "gap";
            }
        }

        return undefined;
    }

    #follow(epoch: number, collection: Collection): void {
        for (const { replica } of collection.dropped)
            this.#drop(replica);

        this.#dropped = new Map(collection.dropped.map(dropped => [dropped.replica, dropped]));
        this.#floor = collection.floor;
        this.#epoch = epoch;
    }

    #drop(replica: ReplicaId): void {
        this.remove(replica);
        if (this.#seen.delete(replica))
            this.#order = this.#order.filter(other => other !== replica);
    }

    #advance(replica: ReplicaId, sequence: number): void {
        if (!this.#seen.has(replica))
            this.#order.push(replica);
        this.#seen.set(replica, sequence);
    }

    // Sorted only when a replica has come; sorting what is nearly sorted costs little.
    *#entries(): Generator<[ReplicaId, number]> {
        for (const replica of this.#order.sort())
            yield [replica, this.#seen.get(replica)!];
    }
}
