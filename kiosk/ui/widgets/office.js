// The administrator's screen: who may log in, new recovery words, and how the records are.

export default (component) =>
  keep(component, (root) => {
    const find = (selector) => root.querySelector(selector);
    const screen = { send() {} };
    let data = null;
    let onNext = null;
    const sheet = asDialog(root, find(".work"));

    const t = (key) => data.texts[key];
    const tell = (sentence) => (find(".told").textContent = sentence);

    // the sheet over the screen, with a title and what is entered there
    function work(title, next) {
      tell("");
      find(".work h2").textContent = title;
      find(".work .next").hidden = !next;
      onNext = next;
      const entry = find(".work .entry");
      entry.replaceChildren();
      sheet.open();
      return entry;
    }

    function choices(title, offered) {
      const entry = work(title, null);
      const buttons = offered.map(([value, label, then]) => {
        const made = element("button", { class: "choice", "data-value": value }, label);
        made.addEventListener("click", then);
        return made;
      });
      entry.append(element("div", { class: "choices" }, ...buttons));
    }

    // a PIN twice, then it goes to the server
    function newPin(then) {
      pinPad(work(t("setup.pin"), null), data.texts, (first) =>
        pinPad(work(t("setup.pin_again"), null), data.texts, (second) => {
          sheet.close();
          if (first === second) then(first);
          else tell(t("setup.pins_differ"));
        }),
      );
    }

    function add() {
      let name = "";
      const entry = work(t("office.name"), () => {
        choices(t("office.role"), data.roles.map(([role, label]) => [role, label, () => newPin((pin) => screen.send("add", { operator: name, role, pin }))]));
      });
      letterPad(entry, data.texts, (typed) => {
        name = typed;
        find(".work .next").disabled = typed === "";
      });
    }

    function change(operator) {
      const put = (more) => {
        sheet.close();
        screen.send("change", { id: operator.id, role: operator.role, active: operator.active, ...more });
      };
      const roles = data.roles.filter(([role]) => role !== operator.role).map(([role, label]) => [role, fill(t("office.make"), { role: label }), () => put({ role })]);
      const leave = operator.active ? [["leave", t("office.leave"), () => put({ active: false })]] : [];
      const pin = ["pin", t(operator.active ? "office.new_pin" : "office.return"), () => newPin((digits) => put({ active: true, pin: digits }))];
      choices(operator.name, [pin, ...(operator.active && !operator.own ? roles : []), ...(operator.own ? [] : leave)]);
    }

    find(".back").addEventListener("click", () => screen.send("back"));
    find(".add").addEventListener("click", add);
    find(".words").addEventListener("click", () =>
      choices(t("office.words_sure"), [["yes", t("office.words"), () => {
        sheet.close();
        screen.send("words");
      }]]),
    );
    find(".close").addEventListener("click", sheet.close);
    find(".next").addEventListener("click", () => onNext?.());

    screen.update = (fresh) => {
      const again = data?.attempt !== fresh.attempt;
      data = fresh;
      fillTexts(root, data.texts);
      if (again) tell(data.told);
      const rows = data.operators.map((operator) => {
        const row = element("button", { class: "operator", "data-active": operator.active }, icon("person"), element("strong", {}, operator.name), element("span", {}, operator.said));
        row.addEventListener("click", () => change(operator));
        return element("li", {}, row);
      });
      find(".operators").replaceChildren(...rows);
      find(".facts").replaceChildren(...data.facts.flatMap(([name, said]) => [element("dt", {}, name), element("dd", {}, said)]));
    };
    return screen;
  });
