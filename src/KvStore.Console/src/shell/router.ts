import { signal, type ReadonlySignal } from "@preact/signals";

/** Where the console is: a page, and what its query says of it. */
export interface Route {
    readonly page: string;
    readonly query: URLSearchParams;
}

/** What a query is made of: members that are undefined are left out. */
export type Query = URLSearchParams | Readonly<Record<string, string | undefined>>;

const current = signal(parse(location.hash));

// Those that have something unsaved, the latest last. Each is asked before the page is left.
const blockers: (() => Promise<boolean>)[] = [];

let shown = location.hash;

/** The present page. Its address is the fragment of the location, so that it can be bookmarked and shared, and the service sees nothing of it. */
export const route: ReadonlySignal<Route> = current;

/** The address of a page, for links. */
export function hrefOf(page: string, query: Query = {}): string {
    const search = query instanceof URLSearchParams ? query : new URLSearchParams(Object.entries(query).filter((member): member is [string, string] => member[1] !== undefined));
    const text = search.toString();
    return `#/${page}${text === "" ? "" : `?${text}`}`;
}

/** Goes to a page; with `replace` in place of the present one in the history of the browser. */
export function navigate(page: string, query: Query = {}, options: { readonly replace?: boolean } = {}): void {
    const target = hrefOf(page, query);
    if (options.replace) {
        history.replaceState(null, "", target);
        show(target);
    } else {
        location.hash = target;
    }
}

/** Asks before the page is left, by a link, by going back, or by closing it. Returns what ends that. */
export function blockLeaving(mayLeave: () => Promise<boolean>): () => void {
    blockers.push(mayLeave);
    return () => {
        const index = blockers.indexOf(mayLeave);
        if (index >= 0)
            blockers.splice(index, 1);
    };
}

window.addEventListener("hashchange", () => {
    if (location.hash !== shown)
        void leave(location.hash);
});

window.addEventListener("beforeunload", (event) => {
    if (blockers.length > 0)
        event.preventDefault();
});

async function leave(target: string): Promise<void> {
    if (blockers.length === 0) {
        show(target);
        return;
    }

    // The browser has gone there already, so the address is put back until the question is answered.
    history.pushState(null, "", shown === "" ? "#/" : shown);
    for (const mayLeave of [...blockers].reverse()) {
        if (!await mayLeave())
            return;
    }

    history.pushState(null, "", target);
    show(target);
}

function show(hash: string): void {
    shown = hash;
    current.value = parse(hash);
}

function parse(hash: string): Route {
    const text = hash.replace(/^#\/?/, "");
    const at = text.indexOf("?");
    return { page: at < 0 ? text : text.slice(0, at), query: new URLSearchParams(at < 0 ? "" : text.slice(at + 1)) };
}
