// What is kept: patients by code, then examinations with thumbnails, newest first, narrowed by what is chosen on a sheet.
// A page comes as one message.

const CODE_KEYS = [..."1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ-"];
const CODE_MOST = 16;

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let code = "";
    let page = "";
    let texts = {};
    let choices = {};
    let listed = {};
    let chosen = {};
    const typing = asDialog(root, find(".typing"));
    const narrowing = asDialog(root, find(".narrowing"));

    const showCode = () => (find(".typing .typed").textContent = code);
    const typed = (character) => {
      if (code.length < CODE_MOST) code += character;
      showCode();
    };
    const erase = () => {
      code = code.slice(0, -1);
      showCode();
    };
    const type = () => {
      code = ""; // a new search; without a code it is of everybody
      showCode();
      typing.open();
    };
    const search = () => {
      typing.close();
      screen.send("search", { code });
    };

    // the groups of choices, one of each chosen; whatever is chosen goes to the server with the sheet's button
    function group(name) {
      const title = element("h3", { class: "label", id: `narrow-${name}` }, texts[`archive.${name}`]);
      const pills = choices[name].map(([value, label]) => {
        const pill = element("button", { class: "pill", "data-value": value, "aria-pressed": value === chosen[name] }, label);
        pill.addEventListener("click", () => {
          chosen = { ...chosen, [name]: value };
          for (const each of pills) each.setAttribute("aria-pressed", each === pill);
        });
        return pill;
      });
      const all = element("div", { class: "pills", role: "group", "aria-labelledby": `narrow-${name}`, "data-name": name }, ...pills);
      return element("section", {}, title, all);
    }
    const narrow = () => {
      chosen = { ...listed };
      find(".narrowing .middle").replaceChildren(...Object.keys(choices).map(group));
      narrowing.open();
    };
    const list = (wanted) => {
      narrowing.close();
      screen.send("narrow", wanted);
    };

    // what a scanner read: keys.js tells it from what is typed
    const onScan = ({ detail }) => {
      code = [...detail.toUpperCase()].filter((character) => CODE_KEYS.includes(character)).join("").slice(0, CODE_MOST);
      narrowing.close();
      search();
    };

    function examination(row, jpeg) {
      const canvas = element("canvas", { width: 4, height: 3 });
      if (jpeg.length) draw(canvas, jpeg);
      const about = element("div", { class: "about" }, element("strong", {}, row.title), element("span", {}, row.place), element("span", { class: "when" }, row.when));
      const said = element("div", { class: "said" }, element("span", { class: "level", "data-level": row.level }, row.said));
      if (row.verdict) said.append(element("span", { class: "verdict" }, icon("person"), row.verdict));
      if (row.open) said.append(element("span", { class: "open" }, icon("warn"), row.open));
      const made = element("button", { class: "row", "data-id": row.id }, canvas, about, said);
      made.addEventListener("click", () => screen.send("open", { id: row.id }));
      return element("li", {}, made);
    }

    function patient(row) {
      const made = element("button", { class: "row patient" }, icon("person"), element("strong", {}, row.code), element("span", {}, row.about));
      made.addEventListener("click", () => screen.send("patient", { code: row.code }));
      return element("li", {}, made);
    }

    find(".code").addEventListener("click", type);
    find(".typing .close").addEventListener("click", typing.close);
    find(".search").addEventListener("click", search);
    find(".narrow").addEventListener("click", narrow);
    find(".narrowing .close").addEventListener("click", narrowing.close);
    find(".everything").addEventListener("click", () => list({}));
    find(".narrowing .show").addEventListener("click", () => list(chosen));
    for (const name of ["back", "older", "newest"]) find(`.archive > .dock .${name}`).addEventListener("click", () => screen.send(name));
    window.addEventListener("kiosk:scan", onScan);
    root.host.toggleAttribute("data-patient", true);

    screen.update = (message) => {
      const { words, jpeg } = unpack(message);
      fillTexts(root, words.texts);
      if (page === "") {
        find(".typing .letters").replaceChildren(
          ...CODE_KEYS.map((character) => padKey(character, character, () => typed(character))),
          padKey(words.texts["pin.erase"], icon("erase"), erase, "erase"),
        );
      }
      if (page === words.page) return; // the same page, drawn again
      page = words.page;
      code = words.code;
      find(".code span").textContent = words.code || words.texts["archive.all"];
      ({ texts, choices, chosen: listed } = words);
      find(".narrow span").textContent = words.narrowed.join(" · ") || words.texts["archive.narrow"];
      find(".narrow").toggleAttribute("data-narrowed", words.narrowed.length > 0);
      find(".narrow").disabled = words.patients.length > 0;
      find(".none").textContent = words.none;
      find(".none").hidden = words.none === "";
      let start = 0;
      const rows = words.rows.map((row) => {
        const thumbnail = jpeg.subarray(start, start + row.bytes);
        start += row.bytes;
        return examination(row, thumbnail);
      });
      find(".list").replaceChildren(...words.patients.map(patient), ...rows);
      find(".archive > .middle").scrollTop = 0;
      find(".older").hidden = !words.older;
      find(".newest").hidden = !words.newest;
    };
    screen.close = () => window.removeEventListener("kiosk:scan", onScan);
    return screen;
  });
