// What somebody who has logged in may do beside examining: a list of buttons that the server has chosen by role.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    const button = ({ name, label, symbol }, className) => {
      const made = element("button", { class: `${className} ${name}` }, icon(symbol), element("span", {}, label));
      made.addEventListener("click", () => screen.send("go", { to: name }));
      return made;
    };
    screen.update = (data) => {
      find("h1").textContent = data.title;
      find(".who").textContent = data.who;
      find(".notice").textContent = data.notice;
      find(".notice").hidden = data.notice === "";
      find(".items").replaceChildren(...data.items.map((item) => button(item, "item")));
      find(".dock").replaceChildren(...data.dock.map((item, place) => button(item, place === data.dock.length - 1 ? "primary" : "")));
    };
    return screen;
  });
