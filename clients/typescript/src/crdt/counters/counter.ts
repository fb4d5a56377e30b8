import type { CrdtType, DeltaHeader } from "../deltas/header.js";
import type { ReplicaId } from "../deltas/ids.js";
import type { DeltaReader } from "../deltas/reader.js";
import type { DeltaWriter } from "../deltas/writer.js";
import type { IntentOutcome, MergeOutcome } from "../replicas/outcomes.js";
import { CrdtReplica, type Mark } from "../replicas/replica.js";
import { foldedMax, increment, isOneHistory, noTotals, totalMax, valueOf, type Totals } from "./totals.js";

/** A replica of a counter: what each replica has added and subtracted in total. Of two totals of one replica, the later one counts. */
export class CounterReplica extends CrdtReplica {
    readonly #totals = new Map<ReplicaId, Totals>();
    #folded = noTotals;
    #value = 0n;

    /** @internal */
    constructor(type: CrdtType & ("g-counter" | "pn-counter"), lineage: string, self: ReplicaId) {
        super(type, lineage, self);
    }

    /**
     * The number. Increments at once in several replicas can take it beyond 64 bits: it stays exact, and further increments in that direction are
     * refused.
     */
    get value(): bigint {
        return this.#value;
    }

    /**
     * Adds to the counter.
     * @param amount How much, an integer; less than 0 only if the counter can shrink.
     */
    increment(amount: bigint | number): IntentOutcome {
        const by = BigInt(amount);
        if (by < 0n && this.type === "g-counter")
            return "unsupported";
        if (by === 0n)
            return "unchanged";

        const after = increment(this.#totalsOf(this.self), by);
        const value = this.#value + by;
        if (after.added > totalMax || after.subtracted > totalMax || (by > 0n ? value > totalMax : value < -totalMax - 1n))
            return "overflow";
        this.takeSequences(1);
        this.#totals.set(this.self, after);
        this.#value = value;
        return "applied";
    }

    /** @internal */
    override mark(): Mark {
        return { ...super.mark(), ...this.#totalsOf(this.self) };
    }

    /** @internal */
    override repeatOn(target: CounterReplica, since: Mark): void {
        const { added, subtracted } = this.mark();
        target.increment(added - since.added);
        target.increment(since.subtracted - subtracted);
    }

    protected override mergeBody(header: DeltaHeader, reader: DeltaReader): MergeOutcome {
        const totals = header.intervals.map(() => this.#read(reader, totalMax));
        const folded = header.collection === undefined ? this.#folded : this.#read(reader, foldedMax);
        if (!reader.isAtEnd)
            return "malformed";

        const isForked = header.intervals.some(({ replica, to }, i) =>
            !this.isDropped(replica) && !isOneHistory(totals[i]!, this.#totalsOf(replica), to - this.seen(replica)));
        if (isForked)
            return "forked";

        header.intervals.forEach(({ replica, to }, i) => {
            if (!this.isDropped(replica) && to > this.seen(replica))
                this.#totals.set(replica, totals[i]!);
        });
        if (header.epoch > this.epoch)
            this.#folded = folded;
        this.#sum();
        return "unchanged";
    }

    protected override writeBody(header: DeltaHeader, writer: DeltaWriter): void {
        for (const { replica } of header.intervals)
            this.#write(writer, this.#totalsOf(replica));
        if (header.collection !== undefined)
            this.#write(writer, this.#folded);
    }

    protected override tryDrop(replica: ReplicaId): boolean {
        const { added, subtracted } = this.#totalsOf(replica);
        this.#folded = { added: this.#folded.added + added, subtracted: this.#folded.subtracted + subtracted };
        return true;
    }

    protected override remove(replica: ReplicaId): void {
        this.#totals.delete(replica);
        this.#sum();
    }

    #totalsOf(replica: ReplicaId): Totals {
        return this.#totals.get(replica) ?? noTotals;
    }

    #sum(): void {
        this.#value = valueOf(this.#folded);
        for (const totals of this.#totals.values())
            this.#value += valueOf(totals);
    }

    #read(reader: DeltaReader, max: bigint): Totals {
        return { added: reader.readWide(max), subtracted: this.type === "pn-counter" ? reader.readWide(max) : 0n };
    }

    #write(writer: DeltaWriter, totals: Totals): void {
        writer.writeWide(totals.added);
        if (this.type === "pn-counter")
            writer.writeWide(totals.subtracted);
    }
}
