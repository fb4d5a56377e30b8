type Listener<T extends unknown[]> = (...args: T) => void;

/** Events as providers of Yjs have them. */
export class Emitter<Events extends Record<string, unknown[]>> {
    readonly #listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {};

    on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
        (this.#listeners[name] ??= new Set()).add(listener);
    }

    off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
        this.#listeners[name]?.delete(listener);
    }

    once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
        const first: Listener<Events[Name]> = (...args) => {
            this.off(name, first);
            listener(...args);
        };
        this.on(name, first);
    }

    protected emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
        for (const listener of [...this.#listeners[name] ?? []])
            listener(...args);
    }
}
