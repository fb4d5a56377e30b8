/** How much of a bound is used, as a bar. */
export function Share({ label, value, max }: { readonly label: string; readonly value: number; readonly max: number }) {
    return <meter aria-label={label} min={0} max={max} high={max * .85} value={value}>{max === 0 ? 0 : Math.round(100 * value / max)} %</meter>;
}
