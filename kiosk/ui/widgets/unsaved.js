// A case that could not be saved: nothing of its result is shown before the operator decides.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let ticket = "";
    const tap = (name) => {
      for (const button of root.querySelectorAll("button")) button.disabled = true;
      screen.send(name, { ticket });
    };
    find(".give-up").addEventListener("click", () => tap("give_up"));
    find(".try-again").addEventListener("click", () => tap("try_again"));
    root.host.toggleAttribute("data-patient", true);
    screen.update = (data) => {
      delete window.kioskAsked;
      ticket = data.ticket;
      fillTexts(root, data.texts);
      find(".fault").textContent = data.fault;
      for (const button of root.querySelectorAll("button")) button.disabled = false;
    };
    return screen;
  });
