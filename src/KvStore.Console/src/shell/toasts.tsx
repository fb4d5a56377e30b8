import { signal } from "@preact/signals";

/** What can be done about what a toast says. */
export interface ToastAction {
    readonly label: string;
    readonly run: () => void;
}

export interface ToastOptions {
    readonly action?: ToastAction;

    /** Errors stay until they are closed. */
    readonly kind?: "info" | "error";
}

interface Toast extends ToastOptions {
    readonly id: number;
    readonly text: string;
}

// With an action, long enough to get there with the keyboard.
const ShownMs = 6_000;
const ShownWithActionMs = 30_000;

// More than these would cover the page.
const ToastsMax = 4;

const shown = signal<readonly Toast[]>([]);
let lastId = 0;

/** Says what happened, at the edge of the page, and to screen readers. Returns what takes it away. */
export function toast(text: string, options: ToastOptions = {}): () => void {
    const id = ++lastId;
    const close = (): void => {
        shown.value = shown.value.filter((toast) => toast.id !== id);
    };

    // What is said already is not said beside it.
    shown.value = [...shown.value.filter((toast) => toast.text !== text), { ...options, id, text }].slice(-ToastsMax);
    if (options.kind !== "error")
        setTimeout(close, options.action === undefined ? ShownMs : ShownWithActionMs);
    return close;
}

/** The place of toasts, which is there from the start, because screen readers notice only changes of regions that they know. */
export function Toasts() {
    return (
        <div class="toasts" role="status" aria-live="polite">
            {shown.value.map((toast) => <ToastView key={toast.id} toast={toast} />)}
        </div>
    );
}

function ToastView({ toast }: { readonly toast: Toast }) {
    const close = (): void => {
        shown.value = shown.value.filter((other) => other.id !== toast.id);
    };
    return (
        <div class={`toast ${toast.kind ?? "info"}`}>
            <span class="toast-text">{toast.text}</span>
            {toast.action && <button type="button" onClick={() => { close(); toast.action!.run(); }}>{toast.action.label}</button>}
            <button type="button" class="plain" aria-label="Close this message" onClick={close}>×</button>
        </div>
    );
}
