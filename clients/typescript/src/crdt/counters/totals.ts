/** What a replica, or several that were folded, added and subtracted in total. Immutable. */
export interface Totals {
    readonly added: bigint;
    readonly subtracted: bigint;
}

export const noTotals: Totals = { added: 0n, subtracted: 0n };

/** The bound of each total of one replica. */
export const totalMax = 2n ** 63n - 1n;

/** The bound of what is folded: of more replicas than any value has. */
export const foldedMax = 2n ** 120n;

export function valueOf(totals: Totals): bigint {
    return totals.added - totals.subtracted;
}

export function increment(totals: Totals, amount: bigint): Totals {
    return amount > 0n ? { ...totals, added: totals.added + amount } : { ...totals, subtracted: totals.subtracted - amount };
}

/**
 * Whether one history can have both totals.
 * @param order Whether the first ones are older (less than 0), the same, or newer.
 */
export function isOneHistory(totals: Totals, known: Totals, order: number): boolean {
    if (order === 0)
        return totals.added === known.added && totals.subtracted === known.subtracted;
    const [newer, older] = order > 0 ? [totals, known] : [known, totals];
    return newer.added >= older.added && newer.subtracted >= older.subtracted;
}
