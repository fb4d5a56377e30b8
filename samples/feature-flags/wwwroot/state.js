// Says in one line how the page is with the store.
const line = document.getElementById("state");

export function showState(isLive) {
    line.dataset.state = isLive ? "live" : "offline";
    line.textContent = isLive ? "Live · changes arrive at once" : "Offline · as it was known last";
}
