// Draws panels of curves or bars as one SVG, without a library: it has to be small, and readable in light and dark pages.

const panel = { width: 430, height: 290, left: 58, right: 20, top: 62, bottom: 44 };
const style = `
:root{--paper:#fff;--ink:#1f2328;--dim:#59636e;--grid:#d8dee4;--c0:#0969da;--c1:#bc4c00;--c2:#1a7f37;--c3:#8250df}
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--dim:#9198a1;--grid:#30363d;--c0:#58a6ff;--c1:#f0883e;--c2:#3fb950;--c3:#bc8cff}}
text{font:12px system-ui,sans-serif;fill:var(--dim)}.title{font-weight:600;font-size:14px;fill:var(--ink)}.key{fill:var(--ink)}
.grid{stroke:var(--grid)}.band{opacity:.15}path{fill:none;stroke-width:2}`;

const escape = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const round = number => Number(number.toFixed(1));

/** 1234 as 1.2k. */
export function short(number) {
    for (const [unit, letter] of [[1e6, "M"], [1e3, "k"]])
        if (Math.abs(number) >= unit)
            return `${Number((number / unit).toPrecision(3))}${letter}`;
    return String(Number(number.toPrecision(3)));
}

// Steps of 1, 2 or 5 that begin at zero.
function linearTicks(most) {
    const rough = most / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(factor => factor * power >= rough) * power;
    return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

function logTicks(least, most) {
    const from = Math.floor(Math.log10(least));
    return Array.from({ length: Math.max(1, Math.ceil(Math.log10(most) - 1e-9) - from) + 1 }, (_, i) => 10 ** (from + i));
}

// From a number to a place between 0 and 1.
function scaleOf(ticks, isLog) {
    const [from, to] = [ticks[0], ticks.at(-1)].map(tick => (isLog ? Math.log10(tick) : tick));
    return value => ((isLog ? Math.log10(value) : value) - from) / (to - from);
}

function axes({ title, xLabel, keys }, yTicks, y, body) {
    const { width, height, left, right, top, bottom } = panel;
    let out = `<text class="title" x="${left}" y="20">${escape(title)}</text>`;
    let at = left;
    keys.forEach((key, i) => {
        out += `<rect x="${at}" y="34" width="12" height="4" rx="2" fill="var(--c${i})"/><text class="key" x="${at + 17}" y="41">${escape(key)}</text>`;
        at += 34 + key.length * 6.4;
    });
    for (const tick of yTicks)
        out += `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${short(tick)}</text>`;
    return `${out}<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escape(xLabel)}</text>${body}`;
}

const inside = (scale, value) => round(panel.height - panel.bottom - scale(value) * (panel.height - panel.bottom - panel.top));
const across = place => round(panel.left + place * (panel.width - panel.left - panel.right));

/** Curves over a logarithmic axis, on which zero stands a decade before the first number. Points are {x, y, low, high}. */
function curves({ title, xLabel, series, isLog = false }) {
    const points = series.flatMap(one => one.points);
    const yTicks = isLog ? logTicks(Math.min(...points.map(point => point.low)), Math.max(...points.map(point => point.high)))
        : linearTicks(Math.max(...points.map(point => point.high)));
    const yScale = scaleOf(yTicks, isLog);
    const y = value => inside(yScale, value);
    const xs = [...new Set(points.map(point => point.x))].sort((left, right) => left - right);
    const first = xs.find(x => x > 0);
    const shown = x => (x === 0 ? first / 10 : x);
    const xScale = scaleOf([shown(xs[0]), xs.at(-1)], true);
    const x = value => across(xScale(shown(value)));

    let body = "";
    // Labels that would touch the one before are left out.
    xs.reduce((end, value) => {
        const half = short(value).length * 3.5;
        if (x(value) - half < end)
            return end;
        body += `<text x="${x(value)}" y="${panel.height - panel.bottom + 18}" text-anchor="middle">${short(value)}</text>`;
        return x(value) + half + 4;
    }, 0);
    series.forEach((one, i) => {
        const up = one.points.map(point => `${x(point.x)} ${y(point.high)}`);
        const down = one.points.toReversed().map(point => `${x(point.x)} ${y(point.low)}`);
        body += `<polygon class="band" fill="var(--c${i})" points="${[...up, ...down].join(" ")}"/>`;
        body += `<path stroke="var(--c${i})"${one.dashed ? ' stroke-dasharray="5 4"' : ""} d="M${one.points.map(point => `${x(point.x)} ${y(point.y)}`).join("L")}"/>`;
        body += one.points.map(point => `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3" fill="var(--c${i})"/>`).join("");
    });
    return axes({ title, xLabel, keys: series.map(one => one.name) }, yTicks, y, body);
}

/** Groups of bars. Points are {x, y}, x a word. */
function bars({ title, xLabel, series, isLog = false }) {
    const points = series.flatMap(one => one.points);
    const yTicks = isLog ? logTicks(Math.min(...points.map(point => point.y)) / 1.01, Math.max(...points.map(point => point.y))) : linearTicks(Math.max(...points.map(point => point.y)));
    const yScale = scaleOf(yTicks, isLog);
    const words = series[0].points.map(point => point.x);
    const width = 0.7 / words.length / series.length;
    let body = "";
    words.forEach((word, at) => {
        body += `<text x="${across((at + 0.5) / words.length)}" y="${panel.height - panel.bottom + 18}" text-anchor="middle">${escape(word)}</text>`;
        series.forEach((one, i) => {
            const top = inside(yScale, one.points[at].y);
            const from = across((at + 0.15) / words.length + i * width);
            body += `<rect x="${from}" y="${top}" width="${round(across(width) - across(0) - 2)}" height="${round(panel.height - panel.bottom - top)}" fill="var(--c${i})"/>`;
        });
    });
    return axes({ title, xLabel, keys: series.map(one => one.name) }, yTicks, value => inside(yScale, value), body);
}

/** One picture of several panels, two in a row. */
export function picture(title, panels) {
    const { width, height } = panel;
    const rows = Math.ceil(panels.length / 2);
    const columns = Math.min(2, panels.length);
    const drawn = panels.map((one, i) => `<g transform="translate(${(i % 2) * width} ${Math.floor(i / 2) * height})">${one.isBars ? bars(one) : curves(one)}</g>`);
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${columns * width} ${rows * height}" width="${columns * width}" height="${rows * height}" role="img"><title>${escape(title)}</title>`
        + `<style>${style}</style><rect width="100%" height="100%" fill="var(--paper)"/>\n${drawn.join("\n")}\n</svg>\n`;
}
