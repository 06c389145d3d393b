// Text, icons and bars whose contrast is below WCAG 2.2 AA: 4.5 for text, 3 for large text (24 px, or 18.66 px bold) and for
// what is drawn (1.4.3, 1.4.11). What lies over a picture must reach it on white and on black.
() => {
  const faults = new Set();
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length > 0;
  const above = (e) => e.parentElement ?? e.getRootNode().host ?? null;
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return colour.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a]; // what a mixture comes to
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  // every colour that may be behind an element
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = above(at)) {
      if (at.matches?.(".picture")) return ["rgb(255,255,255)", "rgb(0,0,0)"].map((under) => layers.reduceRight((down, up) => over(up, down), parse(under)));
      const ground = parse(getComputedStyle(at).backgroundColor);
      if (ground[3] > 0) layers.push(ground);
      if (ground[3] === 1) break;
    }
    return [layers.reduceRight((down, up) => over(up, down), [255, 255, 255, 1])];
  };
  const judge = (e, colour, grounds, least) => {
    const worst = Math.min(...grounds.map((ground) => ratio(over(colour, ground), ground)));
    if (worst < least) faults.add(`${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} in ${above(e)?.className}: ${worst.toFixed(2)}`);
  };
  const shown = all(document.body).filter((e) => seen(e) && e.getRootNode() !== document);
  const modal = shown.findLast((e) => e.getAttribute("aria-modal") === "true");
  for (const e of shown.filter((one) => !modal || modal.contains(one))) {
    const style = getComputedStyle(e);
    if ([...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) {
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      judge(e, parse(style.color), behind(e), large ? 3 : 4.5);
    }
    if (e.matches("svg.icon")) judge(e, parse(style.stroke), behind(e), 3);
    if (e.matches(".track i")) judge(e, parse(style.backgroundColor), behind(e.parentElement), 3);
  }
  return [...faults];
}
