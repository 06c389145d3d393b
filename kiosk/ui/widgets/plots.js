// The plots of the sheet about the device: what about.py put into words and numbers, drawn.

const PLOT_TICKS = [0, 0.5, 1];

function shapeOf(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// A unit square, its origin at the lower left, with names and ticks outside it.
function unitSquare({ across, up }, shapes, language) {
  const svg = shapeOf("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  const lines = [0.25, 0.5, 0.75].map((at) => shapeOf("path", { d: `M${at} 0V1M0 ${at}H1`, class: "grid" }));
  svg.append(...lines, shapeOf("path", { d: "M0 1L1 0", class: "even" }), ...shapes);
  const tick = new Intl.NumberFormat(language);
  const ticks = (name) => element("span", { class: name }, ...PLOT_TICKS.map((at) => element("i", {}, tick.format(at))));
  return element(
    "div",
    { class: "square" },
    element("b", { class: "up" }, up),
    ticks("up-ticks"),
    svg,
    ticks("across-ticks"),
    element("b", { class: "across" }, across),
  );
}

const PLOTS = {
  roc(plot, language) {
    const path = (points) => points.map(([x, y], index) => `${index ? "L" : "M"}${x} ${1 - y}`).join("");
    const curves = plot.curves.map(([, points], index) => shapeOf("path", { d: path(points), class: `curve curve-${index}` }));
    const legend = plot.curves.map(([name], index) => element("li", { class: `curve-${index}` }, element("i"), name));
    return [unitSquare(plot, curves, language), element("ul", { class: "plot-legend" }, ...legend)];
  },
  reliability(plot, language) {
    const most = Math.max(...plot.bars.map(([, , pictures]) => pictures));
    const bars = plot.bars.map(([said, right, pictures]) => {
      const width = 0.07;
      const strength = 0.3 + 0.7 * Math.sqrt(pictures / most); // the more pictures, the darker
      return shapeOf("rect", { x: said - width / 2, y: 1 - right, width, height: right, class: "pillar", "fill-opacity": strength });
    });
    return [unitSquare(plot, bars, language)];
  },
  confusion(plot) {
    const head = plot.codes.map((code) => element("th", { scope: "col" }, code));
    const rows = plot.counts.map((counts, row) => {
      const all = Math.max(1, counts.reduce((sum, count) => sum + count, 0));
      const cells = counts.map((count, column) => {
        const cell = element("td", { class: row === column ? "right" : "" }, String(count));
        cell.style.setProperty("--share", count / all);
        return cell;
      });
      return element("tr", {}, element("th", { scope: "row" }, plot.rows[row]), ...cells);
    });
    const corner = element("td", { class: "corner" }, `${plot.up} \u2193  ${plot.across} \u2192`);
    return [element("table", { class: "matrix" }, element("tr", {}, corner, ...head), ...rows)];
  },
  classes(plot) {
    const rows = plot.shares.map(([name, share, count]) => {
      const filling = element("i");
      filling.style.width = `${Math.max(share * 100, 0.5)}%`;
      return element("li", {}, element("span", {}, name), element("b", {}, count), element("div", { class: "length" }, filling));
    });
    return [element("ul", { class: "lengths" }, ...rows)];
  },
};

// Everything of one plot: the drawing, what it says, and what was measured.
function drawPlot(plot, language) {
  const drawn = element("div", { class: `drawn drawn-${plot.kind}` }, ...PLOTS[plot.kind](plot, language));
  return [drawn, element("div", { class: "said" }, element("p", {}, plot.text), element("p", { class: "source" }, plot.source))];
}
