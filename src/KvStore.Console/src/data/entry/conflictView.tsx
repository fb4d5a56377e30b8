import { DiffView } from "../diff/diffView.js";
import { toHexText } from "../values/hex.js";
import { textOf } from "../values/kinds.js";
import { toast } from "../../shell/toasts.js";
import { bytesOf, type Version } from "./draft.js";
import type { Editor } from "./editor.js";

/** Two versions of an entry, of which the user decides which is to stay. */
export function ConflictView({ editor, save, back }: { readonly editor: Editor; readonly save: () => Promise<void>; readonly back: () => void }) {
    const theirs = editor.theirs.value!.version;
    const draft = editor.draft.value!;
    const mine = { bytes: bytesOf(draft) ?? new Uint8Array(), contentType: draft.contentType };
    const merged = editor.merge();
    const [left, right] = comparable(mine, theirs);
    const takeTheirs = (): void => {
        const kept = editor.draft.peek()!;
        editor.takeTheirs();
        toast("Your text was put aside.", { action: { label: "Bring it back", run: () => editor.edit(kept) } });
    };
    const keepMine = async (): Promise<void> => {
        editor.keepMine();
        await save();
    };
    const mergeBoth = (): void => {
        const conflicts = editor.mergeBoth();
        toast(conflicts === 0 ? "Both changes are in the text. Check it, and save it." : `Both changes are in the text. In ${conflicts} ${conflicts === 1 ? "place" : "places"} they contradict each other: choose there, and save it.`);
    };
    return (
        <div class="conflict">
            <h3>Two versions of this entry</h3>
            <p>
                {theirs === undefined ? "The entry was deleted" : `Another editor has saved revision ${theirs.revision}`} after what you began with
                {editor.base.value === undefined ? "" : ` (revision ${editor.base.value.revision})`}. Nothing was overwritten.
                {theirs !== undefined && theirs.contentType !== mine.contentType && <> Your media type is <code>{mine.contentType}</code>, theirs is <code>{theirs.contentType}</code>.</>}
            </p>
            <DiffView left={left} right={right} leftTitle="Mine, not saved" rightTitle={theirs === undefined ? "Theirs: deleted" : `Theirs, revision ${theirs.revision}`} />
            <div class="bar">
                <button type="button" onClick={takeTheirs}>{theirs === undefined ? "Leave it deleted" : "Take theirs"}</button>
                <button type="button" onClick={() => void keepMine()}>{theirs === undefined ? "Create it with mine" : "Keep mine, overwrite theirs"}</button>
                {merged !== undefined && <button type="button" class="primary" onClick={mergeBoth}>Edit both merged</button>}
                <button type="button" onClick={back}>Back to my text</button>
            </div>
        </div>
    );
}

/** Both as text if they are, otherwise both in hexadecimal digits. */
function comparable(mine: Pick<Version, "bytes">, theirs: Version | undefined): readonly [string, string] {
    const other = theirs?.bytes ?? new Uint8Array();
    const [left, right] = [textOf(mine.bytes), textOf(other)];
    return left !== undefined && right !== undefined ? [left, right] : [toHexText(mine.bytes), toHexText(other)];
}
