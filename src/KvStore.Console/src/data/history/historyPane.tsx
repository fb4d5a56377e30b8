import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { KvStoreError } from "kvstore-client";
import { session } from "../../session/session.js";
import { formatBytes, formatNumber, formatTime } from "../../shell/format.js";
import { DiffView } from "../diff/diffView.js";
import type { Version } from "../entry/draft.js";
import { restoreAs } from "../entry/restoration.js";
import { goTo, placeHref } from "../place.js";
import { toHexText } from "../values/hex.js";
import { isMergeable, textOf } from "../values/kinds.js";
import { KeyHistory, type Revision } from "./history.js";

const kinds: Record<Revision["kind"], string> = { created: "created", changed: "changed", deleted: "deleted", expired: "expired", present: "written before the history begins" };

/** What the store knows of the past of a key, and how two of its revisions differ. */
export function HistoryPane({ name }: { readonly name: string }) {
    const history = useMemo(() => new KeyHistory(session.client.peek(), name), [name]);
    const chosen = useSignal<number | undefined>(undefined);
    const against = useSignal<number | undefined>(undefined);
    useEffect(() => {
        void history.run();
        return () => history.dispose();
    }, [history]);
    const revisions = history.revisions.value;
    const current = revisions.find(({ revision }) => revision === chosen.value) ?? revisions[0];
    const before = revisions[revisions.indexOf(current!) + 1];
    const other = revisions.find(({ revision }) => revision === against.value) ?? before;
    return (
        <article class="entry">
            <div class="bar">
                <h2 class="entry-name">History of <code>{name}</code></h2>
                <a class="button close" href={placeHref({ show: "entry" })} aria-label="Back to the entry">×</a>
            </div>
            {history.error.value !== undefined && <p class="error">{(history.error.value as Error).message}</p>}
            <p class="muted">{sinceOf(history)}</p>
            {revisions.length > 0 && (
                <div class="revisions">
                    <table>
                        <caption class="visually-hidden">Revisions of {name}, the newest first</caption>
                        <thead><tr><th scope="col">Revision</th><th scope="col">What happened</th><th scope="col">When</th><th scope="col">Size</th><th scope="col">Compare with</th></tr></thead>
                        <tbody>
                            {revisions.map(each => (
                                <tr key={each.revision} class={each === current ? "selected" : ""}>
                                    <td><button type="button" class="plain link" aria-pressed={each === current} onClick={() => (chosen.value = each.revision)}>{each.revision}</button></td>
                                    <td>{kinds[each.kind]}</td>
                                    <td>{each.info?.modifiedAt && formatTime(each.info.modifiedAt.toISOString())}</td>
                                    <td>{each.info && formatBytes(each.info.size)}</td>
                                    <td>{each !== current && <input type="radio" name="against" aria-label={`Compare with revision ${each.revision}`} checked={each === other} onChange={() => (against.value = each.revision)} />}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {current !== undefined && <Comparison key={`${current.revision} ${other?.revision}`} history={history} current={current} other={other === current ? before : other} />}
        </article>
    );
}

function sinceOf(history: KeyHistory): string {
    const since = history.knownSince.value;
    if (since === undefined)
        return "Reading the history…";
    const begin = since === 0 ? "The store has its whole history." : `The store has its history since revision ${formatNumber(since)}; what happened before is not known any more.`;
    const cut = history.isCut.value ? ` The newest ${formatNumber(history.revisions.value.length)} revisions are listed.` : "";
    return `${begin}${cut}${history.isComplete.value && history.revisions.value.length === 0 ? " Nothing happened to this key in it." : ""}`;
}

type Shown = { readonly current: Version | undefined; readonly other: Version | undefined } | "loading" | "gone";

function Comparison({ history, current, other }: { readonly history: KeyHistory; readonly current: Revision; readonly other: Revision | undefined }) {
    const shown = useSignal<Shown>("loading");
    useSignalEffect(() => {
        const read = async (): Promise<void> => {
            try {
                shown.value = { current: await history.read(current), other: other && await history.read(other) };
            } catch (error) {
                if (error instanceof KvStoreError && error.status === 410)
                    shown.value = "gone";
                else
                    session.report(error);
            }
        };
        void read();
    });
    const values = shown.value;
    if (values === "loading")
        return <p class="muted">Reading…</p>;
    if (values === "gone")
        return <p class="muted">The store does not have the value of this revision any more.</p>;
    const restore = (): void => {
        restoreAs(history.key, values.current!);
        goTo({ show: "entry" });
    };
    const isLatest = history.revisions.value[0] === current;
    const [left, right] = comparable(values.other, values.current);
    return (
        <>
            <h3>{other === undefined ? `Revision ${current.revision}` : `Revision ${current.revision}, compared with ${other.revision}`}</h3>
            {values.other !== undefined && values.current !== undefined && values.other.contentType !== values.current.contentType && <p>The media type was <code>{values.other.contentType}</code>, and became <code>{values.current.contentType}</code>.</p>}
            <DiffView left={left} right={right} leftTitle={other === undefined ? "Before: nothing is known" : titleOf(other)} rightTitle={titleOf(current)} />
            {!isLatest && values.current !== undefined && session.canWrite.value && !isMergeable(values.current.contentType) && <button type="button" onClick={restore}>Edit the entry with the value of revision {current.revision}</button>}
        </>
    );
}

const titleOf = ({ revision, info, kind }: Revision): string => (info === undefined ? `Revision ${revision}: ${kind}` : `Revision ${revision}`);

function comparable(one: Version | undefined, other: Version | undefined): readonly [string, string] {
    const [left, right] = [textOf(one?.bytes ?? new Uint8Array()), textOf(other?.bytes ?? new Uint8Array())];
    return left !== undefined && right !== undefined ? [left, right] : [toHexText(one?.bytes ?? new Uint8Array()), toHexText(other?.bytes ?? new Uint8Array())];
}
