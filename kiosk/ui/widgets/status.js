// The bar at the top. How the device is comes from the page's heartbeat, so nothing is drawn again for it.

const RECORDS_ICONS = { none: "stop", without: "stop", locked: "key", open: "person", demonstration: "warn" };

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const sheet = find(".sheet");
    let texts = {};
    let faults = {};
    let codes = ""; // of the notices on the sheet
    let window_ = { tag: "", here: true };
    let turn = 0;
    let boot = "";
    let records = { seen: "" };
    let about = { plots: [] };
    let language = "en";
    const bar = { send() {} };

    const tick = () => {
      const now = new Date();
      find("time").textContent = [now.getHours(), now.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");
    };
    const lamp = (name, state, word) => {
      const place = find(`.lamp.${name}`);
      place.dataset.state = state;
      place.querySelector("b").replaceChildren(icon(state === "ok" ? "check" : "warn"));
      place.querySelector(".word").textContent = word;
    };
    const onHealth = ({ detail }) => {
      // everything was ended, or the server was started anew: what is drawn is of no case any more
      if (detail.turn !== turn || detail.boot !== boot) bar.send("turn");
      if (detail.camera_fault) lamp("camera", "fault", texts["status.camera_fault"]);
      else if (detail.camera_simulated) lamp("camera", "warning", texts["status.camera_simulated"]);
      else lamp("camera", "ok", texts["status.camera"]);
      if (detail.engine_fault) lamp("engine", "fault", texts["status.engine_fault"]);
      else lamp("engine", detail.engine_note ? "warning" : "ok", texts[`status.engine_${detail.engine}`]);
      follow(detail.window);
      if (detail.records !== records.seen) bar.send("seen"); // somebody logged in or out, or the records locked
      const told = faultCodes(detail);
      if (told.join() === codes) return;
      codes = told.join();
      find(".sheet-notices").hidden = told.length === 0;
      find(".sheet-notices ul").replaceChildren(...told.map((code) => element("li", {}, faults[code])));
    };
    // the screen went to another window, or may come to this one: the server draws what is right now
    const follow = (holder) => {
      const moved = window_.here ? holder !== "" && holder !== window_.tag : holder === "" || holder === window_.tag;
      if (moved) bar.send("window");
    };
    const onTheme = ({ detail }) => find(".theme").setAttribute("aria-pressed", detail === "dark");

    // one plot in the place of all else on the sheet, or all else
    function showPlot(plot) {
      for (const part of find(".sheet .middle").children) part.toggleAttribute("data-aside", plot !== null);
      find(".plot").removeAttribute("data-aside");
      find(".plot").hidden = find(".plot-back").hidden = plot === null;
      find(".plot").replaceChildren(...(plot ? drawPlot(plot, language) : []));
      find(".sheet-title").textContent = plot?.name ?? about.title;
      find(".sheet .middle").scrollTop = 0;
      if (plot) find(".sheet-title").focus();
    }

    function offerPlots() {
      const offered = about.plots.map((plot) => {
        const made = element("button", { "data-plot": plot.kind }, plot.name);
        made.addEventListener("click", () => showPlot(plot));
        return made;
      });
      find(".sheet-plots").hidden = offered.length === 0;
      find(".sheet-plots").replaceChildren(element("h3", {}, about.measured ?? ""), ...offered);
      find(".plot-back").textContent = about.back ?? "";
    }

    find(".plot-back").addEventListener("click", () => {
      const kind = about.plots.find(({ name }) => name === find(".sheet-title").textContent).kind;
      showPlot(null);
      find(`[data-plot="${kind}"]`).focus();
    });
    const dialog = asDialog(root, sheet);
    find(".records").addEventListener("click", () => bar.send("records"));
    find(".about").addEventListener("click", () => {
      showPlot(null);
      dialog.open();
    });
    find(".close").addEventListener("click", dialog.close);
    find(".theme").addEventListener("click", () => window.dispatchEvent(new Event("kiosk:other-theme")));
    window.addEventListener("kiosk:health", onHealth);
    window.addEventListener("kiosk:theme", onTheme);
    const clock = setInterval(tick, 1000);
    tick();

    return Object.assign(bar, {
      update(data) {
        window_ = { tag: data.window, here: data.here };
        texts = data.texts;
        turn = data.turn;
        boot = data.boot;
        records = data.records;
        find(".records").dataset.state = records.state;
        find(".records").disabled = records.may === "";
        find(".records b").replaceChildren(icon(RECORDS_ICONS[records.state]));
        find(".records .word").textContent = records.word;
        find(".records").setAttribute("aria-label", `${texts["status.records"]}: ${records.word}`);
        faults = data.faults;
        codes = "";
        fillTexts(root, texts);
        window.dispatchEvent(new CustomEvent("kiosk:words", { detail: data }));
        window.dispatchEvent(new Event("kiosk:check")); // says everything again, in these words
        find(".sheet-notices h3").textContent = data.about.notices;
        root.querySelectorAll(".steps li").forEach((step, index) => {
          step.dataset.state = index < data.step ? "past" : index === data.step ? "now" : "next";
          step.toggleAttribute("aria-current", index === data.step);
          step.querySelector("i").replaceChildren(index < data.step ? icon("check") : String(index + 1));
        });
        about = data.about;
        language = data.language;
        offerPlots();
        showPlot(null);
        find(".sheet-purpose").textContent = data.about.purpose;
        find(".close").textContent = data.about.close;
        const rows = data.about.rows.flatMap(([name, words, lang]) => [
          element("dt", {}, name),
          element("dd", { lang }, words),
        ]);
        find(".sheet-rows").replaceChildren(...rows);
      },
      close() {
        clearInterval(clock);
        window.removeEventListener("kiosk:health", onHealth);
        window.removeEventListener("kiosk:theme", onTheme);
      },
    });
  });
