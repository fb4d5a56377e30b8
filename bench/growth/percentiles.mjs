/** The number of a sorted list below which this share of it is. */
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** p50 and p99 of times, and how many there are. */
export function latencies(times) {
    const sorted = [...times].sort((left, right) => left - right);
    return sorted.length === 0 ? { events: 0 } : { p50: at(sorted, 0.5), p99: at(sorted, 0.99), events: sorted.length };
}

/** The middle of a list of numbers. */
export function median(numbers) {
    const sorted = numbers.filter(number => number !== undefined).sort((left, right) => left - right);
    const middle = sorted.length >> 1;
    return sorted.length === 0 ? undefined : sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
