// A kept examination as it was shown, with what people said of it since.

const KEPT_ICONS = { urgent_referral: "urgent", referral: "warn", routine: "info", retake: "again", no_result: "stop", device_fault: "wrench" };

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let data = null;
    const sheet = asDialog(root, find(".choose"));

    const bar = ({ name, label, why }) => element("li", {}, element("span", {}, why || name), element("b", {}, why ? "" : label));

    // one choice after another; the last one sends
    function choose(title, choices, then) {
      find(".choose h2").textContent = title;
      const buttons = choices.map(([value, label]) => {
        const made = element("button", { class: "choice", "data-value": value }, label);
        made.addEventListener("click", () => then(value));
        return made;
      });
      find(".choices").replaceChildren(...buttons);
      sheet.open();
    }
    const done = (name, values) => {
      sheet.close();
      screen.send(name, { id: data.id, ...values });
    };

    find(".back").addEventListener("click", () => screen.send("back"));
    find(".close").addEventListener("click", sheet.close);
    find(".judge").addEventListener("click", () =>
      choose(data.texts["kept.judge"], data.levels, (level) =>
        choose(data.texts["kept.which"], data.lesions, (lesion) => done("judge", { level, lesion }))),
    );
    find(".histology").addEventListener("click", () =>
      choose(data.texts["kept.histology"], data.lesions, (lesion) => done("histology", { lesion })),
    );
    find(".delete").addEventListener("click", () =>
      choose(data.texts["kept.delete_sure"], [["yes", data.texts["kept.delete"]]], () => done("delete", {})),
    );
    root.host.toggleAttribute("data-patient", true);

    screen.update = (message) => {
      const { words, jpeg } = unpack(message);
      const before = data;
      data = words;
      fillTexts(root, words.texts);
      find(".band").dataset.level = words.band.level;
      find(".band-icon").replaceChildren(icon(KEPT_ICONS[words.band.level] ?? "warn"));
      find(".band h1").textContent = words.band.title;
      find(".band p").textContent = words.band.detail;
      find(".shown").hidden = words.bars.length + words.notes.length === 0;
      find(".shown .bars").replaceChildren(...words.bars.map(bar));
      find(".notes").replaceChildren(...words.notes.map(({ text }) => element("li", {}, text)));
      find(".unshown").hidden = words.unshown.length === 0;
      find(".unshown .bars").replaceChildren(...words.unshown.map(bar));
      find(".judged ul").replaceChildren(...words.judged.map((line) => element("li", {}, line)));
      find(".judged").hidden = words.judged.length === 0;
      find(".summary span").textContent = words.summary;
      find(".meta").textContent = words.meta.join(" · ");
      find(".told").textContent = words.told;
      find(".no-picture").textContent = words.no_picture;
      find(".no-picture").hidden = words.no_picture === "";
      for (const name of ["judge", "histology", "delete"]) find(`.dock .${name}`).hidden = !words.may.includes(name);
      if (jpeg.length && before?.id !== words.id) draw(find("canvas"), jpeg);
    };
    return screen;
  });
