import { isState, type Collection, type DeltaHeader, type DroppedReplica } from "../deltas/header.js";
import { sequenceMax, type ReplicaId } from "../deltas/ids.js";
import { Version } from "../deltas/version.js";
import type { MergeOutcome } from "./outcomes.js";

/** How far a replica is: which changes it has, and which collections it has followed. It decides which deltas fit. */
export class Progress {
    readonly #seen = new Map<ReplicaId, number>();
    #order: ReplicaId[] = [];
    #dropped = new Map<ReplicaId, DroppedReplica>();
    #floor = 0;
    #epoch = 0;

    constructor(readonly self: ReplicaId) {
    }

    get epoch(): number {
        return this.#epoch;
    }

    get version(): Version {
        return new Version(this.#epoch, this.entries());
    }

    get collection(): Collection {
        return { floor: this.#floor, dropped: [...this.#dropped.values()] };
    }

    /** The replicas with changes, in ascending order. They are sorted only here; sorting what is nearly sorted costs little. */
    *entries(): Generator<[ReplicaId, number]> {
        for (const replica of this.#order.sort())
            yield [replica, this.#seen.get(replica)!];
    }

    /** The number of changes of a replica that are included. */
    seen(replica: ReplicaId): number {
        return this.#seen.get(replica) ?? 0;
    }

    /** How many changes of a replica are included, or were when it was dropped. */
    known(replica: ReplicaId): number {
        return this.#dropped.get(replica)?.final ?? this.seen(replica);
    }

    isDropped(replica: ReplicaId): boolean {
        return this.#dropped.has(replica);
    }

    /** Whether what was dropped since an epoch has been forgotten. */
    isForgotten(epoch: number): boolean {
        return epoch < this.#floor;
    }

    /** Names changes of this replica, and returns the first of them. */
    take(count: number): number {
        const before = this.seen(this.self);
        if (before + count > sequenceMax)
            throw new RangeError("A replica has named all the changes it can; take a new id.");
        this.advance(this.self, before + count);
        return before + 1;
    }

    /** Whether a delta that fits has changes or a collection that this replica lacks. */
    lacks(header: DeltaHeader): boolean {
        return header.epoch > this.#epoch || header.intervals.some(({ replica, to }) => to > this.seen(replica) && !this.isDropped(replica));
    }

    /** Notes how many changes of a replica are included now. False if they were before. */
    advance(replica: ReplicaId, sequence: number): boolean {
        if (this.isDropped(replica) || sequence <= this.seen(replica))
            return false;
        if (!this.#seen.has(replica))
            this.#order.push(replica);
        this.#seen.set(replica, sequence);
        return true;
    }

    /** Finds why a full state cannot be loaded. */
    findObstacleToLoad(header: DeltaHeader): MergeOutcome | undefined {
        if (!isState(header))
            return "gap";
        return header.collection?.dropped.some(dropped => dropped.replica === this.self) ? "outdated" : undefined;
    }

    /** Finds why a delta does not fit. */
    findObstacle(header: DeltaHeader): MergeOutcome | undefined {
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

    /** Takes over what the hub has dropped. */
    follow(epoch: number, collection: Collection): void {
        for (const { replica } of collection.dropped)
            this.#forget(replica);
        this.#dropped = new Map(collection.dropped.map(dropped => [dropped.replica, dropped]));
        this.#floor = collection.floor;
        this.#epoch = epoch;
    }

    /** Drops a replica in the epoch that is about to begin; for the hub. */
    drop(replica: ReplicaId): void {
        this.#dropped.set(replica, { replica, final: this.seen(replica), epoch: this.#epoch + 1 });
        this.#forget(replica);
    }

    /** Ends an epoch if anything was dropped or is forgotten now; for the hub. */
    tryEndEpoch(floor: number, hasDropped: boolean): boolean {
        const forgotten = [...this.#dropped.values()].filter(dropped => dropped.epoch <= floor);
        if (!hasDropped && forgotten.length === 0)
            return false;
        for (const { replica } of forgotten)
            this.#dropped.delete(replica);
        this.#floor = Math.max(this.#floor, floor);
        this.#epoch++;
        return true;
    }

    #forget(replica: ReplicaId): void {
        if (this.#seen.delete(replica))
            this.#order = this.#order.filter(other => other !== replica);
    }
}
