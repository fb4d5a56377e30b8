import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { KvStoreError } from "kvstore-client";
import { session } from "../../session/session.js";
import { announce } from "../../shell/announce.js";
import { ask } from "../../shell/dialogs.js";
import { formatBytes, formatNumber, formatTime } from "../../shell/format.js";
import { blockLeaving, hrefOf } from "../../shell/router.js";
import { useShortcuts, type Shortcut } from "../../shell/shortcuts.js";
import { toast } from "../../shell/toasts.js";
import { removeEntry } from "../browse/selectionBar.js";
import { goTo, placeHref } from "../place.js";
import { isMergeable } from "../values/kinds.js";
import { ConflictView } from "./conflictView.js";
import { DraftForm } from "./draftForm.js";
import type { Version } from "./draft.js";
import { Editor } from "./editor.js";
import { ExpiryView } from "./expiryView.js";
import { NewEntry } from "./newEntry.js";
import { newEntries } from "./newEntries.js";
import { takeRestoration } from "./restoration.js";
import { ValueView } from "./valueView.js";
import { isConflict, loadedBytesMax } from "./versions.js";

/** An entry: what is stored, or what is about to be. Without a name, the beginning of a new one. */
export function EntryPane({ name, prefix }: { readonly name: string | undefined; readonly prefix: string }) {
    return name === undefined ? <NewEntry prefix={prefix} /> : <EntryView name={name} />;
}

function EntryView({ name }: { readonly name: string }) {
    const editor = useMemo(() => new Editor(session.client.peek(), name), [name]);
    useEffect(() => {
        void editor.open().then(async () => {
            const draft = takeRestoration(name);
            if (editor.state.peek() === "large" && draft !== undefined)
                await editor.loadValue();
            if (editor.state.peek() !== "ready")
                return;
            if (draft !== undefined || (newEntries.delete(name) && editor.base.peek() === undefined))
                editor.edit(draft);
        });
        return () => editor.dispose();
    }, [editor]);
    const { updates } = editor;
    useEffect(() => {
        if (updates.value > 0)
            announce(editor.theirs.peek() === undefined ? `${name} has changed, and is shown as it is now.` : `Another editor has changed ${name}. Your text is still here.`);
    }, [updates.value]);
    const state = editor.state.value;
    return (
        <article class="entry">
            <div class="bar">
                <h2 class="entry-name"><code>{name === "" ? "(empty)" : name}</code></h2>
                <a class="button close" href={placeHref({ key: undefined, show: "entry" })} aria-label="Close the entry">×</a>
            </div>
            {state === "loading" && <p class="muted">Reading…</p>}
            {state === "failed" && <Failed editor={editor} />}
            {state === "large" && <Large editor={editor} />}
            {state === "ready" && <Ready editor={editor} />}
        </article>
    );
}

function Failed({ editor }: { readonly editor: Editor }) {
    const error = editor.error.value;
    return (
        <div class="empty">
            <p class="error">{error instanceof Error ? error.message : String(error)}</p>
            {!(error instanceof KvStoreError && error.status === 403) && <button type="button" onClick={() => void editor.open()}>Try again</button>}
        </div>
    );
}

function Large({ editor }: { readonly editor: Editor }) {
    const info = editor.info.value!;
    return (
        <>
            <Facts version={info} size={info.size} />
            <p>The value has {formatBytes(info.size)}. Values of more than {formatBytes(loadedBytesMax)} are read when you ask for them.</p>
            <button type="button" class="primary" onClick={() => void editor.loadValue().catch(session.report)}>Read the value</button>
        </>
    );
}

function Ready({ editor }: { readonly editor: Editor }) {
    const base = editor.base.value;
    const isComparing = useSignal(false);
    const theirs = editor.theirs.value;
    const draft = editor.draft.value;
    const save = async (): Promise<void> => {
        try {
            const result = await editor.save();
            if (result === "saved")
                toast(`Saved ${editor.key}.`);
            else if (result === "conflict")
                isComparing.value = true;
            else
                toast("The value has an error that has to be corrected first.", { kind: "error" });
        } catch (error) {
            session.report(error);
        }
    };
    useEffect(() => {
        if (theirs === undefined)
            isComparing.value = false;
    }, [theirs]);
    useLeaveQuestion(editor);
    const shortcuts = useEntryShortcuts(editor, save);
    useShortcuts(shortcuts);
    if (draft !== undefined) {
        if (theirs !== undefined && isComparing.value)
            return <ConflictView editor={editor} save={save} back={() => (isComparing.value = false)} />;
        return (
            <>
                {theirs !== undefined && <TheirsNotice theirs={theirs.version} compare={() => (isComparing.value = true)} />}
                <DraftForm editor={editor} save={save} />
            </>
        );
    }

    if (base === undefined)
        return <Absent editor={editor} />;
    return (
        <>
            <Facts version={base} size={base.bytes.length} />
            <ExpiryView editor={editor} version={base} />
            <div class="bar">
                {session.canWrite.value && !isMergeable(base.contentType) && <button type="button" class="primary" onClick={() => editor.edit()}>Edit</button>}
                <a class="button" href={placeHref({ show: "history" })}>History</a>
                {session.canDelete.value && <button type="button" class="warning" onClick={() => void removeEntry({ key: editor.key, revision: base.revision, storeId: base.storeId })}>Delete</button>}
            </div>
            {isMergeable(base.contentType) && <p>This is a <a href={hrefOf("mergeable", { key: editor.key })}>mergeable value</a>: it changes by merging, and is shown here as it is stored.</p>}
            <ValueView name={editor.key} version={base} />
        </>
    );
}

function Absent({ editor }: { readonly editor: Editor }) {
    return (
        <div class="empty">
            <p>There is no entry with this key{editor.updates.value > 0 ? " any more" : ""}.</p>
            <div class="bar">
                {session.canWrite.value && <button type="button" class="primary" onClick={() => editor.edit()}>Create it</button>}
                <a class="button" href={placeHref({ show: "history" })}>History</a>
            </div>
        </div>
    );
}

function TheirsNotice({ theirs, compare }: { readonly theirs: Version | undefined; readonly compare: () => void }) {
    return (
        <div class="notice-box" role="alert">
            <p>{theirs === undefined ? "Another editor has deleted this entry" : `Another editor has saved this entry (revision ${formatNumber(theirs.revision)})`} while you were editing it. Your text is still here, and nothing is overwritten before you decide.</p>
            <button type="button" class="primary" onClick={compare}>Compare both</button>
        </div>
    );
}

type Known = Pick<Version, "contentType" | "revision" | "modifiedAt">;

function Facts({ version, size }: { readonly version: Known; readonly size: number }) {
    return (
        <dl class="entry-facts">
            <div><dt>Type</dt><dd>{version.contentType}</dd></div>
            <div><dt>Size</dt><dd>{formatBytes(size)}</dd></div>
            <div><dt>Revision</dt><dd id="revision">{version.revision}</dd></div>
            {version.modifiedAt && <div><dt>Written</dt><dd>{formatTime(version.modifiedAt.toISOString())}</dd></div>}
        </dl>
    );
}

/** Asks before a text that is not saved is left. */
function useLeaveQuestion(editor: Editor): void {
    const isDirty = editor.isDirty.value;
    useEffect(() => isDirty ? blockLeaving(async () => {
        const choice = await ask({
            title: "Your changes are not saved", body: <p>What you have written to <code>{editor.key}</code> is lost if you leave it now.</p>,
            choices: [{ id: "stay", label: "Keep editing", kind: "primary" }, { id: "leave", label: "Leave without saving", kind: "danger" }],
        });
        return choice === "leave";
    }) : undefined, [isDirty]);
}

function useEntryShortcuts(editor: Editor, save: () => Promise<void>): readonly Shortcut[] {
    const latest = useRef(save);
    latest.current = save;
    return useMemo(() => [
        { keys: "e", label: "Edit the entry", run: () => edit(editor) },
        { keys: "mod+s", label: "Save what is edited", run: () => editor.draft.peek() !== undefined && void latest.current() },
        { keys: "x", label: "Close the entry", run: () => goTo({ key: undefined, show: "entry" }) },
    ], [editor]);
}

function edit(editor: Editor): void {
    const base = editor.base.peek();
    if (session.canWrite.peek() && editor.draft.peek() === undefined && editor.state.peek() === "ready" && !(base !== undefined && isMergeable(base.contentType)))
        editor.edit();
}

/** Says what went wrong with a write that is not followed by a comparison. */
export function reportWrite(error: unknown): void {
    if (isConflict(error))
        toast("The entry has changed meanwhile, so nothing was written. What is shown now is what is stored.", { kind: "error" });
    else
        session.report(error);
}
