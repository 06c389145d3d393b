// The Start screen: what is entered stays in the browser until Continue, so every key answers at once.

const FIELDS = ["code", "age", "sex", "site"];
const CODE_KEYS = [..."1234567890QWERTYUIOPASDFGHJKL-ZXCVBNM"];
const AGE_KEYS = [..."123456789"];
const CODE_LENGTH = 16;
const LONG_CODE = 9; // characters that fit in large letters

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    let data = null;
    let values = { code: "", age: "", sex: "", site: "" };
    let active = "code";
    const screen = { send() {} };

    const t = (key) => data.texts[`start.${key}`];
    const shown = (field) => {
      const value = values[field];
      if (!value) return "";
      if (field === "age") return fill(t("years"), { age: value });
      if (field === "code") return value;
      return data.choices[field].find(([choice]) => choice === value)[1];
    };

    function choose(field) {
      active = field;
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
        sex: () => choices("sex"),
        site: () => choices("site"),
      };
      const keys = find(".keys");
      keys.dataset.layout = active;
      keys.replaceChildren(...layouts[active]());
    }

    function choices(field) {
      return data.choices[field].map(([value, label]) => {
        const made = key("choice", label, () => {
          set(values[field] === value ? "" : value);
          if (values[field]) next();
          else layKeys();
        });
        made.setAttribute("aria-pressed", values[field] === value);
        return made;
      });
    }

    function refresh() {
      for (const field of FIELDS) {
        const row = find(`.field[data-field="${field}"]`);
        row.setAttribute("aria-selected", field === active);
        row.toggleAttribute("data-given", Boolean(values[field]));
        row.querySelector(".field-value").textContent = shown(field) || t("empty");
      }
      find(".entry-title").textContent = t(active);
      find(".entry-hint").textContent = t(`${active}_hint`);
      const typed = active === "code" || active === "age" ? values[active] : "";
      find(".entry-value").textContent = typed;
      find(".entry-value").toggleAttribute("data-long", typed.length > LONG_CODE);
      const any = FIELDS.some((field) => values[field]);
      find(".clear-all").disabled = !any;
      for (const choice of root.querySelectorAll(".choice")) {
        const label = data.choices[active]?.find(([value]) => value === values[active])?.[1];
        choice.setAttribute("aria-pressed", choice.textContent === label);
      }
    }

    find(".clear-all").addEventListener("click", () => {
      values = { code: "", age: "", sex: "", site: "" };
      choose("code");
    });
    find(".skip").addEventListener("click", () => screen.send("continue"));
    find(".continue").addEventListener("click", () => screen.send("continue", values));

    screen.update = (fresh) => {
      const first = data === null;
      data = fresh;
      fillTexts(root, data.texts);
      if (!first) return;
      values = { ...data.entered };
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
      choose("code");
    };
    return screen;
  });
