// Feature flags that follow the store: `flags/NAME` is {"percent": 50, "description": "..."}. A flag that is not there is off.
const prefix = "flags/";

export class Flags {
    #store;
    #storage;
    #listeners = new Set();
    #flags;

    /** Whether changes arrive as they are made. Until then, and while the store cannot be reached, the flags are those that were known last. */
    isLive = false;

    constructor(store, storage = localStorage) {
        this.#store = store;
        this.#storage = storage;
        this.#flags = new Map(JSON.parse(storage.getItem(prefix) ?? "[]"));
    }

    /** The flags by name, in the order of their names. */
    get all() {
        return new Map([...this.#flags].sort(([one], [other]) => one < other ? -1 : 1));
    }

    /** Whether a visitor has a feature. A higher percentage only adds visitors. */
    isOn(name, visitor) {
        return shareOf(`${name}/${visitor}`) < (this.#flags.get(name)?.percent ?? 0);
    }

    subscribe(listener) {
        this.#listeners.add(listener);
    }

    /** Follows the store until the signal ends it; also if it is away at first, or later. */
    async follow(signal) {
        // The flags that came since the connection began. They take the place of the others together, so that no feature goes off and on again.
        let loading = new Map();
        let isLoaded = false;
        const onConnection = isConnected => this.#set({ isLive: isConnected && isLoaded });
        for await (const event of this.#store.watch({ prefix, initial: true, persistent: true, signal, onConnection })) {
            const name = event.key?.slice(prefix.length);
            switch (event.type) {
                case "reset":
                    loading = new Map();
                    isLoaded = false;
                    break;
                case "entry":
                    loading.set(name, flagOf(event.entry));
                    break;
                case "synced":
                    isLoaded = true;
                    this.#set({ flags: loading, isLive: true });
                    break;
                case "put":
                    this.#set({ flags: new Map(this.#flags).set(name, flagOf(event.entry)) });
                    break;
                default:
                    this.#set({ flags: new Map([...this.#flags].filter(([other]) => other !== name)) });
            }
        }
    }

    /** Sets for how many of a hundred visitors a flag is on. What others change of it at the same time stays. */
    async setPercent(name, percent) {
        await this.#store.update(prefix + name, entry => ({ json: { ...flagOf(entry), percent } }));
    }

    #set({ flags = this.#flags, isLive = this.isLive }) {
        this.#flags = flags;
        this.isLive = isLive;
        this.#storage.setItem(prefix, JSON.stringify([...flags]));
        for (const listener of this.#listeners)
            listener();
    }
}

// What someone has stored by hand may be anything.
function flagOf(entry) {
    try {
        const { percent = 0, description = "" } = entry?.json() ?? {};
        return { percent: Number(percent), description: String(description) };
    } catch {
        return { percent: 0, description: "This is no flag." };
    }
}

// From 0 to 99, the same for the same text on every machine: FNV-1a.
function shareOf(text) {
    let hash = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text))
        hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return hash % 100;
}
