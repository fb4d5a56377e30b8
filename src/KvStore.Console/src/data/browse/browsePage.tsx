import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { KvStoreError } from "kvstore-client";
import { session } from "../../session/session.js";
import { useShortcuts, type Shortcut } from "../../shell/shortcuts.js";
import { EntryPane } from "../entry/entryPane.js";
import { compareClocks } from "../entry/serverClock.js";
import { HistoryPane } from "../history/historyPane.js";
import { goTo, placeHref, placeOf } from "../place.js";
import { counted } from "../values/figures.js";
import { Browser } from "./browser.js";
import { DeletionList } from "./deletionList.js";
import { SelectionBar } from "./selectionBar.js";
import { TreeView } from "./treeView.js";

// One for the page, so that what is open and where one was are still there after a visit elsewhere.
let kept: { readonly id: string; readonly browser: Browser } | undefined;

function browserOf(prefix: string, delimiter: string): Browser {
    const id = JSON.stringify([prefix, delimiter, session.access.value?.name]);
    if (kept?.id !== id) {
        kept?.browser.dispose();
        kept = { id, browser: new Browser(session.client.peek(), prefix, delimiter) };
    }

    return kept.browser;
}

const delimiters = [["/", "/ (slash)"], [":", ": (colon)"], [".", ". (dot)"], ["", "none: all keys"]] as const;

/** The keys as a tree, and beside it the entry that was chosen. */
export function BrowsePage() {
    const { prefix, delimiter, key, show } = placeOf();
    const browser = browserOf(prefix, delimiter);
    const search = useRef<HTMLInputElement>(null);
    useEffect(() => {
        void compareClocks();
        browser.retryFailed();
    }, [session.epoch.value]);
    useEffect(() => browser.resume(), [browser]);
    useEffect(() => () => kept?.browser.pause(), []);
    const shortcuts = useMemo<readonly Shortcut[]>(() => [
        { keys: "/", label: "Search by prefix", run: () => search.current?.focus() },
        { keys: "t", label: "To the tree of keys", run: () => document.querySelector<HTMLElement>("[role=treegrid]")?.focus() },
        { keys: "n", label: "A new entry", run: () => session.canWrite.peek() && goTo({ key: undefined, show: "new" }) },
        { keys: "u", label: "Up to the shorter prefix", run: () => goTo({ prefix: parentOf(placeOf().prefix, placeOf().delimiter) }) },
    ], []);
    useShortcuts(shortcuts);
    const hasEntry = key !== undefined || show === "new";
    return (
        <div class={`data ${hasEntry ? "with-entry" : ""}`}>
            {hasEntry && <h1 class="narrow-heading visually-hidden">Keys</h1>}
            <section class="tree-pane" aria-label="Keys">
                <div class="bar">
                    <h1>Keys</h1>
                    <Total browser={browser} />
                    <LiveTag browser={browser} />
                    {session.canWrite.value && <a class="button" href={placeHref({ key: undefined, show: "new" })}>New entry</a>}
                </div>
                <SearchForm prefix={prefix} input={search} />
                <div class="bar">
                    <Crumbs prefix={prefix} delimiter={delimiter} />
                    <label class="inline">Groups by{" "}
                        <select value={delimiter} onChange={event => goTo({ delimiter: event.currentTarget.value })}>
                            {delimiters.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
                        </select>
                    </label>
                </div>
                <Content browser={browser} />
                <SelectionBar browser={browser} />
                <DeletionList />
            </section>
            {hasEntry && (
                <section class="entry-pane" aria-label="Entry">
                    {key !== undefined && show === "history" ? <HistoryPane key={key} name={key} /> : <EntryPane key={key ?? ""} name={key} prefix={prefix} />}
                </section>
            )}
        </div>
    );
}

function Content({ browser }: { readonly browser: Browser }) {
    void browser.tree.changes.value;
    const { error } = browser.tree;
    const prefixes = session.prefixes.value;
    if (error !== undefined && prefixes !== undefined && !prefixes.some(prefix => browser.prefix.startsWith(prefix))) {
        return (
            <div class="empty">
                <p>Your key is for keys that begin with one of these:</p>
                <ul>{prefixes.map(prefix => <li key={prefix}><a href={placeHref({ prefix, key: undefined })}>{prefix}</a></li>)}</ul>
            </div>
        );
    }

    if (error !== undefined) {
        return (
            <div class="empty">
                <p class="error">{error instanceof KvStoreError || error instanceof Error ? error.message : String(error)}</p>
                <button type="button" onClick={() => browser.retry()}>Try again</button>
            </div>
        );
    }

    return (
        <>
            <TreeView key={`${browser.prefix} ${browser.tree.delimiter}`} browser={browser} />
            {browser.tree.isEmpty && <p class="empty">{browser.prefix === "" ? "The store has no entries yet." : <>No key begins with <code>{browser.prefix}</code>.</>}</p>}
        </>
    );
}

function Total({ browser }: { readonly browser: Browser }) {
    const count = (browser.counts.changes.value, browser.counts.get(browser.prefix));
    return <span class="muted" id="total">{count === undefined ? "" : counted(count, "key", "keys")}</span>;
}

const liveTexts = { live: "live", away: "reconnecting", ended: "not live" };

function LiveTag({ browser }: { readonly browser: Browser }) {
    const state = browser.live.state.value;
    return <span class={`tag ${state === "live" ? "ok" : "warn"}`} title={state === "live" ? "Changes are shown as they happen." : "Changes are not shown at present."}>{liveTexts[state]}</span>;
}

/** Finds by prefix while it is typed, and opens a key of exactly this name with Enter. */
function SearchForm({ prefix, input }: { readonly prefix: string; readonly input: preact.RefObject<HTMLInputElement | null> }) {
    const typed = useSignal(prefix);
    const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
    const searched = useRef(prefix);
    const isOther = useComputed(() => typed.value !== placeOf().prefix);
    const searchNow = (): void => {
        clearTimeout(timer.current);
        searched.current = typed.peek();
        if (typed.peek() !== placeOf().prefix)
            goTo({ prefix: typed.peek() }, { replace: true });
    };

    // The prefix of a link replaces what is typed; the one that was typed does not, as more may have been typed since.
    useEffect(() => {
        if (prefix !== searched.current) {
            clearTimeout(timer.current);
            searched.current = typed.value = prefix;
        }
    }, [prefix]);
    useEffect(() => () => clearTimeout(timer.current), []);
    const openKey = async (): Promise<void> => {
        const name = typed.peek();
        clearTimeout(timer.current);
        try {
            if (name !== "" && await session.client.peek().exists(name))
                goTo({ key: name, show: "entry" });
            else
                searchNow();
        } catch (error) {
            session.report(error);
        }
    };
    return (
        <form
            class="search" role="search"
            onSubmit={event => {
                event.preventDefault();
                void openKey();
            }}
        >
            <label class="visually-hidden" for="search">Prefix, or a whole key</label>
            <input
                id="search" ref={input} type="search" placeholder="Prefix, or a whole key and Enter" value={typed.value} autocomplete="off" spellcheck={false}
                onInput={event => {
                    typed.value = event.currentTarget.value;
                    clearTimeout(timer.current);
                    timer.current = setTimeout(searchNow, 250);
                }}
            />
            <button type="submit">{isOther.value ? "Search" : "Open the key"}</button>
        </form>
    );
}

/** The parts of a prefix, each of which leads to the keys below it. */
function Crumbs({ prefix, delimiter }: { readonly prefix: string; readonly delimiter: string }) {
    const ends: number[] = [];
    for (let at = delimiter === "" ? -1 : prefix.indexOf(delimiter); at >= 0; at = prefix.indexOf(delimiter, at + delimiter.length))
        ends.push(at + delimiter.length);
    if (ends.at(-1) !== prefix.length && prefix !== "")
        ends.push(prefix.length);
    return (
        <nav class="crumbs" aria-label="Prefix">
            <a href={placeHref({ prefix: "" })}>All keys</a>
            {ends.map((end, index) => <a key={end} href={placeHref({ prefix: prefix.slice(0, end) })}>{prefix.slice(ends[index - 1] ?? 0, end)}</a>)}
        </nav>
    );
}

/** The prefix without its last part. */
export function parentOf(prefix: string, delimiter: string): string {
    if (delimiter === "")
        return "";
    const at = prefix.slice(0, -delimiter.length || undefined).lastIndexOf(delimiter);
    return at < 0 ? "" : prefix.slice(0, at + delimiter.length);
}
