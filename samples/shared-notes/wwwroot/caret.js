// Where the caret of a text area is, which the browser does not say: measured in a copy of the text with the same layout.
const copied = ["boxSizing", "fontFamily", "fontSize", "fontStyle", "fontWeight", "letterSpacing", "lineHeight", "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "tabSize", "textIndent"];

export class Caret {
    #area;
    #mirror = document.createElement("div");

    constructor(area) {
        this.#area = area;
        Object.assign(this.#mirror.style, { position: "absolute", top: 0, left: 0, visibility: "hidden", pointerEvents: "none", whiteSpace: "pre-wrap", overflowWrap: "break-word", height: 0, overflow: "hidden" });
        this.#mirror.ariaHidden = "true";
        document.body.append(this.#mirror);
    }

    /** How far the line with the caret is from the start of the text, in pixels. */
    top() {
        const style = getComputedStyle(this.#area), mark = document.createElement("span");
        for (const name of copied)
            this.#mirror.style[name] = style[name];
        this.#mirror.style.width = `${this.#area.clientWidth}px`;
        mark.textContent = "\u200b";
        this.#mirror.replaceChildren(this.#area.value.slice(0, this.#area.selectionEnd), mark, this.#area.value.slice(this.#area.selectionEnd));
        const top = mark.offsetTop;
        this.#mirror.replaceChildren();
        return top;
    }
}
