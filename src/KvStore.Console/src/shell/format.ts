const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** A number with separators: 1,234,567. */
export const formatNumber = (value: number): string => whole.format(value);

/** A number of three digits that matter: 1.23, 45.6, 789. */
export const formatShort = (value: number): string => short.format(value);

/** A number of bytes in the unit that suits it: 1.5 MiB. */
export function formatBytes(bytes: number): string {
    const unit = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
    return unit === 0 ? `${whole.format(bytes)} ${bytes === 1 ? "byte" : "bytes"}` : `${short.format(bytes / 1024 ** unit)} ${units[unit]}`;
}

/** A duration in the two largest units that it has: 3 d 4 h, 5 min 6 s, 250 ms. */
export function formatDuration(seconds: number): string {
    if (seconds < 1e-3)
        return `${short.format(seconds * 1e6)} µs`;
    if (seconds < 1)
        return `${short.format(seconds * 1e3)} ms`;
    const rest = Math.floor(seconds);
    const parts: [number, string][] = [[Math.floor(rest / 86_400), "d"], [Math.floor(rest / 3600) % 24, "h"], [Math.floor(rest / 60) % 60, "min"], [rest % 60, "s"]];
    const first = parts.findIndex(([count]) => count > 0);
    return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** A time of the service (RFC 3339), in the zone of the browser. */
export const formatTime = (time: string): string => new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
