// The Start screen: what is entered stays in the browser until Continue, so every key answers at once.

const FIELDS = ["code", "age", "sex", "site", "told"];
const NOTHING = { code: "", age: "", sex: "", site: "", side: "", told: [] };
const CODE_KEYS = [..."1234567890QWERTYUIOPASDFGHJKL-ZXCVBNM"];
const AGE_KEYS = [..."123456789"];
const CODE_LENGTH = 16;
const LONG_CODE = 9; // characters that fit in large letters

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    let data = null;
    let values = { ...NOTHING };
    let active = "code";
    let siding = false; // the site was tapped, and it has sides
    let speaking = false; // the languages are offered in the place of a field's keys
    let codes = ""; // of the notices
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
      siding = false;
      speaking = false;
      refresh();
      layKeys();
    }

    function set(value) {
      values[active] = value;
      refresh();
    }

    function typed(character) {
      const value = values[active] + character;
      if (active === "code" && value.length <= CODE_LENGTH) set(value);
      if (active === "age" && Number(value) <= data.max_age) set(String(Number(value)));
    }

    const next = () => choose(FIELDS[Math.min(FIELDS.indexOf(active) + 1, FIELDS.length - 1)]);

    function key(className, label, onTap, content = label) {
      const made = element("button", { class: `key ${className}`, "aria-label": label }, content);
      made.addEventListener("click", onTap);
      return made;
    }

    function layKeys() {
      const erase = () => key("erase", t("delete"), () => set(values[active].slice(0, -1)), icon("erase"));
      const onward = () => key("next", t("next"), next);
      const character = (c) => key("character", c, () => typed(c));
      const layouts = {
        code: () => [...CODE_KEYS.map(character), erase(), onward()],
        age: () => [...AGE_KEYS.map(character), erase(), character("0"), onward()],
        sex: () => choices(data.choices.sex, values.sex, chooseSex),
        site: () => choices(data.choices.site, values.site, chooseSite),
        side: () => choices(data.sides[values.site], values.side, chooseSide),
        told: () => choices(data.choices.told, values.told, toggleTold),
        language: () => choices(data.languages, data.language, chooseLanguage),
      };
      const layout = speaking ? "language" : siding ? "side" : active;
      const keys = find(".keys");
      keys.dataset.layout = layout;
      keys.replaceChildren(...layouts[layout]());
    }

    function choices(offered, chosen, onChoose) {
      return offered.map(([value, label]) => {
        const made = key("choice", label, () => onChoose(value));
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
        layKeys();
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

    // what is wrong with the device: one line where the screen is low, and how many more there are
    function notice(told) {
      if (told.join() === codes) return;
      codes = told.join();
      const place = find(".notices");
      place.hidden = told.length === 0;
      place.replaceChildren(
        ...told.map((code) => element("li", { "data-code": code }, icon("warn"), element("span", {}, data.faults[code] ?? data.loss))),
      );
      if (told.length > 1) place.append(element("b", { class: "more" }, fill(t("more"), { count: told.length - 1 })));
    }
    const onHealth = ({ detail }) => notice([...(data.loss ? ["loss"] : []), ...faultCodes(detail)]);
    window.addEventListener("kiosk:health", onHealth);

    find(".language").addEventListener("click", () => {
      if (speaking) return choose(active);
      speaking = true;
      refresh();
      layKeys();
    });
    find(".clear-all").addEventListener("click", () => {
      values = { ...NOTHING };
      choose("code");
    });
    find(".skip").addEventListener("click", () => screen.send("continue"));
    find(".continue").addEventListener("click", () => screen.send("continue", values));

    screen.update = (fresh) => {
      const anew = data?.turn !== fresh.turn; // the screen's first data, or everything was ended
      if (!anew && data.language === fresh.language) return;
      data = fresh;
      codes = "";
      fillTexts(root, data.texts);
      find(".language-code").textContent = data.language.toUpperCase();
      window.dispatchEvent(new Event("kiosk:check"));
      if (anew) {
        values = { ...data.entered };
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
    screen.close = () => window.removeEventListener("kiosk:health", onHealth);
    return screen;
  });
