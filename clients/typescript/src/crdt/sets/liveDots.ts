import type { ReplicaId } from "../deltas/ids.js";
import type { DotRun } from "../deltas/runs.js";

/** Names one change: the replica that made it, and its place among that replica's changes, from 1. */
export interface Dot {
    readonly replica: ReplicaId;
    readonly sequence: number;
}

const none: ReadonlyMap<number, string> = new Map();

/**
 * The elements of a set, each with the additions (dots) that no removal has seen. A dot that the version includes and that is not here was removed: that
 * is all that is kept of it.
 */
export class LiveDots {
    readonly #elements = new Map<string, Dot[]>();
    readonly #replicas = new Map<ReplicaId, Map<number, string>>();

    get elements(): IterableIterator<string> {
        return this.#elements.keys();
    }

    get count(): number {
        return this.#elements.size;
    }

    ofElement(element: string): readonly Dot[] {
        return this.#elements.get(element) ?? [];
    }

    /** The dots of a replica and their elements, in ascending order, because that is the order in which they come. */
    ofReplica(replica: ReplicaId): ReadonlyMap<number, string> {
        return this.#replicas.get(replica) ?? none;
    }

    add(dot: Dot, element: string): void {
        const ofReplica = this.#replicas.get(dot.replica);
        if (ofReplica === undefined)
            this.#replicas.set(dot.replica, new Map([[dot.sequence, element]]));
        else
            ofReplica.set(dot.sequence, element);
        const ofElement = this.#elements.get(element);
        if (ofElement === undefined)
            this.#elements.set(element, [dot]);
        else
            ofElement.push(dot);
    }

    /** Removes a dot, and its element if it was the last one; does nothing if it was removed before. */
    remove(replica: ReplicaId, sequence: number): void {
        const ofReplica = this.#replicas.get(replica);
        const element = ofReplica?.get(sequence);
        if (ofReplica === undefined || element === undefined)
            return;
        ofReplica.delete(sequence);
        if (ofReplica.size === 0)
            this.#replicas.delete(replica);
        const rest = this.ofElement(element).filter(dot => dot.replica !== replica || dot.sequence !== sequence);
        if (rest.length === 0)
            this.#elements.delete(element);
        else
            this.#elements.set(element, rest);
    }

    /** Removes the dots of ascending runs: one by one, or by a scan of the replica's dots if that is less. */
    removeRuns(replica: ReplicaId, runs: readonly DotRun[]): void {
        const live = this.ofReplica(replica);
        if (runs.reduce((sum, run) => sum + run.last - run.first + 1, 0) <= live.size) {
            for (const run of runs) {
                for (let sequence = run.first; sequence <= run.last; sequence++)
                    this.remove(replica, sequence);
            }

            return;
        }

        let next = 0;
        for (const sequence of [...live.keys()]) {
            while (next < runs.length && runs[next]!.last < sequence)
                next++;
            if (next < runs.length && runs[next]!.first <= sequence)
                this.remove(replica, sequence);
        }
    }
}
