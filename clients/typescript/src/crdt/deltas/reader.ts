import { sequenceMax } from "./ids.js";

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// A byte order mark is a character of the text like any other.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the primitives of docs/crdt-format.md from bytes that anyone may have sent. What is not as the format says makes it fail, and from then on
 * every read gives zero, so that callers check once at their end. It allocates nothing that the bytes do not pay for.
 */
export class DeltaReader {
    #bytes: Uint8Array;
    #at = 0;
    #hasFailed = false;

    constructor(bytes: Uint8Array) {
        this.#bytes = bytes;
    }

    get hasFailed(): boolean {
        return this.#hasFailed;
    }

    /** Whether everything was as the format says, and nothing is left. */
    get isAtEnd(): boolean {
        return !this.#hasFailed && this.#at === this.#bytes.length;
    }

    readByte(): number {
        if (this.#at < this.#bytes.length)
            return this.#bytes[this.#at++]!;
        this.fail();
        return 0;
    }

    /** Reads eight bytes as the 16 digits of a number. */
    readFixed(): string {
        let digits = "";
        for (const byte of this.#take(8))
            digits = hex[byte]! + digits;
        return digits.padStart(16, "0");
    }

    readNumber(max: number = sequenceMax): number {
        return this.readPacked(0, max).rest;
    }

    /**
     * Reads a number whose lowest bits mean something of their own, so that the rest may have 53 bits as well. Each number has one encoding, so that
     * equal values have equal bytes.
     */
    readPacked(lowBits: number, max: number): { low: number; rest: number } {
        let next = this.readByte();
        const low = next & ((1 << lowBits) - 1);
        let rest = (next & 0x7f) >> lowBits;
        let scale = 2 ** (7 - lowBits);
        for (let count = 1; next >= 0x80; count++) {
            next = this.readByte();
            rest += (next & 0x7f) * scale;
            scale *= 128;
            if (next === 0 || count === 9)
                this.fail();
        }

        if (rest > max)
            this.fail();
        return this.#hasFailed ? { low: 0, rest: 0 } : { low, rest };
    }

    /** Reads a number that may have more than 53 bits. */
    readWide(max: bigint): bigint {
        let next = this.readByte();
        let value = BigInt(next & 0x7f);
        for (let shift = 7n; next >= 0x80; shift += 7n) {
            next = this.readByte();
            value |= BigInt(next & 0x7f) << shift;
            if (next === 0 || shift >= 126n)
                this.fail();
        }

        if (value > max)
            this.fail();
        return this.#hasFailed ? 0n : value;
    }

    /** Reads how many items follow. Each takes at least `itemBytes`, so a count that the rest cannot hold fails. */
    readCount(itemBytes: number): number {
        return this.readNumber(Math.floor((this.#bytes.length - this.#at) / itemBytes));
    }

    readText(): string {
        const bytes = this.#take(this.readCount(1));
        try {
            return utf8.decode(bytes);
        } catch {
            this.fail();
            return "";
        }
    }

    fail(): void {
        this.#hasFailed = true;
        this.#at = this.#bytes.length;
    }

    #take(count: number): Uint8Array {
        if (count > this.#bytes.length - this.#at) {
            this.fail();
            return new Uint8Array();
        }

        this.#at += count;
        return this.#bytes.subarray(this.#at - count, this.#at);
    }
}
