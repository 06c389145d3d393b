// What every component's script begins with.

// A tap so soon after a screen appeared was meant for the screen before it (the second half of a double tap).
const SETTLE_MS = 350;

const SCROLLING = ".middle, .scroller"; // as shared.css has it

// 24 x 24, drawn with strokes.
const ICONS = {
  camera: "M4 8h3l2-3h6l2 3h3v11H4z M12 10a3.5 3.5 0 1 0 .01 0",
  back: "M19 12H5 M11 6l-6 6 6 6",
  forward: "M5 12h14 M13 6l6 6-6 6",
  check: "M5 13l4.5 4.5L19 7",
  warn: "M12 4L2.5 20h19z M12 10v4.5 M12 17.3v.2",
  urgent: "M8 2.8h8l5.2 5.2v8L16 21.2H8L2.8 16V8z M12 7.5v6 M12 16.6v.2",
  unknown: "M6 12h12",
  info: "M12 3a9 9 0 1 0 .01 0 M12 11v5.5 M12 7.6v.2",
  again: "M20 11a8 8 0 1 0-2.3 6.2 M20 4v7h-7",
  close: "M6 6l12 12 M18 6L6 18",
  erase: "M9 5h11v14H9l-6-7z M12 9.5l5 5 M17 9.5l-5 5",
  person: "M12 4a4 4 0 1 0 .01 0 M4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6",
  eye: "M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.500S2.5 12 2.5 12z M12 9a3 3 0 1 0 .01 0",
  filter: "M4 6h16 M7 12h10 M10 18h4",
  key: "M8 12a4 4 0 1 0 .01 0 M11.500 14.500L20 6 M17 9l2.500 2.500 M14.500 11.500l2 2",
  chip: "M7 7h10v10H7z M10 3v4 M14 3v4 M10 17v4 M14 17v4 M3 10h4 M3 14h4 M17 10h4 M17 14h4",
  sheet: "M6 3h8l4 4v14H6z M14 3v4h4 M9 12h6 M9 16h6",
  moon: "M20 14.500A8.5 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
  stop: "M12 3a9 9 0 1 0 .01 0 M5.7 5.700l12.6 12.6",
  globe: "M12 3a9 9 0 1 0 .01 0 M3 12h18 M12 3c3.500 3 3.500 15 0 18 M12 3c-3.500 3-3.500 15 0 18",
  windows: "M8 4h13v10H8z M8 8H3v11h13v-5",
  wrench: "M14.5 6.500a4 4 0 0 1 5-3.800l-2.7 2.7 1.8 1.8 2.7-2.700a4 4 0 0 1-5.3 4.600L8 17.100A2.5 2.5 0 1 1 5.2 14.200L13.3 7.6",
};

// Where the configuration asks for it: sounds.js has the tones.
const sound = (name) => window.dispatchEvent(new CustomEvent("kiosk:sound", { detail: name }));

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function fillTexts(root, texts) {
  for (const place of root.querySelectorAll("[data-text]")) place.textContent = texts[place.dataset.text];
  for (const place of root.querySelectorAll("[data-label]")) place.setAttribute("aria-label", texts[place.dataset.label]);
  for (const place of root.querySelectorAll("[data-icon]:empty")) place.replaceWith(icon(place.dataset.icon));
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The sentence in the plural form that a number asks for, as Catalogue.count in kiosk/text/catalogue.py.
function count(texts, key, number, language, values) {
  const form = new Intl.PluralRules(language).select(number);
  return fill(texts[`${key}.${form}`] ?? texts[`${key}.other`], values);
}

// The codes of all that /health finds wrong, what stops the work first.
function faultCodes(health) {
  return [health.camera_code, health.engine_code, ...health.box].filter((code) => code);
}

// Takes apart what kiosk/ui/packing.py made.
function unpack(message) {
  const bytes = message instanceof Uint8Array ? message : new Uint8Array(message);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const words = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { words, jpeg: bytes.subarray(4 + length) };
}

async function draw(canvas, jpeg) {
  const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
  bitmap.close();
}

// Says on everything that scrolls whether there is more above and below, and lets a keyboard reach it where there is.
function watchScrolling(root) {
  const tell = (place) => {
    const more = place.scrollHeight - place.clientHeight;
    const above = place.scrollTop > 0 ? "above" : "";
    const below = Math.ceil(place.scrollTop) < more ? "below" : "";
    place.dataset.more = `${above} ${below}`.trim();
    if (more > 0) place.setAttribute("tabindex", "0");
    else place.removeAttribute("tabindex");
  };
  const places = new Set(root.querySelectorAll(SCROLLING));
  const observer = new ResizeObserver((entries) => {
    const resized = entries.flatMap(({ target }) => [target, target.parentElement]);
    for (const place of new Set(resized)) if (places.has(place)) tell(place);
  });
  for (const place of places) {
    const observe = () => {
      for (const child of place.children) observer.observe(child);
      tell(place);
    };
    place.addEventListener("scroll", () => tell(place), { passive: true });
    new MutationObserver(observe).observe(place, { childList: true });
    observer.observe(place);
    observe();
  }
}

// One screen object for each mounted component, however often Streamlit hands it new data.
const mounted = new WeakMap();

// Whether a dialog is open: everything else on the page is inert then.
const dialogIsOpen = () => document.documentElement.hasAttribute("data-dialog");

function settleDialog(root, place, open) {
  place.hidden = !open;
  document.documentElement.toggleAttribute("data-dialog", open);
  for (const part of place.parentElement.children) part.inert = open && part !== place;
  window.dispatchEvent(new CustomEvent("kiosk:dialog", { detail: { host: root.host, open } }));
}

// A named part of a component as a dialog: the focus goes in and stays in, Escape and a tap beside it close it, and
// the focus goes back to where it was.
function asDialog(root, place) {
  let before = null;
  const stops = () => [...place.querySelectorAll("button:enabled, [tabindex='0']")].filter((stop) => stop.checkVisibility());
  const open = () => {
    if (place.hidden) {
      before = root.activeElement;
      settleDialog(root, place, true);
    }
    place.querySelector("[tabindex='-1']").focus();
  };
  const close = () => {
    if (place.hidden) return;
    settleDialog(root, place, false);
    before?.focus();
  };
  place.addEventListener("click", (event) => event.target === place && close());
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Tab") return;
    const all = stops();
    const first = event.shiftKey ? all.at(-1) : all[0];
    const last = event.shiftKey ? all[0] : all.at(-1);
    if (root.activeElement !== last && place.contains(root.activeElement)) return;
    event.preventDefault();
    first.focus();
  });
  return { open, close };
}

function keep(component, create) {
  const root = component.parentElement;
  let screen = mounted.get(root);
  if (!screen) {
    screen = create(root);
    mounted.set(root, screen);
    watchScrolling(root);
    // a screen takes no taps while a dialog of another component is open, nor for a moment after it is drawn
    const area = root.querySelector(".screen");
    let aside = dialogIsOpen();
    let settling = area !== null;
    const rest = () => {
      for (const part of root.children) part.inert = aside;
      if (area) area.inert = aside || settling;
    };
    const onDialog = ({ detail }) => {
      if (detail.host === root.host) return;
      aside = detail.open;
      rest();
    };
    window.addEventListener("kiosk:dialog", onDialog);
    screen.forget = () => window.removeEventListener("kiosk:dialog", onDialog);
    if (area) {
      rest();
      setTimeout(() => {
        settling = false;
        if (aside) return; // it rests until the dialog is closed
        rest();
        // what is new is where a keyboard and a screen reader go on
        if (!area.contains(root.activeElement)) area.querySelector("h1[tabindex]")?.focus({ preventScroll: true });
      }, SETTLE_MS);
    }
    window.dispatchEvent(new Event("kiosk:drawn"));
  }
  screen.send = (name, more = {}) => component.setTriggerValue("tap", { name, ...more });
  screen.update(Array.isArray(component.data) ? component.data[0] : component.data); // as component.py sent it
  return () => {
    if (root.host.isConnected) return;
    screen.close?.();
    // a screen may go while its dialog is open: the next one must not wait for that to be closed
    for (const place of root.querySelectorAll('[role$="dialog"]:not([hidden])')) settleDialog(root, place, false);
    for (const canvas of root.querySelectorAll("canvas")) canvas.width = canvas.height = 0; // its pixels at once
    screen.forget();
    mounted.delete(root);
  };
}
