import { createReplica, loadReplica, newReplicaId, type CrdtType, type ReplicaId, type ReplicaOfType, type Version } from "../crdt/index.js";
import type { CrdtReplica, Mark } from "../crdt/replicas/replica.js";
import type { StoredReplica } from "../storage/storage.js";
import type { ReplicaSlots } from "./slots.js";

const nothing: Mark = { sequence: 0, added: 0n, subtracted: 0n };

/** How many attempts to send are kept whose outcome is unknown; the middle of more is forgotten. */
const sentMax = 256;

/** A replica on this side: what it is, what the service has of it, and how it is stored. */
export class LocalCopy<T extends CrdtType> {
    #replica: ReplicaOfType[T];
    #release: () => void;
    #isProvisional = true;
    #leaves = false;
    #keepsChanges = true;
    #acknowledged = nothing;
    #sent: readonly Mark[] = [];
    #replaces: ReplicaId | undefined;
    #saving: Promise<void> = Promise.resolve();
    #nextSave: Promise<void> | undefined;
    #storedBytes = 0;

    /** Called at once when the value has changed by what came from the service. */
    onMerged: () => void = () => undefined;

    private constructor(readonly type: T, readonly slots: ReplicaSlots, replica: ReplicaOfType[T], release: () => void) {
        this.#replica = replica;
        this.#release = release;
    }

    /** Begins without the service: the first exchange with it repeats what was done until then on its value. */
    static async begin<T extends CrdtType>(type: T, slots: ReplicaSlots): Promise<LocalCopy<T>> {
        const replica = createReplica(type);
        return new LocalCopy(type, slots, replica, (await slots.lock(replica.self))!);
    }

    /** Continues a stored replica; undefined if what is stored is damaged, or of another type. */
    static restore<T extends CrdtType>(type: T, slots: ReplicaSlots, stored: StoredReplica, release: () => void): LocalCopy<T> | undefined {
        const replica = loadReplica(stored.state, stored.id);
        if (replica?.type !== type)
            return undefined;
        const copy = new LocalCopy(type, slots, replica as ReplicaOfType[T], release);
        copy.#isProvisional = stored.isProvisional;
        copy.#acknowledged = stored.acknowledged;
        copy.#sent = stored.sent;
        copy.#storedBytes = stored.state.length;
        return copy;
    }

    get replica(): ReplicaOfType[T] {
        return this.#replica;
    }

    /** Whether the next exchange begins with the state of the service. */
    get needsState(): boolean {
        return this.#isProvisional || this.#leaves;
    }

    /** The size of the state when it was stored last. */
    get storedBytes(): number {
        return this.#storedBytes;
    }

    /** Whether there are changes that the service is not known to have. */
    get hasUnsent(): boolean {
        return this.#replica.mark().sequence > this.#acknowledged.sequence;
    }

    /** Whether this replica has changed anything ever, so that the hub waits for its acknowledgements. */
    get isAuthor(): boolean {
        return this.#replica.mark().sequence > 0;
    }

    /** What the service has: what came from there, and what it acknowledged. */
    get base(): Version {
        return this.#replica.version.with(this.#replica.self, this.#acknowledged.sequence);
    }

    /** Notes what is about to be sent, and stores it, so that an answer that does not arrive leaves no doubt. */
    async beginSending(): Promise<Mark> {
        const mark = this.#replica.mark();
        if (mark.sequence > (this.#sent.at(-1) ?? this.#acknowledged).sequence)
            this.#sent = [...this.#sent.slice(0, sentMax - 1), mark];
        await this.save();
        return mark;
    }

    /** Notes that the service has what was sent. */
    acknowledge(mark: Mark): void {
        if (mark.sequence <= this.#acknowledged.sequence)
            return;
        this.#acknowledged = mark;
        this.#sent = this.#sent.filter(({ sequence }) => sequence > mark.sequence);
    }

    /**
     * Notes how many changes of this replica the service has, as everything from there says. What others did after these may follow at once, and what is
     * sent must not begin before what that refers to.
     */
    acknowledgeUpTo(sequence: number): void {
        this.acknowledge(this.#markAt(Math.min(sequence, this.#replica.mark().sequence)));
    }

    /** Has the next exchange begin with the state of the service, whatever lineage that has. */
    leave(keepsChanges: boolean): void {
        this.#leaves = true;
        this.#keepsChanges = keepsChanges;
    }

    /**
     * Goes over to a state of the service under a new id, and repeats there what the service does not have.
     * @returns Whether the state is one of this type.
     */
    async replaceBy(state: Uint8Array): Promise<boolean> {
        const id = newReplicaId();
        const release = (await this.slots.lock(id))!;
        const replica = loadReplica(state, id);
        if (replica?.type !== this.type) {
            release();
            return false;
        }

        // From here to the end of the assignments nothing may wait: what was done meanwhile would be missing.
        const old: CrdtReplica = this.#replica;
        if (this.#keepsChanges)
            old.repeatOn(replica, this.#isProvisional ? nothing : this.#markAt(replica.lineage === old.lineage ? replica.known(old.self) : 0));
        const releaseOld = this.#release;
        this.#release = release;
        this.#replica = replica as ReplicaOfType[T];
        this.#isProvisional = false;
        this.#leaves = false;
        this.#keepsChanges = true;
        this.#acknowledged = nothing;
        this.#sent = [];
        this.#replaces = old.self;
        this.onMerged();
        await this.save();
        await this.slots.storage.remove(this.slots.name, old.self);
        this.#replaces = undefined;
        releaseOld();
        return true;
    }

    /** Stores the replica as it is now. While that is under way, further calls are one more. */
    save(): Promise<void> {
        this.#nextSave ??= this.#saving.catch(() => undefined).then(() => {
            this.#nextSave = undefined;
            return this.#saving = this.#write();
        });
        return this.#nextSave;
    }

    /** Releases the replica for other pages, after what is being stored. */
    async close(): Promise<void> {
        await this.save().catch(() => undefined);
        this.#release();
    }

    /** Releases the replica, and forgets it. */
    async remove(): Promise<void> {
        await this.#nextSave;
        await this.slots.storage.remove(this.slots.name, this.#replica.self);
        this.#release();
    }

    async #write(): Promise<void> {
        const state = this.#replica.encode();
        this.#storedBytes = state.length;
        await this.slots.storage.save({
            name: this.slots.name, id: this.#replica.self, type: this.type, state, isProvisional: this.#isProvisional, hasUnsent: this.hasUnsent,
            acknowledged: this.#acknowledged, sent: this.#sent, replaces: this.#replaces,
        });
    }

    // What the service had of this replica when it had a number of its changes: one of the states that were sent.
    #markAt(sequence: number): Mark {
        const exact = this.type === "text" || this.type.endsWith("set")
            ? [{ sequence, added: 0n, subtracted: 0n }]
            : this.#sent.filter(sent => sent.sequence <= sequence);
        return exact.reduce((last, mark) => mark.sequence > last.sequence ? mark : last, this.#acknowledged);
    }
}
