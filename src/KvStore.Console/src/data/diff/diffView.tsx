import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { counted } from "../values/figures.js";
import { formatJson } from "../values/json.js";
import { diffRows, differingParts, type DiffRow } from "./diff.js";

// Equal lines around a difference that help to see where it is.
const contextLines = 3;

// A difference of more lines than this is shown in parts.
const rowsAtOnce = 2000;

interface Props {
    readonly left: string;
    readonly right: string;
    readonly leftTitle: string;
    readonly rightTitle: string;
}

/** Two texts side by side, or one above the other where there is no room, with what differs. JSON can be laid out alike before. */
export function DiffView({ left, right, leftTitle, rightTitle }: Props) {
    const [leftJson, rightJson] = useMemo(() => [formatJson(left, 2), formatJson(right, 2)], [left, right]);
    const hasJson = leftJson !== undefined && rightJson !== undefined && (leftJson !== left || rightJson !== right);
    const isFormatted = useSignal(true);
    const showsAll = useSignal(false);
    const limit = useSignal(rowsAtOnce);
    const formats = hasJson && isFormatted.value;
    const rows = useMemo(() => diffRows(formats ? leftJson! : left, formats ? rightJson! : right), [left, right, formats]);
    const differences = rows.filter(({ kind }) => kind !== "same").length;
    const shown = showsAll.value ? rows : withContext(rows);
    return (
        <div class="diff">
            <div class="bar">
                <span>{differences === 0 ? left === right ? "There is no difference." : "Only white space differs." : `${counted(differences, "line differs", "lines differ")}.`}</span>
                {hasJson && <label class="inline"><input type="checkbox" checked={isFormatted.value} onChange={event => (isFormatted.value = event.currentTarget.checked)} /> lay out JSON alike</label>}
                {shown.length < rows.length || showsAll.value ? <label class="inline"><input type="checkbox" checked={showsAll.value} onChange={event => (showsAll.value = event.currentTarget.checked)} /> all lines</label> : null}
            </div>
            <table class="diff-table">
                <colgroup><col class="col-number" /><col /><col class="col-number" /><col /></colgroup>
                <thead><tr><th scope="col" colSpan={2}>{leftTitle}</th><th scope="col" colSpan={2}>{rightTitle}</th></tr></thead>
                <tbody>{shown.slice(0, limit.value).map((row, index) => row === undefined ? <tr key={index} class="gap"><td colSpan={4}>⋯</td></tr> : <RowView key={index} row={row} />)}</tbody>
            </table>
            {shown.length > limit.value && <button type="button" onClick={() => (limit.value += rowsAtOnce)}>More lines</button>}
        </div>
    );
}

function RowView({ row }: { readonly row: DiffRow }) {
    const parts = row.kind === "changed" ? differingParts(row.left!, row.right!) : undefined;
    return (
        <tr class={row.kind}>
            <td class="number">{row.leftLine}</td>
            <td class="left">{row.left !== undefined && <Side sign={row.kind === "same" ? "" : "−"} text={row.left} start={parts?.start} end={parts?.leftEnd} />}</td>
            <td class="number">{row.rightLine}</td>
            <td class="right">{row.right !== undefined && <Side sign={row.kind === "same" ? "" : "+"} text={row.right} start={parts?.start} end={parts?.rightEnd} />}</td>
        </tr>
    );
}

// The sign says the same as the colour, to those who do not see it.
function Side({ sign, text, start, end }: { readonly sign: string; readonly text: string; readonly start: number | undefined; readonly end: number | undefined }) {
    return <><span class="sign">{sign}</span>{start === undefined ? text : <>{text.slice(0, start)}<mark>{text.slice(start, end)}</mark>{text.slice(end)}</>}</>;
}

/** The rows that differ with those around them; undefined stands for equal ones that are left out. */
function withContext(rows: readonly DiffRow[]): readonly (DiffRow | undefined)[] {
    const isNear = new Uint8Array(rows.length);
    rows.forEach(({ kind }, at) => {
        if (kind !== "same")
            isNear.fill(1, Math.max(0, at - contextLines), at + contextLines + 1);
    });
    const shown: (DiffRow | undefined)[] = [];
    rows.forEach((row, at) => {
        if (isNear[at] === 1)
            shown.push(row);
        else if (shown.length === 0 || shown.at(-1) !== undefined)
            shown.push(undefined);
    });
    return shown.some(row => row !== undefined) ? shown : [];
}
