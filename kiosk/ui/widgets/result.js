// The Result screen. What it says was put into words by the server; this lays it out and paints the picture.

const BAND_ICONS = {
  simulated: "warn",
  outside: "warn",
  urgent_referral: "urgent",
  referral: "warn",
  routine: "info",
  retake: "again",
  no_result: "stop",
  device_fault: "wrench",
};

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const canvas = find("canvas.captured");
    const picture = find(".picture");
    const look = find(".look");
    const screen = { send() {} };
    let ticket = "";
    let seen = []; // left, top and side of the square that the model saw, in widths of the picture

    async function paint(jpeg) {
      find(".no-picture").hidden = jpeg.length > 0;
      if (jpeg.length) await draw(canvas, jpeg);
      place();
      requestAnimationFrame(() =>
        setTimeout(() => {
          performance.clearMarks("kiosk:painted");
          performance.mark("kiosk:painted");
        }),
      );
    }

    // lays the overlay over the square that the model saw: within a round field of view, else in the picture's middle
    function place() {
      const frame = picture.getBoundingClientRect();
      const zoom = Math.max(frame.width / canvas.width, frame.height / canvas.height);
      const middle = Math.min(canvas.width, canvas.height);
      const [left, top, side] = seen.length
        ? seen.map((share) => share * canvas.width)
        : [(canvas.width - middle) / 2, (canvas.height - middle) / 2, middle];
      Object.assign(look.style, {
        width: `${side * zoom}px`,
        height: `${side * zoom}px`,
        left: `${(frame.width - canvas.width * zoom) / 2 + left * zoom}px`,
        top: `${(frame.height - canvas.height * zoom) / 2 + top * zoom}px`,
      });
    }

    // a closed curve through the middles of a polygon's edges
    function smooth(points) {
      const middle = ([ax, ay], [bx, by]) => `${(ax + bx) / 2} ${(ay + by) / 2}`;
      const curves = points.map((point, index) => `Q${point.join(" ")} ${middle(point, points[(index + 1) % points.length])}`);
      return `M${middle(points.at(-1), points[0])}${curves.join("")}Z`;
    }

    function outline(polygons) {
      const shape = (tag, attributes) => {
        const made = document.createElementNS(look.namespaceURI, tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        return made;
      };
      const square = { x: 0.004, y: 0.004, width: 0.992, height: 0.992 };
      const path = polygons.map(smooth).join("");
      const shapes = [
        shape("rect", { ...square, class: "shade" }),
        shape("rect", square),
        shape("path", { d: path, class: "shade" }),
        shape("path", { d: path, class: "line" }),
      ];
      look.replaceChildren(...shapes);
      find(".view").hidden = polygons.length === 0;
    }

    function bar({ name, percent, label, malignant, tag, why }) {
      const head = element("div", { class: "bar-head" }, element("span", { class: "bar-name" }, name));
      if (tag) head.append(element("span", { class: "tag" }, tag));
      head.append(element("span", { class: "bar-percent" }, label));
      const filling = element("i");
      filling.style.width = `${Math.max(percent, 1)}%`;
      return element("li", { "data-malignant": malignant, "aria-label": why || `${name} ${label}` }, head, element("div", { class: "track" }, filling));
    }

    function leave(name) {
      for (const other of root.querySelectorAll("button")) other.disabled = true;
      screen.send(name, { ticket });
    }

    function button(name, label, symbol, primary, onTap = () => leave(name)) {
      const made = element("button", { class: primary ? `primary ${name}` : name }, icon(symbol), element("span", {}, label));
      made.addEventListener("click", onTap);
      return made;
    }

    // what closes a result that refers: once more, lest it goes unseen
    function closing(words, name) {
      if (!words.asks) return undefined;
      find(".ask-unkept").hidden = words.kept.state === "saved";
      return () => {
        const { texts } = words;
        find(".ask .dock").replaceChildren(
          button("not-yet", texts["result.ask_no"], "back", false, ask.close),
          button("yes", texts["result.ask_yes"], "check", true, () => {
            ask.close();
            leave(name);
          }),
        );
        ask.open();
      };
    }

    const ask = asDialog(root, find(".ask"));
    const observer = new ResizeObserver(place);
    observer.observe(picture);
    find(".view").addEventListener("click", () => {
      const on = look.hasAttribute("hidden");
      look.toggleAttribute("hidden", !on);
      find(".legend").hidden = !on;
      find(".view").setAttribute("aria-pressed", on);
    });

    root.host.toggleAttribute("data-patient", true);
    screen.update = (message) => {
      delete window.kioskAsked;
      const { words, jpeg } = unpack(message);
      const { texts, band, bars, notes, reasons } = words;
      if (words.ticket === ticket) return; // the same case, drawn again
      ticket = words.ticket;
      sound(words.outcome === "device_fault" ? "fault" : "result");
      fillTexts(root, texts);
      root.querySelector(".result").dataset.outcome = words.outcome;
      find(".band").dataset.level = band.level;
      find(".band-icon").replaceChildren(icon(BAND_ICONS[band.level]));
      find(".band h1").textContent = band.title;
      find(".band p").textContent = band.detail;
      find(".estimate").hidden = bars.length + notes.length === 0;
      find(".estimate h2").hidden = bars.length === 0;
      find(".bars").toggleAttribute("data-many", bars.length > 4);
      find(".bars").replaceChildren(...bars.map(bar));
      const symbols = { set: "info", watch: "eye", again: "again", engine: "chip", simulated: "warn", scope: "warn" };
      find(".notes").replaceChildren(
        ...notes.map((note) => element("li", { "data-kind": note.kind }, icon(symbols[note.kind]), element("span", {}, note.text))),
      );
      find(".step").hidden = !words.step;
      find(".step p").textContent = words.step;
      find(".reasons").hidden = reasons.length === 0;
      find(".reasons ul").replaceChildren(
        ...reasons.map(({ what, do: todo }) =>
          element("li", {}, icon("warn"), element("div", {}, element("strong", {}, what), element("p", {}, todo))),
        ),
      );
      find(".summary span").textContent = words.summary;
      find(".kept").dataset.state = words.kept.state;
      find(".kept").replaceChildren(icon(words.kept.state === "saved" ? "check" : "stop"), words.kept.word);
      find(".meta").replaceChildren(...words.meta.map((part) => element("span", {}, part)));
      const done = words.primary === "done";
      const further = button("further", texts["result.further"], "forward", false, closing(words, "further"));
      find(".panel .dock").replaceChildren(
        button("retake", texts["result.retake"], "again", !done),
        ...(words.further ? [further] : []),
        button("done", texts[done ? "result.done" : "result.end"], "check", done, closing(words, "done")),
      );
      find(".panel .dock").dataset.primary = words.primary;
      seen = words.window;
      outline(words.outline);
      paint(jpeg);
    };
    screen.close = () => observer.disconnect();
    return screen;
  });
