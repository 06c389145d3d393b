// The theme of the page: light, dark, or by the clock as <html> says; a choice by hand holds until the clock's next change.
(() => {
  const TURN_MS = 10_000;
  const KEPT = "dermakiosk_theme"; // for a reload; a browser that starts again has forgotten it
  const { dataset } = document.documentElement;
  const [from, until] = (dataset.darkHours ?? "0 0").split(" ").map(Number);

  // what configuration and clock say
  function due() {
    if (dataset.themeBy !== "clock") return dataset.themeBy;
    const hour = new Date().getHours();
    const dark = from <= until ? from <= hour && hour < until : from <= hour || hour < until;
    return dark ? "dark" : "light";
  }

  function turn() {
    const now = due();
    const [chosen, when] = (sessionStorage.getItem(KEPT) ?? "").split(" ");
    dataset.theme = when === now ? chosen : now;
    window.dispatchEvent(new CustomEvent("kiosk:theme", { detail: dataset.theme }));
  }

  window.addEventListener("kiosk:other-theme", () => {
    sessionStorage.setItem(KEPT, `${dataset.theme === "dark" ? "light" : "dark"} ${due()}`);
    turn();
  });
  window.addEventListener("kiosk:drawn", turn); // says it to the bar
  setInterval(turn, TURN_MS);
  turn();
})();
