// A clinician's own verdict on the picture, before anything of the model's is on the page.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let ticket = "";
    const tap = (level) => {
      for (const button of root.querySelectorAll("button")) button.disabled = true;
      screen.send("verdict", { ticket, level });
    };
    find(".skip").addEventListener("click", () => tap(""));
    root.host.toggleAttribute("data-patient", true);
    screen.update = (message) => {
      delete window.kioskAsked;
      const { words, jpeg } = unpack(message);
      if (words.ticket === ticket) return; // the same case, drawn again
      ticket = words.ticket;
      fillTexts(root, words.texts);
      const levels = words.levels.map(([level, label]) => {
        const made = element("button", { class: "level", "data-level": level }, label);
        made.addEventListener("click", () => tap(level));
        return made;
      });
      find(".levels").replaceChildren(...levels);
      find(".skip").disabled = false;
      if (jpeg.length) draw(find("canvas"), jpeg);
    };
    return screen;
  });
