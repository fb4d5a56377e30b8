import { indexFrom, type DotRun } from "../deltas/runs.js";
import type { Author } from "./author.js";

/** Consecutive deletions of one author, of consecutive elements of one target, upwards or downwards. Immutable. */
export class DeletionRun {
    /**
     * @param first The sequence of the first deletion.
     * @param targetFirst The element that the first deletion deletes.
     * @param step 1 or -1: the distance from one deleted element to the next; 1 if there is only one.
     */
    constructor(readonly first: number, readonly length: number, readonly target: Author, readonly targetFirst: number, readonly step: 1 | -1) {
    }

    get last(): number {
        return this.first + this.length - 1;
    }

    /** The lowest and the highest deleted element. */
    get targets(): DotRun {
        const targetLast = this.targetFirst + (this.length - 1) * this.step;
        return this.step > 0 ? { first: this.targetFirst, last: targetLast } : { first: targetLast, last: this.targetFirst };
    }

    /** The part that is within sequences. */
    clip(first: number, last: number): DeletionRun {
        if (first <= this.first && last >= this.last)
            return this;
        const from = Math.max(first, this.first);
        const length = Math.min(last, this.last) - from + 1;
        return new DeletionRun(from, length, this.target, this.targetFirst + (from - this.first) * this.step, length === 1 ? 1 : this.step);
    }

    /** This run with more deletions, which follow it and have its direction. */
    extend(count: number, step: 1 | -1): DeletionRun {
        return new DeletionRun(this.first, this.length + count, this.target, this.targetFirst, step);
    }
}

/** The deletions of one author in the order of their sequences, in runs that are as long as they can be. */
export class DeletionLog {
    #runs: DeletionRun[] = [];

    get runs(): readonly DeletionRun[] {
        return this.#runs;
    }

    /** Appends deletions. However they are divided, the runs become the same. */
    append(added: DeletionRun): void {
        for (let done = 0; done < added.length;) {
            const sequence = added.first + done;
            const targetSequence = added.targetFirst + done * added.step;
            const last = this.#runs.at(-1);
            const step = last && stepTo(last, sequence, added.target, targetSequence);
            const begun = last !== undefined && step !== undefined ? last.extend(1, step) : undefined;
            if (begun !== undefined)
                this.#runs[this.#runs.length - 1] = begun;
            else
                this.#runs.push(new DeletionRun(sequence, 1, added.target, targetSequence, 1));
            done++;

            // From here on the run has the direction of the rest, or the rest begins another.
            if (done < added.length && begun?.step === added.step) {
                this.#runs[this.#runs.length - 1] = begun.extend(added.length - done, begun.step);
                return;
            }
        }
    }

    /** The runs that have deletions from a sequence on, the first of them clipped. */
    from(sequence: number): DeletionRun[] {
        const index = indexFrom(this.#runs, sequence);
        return index === this.#runs.length ? [] : [this.#runs[index]!.clip(sequence, Infinity), ...this.#runs.slice(index + 1)];
    }

    /** The run that has a deletion; undefined if there is none. */
    find(sequence: number): DeletionRun | undefined {
        const run = this.#runs[indexFrom(this.#runs, sequence)];
        return run !== undefined && run.first <= sequence ? run : undefined;
    }

    /** Replaces the log. */
    replace(runs: Iterable<DeletionRun>): void {
        this.#runs = [];
        for (const run of runs)
            this.append(run);
    }
}

// The direction in which a deletion continues a run; undefined if it does not.
function stepTo(run: DeletionRun, sequence: number, target: Author, targetSequence: number): 1 | -1 | undefined {
    if (run.target !== target || run.last + 1 !== sequence)
        return undefined;
    if ((run.length === 1 || run.step > 0) && targetSequence === run.targetFirst + run.length)
        return 1;
    return (run.length === 1 || run.step < 0) && targetSequence === run.targetFirst - run.length ? -1 : undefined;
}
