// Which of the patient's lesions this is: a list, a drawing of the body to point at, and what pictures are kept for.

const SVG = "http://www.w3.org/2000/svg";
const REACH_PX = 10; // half a finger's width
const NEW = "new"; // as screens/lesion.py has it; an empty value: the lesion is not followed

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let data = null;
    let page = "";
    let chosen = "";
    let point = null; // of a new lesion: view, x, y and the region's name
    let consent = "";

    const t = (key) => data.texts[`follow.${key}`];

    function shape(tag, attributes) {
      const made = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    }

    function figure(view, label) {
      const [width, height] = data.size;
      const drawing = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, "data-view": view });
      for (const region of data.regions.filter((each) => each.view === view)) {
        const polygon = shape("polygon", { points: region.points });
        polygon.dataset.name = region.name;
        drawing.append(polygon);
      }
      drawing.append(shape("g", { class: "marks" }));
      drawing.addEventListener("click", (event) => pointAt(drawing, view, event));
      return element("figure", {}, drawing, element("figcaption", {}, label));
    }

    function pointAt(drawing, view, event) {
      const [width, height] = data.size;
      const [onScreen, name] = nearest(drawing, event);
      if (!name) return;
      const at = onScreen.matrixTransform(drawing.getScreenCTM().inverse());
      point = { view, x: at.x / width, y: at.y / height, name };
      chosen = NEW;
      refresh();
    }

    // the region under a finger, or one within its width, and where it is met
    function nearest(drawing, event) {
      const around = [[0, 0], [0, -1], [1, 0], [0, 1], [-1, 0], [0.7, -0.7], [0.7, 0.7], [-0.7, 0.7], [-0.7, -0.7]];
      for (const [across, down] of around) {
        const at = new DOMPoint(event.clientX + across * REACH_PX, event.clientY + down * REACH_PX);
        const hit = root.elementFromPoint(at.x, at.y);
        if (hit?.matches("polygon") && drawing.contains(hit)) return [at, hit.dataset.name];
      }
      return [null, ""];
    }

    // one of several, in place of those that stand there; whoever goes by keyboard stays on the value that was tapped
    function offer(place, offered, current, onTap) {
      const focused = root.activeElement?.closest(place)?.querySelector(":focus")?.dataset.value;
      const pills = offered.map(([value, label]) => {
        const made = element("button", { class: "pill", "data-value": value, "aria-pressed": value === current }, ...label);
        made.addEventListener("click", () => onTap(value));
        return made;
      });
      find(place).replaceChildren(...pills);
      pills.find((made) => made.dataset.value === focused)?.focus();
    }

    function refresh() {
      const place = point?.name ?? data.place;
      const known = data.lesions.map((each) => [each.id, [element("b", {}, each.name), each.place]]);
      const fresh = place ? [[NEW, [element("b", {}, t("new")), place]]] : [];
      const offered = data.may_follow ? [["", [t("none")]], ...known, ...fresh] : [];
      offer(".lesions", offered, chosen, (value) => {
        chosen = value;
        refresh();
      });
      offer(".consents", data.consents.map(([value, label]) => [value, [label]]), consent, (value) => {
        consent = value;
        refresh();
      });
      find(".hint").textContent = point?.name ?? t("hint");
      for (const drawing of root.querySelectorAll("svg[data-view]")) mark(drawing);
    }

    function mark(drawing) {
      const [width, height] = data.size;
      const points = data.lesions.map((each, index) => ({ ...each, text: String(index + 1) }));
      if (point) points.push({ ...point, id: NEW, text: "" });
      const marks = points.filter((each) => each.view === drawing.dataset.view).map((each) => {
        const place = shape("g", { transform: `translate(${each.x * width} ${each.y * height})`, "data-id": each.id });
        const number = shape("text", { "text-anchor": "middle", dy: "0.35em" });
        number.textContent = each.text;
        place.append(shape("circle", { r: each.id === chosen ? 5 : 4 }), number);
        place.toggleAttribute("data-chosen", each.id === chosen);
        return place;
      });
      drawing.querySelector(".marks").replaceChildren(...marks);
    }

    find(".back").addEventListener("click", () => screen.send("back"));
    find(".use").addEventListener("click", () => {
      const where = chosen === NEW && point ? { view: point.view, x: point.x, y: point.y } : {};
      screen.send("follow", { lesion: chosen, consent, ...where });
    });
    root.host.toggleAttribute("data-patient", true);

    screen.update = (fresh) => {
      data = fresh;
      fillTexts(root, data.texts);
      find(".summary").textContent = data.summary;
      find(".told").textContent = data.told;
      find(".told").hidden = data.told === "";
      find(".map").hidden = !data.may_follow;
      if (page === data.page) return; // drawn again: what was chosen here stays
      page = data.page;
      ({ chosen, consent } = data);
      point = null;
      find(".figures").replaceChildren(...data.views.map(([view, label]) => figure(view, label)));
      refresh();
    };
    return screen;
  });
