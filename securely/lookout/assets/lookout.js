// Shows the newest of what the server has rendered; without it a page stays as it was loaded.
"use strict";
(() => {
  const live = document.getElementById("live");
  const pulse = document.getElementById("pulse");
  if (!live || !window.EventSource) return;
  let source = null;
  const open = () => {
    source = new EventSource(live.dataset.stream);
    source.onopen = () => { pulse.hidden = false; };
    source.onerror = () => { pulse.hidden = true; };
    source.onmessage = (event) => {
      // Not under the hands of somebody who is about to press a button.
      if (!live.contains(document.activeElement)) live.innerHTML = event.data;
    };
  };
  const close = () => { if (source) source.close(); source = null; pulse.hidden = true; };
  // A page that nobody sees asks for nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : source || open()));
  if (!document.hidden) open();
})();
