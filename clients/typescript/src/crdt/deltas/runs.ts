/** Consecutive changes of one replica, from the first to the last. */
export interface DotRun {
    readonly first: number;
    readonly last: number;
}

/** The runs of what is not listed, from 1 up to a sequence. The listed sequences ascend. */
export function complement(sequences: Iterable<number>, last: number): DotRun[] {
    const runs: DotRun[] = [];
    let next = 1;
    for (const sequence of sequences) {
        if (sequence > last)
            break;
        if (sequence > next)
            runs.push({ first: next, last: sequence - 1 });
        next = sequence + 1;
    }

    if (next <= last)
        runs.push({ first: next, last });
    return runs;
}

/** Sorts runs and joins those that overlap or touch. */
export function normalize(runs: DotRun[]): DotRun[] {
    const joined: DotRun[] = [];
    for (const run of runs.sort((left, right) => left.first - right.first)) {
        const before = joined.at(-1);
        if (before !== undefined && run.first <= before.last + 1)
            joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, run.last) };
        else
            joined.push(run);
    }

    return joined;
}

/** The index of the first of ascending runs that ends at a sequence or later. */
export function indexFrom(runs: readonly { readonly last: number }[], sequence: number): number {
    let low = 0;
    let high = runs.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (runs[middle]!.last < sequence)
            low = middle + 1;
        else
            high = middle;
    }

    return low;
}
