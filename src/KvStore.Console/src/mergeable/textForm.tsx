import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../session/session.js";
import { ask } from "../shell/dialogs.js";
import { blockLeaving } from "../shell/router.js";
import { change } from "./change.js";
import { editBetween } from "./textEdit.js";

export interface TextFormProps {
    readonly name: string;
    readonly text: string;

    /** What the text includes; the edit of the user merges with what others have done since. */
    readonly version: string | undefined;
    readonly revision: number;
    readonly canChange: boolean;
}

/** A text. What is typed is an edit of the version that it began with, so that it merges with what others change meanwhile. */
export function TextForm({ name, text, version, revision, canChange }: TextFormProps) {
    const begun = useSignal<Pick<TextFormProps, "text" | "version" | "revision"> | undefined>(undefined);
    const isSaving = useSignal(false);
    const draft = useSignal(text);
    const area = useRef<HTMLTextAreaElement>(null);
    const latest = useRef(text);
    latest.current = text;
    const isEdited = begun.value !== undefined && draft.value !== begun.value.text;
    useEffect(() => isEdited ? blockLeaving(mayDiscard) : undefined, [isEdited]);

    // Without an edit of its own the field follows what others do.
    useEffect(() => {
        if (!isEdited) {
            begun.value = undefined;
            draft.value = text;
        }
    }, [text]);

    const type = (): void => {
        begun.value ??= { text, version, revision };
        draft.value = area.current!.value;
    };
    const save = async (): Promise<void> => {
        const base = begun.value!;
        const edit = editBetween(base.text, draft.value);

        // A version that is too long for a header is not known: then the edit is for the text that it began with, or for none.
        const condition = base.version === undefined ? { ifRevision: base.revision } : { base: base.version };
        isSaving.value = true;
        const isSaved = edit === undefined || await change(() => session.client.value.mergeable.edit(name, [edit], condition));
        isSaving.value = false;
        if (!isSaved)
            return;

        // The merged text may have come before the answer, or is yet to come; until then what was typed stays.
        begun.value = undefined;
        if (latest.current !== text)
            draft.value = latest.current;
    };
    const discard = (): void => {
        begun.value = undefined;
        draft.value = latest.current;
    };
    return (
        <>
            <label for="mergeable-text">Text</label>
            <textarea ref={area} id="mergeable-text" class="mono" rows={12} value={draft.value} readOnly={!canChange || isSaving.value} onInput={type} />
            {isEdited && begun.value!.text !== text && <p class="muted" role="status">Others have changed the text meanwhile. Your edit merges with theirs.</p>}
            {canChange && (
                <p class="row">
                    <button type="button" class="primary" disabled={!isEdited || isSaving.value} onClick={() => void save()}>Save the edit</button>
                    <button type="button" disabled={!isEdited || isSaving.value} onClick={discard}>Discard it</button>
                </p>
            )}
        </>
    );
}

async function mayDiscard(): Promise<boolean> {
    const choice = await ask({
        title: "Discard the edit?",
        body: <p>The text was edited, and the edit is not saved.</p>,
        choices: [{ id: "stay", label: "Stay" }, { id: "discard", label: "Discard it", kind: "danger" }],
    });
    return choice === "discard";
}
