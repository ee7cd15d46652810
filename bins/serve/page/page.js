// Shows a live session or a recording with asciinema-player, and its status.
"use strict";

(() => {
  // The interval for refreshing the title, the size and the number of viewers, in milliseconds.
  const REFRESH = 5000;

  // The time until a connecting player counts as a viewer, in milliseconds.
  const SETTLE = 1000;

  // The minimum width of a column, in pixels: a letter of about 10 pixels.
  const COLUMN = 6;

  const element = (id) => document.getElementById(id);
  const socketUrl = () => {
    const url = new URL("ws", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  };

  let player;
  let refreshes = 0;

  function show(source, options, onEnd) {
    player?.dispose();
    player = AsciinemaPlayer.create(source, element("player"), { fit: "both", ...options });
    player.addEventListener("ended", onEnd);
  }

  function showState(state) {
    element("state").textContent = state;
    element("state").dataset.state = state;
  }

  function showRecording(onEnd) {
    show("recording.cast", { autoPlay: true, controls: true }, onEnd);
  }

  function showLive() {
    show({ driver: "websocket", url: socketUrl() }, { autoPlay: true }, () => showState("ended"));
  }

  function showStatus(status) {
    document.title = status.title || "asciinema";
    element("title").textContent = status.title;
    element("player").style.minWidth = `${status.cols * COLUMN}px`;
    element("viewers").hidden = status.state !== "live";
    element("viewers").textContent = `${status.viewers} watching`;
    showState(status.state);
  }

  async function refresh() {
    if (document.hidden && refreshes > 0) return undefined;
    try {
      const answer = await fetch("status", { cache: "no-store" });
      if (!answer.ok) return undefined;
      refreshes += 1;
      const status = await answer.json();
      showStatus(status);
      return status;
    } catch {
      // The server or the network has failed: the player reports which.
      return undefined;
    }
  }

  function offerHistory() {
    const button = element("history");
    let isLive = true;
    const goLive = () => {
      isLive = true;
      button.textContent = "From the start";
      showLive();
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      if (!isLive) return goLive();
      isLive = false;
      button.textContent = "Back to live";
      return showRecording(goLive);
    });
  }

  async function begin() {
    const status = await refresh();
    if (status?.state === "recording") return showRecording(() => {});
    showLive();
    if (status?.history) offerHistory();
    setTimeout(refresh, SETTLE);
    const timer = setInterval(async () => {
      const now = await refresh();
      if (now?.state === "ended") clearInterval(timer);
    }, REFRESH);
    document.addEventListener("visibilitychange", refresh);
    return undefined;
  }

  begin();
})();
