import { pages } from "../pages.js";
import { session } from "../session/session.js";
import type { Page } from "./page.js";
import { hrefOf } from "./router.js";
import { showShortcuts } from "./shortcuts.js";
import { switchTheme, theme } from "./theme.js";

const themes = { system: "Colours of the system", light: "Light colours", dark: "Dark colours" };
const symbols = { system: "◐", light: "☀", dark: "☾" };

/** The navigation, who is there, and what may be done. */
export function Header({ page }: { readonly page: Page | undefined }) {
    const access = session.access.value;
    return (
        <header class="top">
            <span class="brand">KvStore</span>
            <nav aria-label="Pages">
                {pages.filter((each) => each.nav).map((each) => (
                    <a key={each.page} href={hrefOf(each.page)} aria-current={isAt(each, page) ? "page" : undefined}>{each.title}</a>
                ))}
            </nav>
            <div class="top-end">
                {session.isReadOnly.value && <span class="tag">read-only</span>}
                {access?.has_keys && <span class="who" title={`Rights: ${access.rights.join(", ")}`}>{access.name}</span>}
                {access?.has_keys && <button type="button" class="plain" onClick={session.forget}>Other key</button>}
                <button type="button" class="plain icon" aria-label="Keys that work here" title="Keys that work here" onClick={() => void showShortcuts()}>?</button>
                <button type="button" class="plain icon" aria-label={themes[theme.value]} title={themes[theme.value]} onClick={switchTheme}>{symbols[theme.value]}</button>
            </div>
        </header>
    );
}

// A page that the navigation does not have belongs to the one before it in its folder: data/entry to data/browse.
function isAt(each: Page, page: Page | undefined): boolean {
    return each === page || (page !== undefined && !page.nav && pages.find((other) => other.nav && folderOf(other) === folderOf(page)) === each);
}

const folderOf = (page: Page): string => page.page.split("/")[0]!;
