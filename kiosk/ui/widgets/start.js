// The Start screen: what is entered stays in the browser until Continue, so every key answers at once.

const FIELDS = ["code", "age", "sex", "site", "told"];
const NOTHING = { code: "", age: "", sex: "", site: "", side: "", told: [] };
const LONG_CODE = 9; // characters that fit in large letters

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    let data = null;
    let values = { ...NOTHING };
    let active = "code";
    let siding = false; // the site was tapped, and it has sides
    let speaking = false; // the languages are offered in the place of a field's keys
    let page = "digits"; // of the code's keypad
    let codes = ""; // of the notices
    let health = null; // as it was told last
    let refused = false; // what a scanner read
    let grammar = null; // of a code
    let loss = ""; // of an assessment, in words
    const screen = { send() {} };

    const t = (key) => data.texts[`start.${key}`];
    const shown = (field) => {
      const value = values[field];
      if (!value.length) return "";
      if (field === "age") return count(data.texts, "start.years", Number(value), data.language, { age: value });
      if (field === "code") return value;
      const word = (choices, wanted) => choices.find(([choice]) => choice === wanted)[1];
      if (field === "told") return value.map((one) => word(data.choices.told, one)).join(", ");
      const name = word(data.choices[field], value);
      if (field !== "site" || !values.side) return name;
      return fill(data.texts["patient.site_and_side"], { site: name, side: word(data.sides[value], values.side) });
    };

    function choose(field) {
      active = field;
      page = "digits";
      siding = false;
      speaking = false;
      refresh();
      lay();
    }

    function set(value) {
      values[active] = value;
      refresh();
    }

    function typed(character) {
      const value = values[active] + character;
      refuse(false);
      if (active === "code" && grammar.test(value)) set(value);
      if (active === "age" && Number(value) <= data.max_age) set(String(Number(value)));
    }

    const erase = () => set(values[active].slice(0, -1));

    // a scanner reads the code of somebody: what was entered of somebody else goes
    function scanned(text) {
      const code = text.trim().toUpperCase();
      if (!code || !grammar.test(code)) return refuse(true);
      refuse(false);
      if (values.code && values.code !== code) values = { ...NOTHING };
      values.code = code;
      choose("age");
    }

    function refuse(now) {
      if (refused === now) return;
      refused = now;
      notice();
    }

    const next = () => choose(FIELDS[Math.min(FIELDS.indexOf(active) + 1, FIELDS.length - 1)]);

    function lay() {
      const words = { erase: t("delete"), next: t("next"), letters: t("letters"), digits: t("digits") };
      const turn = (other) => {
        page = other;
        lay();
      };
      const layouts = {
        digits: () => keypad("digits", words, { type: typed, erase, next, turn }),
        letters: () => keypad("letters", words, { type: typed, erase, next, turn }),
        numbers: () => keypad("numbers", words, { type: typed, erase, next }),
        sex: () => choices(data.choices.sex, values.sex, chooseSex),
        site: () => choices(data.choices.site, values.site, chooseSite),
        side: () => choices(data.sides[values.site], values.side, chooseSide),
        told: () => choices(data.choices.told, values.told, toggleTold),
        language: () => choices(data.languages, data.language, chooseLanguage),
      };
      const entering = { code: page, age: "numbers" }[active] ?? active;
      const layout = speaking ? "language" : siding ? "side" : entering;
      find(".start").toggleAttribute("data-letters", layout === "letters");
      layKeys(root, find(".keys"), layout, layouts[layout]());
    }

    function choices(offered, chosen, onChoose) {
      return offered.map(([value, label]) => {
        const made = keyOf("choice", label, () => onChoose(value));
        made.setAttribute("aria-pressed", Array.isArray(chosen) ? chosen.includes(value) : chosen === value);
        return made;
      });
    }

    function chooseSex(sex) {
      values.sex = values.sex === sex ? "" : sex;
      if (values.sex) next();
      else choose("sex");
    }

    function chooseSite(site) {
      const again = values.site === site;
      values.side = "";
      values.site = again ? "" : site;
      siding = !again && data.sides[site].length > 0;
      if (again) choose("site");
      else if (siding) {
        refresh();
        lay();
      } else next();
    }

    function chooseSide(side) {
      values.side = side;
      next();
    }

    function chooseLanguage(language) {
      document.cookie = `${data.cookie}=${language}; path=/; max-age=31536000; SameSite=Strict`;
      choose(active);
      screen.send("language", { language });
    }

    function toggleTold(limit) {
      const told = values.told.includes(limit) ? values.told.filter((one) => one !== limit) : [...values.told, limit];
      values.told = told;
      choose("told");
    }

    function refresh() {
      for (const field of FIELDS) {
        const row = find(`.field[data-field="${field}"]`);
        row.setAttribute("aria-selected", field === active);
        row.toggleAttribute("data-given", values[field].length > 0);
        row.querySelector(".field-value").textContent = shown(field) || (field === "told" ? t("told_nothing") : t("empty"));
      }
      find(".entry-title").textContent = speaking ? t("language") : t(active);
      find(".entry-hint").textContent = speaking ? "" : siding ? t("side_hint") : t(`${active}_hint`);
      find(".language").setAttribute("aria-pressed", speaking);
      const typed = !speaking && (active === "code" || active === "age") ? values[active] : "";
      find(".entry-value").textContent = typed;
      find(".entry-value").toggleAttribute("data-long", typed.length > LONG_CODE);
      const given = FIELDS.some((field) => values[field].length > 0);
      find(".clear-all").disabled = !given;
      find(".skip").disabled = given; // it would drop them, a patient's code kept for the next lesion among them
      root.host.toggleAttribute("data-patient", given);
    }

    // what is wrong, the device's faults last: one line where the screen is low, and how many more there are
    function notice() {
      const own = { refused: t("refused"), loss };
      const told = [...(refused ? ["refused"] : []), ...(loss ? ["loss"] : []), ...(health ? faultCodes(health) : [])];
      if (told.join() === codes) return;
      codes = told.join();
      const place = find(".notices");
      place.hidden = told.length === 0;
      place.replaceChildren(
        ...told.map((code) => element("li", { "data-code": code }, icon("warn"), element("span", {}, own[code] ?? data.faults[code]))),
      );
      if (told.length > 1) place.append(element("b", { class: "more" }, fill(t("more"), { count: told.length - 1 })));
    }
    const onHealth = ({ detail }) => {
      health = detail;
      notice();
    };
    const onScan = ({ detail }) => scanned(detail);
    const onType = ({ detail }) => {
      if (speaking || !["code", "age"].includes(active)) return;
      if (detail === "Backspace") erase();
      else typed(detail.toUpperCase());
    };
    const heard = { "kiosk:health": onHealth, "kiosk:scan": onScan, "kiosk:typed": onType };
    for (const [name, listener] of Object.entries(heard)) window.addEventListener(name, listener);

    find(".language").addEventListener("click", () => {
      if (speaking) return choose(active);
      speaking = true;
      refresh();
      lay();
    });
    find(".clear-all").addEventListener("click", () => {
      values = { ...NOTHING };
      refuse(false);
      choose("code");
    });
    find(".entry-title").addEventListener("keydown", (event) => event.key === "Enter" && next()); // after typing
    find(".skip").addEventListener("click", () => screen.send("continue"));
    find(".continue").addEventListener("click", () => {
      window.kioskEntered = { boot: data.boot, values };
      screen.send("continue", values);
    });

    screen.update = (fresh) => {
      const first = data === null;
      const anew = first || (fresh.boot === data.boot && fresh.turn !== data.turn); // or everything was ended
      const told = !anew && data.language === fresh.language; // all of it but for what was lost
      data = fresh;
      // a capture that the server died before it heard of is known to this page alone
      const unheard = data.outlives && window.kioskAsked && window.kioskAsked !== data.boot;
      loss = data.loss || (unheard ? t("lost_restart") : "");
      codes = "";
      if (told) return notice();
      grammar = new RegExp(`^(?:${data.code})$`);
      fillTexts(root, data.texts);
      find(".language-code").textContent = data.language.toUpperCase();
      window.dispatchEvent(new Event("kiosk:check"));
      if (anew) {
        // what a page knows of a patient outlives a restart of the server in its memory, and nowhere else
        const { kioskEntered: kept } = window;
        const outlived = first && data.outlives && kept && kept.boot !== data.boot;
        values = { ...(outlived ? kept.values : data.entered) };
        delete window.kioskEntered;
        active = data.field;
      }
      const rows = FIELDS.map((field) => {
        const row = element(
          "button",
          { class: "field", role: "tab", "data-field": field },
          element("span", { class: "label" }, t(field)),
          element("span", { class: "field-value" }),
        );
        row.addEventListener("click", () => choose(field));
        return row;
      });
      find(".fields").replaceChildren(...rows);
      choose(active);
    };
    screen.close = () => {
      for (const [name, listener] of Object.entries(heard)) window.removeEventListener(name, listener);
    };
    return screen;
  });
