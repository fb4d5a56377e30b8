import type { ComponentChildren } from "preact";
import { session } from "../session/session.js";

/** What is about the service as a whole needs the right to administer; without it this says so, in place of an error for each request. */
export function NeedsAdmin({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
    return (
        <>
            <h1>{title}</h1>
            {session.canAdmin.value ? children : <p class="empty">This is about the service as a whole, so it needs a key with the right <code>admin</code>, which yours does not have.</p>}
        </>
    );
}
