// The Capture screen: the live picture from the preview socket, one acknowledgement for every picture drawn.

const RECONNECT_MS = 800;
const HINT_HOLD_MS = 250; // advice that comes and goes faster than this only flickers
const SCALE_LENGTHS_MM = [20, 10, 5, 2, 1];
const SCALE_SHARE = 0.3;

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const canvas = find("canvas.live");
    const picture = find(".picture");
    const rows = new Map();
    let data = null;
    let socket = null;
    let retry = 0;
    let taking = false;
    let captured = false;
    let owed = false; // a picture was drawn and not yet acknowledged, because one is being taken
    let closed = false;
    const screen = { send() {} };

    function connect() {
      if (socket || closed || taking || !data.token) return;
      socket = new WebSocket(`ws://${location.host}/preview`, [data.protocol, data.token]);
      socket.binaryType = "arraybuffer";
      socket.addEventListener("message", onMessage);
      socket.addEventListener("close", () => {
        socket = null;
        if (closed) return;
        show("connecting");
        window.dispatchEvent(new Event("kiosk:check"));
        clearTimeout(retry);
        retry = setTimeout(() => taking || screen.send("token"), RECONNECT_MS);
      });
    }

    async function onMessage(event) {
      const from = event.target;
      const { words, jpeg } = unpack(event.data);
      if (jpeg.length) {
        await draw(canvas, jpeg);
        canvas.dataset.drawn = Number(canvas.dataset.drawn ?? 0) + 1;
        label(words.simulated);
        if (!taking) show("picture");
        hint(words.reasons);
        scale();
      } else if (words.fault) {
        find(".fault-text").textContent = data.faults[words.fault];
        if (!taking) show("fault");
        hint(null);
      }
      if (taking) owed = true;
      else if (from.readyState === WebSocket.OPEN) from.send("drawn");
    }

    // every picture says what it is: the camera may have changed since the screen was drawn
    function label(simulated) {
      const chip = find(".live-chip");
      chip.toggleAttribute("data-simulated", simulated);
      find(".live-word").textContent = data.texts[simulated ? "capture.simulated" : "capture.live"];
    }

    // "connecting", "picture", "fault" or "taking"
    function show(state) {
      if (state === "fault" && picture.dataset.state !== "fault") sound("fault");
      picture.dataset.state = state;
      for (const cover of root.querySelectorAll(".cover")) cover.hidden = !cover.classList.contains(state);
      find(".shutter").disabled = state !== "picture";
      // where nothing else has the focus, the picture is the next thing to do
      const free = !root.activeElement || root.activeElement === find("h1");
      if (state === "picture" && free && !dialogIsOpen() && [root.host, document.body].includes(document.activeElement)) find(".shutter").focus();
      find(".go-back").disabled = state === "taking";
    }

    function take(now) {
      if (taking === now) return;
      taking = now;
      if (taking) show("taking");
      else if (owed) {
        owed = false;
        socket?.send("drawn");
      }
    }

    function hint(reasons) {
      const now = performance.now();
      for (const [name, known] of data.hints) {
        const row = rows.get(name);
        const seen = judge(name, known, reasons);
        if (seen !== row.seen) Object.assign(row, { seen, since: now });
        const due = reasons === null || now - row.since >= HINT_HOLD_MS; // without a picture nothing is good
        if (seen !== row.shown && due) paint(name, row);
      }
      call();
    }

    // "good", "unknown" where nobody can tell (focus in the dark), or the reason that warns
    function judge(name, known, reasons) {
      if (reasons === null) return "unknown";
      const blind = data.unjudged[name]?.some((reason) => reasons.includes(reason));
      return known.find((reason) => reasons.includes(reason)) ?? (blind ? "unknown" : "good");
    }

    function paint(name, row) {
      row.shown = row.seen;
      const good = row.shown === "good";
      const unknown = row.shown === "unknown";
      row.place.dataset.state = good ? "good" : unknown ? "unknown" : "warn";
      row.place.querySelector("b").replaceChildren(icon(good ? "check" : unknown ? "unknown" : "warn"));
      const words = unknown ? data.texts["hint.unknown"] : data.texts[`hint.${name}.${row.shown}`];
      row.place.querySelector(".hint-value").textContent = words;
    }

    function call() {
      const warned = data.hints.map(([name]) => [name, rows.get(name)]).filter(([, row]) => row.place.dataset.state === "warn");
      const judged = data.hints.every(([name]) => rows.get(name).place.dataset.state !== "unknown");
      const place = find(".call");
      const state = warned.length ? "warn" : judged ? "good" : "unknown";
      const [name, row] = warned[0] ?? [];
      const words = row ? `${data.texts[`hint.${name}.name`]}: ${data.texts[`hint.${name}.${row.shown}`]}` : data.texts["capture.ready"];
      if (place.dataset.state === state && place.dataset.words === words) return;
      place.dataset.state = state;
      place.dataset.words = words;
      place.replaceChildren(icon(row ? "warn" : "check"), element("span", {}, words));
      find(".advice").textContent = row ? data.advice[row.shown] : "";
    }

    function scale() {
      const width = data.field_of_view_mm;
      if (!width) return;
      const frame = picture.getBoundingClientRect();
      const pixelsPerMm = (Math.max(frame.width / canvas.width, frame.height / canvas.height) * canvas.width) / width;
      const most = Math.min(frame.width, frame.height) * SCALE_SHARE;
      const length = SCALE_LENGTHS_MM.find((mm) => mm * pixelsPerMm <= most) ?? SCALE_LENGTHS_MM.at(-1);
      find(".scale").hidden = false;
      find(".scale i").style.width = `${length * pixelsPerMm}px`;
      find(".scale span").textContent = fill(data.texts["capture.scale"], { length });
    }

    find(".shutter").addEventListener("click", () => {
      performance.clearMarks("kiosk:tap");
      performance.mark("kiosk:tap");
      window.kioskAsked = data.boot; // start.js looks whether anything came of it
      screen.send("capture");
      take(true);
    });
    const onShutterKey = (event) => {
      event.preventDefault();
      if (!find(".screen").inert && !dialogIsOpen()) find(".shutter").click();
    };
    window.addEventListener("kiosk:shutter", onShutterKey);
    find(".go-back").addEventListener("click", () => screen.send("back"));
    find(".which").addEventListener("click", () => screen.send("lesion"));

    root.host.toggleAttribute("data-patient", true);
    screen.update = (fresh) => {
      const first = data === null;
      data = fresh;
      fillTexts(root, data.texts);
      find(".summary").textContent = data.summary;
      find(".which").hidden = !data.keeps;
      find(".which").disabled = data.taking;
      find(".which span").textContent = data.followed;
      if (first) {
        for (const [name] of data.hints) {
          const place = element(
            "li",
            { "data-hint": name },
            element("b"),
            element("span", { class: "hint-name" }, data.texts[`hint.${name}.name`]),
            element("span", { class: "hint-value" }),
          );
          rows.set(name, { place, shown: "", seen: "unknown", since: 0 });
          find(".hints").append(place);
          paint(name, rows.get(name));
        }
        show("connecting");
      }
      const taken = data.captured && !captured;
      captured = data.captured;
      find(".taking-words").textContent = data.texts[captured ? "capture.assessing" : "capture.taking"];
      if (taken) sound("captured");
      take(data.taking);
      connect();
    };
    screen.close = () => {
      closed = true;
      window.removeEventListener("kiosk:shutter", onShutterKey);
      clearTimeout(retry);
      socket?.close();
    };
    return screen;
  });
