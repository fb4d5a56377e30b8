const utf8 = new TextEncoder();

/** Appends the primitives of docs/crdt-format.md to a growing array. */
export class DeltaWriter {
    #bytes = new Uint8Array(64);
    #length = 0;

    get written(): Uint8Array {
        return this.#bytes.subarray(0, this.#length);
    }

    writeByte(value: number): void {
        this.#reserve(1);
        this.#bytes[this.#length++] = value;
    }

    /** Seven bits a byte, the lowest first; the high bit says that more follow. */
    writeNumber(value: number): void {
        this.writePacked(0, 0, value);
    }

    /** Writes a number whose lowest bits mean something of their own, so that the rest may have 53 bits as well. */
    writePacked(low: number, lowBits: number, rest: number): void {
        const first = 2 ** (7 - lowBits);
        let value = Math.floor(rest / first);
        this.writeByte(((rest % first) << lowBits) | low | (value > 0 ? 0x80 : 0));
        while (value > 0) {
            const more = Math.floor(value / 128);
            this.writeByte((value % 128) | (more > 0 ? 0x80 : 0));
            value = more;
        }
    }

    /** A number that may have more than 53 bits. */
    writeWide(value: bigint): void {
        for (; value >= 0x80n; value >>= 7n)
            this.writeByte(Number(value & 0x7fn) | 0x80);
        this.writeByte(Number(value));
    }

    /** Eight bytes, the lowest first, of a number that is given as 16 digits. */
    writeFixed(digits: string): void {
        for (let at = 14; at >= 0; at -= 2)
            this.writeByte(Number.parseInt(digits.slice(at, at + 2), 16));
    }

    /** UTF-8 after its length in bytes. */
    writeText(text: string): void {
        const bytes = utf8.encode(text);
        this.writeNumber(bytes.length);
        this.writeBytes(bytes);
    }

    writeBytes(bytes: Uint8Array): void {
        this.#reserve(bytes.length);
        this.#bytes.set(bytes, this.#length);
        this.#length += bytes.length;
    }

    #reserve(count: number): void {
        if (this.#length + count <= this.#bytes.length)
            return;
        const larger = new Uint8Array(Math.max(this.#length + count, this.#bytes.length * 2));
        larger.set(this.written);
        this.#bytes = larger;
    }
}
