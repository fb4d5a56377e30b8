import { useSignal } from "@preact/signals";
import { hexLine, hexLineCount } from "./hex.js";

const linePx = 20;
const heightPx = 480;
const overscan = 4;

/** Bytes in hexadecimal digits. Only the lines on the screen are elements. */
export function HexView({ bytes }: { readonly bytes: Uint8Array }) {
    const top = useSignal(0);
    const count = hexLineCount(bytes);
    const first = Math.max(0, Math.floor(top.value / linePx) - overscan);
    const last = Math.min(count - 1, Math.ceil((top.value + heightPx) / linePx) + overscan);
    const lines = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    return (
        <div class="hex" role="region" tabIndex={0} aria-label="Value in hexadecimal digits" onScroll={event => (top.value = event.currentTarget.scrollTop)}>
            <div class="hex-space" style={{ height: `${count * linePx}px` }}>
                {lines.map(number => {
                    const { offset, hex, text } = hexLine(bytes, number);
                    return <div key={number} class="hex-line" style={{ transform: `translateY(${number * linePx}px)` }}><span class="muted">{offset}</span><span>{hex}</span><span>{text}</span></div>;
                })}
            </div>
        </div>
    );
}
