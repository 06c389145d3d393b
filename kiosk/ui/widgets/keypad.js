// A keypad of large keys for a code or a number: digits first, letters on a second page.

const KEYPADS = {
  numbers: [..."1234567890"],
  digits: [..."1234567890-"],
  letters: [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"], // in this order in every language and every size
};

// A key with a name; `content` stands on it.
function keyOf(className, label, onTap, content = label) {
  const made = element("button", { class: `key ${className}`, "aria-label": label }, content);
  made.addEventListener("click", onTap);
  return made;
}

// Puts the keys in the place of what was there, and leaves the focus among them: on the key of the same name, or the first.
function layKeys(root, place, layout, keys) {
  const had = place.contains(root.activeElement) ? root.activeElement.getAttribute("aria-label") : null;
  place.dataset.layout = layout;
  place.classList.toggle("keypad", layout in KEYPADS);
  place.replaceChildren(...keys);
  place.scrollTop = 0;
  if (had !== null) (keys.find((key) => key.getAttribute("aria-label") === had) ?? keys[0]).focus();
}

// The keys of "numbers", "digits" or "letters". `words` has erase, next, letters and digits; `on` has type(character),
// erase(), next() and, for a code, turn(page).
function keypad(page, words, on) {
  const placed = (area, key) => {
    key.style.gridArea = area;
    return key;
  };
  const area = (character) => (character === "-" ? "hyphen" : `k${character}`);
  const characters = KEYPADS[page].map((c) => placed(area(c), keyOf("character", c, () => on.type(c))));
  const other = page === "letters" ? "digits" : "letters";
  const turn = keyOf("page", words[other], () => on.turn(other), page === "letters" ? "123" : "ABC");
  return [
    ...characters,
    ...(page === "numbers" ? [] : [placed("page", turn)]),
    placed("erase", keyOf("erase", words.erase, on.erase, icon("erase"))),
    placed("next", keyOf("next", words.next, on.next)),
  ];
}
