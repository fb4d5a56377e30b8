import { signal } from "@preact/signals";

/** Colours: those of the system, or one of the two. */
export type Theme = "system" | "light" | "dark";

const Stored = "kvstore-theme";
const order: readonly Theme[] = ["system", "light", "dark"];

/** The colours that were chosen. It is all that the console stores beyond the tab. */
export const theme = signal<Theme>(stored());

/** The next choice, of the three. */
export function switchTheme(): void {
    theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!;
    applyTheme();
    try {
        localStorage.setItem(Stored, theme.value);
    } catch {
        // A browser may forbid it: then the choice lasts as long as the page.
    }
}

export function applyTheme(): void {
    if (theme.value === "system")
        document.documentElement.removeAttribute("data-theme");
    else
        document.documentElement.dataset["theme"] = theme.value;
}

function stored(): Theme {
    try {
        return order.find((theme) => theme === localStorage.getItem(Stored)) ?? "system";
    } catch {
        return "system";
    }
}
