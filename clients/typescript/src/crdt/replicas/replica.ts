import { readHeader, writeHeader, type CrdtType, type DeltaHeader, type Interval } from "../deltas/header.js";
import type { ReplicaId } from "../deltas/ids.js";
import { DeltaReader } from "../deltas/reader.js";
import { Version } from "../deltas/version.js";
import { DeltaWriter } from "../deltas/writer.js";
import type { MergeOutcome } from "./outcomes.js";
import { Progress } from "./progress.js";

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
    readonly #progress: Progress;

    /** @internal */
    constructor(
        /** The type of the value. */
        readonly type: CrdtType,

        /** Which creation of the value this is: random, so that values created twice under one key are not merged. */
        readonly lineage: string,

        /** The id under which this replica changes the value. */
        readonly self: ReplicaId) {
        this.#progress = new Progress(self);
    }

    /** How many collections this replica has seen. */
    get epoch(): number {
        return this.#progress.epoch;
    }

    /** The changes that are included. */
    get version(): Version {
        return this.#progress.version;
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
        if (version.epoch > this.epoch)
            return this.encode();
        return !this.#progress.isForgotten(version.epoch) && this.canBringForward(version) ? this.#encodeSince(version) : undefined;
    }

    /** Merges a delta or a state. Any bytes may be given; those that cannot be merged leave the replica as it was. */
    merge(delta: Uint8Array): MergeOutcome {
        return this.#merge(delta, header => this.#progress.findObstacle(header));
    }

    /** @internal Merges the state that a new replica begins with, in which changes of its own are no surprise. */
    load(state: Uint8Array): MergeOutcome {
        return this.#merge(state, header => this.#progress.findObstacleToLoad(header));
    }

    /**
     * @internal Collects garbage; for the hub alone, which a client never is. Tests need it to be the hub of others.
     * @returns Whether anything was dropped or forgotten, which makes a new epoch.
     */
    collect(retired: Iterable<ReplicaId>, stable: Version, floor: number): boolean {
        let hasDropped = this.dropDeleted(stable);
        for (const replica of retired) {
            if (this.seen(replica) === 0 || !this.tryDrop(replica))
                continue;
            this.remove(replica);
            this.#progress.drop(replica);
            hasDropped = true;
        }

        return this.#progress.tryEndEpoch(floor, hasDropped);
    }

    /** @internal What this replica has done itself. */
    mark(): Mark {
        return { sequence: this.seen(this.self), added: 0n, subtracted: 0n };
    }

    /** @internal How many changes of a replica are included, or were when it was dropped. */
    known(replica: ReplicaId): number {
        return this.#progress.known(replica);
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
        return this.#progress.seen(replica);
    }

    /** Whether a delta that fits has anything that this replica lacks. */
    protected lacks(header: DeltaHeader): boolean {
        return this.#progress.lacks(header);
    }

    protected isDropped(replica: ReplicaId): boolean {
        return this.#progress.isDropped(replica);
    }

    /** Names changes of this replica, and returns the first of them. */
    protected takeSequences(count: number): number {
        return this.#progress.take(count);
    }

    protected encodeIntervals(intervals: Interval[], withCollection: boolean, writeBody: (header: DeltaHeader, writer: DeltaWriter) => void): Uint8Array {
        const collection = withCollection ? this.#progress.collection : undefined;
        const header = { type: this.type, lineage: this.lineage, epoch: this.epoch, collection, intervals };
        const writer = new DeltaWriter();
        writeHeader(header, writer);
        writeBody(header, writer);
        return writer.written.slice();
    }

    #encodeSince(version: Version): Uint8Array {
        const referred = this.referredSince(version);
        const intervals: Interval[] = [];
        for (const [replica, to] of this.#progress.entries()) {
            const sequence = version.of(replica);
            if (to > sequence || referred.has(replica))
                intervals.push({ replica, from: Math.min(sequence, to), to });
        }

        return this.encodeIntervals(intervals, version.epoch < this.epoch, (header, writer) => this.writeBody(header, writer));
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
            if (this.#progress.advance(replica, to))
                outcome = "merged";
        }

        if (header.epoch > this.epoch) {
            for (const { replica } of header.collection!.dropped)
                this.remove(replica);
            this.#progress.follow(header.epoch, header.collection!);
            outcome = "merged";
        }

        return outcome;
    }
}
