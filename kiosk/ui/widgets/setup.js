// The first time: who administrates, a PIN twice, and the recovery words, which are shown once and asked for.

const ASKED = 3; // words that are asked for, so that they were written down
const OFFERED = 6; // words to choose from

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let data = null;
    let step = "intro";
    let name = "";
    let first = ""; // the PIN as it was entered first
    let asked = []; // places of words that are asked for

    const t = (key) => data.texts[`setup.${key}`];

    function tell(sentence, well = false) {
      find(".told").textContent = sentence;
      find(".told").classList.toggle("well", well);
    }

    function lay(title, detail, back, next) {
      find(".setup-title").textContent = t(title);
      find(".setup-detail").textContent = detail ? t(detail) : "";
      find(".setup-detail").hidden = !detail;
      find(".back").hidden = !back;
      find(".back span").textContent = back ? t(back) : "";
      find(".next").hidden = !next;
      find(".next span").textContent = next ? t(next) : "";
      find(".next").disabled = false;
      find(".sheet").hidden = !(title === "words" && data.sheet);
      find(".entry").replaceChildren();
    }

    function words() {
      const list = element("ol", { class: "words" });
      list.append(...data.words.map((word) => element("li", {}, word)));
      find(".entry").append(list);
    }

    // one of the words that were shown, among others of them
    function ask() {
      const place = asked[0];
      const wanted = data.words[place];
      const others = data.words.filter((word) => word !== wanted).sort(() => Math.random() - 0.5);
      const offered = [wanted, ...others.slice(0, OFFERED - 1)].sort();
      lay("check", null, "again", null);
      find(".setup-title").textContent = fill(t("check"), { place: place + 1 });
      const choices = offered.map((word) => {
        const made = element("button", { class: "word" }, word);
        made.addEventListener("click", () => answer(word === wanted));
        return made;
      });
      find(".entry").append(element("div", { class: "choices" }, ...choices));
    }

    function answer(right) {
      tell(right ? "" : t("wrong_word"));
      if (!right) return show("words");
      asked.shift();
      if (asked.length) ask();
      else screen.send("written");
    }

    function show(now) {
      step = now;
      if (now === "intro") lay("title", "intro", "later", "begin");
      if (now === "name") {
        lay("name", "name_detail", "back", "next");
        letterPad(find(".entry"), data.texts, (typed) => {
          name = typed;
          find(".next").disabled = typed === "";
        });
      }
      if (now === "pin" || now === "again") {
        lay(now === "pin" ? "pin" : "pin_again", now === "pin" ? "pin_detail" : null, "back", null);
        pinPad(find(".entry"), data.texts, now === "pin" ? once : twice);
      }
      if (now === "working") lay("working", data.stick ? "working_stick" : null, null, null);
      if (now === "words") {
        lay("words", "words_detail", null, "written");
        words();
      }
    }

    function once(pin) {
      first = pin;
      tell("");
      show("again");
    }

    function twice(pin) {
      const same = pin === first;
      first = "";
      if (!same) {
        tell(t("pins_differ"));
        return show("pin");
      }
      show("working");
      screen.send("set_up", { administrator: name, pin });
    }

    find(".back").addEventListener("click", () => {
      tell("");
      if (step === "intro") return screen.send("later");
      if (step === "words" || step === "check") return show("words");
      show({ name: "intro", pin: "name", again: "pin" }[step]);
    });
    find(".sheet").addEventListener("click", () => {
      tell("");
      screen.send("sheet");
    });
    find(".next").addEventListener("click", () => {
      tell("");
      if (step === "intro") show("name");
      else if (step === "name") show("pin");
      else if (step === "words") {
        step = "check";
        const places = data.words.map((_, place) => place).sort(() => Math.random() - 0.5);
        asked = places.slice(0, ASKED);
        ask();
      }
    });

    screen.update = (fresh) => {
      const before = data;
      data = fresh;
      fillTexts(root, data.texts);
      find(".step").textContent = t("step");
      if (before === null || before.language !== data.language) show(data.words.length ? "words" : "intro");
      else if (data.words.length && !before.words.length) show("words");
      else if (data.attempt !== before.attempt && data.words.length) tell(data.sheet_told, data.sheet_saved);
      else if (data.attempt !== before.attempt) {
        show("pin");
        tell(data.told);
      }
    };
    return screen;
  });
