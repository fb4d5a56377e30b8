import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatBytes, formatNumber } from "../../shell/format.js";
import { Countdown } from "../entry/countdown.js";
import { goTo, placeOf } from "../place.js";
import { mediaType } from "../values/kinds.js";
import type { Browser } from "./browser.js";
import { idOf } from "./level.js";
import type { Line } from "./tree.js";

const rowPx = 32;
const overscan = 8;

// The highest element that browsers lay out is some 16 million pixels. Who wants to see a row beyond that names a prefix.
const linesMax = 400_000;

/** The tree of a browser. Only the rows on the screen are elements, however many there are. */
export function TreeView({ browser }: { readonly browser: Browser }) {
    const box = useRef<HTMLDivElement>(null);
    const top = useSignal(0);
    const height = useSignal(0);
    const isFocused = useSignal(false);
    const { tree } = browser;
    const count = (tree.changes.value, Math.min(tree.lineCount, linesMax));
    const first = Math.max(0, Math.floor(top.value / rowPx) - overscan);
    const last = Math.min(count - 1, Math.ceil((top.value + height.value) / rowPx) + overscan);

    useLayoutEffect(() => {
        const observer = new ResizeObserver(() => (height.value = box.current?.clientHeight ?? 0));
        observer.observe(box.current!);
        return () => observer.disconnect();
    }, []);
    useSignalEffect(() => {
        void tree.changes.value;
        const from = Math.floor(top.value / rowPx);
        void browser.show(from, Math.ceil((top.value + height.value) / rowPx));
    });

    // A group that closes, or rows that go, can leave the keyboard where nothing is.
    useEffect(() => {
        if (browser.active.peek() >= count && count > 0)
            browser.active.value = count - 1;
    }, [count]);

    const lines: { number: number; line: Line }[] = [];
    for (let number = first; number <= last; number++) {
        const line = tree.line(number);
        if (line !== undefined)
            lines.push({ number, line });
    }

    const activate = (number: number): void => {
        browser.active.value = Math.max(0, Math.min(count - 1, number));
        const at = browser.active.value * rowPx;
        const element = box.current!;
        if (at < element.scrollTop)
            element.scrollTop = at;
        else if (at + rowPx > element.scrollTop + element.clientHeight)
            element.scrollTop = at + rowPx - element.clientHeight;
    };
    const focus = (): void => {
        isFocused.value = true;
        if (browser.active.peek() < 0 && count > 0)
            browser.active.value = tree.lineOf(`e${placeOf().key ?? ""}`) ?? 0;
    };
    return (
        <div class="tree-frame">
            <div class="tree-head" aria-hidden="true"><span>Name</span><span class="col-size">Keys / size</span><span class="col-type">Type</span><span class="col-expiry">Expires</span><span class="col-revision">Revision</span></div>
            <div
                ref={box} class="tree" role="treegrid" tabIndex={0} aria-label={`Keys below ${browser.prefix === "" ? "the root" : browser.prefix}`} aria-rowcount={-1} aria-readonly="true"
                aria-activedescendant={count > 0 && browser.active.value >= 0 ? `line-${browser.active.value}` : undefined}
                onScroll={event => (top.value = event.currentTarget.scrollTop)} onFocus={focus} onBlur={() => (isFocused.value = false)}
                onKeyDown={event => moveBy(event, browser, count, Math.floor(height.value / rowPx), activate)}
            >
                <div class="tree-space" role="presentation" style={{ height: `${count * rowPx}px` }}>
                    {lines.map(({ number, line }) => <LineView key={line.row === undefined ? `${number}` : idOf(line.row)} browser={browser} number={number} line={line} isActive={isFocused.value && number === browser.active.value} />)}
                </div>
            </div>
            {tree.lineCount > linesMax && <p class="muted tree-note">{formatNumber(linesMax)} rows are shown. Name a longer prefix to see others.</p>}
        </div>
    );
}

function LineView({ browser, number, line, isActive }: { readonly browser: Browser; readonly number: number; readonly line: Line; readonly isActive: boolean }) {
    const { row, level } = line;
    const about = { id: `line-${number}`, role: "row" as const, "aria-rowindex": number + 1, "aria-level": level.depth + 1, style: { transform: `translateY(${number * rowPx}px)` } };
    if (row === undefined) {
        return (
            <div {...about} class="line loading">
                <span role="gridcell" class="col-name" style={{ paddingLeft: `${level.depth * 1.25 + 1.5}rem` }}>{line.segment.error === undefined ? "…" : "Could not be loaded"}</span>
            </div>
        );
    }

    const isGroup = row.entry === undefined;
    const isOpen = isGroup && level.children.has(row.name);
    const isSelected = !isGroup && placeOf().key === row.name;

    // From the last delimiter on, also where the prefix ends in the middle of a part: below "user/1" there is "1/", and not "/".
    const { delimiter } = browser.tree;
    const name = row.name.slice(delimiter === "" ? 0 : level.prefix.lastIndexOf(delimiter) + 1);
    const size = isGroup ? browser.counts.changes.value >= 0 && browser.counts.get(row.name) : undefined;
    return (
        <div
            {...about} class={`line ${isGroup ? "group" : "entry"}${isActive ? " active" : ""}${isSelected ? " selected" : ""}${browser.flashes.value.has(idOf(row)) ? " flash" : ""}`}
            aria-expanded={isGroup ? isOpen : undefined} aria-selected={isSelected}
            onClick={() => {
                browser.active.value = number;
                use(browser, line);
            }}
        >
            <span role="gridcell" class="col-name" style={{ paddingLeft: `${level.depth * 1.25}rem` }} title={row.name}>
                <span class="twisty" aria-hidden="true">{isGroup ? isOpen ? "▾" : "▸" : ""}</span>
                <span class="name">{name === "" ? <span class="muted">(the key itself)</span> : name}</span>
            </span>
            <span role="gridcell" class="col-size">{isGroup ? size === undefined ? "…" : `${formatNumber(size as number)} ${size === 1 ? "key" : "keys"}` : formatBytes(row.entry!.size)}</span>
            <span role="gridcell" class="col-type">{isGroup ? "" : mediaType(row.entry!.contentType)}</span>
            <span role="gridcell" class="col-expiry">{!isGroup && row.entry!.expiresAt !== undefined && <Countdown to={row.entry!.expiresAt} />}</span>
            <span role="gridcell" class="col-revision">{isGroup ? "" : row.entry!.revision}</span>
        </div>
    );
}

/** Opens or closes a group, or shows an entry. */
function use(browser: Browser, { level, row }: Line): void {
    if (row?.entry !== undefined)
        goTo({ key: row.name, show: "entry" });
    else if (row !== undefined)
        (level.children.has(row.name) ? browser.tree.close : browser.tree.open).call(browser.tree, level, row.name);
}

/** The keys of a tree, as WAI-ARIA has them. */
function moveBy(event: KeyboardEvent, browser: Browser, count: number, page: number, activate: (number: number) => void): void {
    const { tree, active } = browser;
    const line = tree.line(active.peek());
    const group = line?.row?.entry === undefined ? line?.row?.name : undefined;
    const isOpen = group !== undefined && line!.level.children.has(group);
    const steps: Readonly<Record<string, number>> = { ArrowDown: active.peek() + 1, ArrowUp: active.peek() - 1, PageDown: active.peek() + page, PageUp: active.peek() - page, Home: 0, End: count - 1 };
    if (event.ctrlKey || event.metaKey || event.altKey)
        return;
    const to = steps[event.key];
    if (to !== undefined)
        activate(to);
    else if (event.key === "ArrowRight" && group !== undefined)
        isOpen ? activate(active.peek() + 1) : tree.open(line!.level, group);
    else if (event.key === "ArrowLeft" && isOpen)
        tree.close(line!.level, group);
    else if (event.key === "ArrowLeft" && line !== undefined)
        activate(tree.lineOf(`g${line.level.prefix}`) ?? active.peek());
    else if ((event.key === "Enter" || event.key === " ") && line !== undefined)
        use(browser, line);
    else
        return;
    event.preventDefault();
}
