// What is wrong with the page as a finger and an eye meet it: a list of sentences, empty where all is well.
// Every element counts, inside the components too. What stands in a box that scrolls is scrolled to first.
({ touch, primary, reading, least, text }) => {
  document.documentElement.dataset.text = text; // as the configuration sets it
  const SCROLLING = ".middle, .scroller";
  const OVER_PICTURE = ".picture, .picture *"; // chips may lie on it, and the picture is cut to its frame
  const REACHABLE = ".field-value, .entry-value, .records .word"; // shortened here, whole where it is entered or behind the tap
  const LIMITS = ".band p, .step p, .notes li, .tag, .disclaimer, .legend, .notices, .sheet-purpose, .sheet-rows, .advice, .reasons p,"
    + ".fault-text, .live-chip[data-simulated]"; // uncertainty and limits
  const faults = new Set();
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const name = (e) => (e ? `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} in ${e.parentElement?.className ?? "root"}` : "nothing");
  const say = (e, what) => faults.add(`${name(e)}: ${what}`);
  const round = (box) => [box.left, box.top, box.right, box.bottom].map(Math.round).join(" ");
  const everything = all(document.body).filter(seen);
  const modal = everything.findLast((e) => e.getAttribute("aria-modal") === "true");
  const shown = everything.filter((e) => e.getRootNode() !== document && (!modal || modal.contains(e)));
  const own = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  // what lies on top at a point, through the components' roots
  const hit = (x, y) => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found;
  };

  for (const e of shown.filter((one) => one.matches("button, [tabindex='0']:not(.middle, .scroller)"))) {
    const box = e.closest(SCROLLING);
    const before = box?.scrollTop;
    if (box) e.scrollIntoView({ block: "nearest", behavior: "instant" });
    const at = e.getBoundingClientRect();
    const wanted = e.classList.contains("primary") ? primary : touch;
    if (at.width < touch - 0.5 || at.height < wanted - 0.5) say(e, `is ${at.width} x ${at.height}`);
    if (at.left < -0.5 || at.top < -0.5 || at.right > innerWidth + 0.5 || at.bottom > innerHeight + 0.5) say(e, `stands at ${round(at)}`);
    if (!e.closest("[inert]")) {
      for (const [across, down] of [[0.5, 0.5], [0.1, 0.15], [0.9, 0.15], [0.1, 0.85], [0.9, 0.85]]) {
        const on = hit(at.left + at.width * across, at.top + at.height * down);
        if (!on || !e.contains(on)) say(e, `is covered at ${across}, ${down} by ${name(on)}`);
      }
    }
    if (box) box.scrollTop = before;
  }

  const texts = shown.filter(own);
  for (const e of shown) {
    const style = getComputedStyle(e);
    const scrolls = e.matches(SCROLLING) && style.overflowY === "auto";
    const laidOut = style.display !== "inline" && !e.namespaceURI.endsWith("svg") && e.tagName !== "CANVAS" && e.tagName !== "I";
    if (!laidOut || e.matches(".picture, .look")) continue;
    // a font may draw beyond a narrow line, where nothing cuts it off
    const ink = style.overflowY === "visible" ? 0.25 * parseFloat(style.fontSize) : 2;
    if (!scrolls && e.scrollHeight > e.clientHeight + ink) say(e, `needs ${e.scrollHeight} px of height and has ${e.clientHeight}`);
    if (e.scrollWidth > e.clientWidth + 2 && !e.matches(REACHABLE)) say(e, `needs ${e.scrollWidth} px of width and has ${e.clientWidth}`);
    if (scrolls && e.clientHeight < 48 && e.scrollHeight > e.clientHeight + 2) say(e, `scrolls within ${e.clientHeight} px`);
  }
  for (const e of texts) {
    const size = parseFloat(getComputedStyle(e).fontSize);
    const wanted = e.closest(LIMITS) ? reading : least;
    if (size < wanted - 0.01) say(e, `has text of ${size} px: "${e.textContent}"`);
    const at = e.getBoundingClientRect();
    const box = e.closest(SCROLLING);
    if (at.left < -0.5 || at.right > innerWidth + 0.5) say(e, `stands at ${round(at)}`);
    if (!box && (at.top < -0.5 || at.bottom > innerHeight + 0.5)) say(e, `stands at ${round(at)}`);
  }
  // two texts in one place
  const places = texts.filter((e) => !e.closest("[inert]") && !e.closest(SCROLLING)).map((e) => [e, e.getBoundingClientRect()]);
  for (const [i, [a, one]] of places.entries()) {
    for (const [b, other] of places.slice(i + 1)) {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 1 && down > 1 && !a.contains(b) && !b.contains(a)) say(a, `overlaps ${name(b)}`);
    }
  }
  const page = document.scrollingElement;
  if (page.scrollHeight > innerHeight || page.scrollWidth > innerWidth) faults.add("the page scrolls");
  document.documentElement.dataset.text = "normal";
  return [...faults];
}
