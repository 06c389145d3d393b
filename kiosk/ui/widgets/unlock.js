// The log-in: who, then the PIN. What went wrong the server has put into words; how long to wait is counted down here.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let data = null;
    let chosen = "";
    let pad = null;
    let waitUntil = 0;
    let asking = false; // the server looks at a PIN: what is typed meanwhile would be lost

    const name = (id) => data.operators.find(([known]) => known === id)?.[1] ?? "";

    function choose(id) {
      chosen = id;
      pad.clear();
      for (const row of root.querySelectorAll(".person")) row.setAttribute("aria-selected", row.dataset.id === id);
      tell();
    }

    function tell() {
      const restMs = waitUntil - performance.now();
      const resting = restMs > 0 && chosen === data.tried;
      pad.rest(resting || asking || chosen === "");
      const rest = Math.ceil(restMs / 1000);
      const clock = `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
      const told = chosen === data.tried || data.tried === "" ? data.told : "";
      find(".told").textContent = resting ? fill(data.texts["unlock.wait"], { name: name(chosen), time: clock }) : told;
    }

    function people() {
      const rows = data.operators.map(([id, called]) => {
        const row = element("button", { class: "person", role: "option", "data-id": id }, icon("person"), element("span", {}, called));
        if (data.hints[id]) row.append(element("small", {}, data.hints[id]));
        row.addEventListener("click", () => choose(id));
        return row;
      });
      find(".people").replaceChildren(...rows);
    }

    find(".back").addEventListener("click", () => screen.send("back"));
    find(".without").addEventListener("click", () => screen.send("without"));
    const clock = setInterval(() => data && tell(), 500);

    screen.update = (fresh) => {
      const first = data === null || data.language !== fresh.language;
      const again = data === null || data.attempt !== fresh.attempt;
      data = fresh;
      if (again) asking = false;
      if (again) waitUntil = data.wait_s > 0 ? performance.now() + data.wait_s * 1000 : 0;
      if (first) {
        fillTexts(root, data.texts);
        pad = pinPad(find(".pin"), data.texts, (pin) => {
          asking = true;
          pad.rest(true);
          screen.send("pin", { operator: chosen, pin });
        });
      }
      find(".unlock-detail").textContent = data.detail;
      find(".unlock-detail").toggleAttribute("data-important", data.important);
      find(".back").hidden = !data.back;
      find(".without").hidden = !data.without;
      people();
      choose(data.tried || (data.operators.length === 1 ? data.operators[0][0] : chosen));
    };
    screen.close = () => clearInterval(clock);
    return screen;
  });
