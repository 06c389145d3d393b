// Keys for a PIN and for a name. What is typed stays here until it is whole; a PIN is never written into the page.

const PIN_LEAST = 6;
const PIN_MOST = 12;
const NAME_MOST = 40;
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ'-"];

function padKey(label, content, onTap, className = "") {
  const made = element("button", { class: `key ${className}`.trim(), "aria-label": label }, content);
  made.addEventListener("click", onTap);
  return made;
}

// Ten digits, a key that takes one back and one that ends; dots say how many there are.
function pinPad(place, texts, onDone) {
  let pin = "";
  const dots = element("output", { class: "dots", "aria-label": texts["pin.label"] });
  const show = () => {
    dots.replaceChildren(...[...pin].map(() => element("i")));
    enter.disabled = pin.length < PIN_LEAST;
  };
  const typed = (digit) => {
    if (pin.length < PIN_MOST) pin += digit;
    show();
  };
  const erase = () => {
    pin = pin.slice(0, -1);
    show();
  };
  const enter = padKey(texts["pin.enter"], icon("check"), () => {
    const whole = pin;
    pin = "";
    show();
    onDone(whole);
  }, "enter");
  const digits = [..."123456789"].map((digit) => padKey(digit, digit, () => typed(digit)));
  const keys = element("div", { class: "pad" }, ...digits, padKey(texts["pin.erase"], icon("erase"), erase, "erase"));
  keys.append(padKey("0", "0", () => typed("0"), "zero"), enter);
  place.replaceChildren(dots, keys);
  show();
  return {
    clear() {
      pin = "";
      show();
    },
    rest(resting) {
      for (const key of keys.querySelectorAll("button")) key.disabled = resting;
      if (!resting) show();
    },
  };
}

// Letters for a name: the first of every word is a capital.
function letterPad(place, texts, onChange) {
  let name = "";
  const shown = element("output", { class: "typed", "aria-label": texts["setup.name"] });
  const show = () => {
    shown.textContent = name;
    onChange(name.trim());
  };
  const typed = (letter) => {
    const first = name === "" || /[ '-]$/.test(name);
    if (name.length < NAME_MOST) name += first ? letter : letter.toLowerCase();
    show();
  };
  const space = () => {
    if (name !== "" && !name.endsWith(" ") && name.length < NAME_MOST) name += " ";
    show();
  };
  const erase = () => {
    name = name.slice(0, -1);
    show();
  };
  const keys = element("div", { class: "letters" }, ...LETTERS.map((letter) => padKey(letter, letter, () => typed(letter))));
  keys.append(padKey(texts["setup.space"], "␣", space, "space"), padKey(texts["pin.erase"], icon("erase"), erase, "erase"));
  place.replaceChildren(shown, keys);
  show();
}
