// Says how the replicas are with the service, in one line.

// A change that is stored at once is not worth a word.
const quietMilliseconds = 300;

const described = {
    opening: "Opening…",
    synced: "Online · everything is stored",
    sending: "Online · sending your changes…",
    offline: "Offline · showing what arrived last",
    unsent: "Offline · your changes are kept here",
    failed: "Not synchronized",
};

export function showState(line, problem, replicas) {
    let timer;

    const show = state => {
        line.dataset.state = state;
        line.textContent = described[state];
        const replica = replicas.find(replica => isStuck(replica));
        problem.hidden = !replica;
        if (replica) {
            problem.querySelector("span").textContent = reasonOf(replica);
            problem.querySelector("button").textContent = replica.state === "failed" ? "Try again" : "Begin again";
        }
    };

    const update = () => {
        const state = stateOf(replicas);
        line.ariaBusy = hasUnsent(replicas);
        clearTimeout(timer);
        if (state === "sending" && line.dataset.state === "synced")
            timer = setTimeout(() => show(stateOf(replicas)), quietMilliseconds);
        else
            show(state);
    };

    for (const replica of replicas)
        replica.subscribe(({ type }) => type === "state" && update());
    problem.querySelector("button").addEventListener("click", () => {
        for (const replica of replicas.filter(isStuck))
            replica.state === "failed" ? replica.retry() : replica.startOver(true);
    });
    update();
}

const hasUnsent = replicas => replicas.some(({ hasUnsent }) => hasUnsent);
const isStuck = ({ state }) => ["conflict", "deleted", "failed"].includes(state);

function stateOf(replicas) {
    if (replicas.some(isStuck))
        return "failed";
    if (replicas.some(({ state }) => state === "offline"))
        return hasUnsent(replicas) ? "unsent" : "offline";
    if (replicas.every(({ state }) => state === "synced"))
        return "synced";
    return hasUnsent(replicas) ? "sending" : "opening";
}

const reasonOf = ({ state, error }) => state === "failed"
    ? `The service refuses: ${error?.message}`
    : "This note was deleted, here or by someone else. You can begin again with what the service has; what you have not sent is added to it.";
