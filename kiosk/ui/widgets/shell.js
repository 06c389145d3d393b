// The page's shell: overlay, heartbeat, and locks for gestures and shortcuts. Runs beside Streamlit, whatever that does.
(() => {
  const BEAT_MS = 2000;
  const RETRY_MS = 400;
  const TIMEOUT_MS = 4000;
  const MISSES_SHOWN = 2;

  const overlay = document.getElementById("kiosk-overlay");
  const app = document.getElementById("kiosk-app");
  const root = document.getElementById("root");
  if (!overlay || !app || !root) return; // the page was cut off: its refresh loads it again
  let misses = 0;
  let timer = 0;
  let styled = false; // whether the style sheet came: without it nothing is started
  let lost = false; // whether a part of Streamlit's page did not come, or not whole: a document asks for it once only
  let drawn = false;
  let drawnBy = ""; // which run of the server drew what stands there
  let broken = false;
  let waitingSince = performance.now(); // for the server, or for the first screen
  let touchedAt = performance.now();
  let untold = false; // a touch that the server has not heard of
  let forgotten = false; // the server says that nobody has touched the screen for long

  function show() {
    const away = misses >= MISSES_SHOWN;
    const ready = covered() ? "covered" : "none";
    const state = broken ? "broken" : away ? "restarting" : drawn ? ready : "starting";
    if (state === ready) waitingSince = 0;
    else waitingSince ||= performance.now();
    const late = waitingSince > 0 && performance.now() - waitingSince > Number(overlay.dataset.patienceMs);
    overlay.dataset.state = state;
    overlay.toggleAttribute("data-late", late);
    root.inert = state !== "none";
    root.style.visibility = state === "covered" ? "hidden" : "";
    return late;
  }

  // whether a patient's details are on the screen, and nobody has touched it for long
  function covered() {
    const coverMs = Number(overlay.dataset.coverMs);
    const due = forgotten || (coverMs > 0 && performance.now() - touchedAt >= coverMs);
    return due && document.querySelector("[data-patient]") !== null;
  }

  function touched() {
    touchedAt = performance.now();
    untold = true;
    forgotten = false;
  }

  // The server was started anew, and Streamlit finds it by itself. What was typed is only in this page: it stays, unless
  // nobody has touched it for so long that the case would have ended. False: the page is to be loaded anew.
  function restarted(boot) {
    const endMs = Number(overlay.dataset.endMs);
    if (!drawn || (endMs > 0 && performance.now() - touchedAt >= endMs)) return false;
    overlay.dataset.boot = boot;
    drawn = drawnBy === boot; // Streamlit may have been faster
    waitingSince = performance.now();
    return true;
  }

  // the first touch on the cover uncovers, and does nothing else: its click would meet the screen below
  function uncover(event) {
    event.preventDefault();
    touched();
    show();
    beat();
  }

  function onTouch(event) {
    if (overlay.dataset.state !== "covered") return touched();
    if (event.type !== "keydown") return; // uncovered when the finger leaves
    uncover(event); // keys.js lets nothing of it through
  }

  // past the browser's cache: what was cut off within its headers is kept there, and passes for whole
  async function fetchAgain() {
    const parts = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/static/"));
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    await Promise.all(parts.map(async ({ name }) => (await fetch(name, { cache: "reload", signal })).arrayBuffer()));
  }

  async function tellTouch() {
    if (!untold) return;
    untold = false;
    try {
      await fetch("/touch", { method: "POST", signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      untold = true;
      throw error;
    }
  }

  async function beat() {
    clearTimeout(timer);
    let pause = BEAT_MS;
    try {
      await tellTouch();
      const answer = await fetch("/health?page", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
      const health = await answer.json();
      if (!styled || health.page !== overlay.dataset.page) return location.reload(); // of another version
      if (lost && !drawn) return await fetchAgain(), location.reload();
      if (health.boot !== overlay.dataset.boot && !restarted(health.boot)) return location.reload();
      misses = 0;
      forgotten = health.covered && !untold;
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
    window.stop(); // takes the refresh of the page's headers back
    styled = getComputedStyle(overlay).position === "fixed";
    if (styled) document.head.append(document.importNode(app.content, true));
    beat();
  }

  window.addEventListener("load", begin, { once: true });
  // a part that was cut off is a syntax error, or lacks a name that another one imports
  window.addEventListener("error", (event) => {
    lost ||= ["SCRIPT", "LINK"].includes(event.target.tagName) || event.error instanceof SyntaxError;
  }, { capture: true });
  window.addEventListener("vite:preloadError", () => (lost = true)); // of one that is loaded when it is first needed
  window.addEventListener("kiosk:drawn", () => {
    drawn = true;
    document.getElementById("stMain").removeAttribute("tabindex"); // Streamlit's <main>: nothing to be operated
    show();
  });
  window.addEventListener("kiosk:check", () => styled && beat());
  window.addEventListener("kiosk:words", ({ detail }) => {
    drawnBy = detail.boot;
    drawn ||= drawnBy === overlay.dataset.boot;
    show();
    document.documentElement.lang = detail.language;
    for (const place of document.querySelectorAll("[data-words]")) place.textContent = detail.shell[place.dataset.words];
  });
  overlay.addEventListener("click", (event) => {
    if (broken) location.reload();
    else if (overlay.dataset.state === "covered") uncover(event);
  });
  overlay.addEventListener("touchend", (event) => overlay.dataset.state === "covered" && uncover(event), { passive: false });
  for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, onTouch, { capture: true });

  // the screen's script failed: Streamlit shows that somewhere, the kiosk says it its own way
  new MutationObserver(() => {
    if (broken || !document.querySelector('[data-testid="stException"]')) return;
    broken = true;
    show();
  }).observe(root, { childList: true, subtree: true });

  const stop = (event) => event.preventDefault();
  for (const name of ["contextmenu", "dragstart", "gesturestart", "selectstart", "drop"]) {
    window.addEventListener(name, stop, { capture: true });
  }
  window.addEventListener("wheel", (event) => event.ctrlKey && stop(event), { capture: true, passive: false });
  window.addEventListener("touchmove", (event) => event.touches.length > 1 && stop(event), { passive: false });
})();
