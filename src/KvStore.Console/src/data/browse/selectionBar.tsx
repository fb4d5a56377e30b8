import { useMemo } from "preact/hooks";
import { KvStoreError, type EntryInfo } from "kvstore-client";
import { session } from "../../session/session.js";
import { ask } from "../../shell/dialogs.js";
import { formatNumber } from "../../shell/format.js";
import { hrefOf } from "../../shell/router.js";
import { useShortcuts, type Shortcut } from "../../shell/shortcuts.js";
import { toast } from "../../shell/toasts.js";
import { deleteEntry, deletePrefix, type Deletion } from "../entry/deletions.js";
import { goTo, placeHref, placeOf } from "../place.js";
import { counted } from "../values/figures.js";
import type { Browser } from "./browser.js";
import { offerUndo } from "./deletionList.js";

/** What can be done with the row that the keyboard, or the last click, is at. */
export function SelectionBar({ browser }: { readonly browser: Browser }) {
    void browser.tree.changes.value;
    const row = browser.tree.line(browser.active.value)?.row;
    const shortcuts = useMemo<readonly Shortcut[]>(() => [
        { keys: "Delete", label: "Delete the row of the tree", run: () => removeActive(browser) },
        { keys: "o", label: "Show only what is below the group", run: () => openActive(browser) },
        { keys: "h", label: "The history of the entry", run: () => historyOfActive(browser) },
    ], [browser]);
    useShortcuts(shortcuts);
    if (row === undefined)
        return null;
    const isGroup = row.entry === undefined;
    return (
        <div class="selection" role="group" aria-label="The chosen row">
            <code class="selection-name" title={row.name}>{row.name}</code>
            {isGroup && <a class="button" href={placeHref({ prefix: row.name })}>Only this</a>}
            {isGroup && <a class="button" href={hrefOf("data/transfer", { prefix: row.name })}>Export</a>}
            {!isGroup && <a class="button" href={placeHref({ key: row.name, show: "entry" })}>Open</a>}
            {!isGroup && <a class="button" href={placeHref({ key: row.name, show: "history" })}>History</a>}
            {session.canDelete.value && <button type="button" class="warning" onClick={() => removeActive(browser)}>{isGroup ? "Delete all…" : "Delete"}</button>}
        </div>
    );
}

function activeRow(browser: Browser) {
    return browser.tree.line(browser.active.peek())?.row;
}

function openActive(browser: Browser): void {
    const row = activeRow(browser);
    if (row !== undefined && row.entry === undefined)
        goTo({ prefix: row.name });
}

function historyOfActive(browser: Browser): void {
    const key = placeOf().key ?? activeRow(browser)?.entry?.key;
    if (key !== undefined)
        goTo({ key, show: "history" });
}

function removeActive(browser: Browser): void {
    const row = activeRow(browser);
    if (row === undefined || !session.canDelete.peek())
        return;
    void (row.entry === undefined ? removePrefix(row.name) : removeEntry(row.entry));
}

/** Deletes an entry. If it has changed since it was seen, asks first. */
export async function removeEntry(entry: Pick<EntryInfo, "key" | "revision" | "storeId">): Promise<Deletion | undefined> {
    const client = session.client.peek();
    try {
        const deletion = await deleteEntry(client, entry);
        if (deletion === undefined)
            toast(`${entry.key} is not there any more.`);
        else
            offerUndo(deletion);
        return deletion;
    } catch (error) {
        if (!(error instanceof KvStoreError) || !error.is("precondition-failed")) {
            session.report(error);
            return undefined;
        }

        const choice = await ask({
            title: "It has changed", body: <p>Someone has written <code>{entry.key}</code> since you saw it (revision {error.currentRevision}). Nothing was deleted.</p>,
            choices: [{ id: "look", label: "Show it" }, { id: "delete", label: "Delete it all the same", kind: "danger" }],
        });
        if (choice === "look")
            goTo({ key: entry.key, show: "entry" });
        return choice === "delete" ? await removeEntry({ ...entry, revision: error.currentRevision! }) : undefined;
    }
}

async function removePrefix(prefix: string): Promise<void> {
    const client = session.client.peek();
    try {
        const count = await client.count({ prefix });
        const choice = await ask({
            title: `Delete ${counted(count, "entry", "entries")}?`,
            body: <p>Every entry whose key begins with <code>{prefix}</code> is deleted at one revision. It can be undone from here for as long as the store has its history.</p>,
            choices: [{ id: "keep", label: "Keep them" }, { id: "delete", label: `Delete ${formatNumber(count)}`, kind: "danger" }],
        });
        if (choice !== "delete")
            return;
        const deletion = await deletePrefix(client, prefix, session.storeId.peek());
        if (deletion === undefined)
            toast(`Nothing begins with ${prefix} any more.`);
        else
            offerUndo(deletion);
    } catch (error) {
        session.report(error);
    }
}
