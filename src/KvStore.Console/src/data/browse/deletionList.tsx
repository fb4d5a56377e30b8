import { KvStoreError } from "kvstore-client";
import { session } from "../../session/session.js";
import { formatTime } from "../../shell/format.js";
import { toast } from "../../shell/toasts.js";
import { deletions, restore, type Deletion } from "../entry/deletions.js";
import { counted } from "../values/figures.js";

const nameOf = ({ name, isPrefix, entries }: Deletion): string => (isPrefix ? `${counted(entries, "entry", "entries")} below ${name}` : name);

/** Says what was deleted, with what brings it back. */
export function offerUndo(deletion: Deletion): void {
    toast(`Deleted ${nameOf(deletion)}.`, session.canWrite.peek() ? { action: { label: "Undo", run: () => void undo(deletion) } } : {});
}

/** Restores a deletion, and says what became of it. */
export async function undo(deletion: Deletion): Promise<void> {
    try {
        const { restored, skipped } = await restore(session.client.peek(), deletion);
        const left = skipped === 0 ? "" : ` ${counted(skipped, "key has", "keys have")} an entry again, which was left as it is.`;
        toast(`${restored === 0 ? "Nothing was restored." : `Restored ${deletion.isPrefix ? counted(restored, "entry", "entries") : deletion.name}.`}${left}`);
    } catch (error) {
        if (error instanceof KvStoreError && error.status === 410)
            toast(`${nameOf(deletion)} cannot be restored: the store does not have its history any more.`, { kind: "error" });
        else
            session.report(error);
    }
}

/** What was deleted in this tab, as long as it can be restored. */
export function DeletionList() {
    if (deletions.value.length === 0 || !session.canWrite.value)
        return null;
    return (
        <details class="deletions">
            <summary>Deleted here: {deletions.value.length}</summary>
            <ul>
                {deletions.value.map(deletion => (
                    <li key={deletion.revision}>
                        <span>{nameOf(deletion)} <span class="muted">{formatTime(deletion.at.toISOString())}</span></span>
                        <button type="button" onClick={() => void undo(deletion)}>Restore</button>
                    </li>
                ))}
            </ul>
        </details>
    );
}
