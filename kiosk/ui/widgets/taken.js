// The screen of a window that does not have the case: it says so, and takes the case over when it is asked to.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    find(".take").addEventListener("click", () => screen.send("take"));
    screen.update = ({ title, detail, take }) => {
      fillTexts(root, {});
      find("h1").textContent = title;
      find("p").textContent = detail;
      find(".take").textContent = take;
    };
    return screen;
  });
