// Of this tab alone, and gone with it: another tab, or the browser tomorrow, is asked for the key. One for each address of a service.
const Stored = `kvstore-key:${new URL("..", document.baseURI).pathname}`;

let inMemory: string | undefined;

/** The key of access that was typed in, if any. */
export function storedKey(): string | undefined {
    try {
        return inMemory ?? sessionStorage.getItem(Stored) ?? undefined;
    } catch {
        return inMemory;
    }
}

/** Keeps a key, or forgets it. */
export function storeKey(key: string | undefined): void {
    inMemory = key;
    try {
        if (key === undefined)
            sessionStorage.removeItem(Stored);
        else
            sessionStorage.setItem(Stored, key);
    } catch {
        // A browser may forbid it: then the key lasts as long as the page.
    }
}
