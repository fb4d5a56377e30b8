import { useEffect } from "preact/hooks";
import { formatDuration } from "../../shell/format.js";
import { countDown, serverNow } from "./serverClock.js";

/** How long it is until a time, counted down by the clock of the service. */
export function Countdown({ to }: { readonly to: Date }) {
    useEffect(countDown, []);
    const seconds = Math.max(0, Math.ceil((to.getTime() - serverNow()) / 1000));
    return <time dateTime={to.toISOString()} title={to.toISOString()}>{seconds === 0 ? "now" : formatDuration(seconds)}</time>;
}
