import { useEffect, useRef } from "preact/hooks";
import { pages } from "../pages.js";
import { KeyPrompt } from "../session/keyPrompt.js";
import { session } from "../session/session.js";
import { announcement } from "./announce.js";
import { Dialogs } from "./dialogs.js";
import { Header } from "./header.js";
import type { Page } from "./page.js";
import { navigate, route } from "./router.js";
import { useShortcuts } from "./shortcuts.js";
import { Toasts } from "./toasts.js";

const shortcuts = pages.flatMap(({ keys, title, page }) => keys === undefined ? [] : [{ keys, label: `Go to: ${title}`, run: () => navigate(page) }]);

/** What is around every page. */
export function Frame() {
    const page = pageOf(route.value.page);
    useShortcuts(shortcuts);
    useEffect(() => {
        document.title = page === undefined ? "KvStore" : `${page.title} · KvStore`;
    }, [page]);
    return (
        <>
            <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")!.focus(); }}>To the content</a>
            <Header page={page} />
            <div class="notices" role="alert">
                {!session.online.value && <p class="notice warn">{session.away.value} The console tries again by itself.</p>}
            </div>
            <main id="main" tabIndex={-1}>{session.state.value === "locked" ? <KeyPrompt /> : session.state.value === "open" && <PageView page={page} />}</main>
            <Toasts />
            <Dialogs />
            <div class="visually-hidden" aria-live="polite" id="announcements">{announcement.value}</div>
        </>
    );
}

// Another page begins at its top, and with the focus there, as if it had been loaded.
function PageView({ page }: { readonly page: Page | undefined }) {
    const isFirst = useRef(true);
    useEffect(() => {
        if (!isFirst.current)
            document.getElementById("main")!.focus();
        isFirst.current = false;
        window.scrollTo(0, 0);
    }, [page]);
    if (page === undefined)
        return <p class="empty">There is no such page. The navigation above has those that there are.</p>;
    return <page.component key={page.page} />;
}

function pageOf(name: string): Page | undefined {
    return name === "" ? pages[0] : pages.find((page) => page.page === name);
}
