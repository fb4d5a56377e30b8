/** How fresh an entry of an origin has to be (RFC 9111). Other entries are always the latest. */
export interface Freshness {
    /** Only what is loaded for this call, or what the origin says is still valid. */
    readonly noCache?: boolean;

    /** Load nothing: `not-cached` if nothing is stored that is fresh enough. */
    readonly onlyIfCached?: boolean;

    /** Nothing that the origin made longer ago. */
    readonly maxAgeSeconds?: number;

    /** Only what stays fresh for so long. */
    readonly minFreshSeconds?: number;

    /** Also what has been stale for no longer; `any` for however long. */
    readonly maxStaleSeconds?: number | "any";
}

/** How a read of a key of an origin was answered: `Cache-Status` (RFC 9211) and `Age`. */
export interface CacheStatus {
    /** Whether it was stored before, so that this read loaded nothing. */
    readonly isHit: boolean;

    /** Why it was loaded, or a load was tried: `uri-miss`, `stale` or `request`; undefined for a hit. */
    readonly forward: string | undefined;

    /** What the load found: 200, or 304 if what was stored is still valid. */
    readonly forwardStatus: number | undefined;

    /** How long it is still fresh; negative if it is stale. */
    readonly freshSeconds: number | undefined;

    /** Whether what was loaded is stored. */
    readonly isStored: boolean;

    /** Whether the load had begun for another request. */
    readonly isCollapsed: boolean;

    /** Why a load failed although something was served, such as `timeout`. */
    readonly detail: string | undefined;

    /** The time since the origin made the answer. */
    readonly ageSeconds: number | undefined;
}

/** The value of `Cache-Control`; undefined if nothing is asked for. */
export function cacheControlOf(freshness: Freshness | undefined): string | undefined {
    if (freshness === undefined)
        return undefined;
    const { noCache, onlyIfCached, maxAgeSeconds, minFreshSeconds, maxStaleSeconds } = freshness;
    const directives = [
        noCache && "no-cache", onlyIfCached && "only-if-cached", maxAgeSeconds !== undefined && `max-age=${maxAgeSeconds}`,
        minFreshSeconds !== undefined && `min-fresh=${minFreshSeconds}`,
        maxStaleSeconds !== undefined && (maxStaleSeconds === "any" ? "max-stale" : `max-stale=${maxStaleSeconds}`),
    ].filter(directive => typeof directive === "string");
    return directives.length === 0 ? undefined : directives.join(", ");
}

/** What the headers say; undefined for a key of no origin. Caches on the way add their own. */
export function cacheStatusOf(headers: Headers): CacheStatus | undefined {
    const status = headers.get("Cache-Status")?.split(",").map(cache => cache.split(";").map(part => part.trim())).find(([name]) => name === "kvstore");
    if (status === undefined)
        return undefined;
    const parameters = new Map(status.slice(1).map(part => {
        const [name, value = ""] = part.split("=", 2);
        return [name, value.replaceAll("\"", "")];
    }));
    const number = (text: string | null | undefined): number | undefined => text === null || text === undefined ? undefined : Number(text);
    return {
        isHit: parameters.has("hit"), forward: parameters.get("fwd"), forwardStatus: number(parameters.get("fwd-status")), freshSeconds: number(parameters.get("ttl")),
        isStored: parameters.has("stored"), isCollapsed: parameters.has("collapsed"), detail: parameters.get("detail"), ageSeconds: number(headers.get("Age")),
    };
}
