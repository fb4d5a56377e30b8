// A room: `chat/messages/` has what was said, under keys that the store makes in the order of its commits, and `chat/present/NAME` expires unless its owner renews it.
const messages = "chat/messages/";
const presence = "chat/present/";
const messagesMax = 200;

// What was said stays for a day; who is silent for 20 seconds is gone.
const messageLife = 24 * 60 * 60;
const presenceLife = 20;

export class Room {
    #store;
    #name;
    #changed;
    #messages = new Map();
    #present = new Set();

    /** Whether changes arrive as they are made. The client of the store comes back on its own, and misses nothing. */
    isLive = false;

    constructor(store, name, changed) {
        this.#store = store;
        this.#name = name;
        this.#changed = changed;
    }

    /** The last messages in the order in which the store has committed them: every page shows the same. */
    get messages() {
        return [...this.#messages].sort(([one], [other]) => one < other ? -1 : 1).map(([key, message]) => ({ key, ...message }));
    }

    get present() {
        return [...this.#present].sort();
    }

    /** Says something, once, also if the connection breaks before the answer: the client repeats it with the same idempotency key. */
    async say(text) {
        await this.#store.append(messages, JSON.stringify({ from: this.#name, text }), { contentType: "application/json", ttl: messageLife });
    }

    /** Takes part until the signal ends it. */
    async join(signal) {
        await Promise.all([this.#renew(signal), this.#follow(signal)]);
    }

    async #renew(signal) {
        while (!signal.aborted) {
            await this.#store.put(presence + encodeURIComponent(this.#name), "", { ttl: presenceLife }).catch(() => undefined);
            await new Promise(resolve => {
                const timer = setTimeout(resolve, presenceLife * 1000 / 3);
                signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
            });
        }
    }

    async #follow(signal) {
        let isLoaded = false;
        const onConnection = isConnected => this.#set({ isLive: isConnected && isLoaded });
        for await (const event of this.#store.watch({ prefix: "chat/", initial: true, persistent: true, signal, onConnection })) {
            switch (event.type) {
                case "reset":
                    this.#messages.clear();
                    this.#present.clear();
                    isLoaded = false;
                    break;
                case "entry":
                case "put":
                    this.#note(event.key, event.entry);
                    break;
                case "synced":
                    isLoaded = true;
                    break;
                default:
                    this.#forget(event.key);
            }
            if (isLoaded)
                this.#set({ isLive: true });
        }
    }

    #note(key, entry) {
        if (key.startsWith(presence))
            this.#present.add(decodeURIComponent(key.slice(presence.length)));
        else if (key.startsWith(messages))
            this.#messages.set(key, messageOf(entry));
        while (this.#messages.size > messagesMax)
            this.#messages.delete([...this.#messages.keys()].sort()[0]);
    }

    #forget(key) {
        this.#messages.delete(key);
        if (key?.startsWith(presence))
            this.#present.delete(decodeURIComponent(key.slice(presence.length)));
    }

    #set({ isLive }) {
        this.isLive = isLive;
        this.#changed();
    }
}

// What someone has stored by hand may be anything.
function messageOf(entry) {
    try {
        const { from = "", text = "" } = entry.json();
        return { from: String(from), text: String(text) };
    } catch {
        return { from: "", text: "This is no message." };
    }
}
