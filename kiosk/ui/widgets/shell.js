// The page's shell: overlay, heartbeat, and locks for gestures and shortcuts. Runs beside Streamlit, whatever that does.
(() => {
  const BEAT_MS = 2000;
  const RETRY_MS = 400;
  const TIMEOUT_MS = 4000;
  const MISSES_SHOWN = 2;

  const overlay = document.getElementById("kiosk-overlay");
  const show = (state) => (overlay.dataset.state = state);
  let misses = 0;
  let timer = 0;

  async function beat() {
    clearTimeout(timer);
    let pause = BEAT_MS;
    try {
      const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
      const health = await answer.json();
      if (health.boot !== overlay.dataset.boot) return location.reload();
      if (misses >= MISSES_SHOWN && overlay.dataset.state === "restarting") show("none");
      misses = 0;
      window.dispatchEvent(new CustomEvent("kiosk:health", { detail: health }));
    } catch {
      misses += 1;
      pause = RETRY_MS;
      if (misses >= MISSES_SHOWN && overlay.dataset.state !== "starting") show("restarting");
    }
    timer = setTimeout(beat, pause);
  }

  window.addEventListener("kiosk:drawn", () => overlay.dataset.state === "starting" && show("none"));
  window.addEventListener("kiosk:check", beat);
  overlay.addEventListener("click", () => overlay.dataset.state === "broken" && location.reload());

  // the screen's script failed: Streamlit shows that somewhere, the kiosk says it its own way
  new MutationObserver(() => {
    if (document.querySelector('[data-testid="stException"]')) show("broken");
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

  beat();
})();
