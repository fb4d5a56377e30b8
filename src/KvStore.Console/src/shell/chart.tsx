/** A line of a chart: where it goes at each moment; undefined where nothing is known. */
export interface Series {
    readonly label: string;
    readonly values: readonly (number | undefined)[];
}

export interface ChartProps {
    readonly title: string;

    /** What it shows, for those who do not know. */
    readonly help: string;
    readonly series: readonly Series[];

    /** How many moments it has room for; newer ones are at the right. */
    readonly length: number;
    readonly format: (value: number) => string;

    /** Whether they are bytes, whose units are powers of two. */
    readonly isBytes?: boolean;
}

const Width = 300;
const Height = 80;

/** Lines over time, with the latest values as text, which is all that a screen reader needs of it. */
export function Chart({ title, help, series, length, format, isBytes }: ChartProps) {
    const highest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
    const top = isBytes ? 2 ** Math.ceil(Math.log2(Math.max(1, highest))) : roundUp(highest);
    return (
        <section class="chart card">
            <h2 title={help}>{title}</h2>
            <div class="chart-area">
                <span class="chart-top" aria-hidden="true">{top === 0 ? "" : format(top)}</span>
                <svg viewBox={`0 0 ${Width} ${Height}`} preserveAspectRatio="none" aria-hidden="true">
                    <line class="chart-line" x1="0" y1={Height} x2={Width} y2={Height} />
                    <line class="chart-line" x1="0" y1={Height / 2} x2={Width} y2={Height / 2} />
                    {series.map(({ label, values }, index) => <path key={label} class={`series-${index}`} d={pathOf(values, length, top)} />)}
                </svg>
            </div>
            <ul class="legend">
                {series.map(({ label, values }, index) => (
                    <li key={label}><span class={`swatch series-${index}`} aria-hidden="true" />{label} <b>{latest(values, format)}</b></li>
                ))}
            </ul>
        </section>
    );
}

function latest(values: readonly (number | undefined)[], format: (value: number) => string): string {
    const value = values.at(-1);
    return value === undefined ? "–" : format(value);
}

// A value between two unknown ones is a dot, which a path of no length with round ends is.
function pathOf(values: readonly (number | undefined)[], length: number, top: number): string {
    let path = "";
    let isDown = false;
    values.forEach((value, index) => {
        if (value === undefined) {
            isDown = false;
            return;
        }

        const x = (Width * (length - values.length + index) / (length - 1)).toFixed(1);
        const y = (Height - (top === 0 ? 0 : Height * value / top)).toFixed(1);
        path += isDown ? `L${x} ${y}` : `M${x} ${y}h0`;
        isDown = true;
    });
    return path;
}

// The next number of the form 1, 2 or 5 times a power of ten, so that the scale does not move with each value.
function roundUp(value: number): number {
    if (value <= 0)
        return 0;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].find((factor) => value <= factor * power)! * power;
}
