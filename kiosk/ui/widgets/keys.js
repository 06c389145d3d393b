// What is typed: by hand, by a barcode scanner, by a foot switch. Screens hear of it as events, and nothing else does.
//   kiosk:typed    a character, or "Backspace"
//   kiosk:scan     what a scanner read: characters that come faster than any hand types, with Enter at their end
//   kiosk:shutter  the key that takes the picture; a screen that has no use for it lets the key pass
(() => {
  const GAP_MS = 50; // between two of a scanner's characters, at most
  const HOLD_MS = 120; // how long a character is held back, until it is known who typed it
  const PASSED = new Set(["Tab", "Enter", " ", "Escape", "ArrowUp", "ArrowDown", "F5", "F12"]);
  const SHUTTER = /^(PageDown|AudioVolumeUp|Camera|F([1-4]|[6-9]|1[01]|1[3-9]|2[0-4]))$/;

  const overlay = document.getElementById("kiosk-overlay");
  let burst = "";
  let lastMs = -Infinity;
  let deaf = false; // the rest of a burst whose first key uncovered the screen
  let timer = 0;

  const tell = (name, detail) => window.dispatchEvent(new CustomEvent(name, { detail, cancelable: true }));

  function swallow(event) {
    event.stopImmediatePropagation();
    event.preventDefault();
  }

  function flush() {
    clearTimeout(timer);
    for (const character of burst) tell("kiosk:typed", character);
    burst = "";
  }

  function onKey(event) {
    const quick = event.timeStamp - lastMs <= GAP_MS;
    lastMs = event.timeStamp;
    if (event.defaultPrevented || (deaf && quick)) {
      deaf = true;
      return swallow(event);
    }
    deaf = false;
    if (event.ctrlKey || event.altKey || event.metaKey || overlay?.dataset.state !== "none") return swallow(event);
    if (event.repeat && event.key !== "Tab") return swallow(event); // a key that is held is one tap
    if (burst && !quick) flush();
    if (event.key === "Enter" && burst) {
      clearTimeout(timer);
      tell("kiosk:scan", burst);
      burst = "";
      return swallow(event);
    }
    if (event.key.length === 1 && (event.key !== " " || burst)) {
      burst += event.key;
      clearTimeout(timer);
      timer = setTimeout(flush, HOLD_MS);
      return swallow(event);
    }
    if (event.key === "Shift" || PASSED.has(event.key)) return undefined;
    if (event.key === "Backspace") {
      flush();
      tell("kiosk:typed", event.key);
    }
    if (SHUTTER.test(event.key) && tell("kiosk:shutter")) return undefined;
    return swallow(event);
  }

  window.addEventListener("keydown", onKey, { capture: true });
})();
