import { KvStoreError } from "../http/errors.js";
import type { Sender } from "../http/sender.js";
import { callOf, queryOf, stateOf, writeOf, type ReadOptions, type UnconditionalWriteOptions } from "./options.js";
import { jsonIn } from "./writes.js";

/** A person, which is the entry `person/ID`. */
export interface Person {
    readonly id: bigint;
    readonly name: string;
    readonly updatedAt: Date;
}

/** The two requests that are older than the rest of the HTTP API. */
export class PersonCalls {
    readonly #sender: Sender;

    /** @internal */
    constructor(sender: Sender) {
        this.#sender = sender;
    }

    /** Stores a person. The id is a signed 64-bit integer. */
    async update(id: number | bigint, name: string, options: UnconditionalWriteOptions = {}): Promise<Person> {
        const answer = await this.#sender.send({ method: "PUT", target: "/person/update", body: `{"id":${id},"name":${JSON.stringify(name)}}`, ...writeOf(options, { "Content-Type": "application/json" }) });
        return toPerson(id, jsonIn(answer));
    }

    /** Reads a person; undefined if there is none. */
    async get(id: number | bigint, options: ReadOptions = {}): Promise<Person | undefined> {
        try {
            return toPerson(id, jsonIn(await this.#sender.send({ method: "GET", target: `/person/get${queryOf({ id, ...stateOf(options) })}`, ...callOf(options) })));
        } catch (error) {
            if (error instanceof KvStoreError && error.is("not-found"))
                return undefined;
            throw error;
        }
    }
}

// The id of the answer may be beyond what JavaScript parses exactly; it is the one that was asked for.
function toPerson(id: number | bigint, { name, updatedAt }: { name: string; updatedAt: string }): Person {
    return { id: BigInt(id), name, updatedAt: new Date(updatedAt) };
}
