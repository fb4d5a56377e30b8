/** Compares keys as the service does, by their bytes in UTF-8, which is the order of code points. JavaScript compares UTF-16. */
export function compareKeys(one: string, other: string): number {
    const length = Math.min(one.length, other.length);
    for (let at = 0; at < length; at++) {
        const [x, y] = [one.charCodeAt(at), other.charCodeAt(at)];
        if (x !== y)
            return rank(x) - rank(y);
    }

    return one.length - other.length;
}

// Surrogates stand for code points above all others, though U+E000 to U+FFFF come after them as numbers.
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x10000 : unit);

/** What both begin with. */
export function commonPrefix(one: string, other: string): string {
    let length = 0;
    while (length < one.length && length < other.length && one[length] === other[length])
        length++;

    // Half of a surrogate pair has no UTF-8.
    if (length > 0 && /[\ud800-\udbff]/.test(one[length - 1]!))
        length--;
    return one.slice(0, length);
}
