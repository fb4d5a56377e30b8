export interface ShareProps {
    readonly label: string;
    readonly value: number;
    readonly max: number;

    /** Whether it is well that all of it is there, as of tokens; otherwise the last part of a bound is a warning. */
    readonly isSupply?: boolean;
}

/** How much there is of the most that may be, as a bar. */
export function Share({ label, value, max, isSupply }: ShareProps) {
    return <meter aria-label={label} min={0} max={max} high={isSupply ? max : max * .85} value={value}>{max === 0 ? 0 : Math.round(100 * value / max)} %</meter>;
}
