// Lays links over the terminal that the player draws, for the moment it shows. `player` is the
// player; each of `links` has the times at which it appears and disappears, row, column, width, and
// the index of its address in `addresses`.
(() => {
  const terminal = document.querySelector("#player .ap-term");
  if (!terminal) return;
  const style = document.createElement("style");
  // The player keeps the size of the terminal in variables, so links follow every resize.
  style.textContent = `
    #links { position: absolute; inset: 0; pointer-events: none; }
    #links a {
      position: absolute;
      pointer-events: auto;
      left: calc(100% * var(--column) / var(--term-cols));
      width: calc(100% * var(--width) / var(--term-cols));
      top: calc(100% * var(--row) / var(--term-rows));
      height: calc(100% / var(--term-rows));
    }
    #links a:hover, #links a:focus-visible { outline: 1px solid var(--term-color-foreground); }`;
  document.head.append(style);
  const layer = document.createElement("div");
  layer.id = "links";
  terminal.append(layer);
  const shown = new Map();
  const anchor = ([, , row, column, width, address]) => {
    const element = document.createElement("a");
    element.href = addresses[address];
    element.target = "_blank";
    element.rel = "noopener noreferrer";
    // As the browser spells it: without anything that reorders text.
    element.title = element.href;
    element.setAttribute("aria-label", element.href);
    for (const [name, value] of Object.entries({ row, column, width })) {
      element.style.setProperty(`--${name}`, value);
    }
    return element;
  };
  setInterval(() => {
    // A click on the poster starts playback, wherever it is.
    const isStarted = !document.querySelector(".ap-overlay-start");
    // Times are rounded to a microsecond.
    const time = player.getCurrentTime() + 1e-6;
    links.forEach((link, index) => {
      const isThere = isStarted && link[0] <= time && time < link[1];
      if (isThere === shown.has(index)) return;
      if (isThere) {
        shown.set(index, layer.appendChild(anchor(link)));
      } else {
        shown.get(index).remove();
        shown.delete(index);
      }
    });
  }, 40);
})();
