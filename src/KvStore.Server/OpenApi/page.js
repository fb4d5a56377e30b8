// The page: Swagger UI with what it does beyond it, the plugin. It leaves out what would be shown over and over: HEAD beside each GET, and the example of each
// error that several operations share; the document has both. And it shows an event stream while it arrives, because Swagger UI shows an
// answer when it is complete, and a watch never is. "Clear", another "Execute" and leaving the page end the stream.

const KvStorePlugin = ({ React }) => {
    const withoutHead = original => (...state) => original(...state).filter(method => method !== "head");

    /** An error that several operations share, without its content. */
    const response = Original => properties => {
        const { code, specPath, specSelectors } = properties;
        const isShared = code >= "400" && specSelectors.specJson().getIn([...specPath, "$ref"]) !== undefined;
        return React.createElement(Original, isShared ? { ...properties, response: properties.response.delete("content") } : properties);
    };

    const mediaType = "text/event-stream";

    // Each update renders all of the shown text, so the text has a limit, and updates come no faster than a person reads.
    const shownCharactersMax = 64 * 1024;
    const updateMilliseconds = 250;

    // The last stream of each operation.
    const streams = new Map();
    const nameOf = (path, method) => `${method} ${path}`;
    const end = (path, method) => streams.get(nameOf(path, method))?.abort();

    const isStream = operation => operation.getIn(["responses", "200", "content"])?.has(mediaType) ?? false;

    /** Fetches, and shows what came so far until the answer has ended. An error ends at once, and is left to Swagger UI. */
    async function follow(url, request, show) {
        const response = await fetch(url, request);
        return response.ok ? new Response(await readAll(response, text => show(response, text)), response) : response;
    }

    async function readAll(response, show) {
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        const shown = new ShownText();
        let update;
        show("");
        try {
            for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
                shown.add(piece.value);
                update ??= setTimeout(() => {
                    update = undefined;
                    show(String(shown));
                }, updateMilliseconds);
            }

            shown.add(": the stream has ended\n");
        } catch (error) {
            shown.add(`\n: the stream broke off: ${error.message}\n`);
        } finally {
            clearTimeout(update);
        }

        return String(shown);
    }

    /** The end of a text, from the beginning of an event if there is one, and how much came before it. */
    class ShownText {
        #text = "";
        #cut = 0;

        add(piece) {
            this.#text += piece;
            if (this.#text.length <= shownCharactersMax)
                return;
            const start = this.#text.length - shownCharactersMax;
            const event = this.#text.indexOf("\n\n", start) + 2;
            const kept = event > 1 && event < this.#text.length ? event : start;
            this.#cut += kept;
            this.#text = this.#text.slice(kept);
        }

        toString() {
            return this.#cut === 0 ? this.#text : `: ${this.#cut} characters before this are not shown any more\n\n${this.#text}`;
        }
    }

    const executeRequest = (execute, { specActions }) => request => {
        const { pathName, method, operation } = request;
        end(pathName, method);
        if (!isStream(operation))
            return execute(request);

        const stream = new AbortController();
        streams.set(nameOf(pathName, method), stream);
        const { signal } = stream;
        const unlessEnded = act => (...what) => {
            if (!signal.aborted)
                act(...what);
        };
        const show = unlessEnded(({ ok, url, status, statusText, headers }, text) =>
            specActions.setResponse(pathName, method, { ok, url, status, statusText, headers: Object.fromEntries(headers), text }));

        // An ended stream never settles: Swagger UI would replace later output with its outcome.
        const userFetch = (url, sent) => new Promise((resolve, reject) => {
            // Without -N, curl buffers events.
            specActions.setMutatedRequest(pathName, method, { ...sent, curlOptions: ["-N"] });
            follow(url, { ...sent, signal }, show).then(unlessEnded(resolve), unlessEnded(reject));
        });
        return execute({ ...request, userFetch });
    };

    const clearResponse = clear => (path, method) => {
        end(path, method);
        return clear(path, method);
    };

    /** Stays at the end of a stream's text when it grows, unless the user has scrolled up. */
    const responseBody = Original => class extends React.Component {
        #box = React.createRef();

        #text() {
            return this.props.contentType?.startsWith(mediaType) ? this.#box.current.querySelector("pre") : null;
        }

        getSnapshotBeforeUpdate() {
            const text = this.#text();
            return text !== null && text.scrollTop + text.clientHeight >= text.scrollHeight - 1;
        }

        componentDidUpdate(properties, state, wasAtTheEnd) {
            if (wasAtTheEnd)
                this.#text()?.scrollTo({ top: this.#text().scrollHeight });
        }

        render() {
            return React.createElement("div", { ref: this.#box }, React.createElement(Original, this.props));
        }
    };

    /** Examples of lines of JSON as they are: Swagger UI would show and send them as one JSON string, because "json" is in their media type. */
    function afterLoad() {
        const { getSampleSchema } = this.fn;
        this.fn.getSampleSchema = (schema, contentType, ...rest) =>
            getSampleSchema(schema, contentType === "application/x-ndjson" ? "text/plain" : contentType, ...rest);
    }

    return {
        afterLoad,
        statePlugins: { spec: { wrapActions: { executeRequest, clearResponse }, wrapSelectors: { validOperationMethods: withoutHead } } },
        wrapComponents: { response, responseBody },
    };
};

// The address is relative, so that it works below any path. The bar of the standalone layout would offer other documents, and its logo has an inline style. The
// keys of Authorize stay in the memory of this page.
SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: "../openapi/v1.json",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [KvStorePlugin],
    tryItOutEnabled: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
});
