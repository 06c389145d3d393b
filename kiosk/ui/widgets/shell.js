// The page's shell: overlay, heartbeat, and locks for gestures and shortcuts. Runs beside Streamlit, whatever that does.
(() => {
  const BEAT_MS = 2000;
  const RETRY_MS = 400;
  const TIMEOUT_MS = 4000;
  const MISSES_SHOWN = 2;

  const overlay = document.getElementById("kiosk-overlay");
  const app = document.getElementById("kiosk-app");
  if (!overlay || !app) return; // the page was cut off: its refresh loads it again
  let misses = 0;
  let timer = 0;
  let styled = false; // whether the style sheet came: without it nothing is started
  let drawn = false;
  let broken = false;
  let waitingSince = performance.now(); // for the server, or for the first screen

  function show() {
    const away = misses >= MISSES_SHOWN;
    const state = broken ? "broken" : away ? "restarting" : drawn ? "none" : "starting";
    if (state === "none") waitingSince = 0;
    else waitingSince ||= performance.now();
    const late = waitingSince > 0 && performance.now() - waitingSince > Number(overlay.dataset.patienceMs);
    overlay.dataset.state = state;
    overlay.toggleAttribute("data-late", late);
    return late;
  }

  async function beat() {
    clearTimeout(timer);
    let pause = BEAT_MS;
    try {
      const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
      const health = await answer.json();
      if (health.boot !== overlay.dataset.boot || !styled) return location.reload();
      misses = 0;
      if (show() && !drawn && !broken) return location.reload(); // a part of the screen never came
      window.dispatchEvent(new CustomEvent("kiosk:health", { detail: health }));
    } catch {
      misses += 1;
      pause = RETRY_MS;
      show();
    }
    timer = setTimeout(beat, pause);
  }

  // Streamlit waits in a template, so that a page without shell or style draws nothing
  function begin() {
    document.querySelector('meta[http-equiv="refresh"]').remove();
    window.stop(); // the refresh was read already: this takes it back
    styled = getComputedStyle(overlay).position === "fixed";
    if (styled) document.head.append(document.importNode(app.content, true));
    beat();
  }

  window.addEventListener("load", begin, { once: true });
  window.addEventListener("kiosk:drawn", () => {
    drawn = true;
    show();
  });
  window.addEventListener("kiosk:check", () => styled && beat());
  window.addEventListener("kiosk:words", ({ detail }) => {
    document.documentElement.lang = detail.language;
    for (const place of document.querySelectorAll("[data-words]")) place.textContent = detail.shell[place.dataset.words];
  });
  overlay.addEventListener("click", () => broken && location.reload());

  // the screen's script failed: Streamlit shows that somewhere, the kiosk says it its own way
  new MutationObserver(() => {
    if (broken || !document.querySelector('[data-testid="stException"]')) return;
    broken = true;
    show();
  }).observe(document.getElementById("root") ?? document.body, { childList: true, subtree: true });

  const stop = (event) => event.preventDefault();
  for (const name of ["contextmenu", "dragstart", "gesturestart", "selectstart", "drop"]) {
    window.addEventListener(name, stop, { capture: true });
  }
  window.addEventListener("wheel", (event) => event.ctrlKey && stop(event), { capture: true, passive: false });
  window.addEventListener("touchmove", (event) => event.touches.length > 1 && stop(event), { passive: false });

  const KEYS = new Set(["Tab", "Enter", " ", "Escape", "F5", "F12"]);
  window.addEventListener(
    "keydown",
    (event) => {
      if (KEYS.has(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) return;
      event.stopImmediatePropagation();
      event.preventDefault();
    },
    { capture: true },
  );
})();
