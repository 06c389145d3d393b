// Somebody's own PIN: the old one, then the new one twice.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let data = null;

    const tell = (sentence) => (find(".told").textContent = sentence);
    const ask = (key, then) => {
      find("h1").textContent = data.texts[key];
      pinPad(find(".entry"), data.texts, then);
    };
    function begin() {
      ask("office.old_pin", (old) => {
        tell("");
        ask("setup.pin", (first) =>
          ask("setup.pin_again", (second) => {
            if (first === second) return screen.send("pin", { old, pin: first });
            tell(data.texts["setup.pins_differ"]);
            begin();
          }),
        );
      });
    }

    find(".back").addEventListener("click", () => screen.send("back"));
    screen.update = (fresh) => {
      const again = data?.attempt !== fresh.attempt;
      data = fresh;
      fillTexts(root, data.texts);
      if (!again) return;
      tell(data.told);
      begin();
    };
    return screen;
  });
