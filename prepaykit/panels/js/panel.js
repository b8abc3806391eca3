// Panel: bar, rows, details, actions, plan; and the keyboard. Keys stay here: JupyterLab would insert a cell at `a` and cut one at `x`.

const PER_CELL = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "PageDown", "PageUp", "Home", "End"]);

class PanelView {
  constructor(store, root) {
    this.store = store;
    this.root = root;
    this.id = `pk${store.window}`;
    this.shown = [];
    this.active = 0;
    this.only = "all";
    this.picked = null; // the frame of the details that is chosen
    this.picks = {}; // what the selects of the bar say, by column
    this.alert = make("div", { class: "pk-say", role: "alert" }); // what was said stays when the rows come anew
    root.classList.add("pk");
    root.append(make("p", { class: "pk-soft" }, "Looking at the job …"));
    root.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["keyup", "keypress"]) root.addEventListener(kind, (event) => event.stopPropagation());
    store.on("rows", () => this.heardRows());
    store.on("rows-changed", () => this.layout && (this.layout.draw(true), this.freshen(this.key_here), this.counts(), this.drawPlan()));
    store.on("decided", (row) => this.layout && (this.layout.changed(row), this.freshen(row), this.counts(), this.drawPlan()));
    store.on("counts", () => this.counts());
    store.on("kept", () => this.planWaits && !store.unkept.size && this.askPlan());
    store.on("details", (row) => this.heardDetails(row));
    store.on("pictures", (frames) => this.heardPictures(frames));
    store.on("said", (said) => this.say(said));
    store.on("plan", (plan) => this.heardPlan(plan));
    store.on("planning", () => this.drawPlan("Making the plan …"));
    store.on("applying", () => this.drawPlan("Applying …"));
    store.on("applied", () => (this.why.value = ""));
    store.on("suggestions", (message) => this.drawSuggestions(message));
  }

  close() {
    this.layout?.close();
    this.store.close();
  }

  // --- the page --------------------------------------------------------------------------------------------------------

  build() {
    const work = this.store.work;
    this.layout?.close();
    this.filter = make("input", { type: "search", placeholder: "filter ( / )", "aria-label": "Filter the rows", oninput: () => this.sift() });
    this.which = make("select", { "aria-label": "Which rows", onchange: () => ((this.only = this.which.value), this.sift()) },
      ...this.kindsOfRows().map(([v, t]) => make("option", { value: v }, t)));
    const selects = (work.layout.filters || []).map(([name, every]) => this.select(name, every));
    this.tally = make("span", { class: "pk-tally", role: "status" });
    this.anew = make("button", { type: "button", onclick: () => this.store.refresh() }, "Look anew");
    const bar = make("div", { class: "pk-bar" }, make("strong", {}, work.title), this.filter, this.which, ...selects, this.tally, this.anew);
    this.grid = make("div", { class: "pk-grid", role: "grid", tabindex: "0", "aria-label": work.title });
    this.layout = new (LAYOUTS[work.layout.kind] || TableLayout)(this);
    this.grid.append(this.layout.body);
    this.detail = make("div", { class: "pk-detail", role: "region", tabindex: "0", "aria-label": "Details", "aria-live": "polite" });
    this.empty = make("p", { class: "pk-nothing" }, work.nothing);
    this.acts = make("div", { class: "pk-acts", role: "toolbar", "aria-label": "What to do with the row" });
    this.typing = make("div", { class: "pk-typing", hidden: true });
    this.planned = make("div", { class: "pk-plan", role: "status" });
    this.why = make("input", { type: "text", placeholder: "why (for the journal)", "aria-label": "Why" });
    this.side = make("div", { class: "pk-side" }, this.typing, this.detail);
    this.main = make("div", { class: `pk-main pk-main-${work.layout.kind}` }, this.grid, this.side);
    this.root.replaceChildren(bar, this.empty, this.main, this.acts, this.planned, this.alert);
    this.drawActs();
  }

  // A select over what stands in a column; without two things to choose from there is none.
  select(name, every) {
    const there = [...new Set(this.store.rows.map((row) => row[name]).filter((v) => v !== null && v !== ""))].sort();
    if (!there.length) return "";
    if (!there.includes(this.picks[name])) this.picks[name] = "";
    const options = [make("option", { value: "" }, every), ...there.map((v) => make("option", { value: v }, v))];
    const select = make("select", { "aria-label": every, "data-filter": name, onchange: () => ((this.picks[name] = select.value), this.sift()) }, ...options);
    select.value = this.picks[name];
    return select;
  }

  kindsOfRows() {
    const { actions, rows } = this.store.work;
    const kinds = actions.length ? [["all", "all rows"], ["waiting", "undecided"], ["decided", "decided"]] : [["all", "all rows"]];
    return rows.tone?.some(isFlag) ? [...kinds, ["flagged", "only with flags"]] : kinds;
  }

  drawActs() {
    const acts = this.store.work.actions.map((a) =>
      make("button", { type: "button", "data-action": a.name, onclick: () => this.act(a) }, make("kbd", {}, keyName(a.key)), ` ${a.label}`));
    if (!acts.length) return this.acts.replaceChildren();
    const chosen = this.store.work.actions.some((a) => a.needs === "candidate") ? make("span", { class: "pk-soft" }, make("kbd", {}, "1–9"), " another one") : null;
    for (const extra of this.layout.extras || []) acts.push(make("button", { type: "button", onclick: extra.does }, make("kbd", {}, extra.key), ` ${extra.label}`));
    acts.push(make("button", { type: "button", "data-action": "undo", onclick: () => this.undo() }, make("kbd", {}, "u"), " Undo"));
    acts.push(make("button", { type: "button", "data-action": "plan", onclick: () => this.askPlan() }, make("kbd", {}, "p"), " Plan"));
    return this.acts.replaceChildren(...[...acts, chosen].filter(Boolean));
  }

  heardRows() {
    const key = this.key_here;
    const had = this.root.contains(document.activeElement);
    const [text, only] = [this.filter?.value || "", this.only];
    this.build();
    this.filter.value = text;
    this.which.value = only;
    this.sift(key);
    if (had) this.grid.focus({ preventScroll: true });
    this.root.dataset.ready = "yes";
  }

  // The rows that fit the filter, in order; stay at the row that was looked at.
  sift(key = this.key_here) {
    const words = this.filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.store.rows;
    const fits = (row) => {
      if (this.only === "flagged" ? !isFlag(row.tone) : this.only !== "all" && this.store.isDecided(row.key) !== (this.only === "decided")) return false;
      for (const [name, wanted] of Object.entries(this.picks)) if (wanted && row[name] !== wanted) return false;
      if (!words.length) return true;
      const text = Object.values(row).join(" ").toLowerCase();
      return words.every((w) => text.includes(w));
    };
    const numbers = [];
    rows.forEach((row, i) => fits(row) && numbers.push(i));
    this.shown = this.layout.order(numbers);
    const here = this.shown.findIndex((i) => rows[i].key === key);
    this.active = here >= 0 ? here : Math.min(this.active, Math.max(0, this.shown.length - 1));
    this.empty.hidden = rows.length > 0;
    this.main.hidden = rows.length === 0;
    this.acts.hidden = rows.length === 0;
    this.layout.rebuild();
    this.layout.show(this.active);
    this.counts();
    this.drawDetail();
    this.drawPlan();
  }

  counts() {
    if (!this.tally) return;
    const n = this.store.count();
    const unkept = n.unkept ? ` · ${n.unkept} not kept yet${this.store.isStuck() ? ": the kernel is busy or gone" : ""}` : "";
    const filtered = this.shown.length === n.all ? "" : `${this.shown.length} shown of `;
    const { layout, actions } = this.store.work;
    const waiting = layout.noun ? "" : ` · ${n.waiting} undecided`;
    const decided = `${waiting} · ${n.decided} decided${n.changed ? ` · ${n.changed} ${n.changed === 1 ? "print" : "prints"} changed` : ""}${unkept}`;
    this.tally.textContent = `${filtered}${n.all} ${layout.noun || (n.all === 1 ? "row" : "rows")}${actions.length ? decided : ""}`;
    this.tally.classList.toggle("pk-bad", Boolean(n.unkept) && this.store.isStuck());
    this.root.dataset.unkept = n.unkept;
    this.root.dataset.decided = n.decided;
  }

  say({ tone, text }) {
    this.alert.className = `pk-say pk-${tone || "soft"}`;
    this.alert.textContent = text;
  }

  // --- where we are ----------------------------------------------------------------------------------------------------

  get key_here() {
    return this.store.rows[this.shown[this.active]]?.key;
  }

  // The rows that a press is about: the one we are at, or those that are selected.
  get keys_here() {
    const at = this.layout.selection?.() || [this.active];
    return at.map((i) => this.store.rows[this.shown[i]]?.key).filter((key) => key !== undefined);
  }

  pick(frame) {
    this.picked = this.picked === frame ? null : frame;
    for (const tile of this.detail.querySelectorAll("[data-frame]")) tile.classList.toggle("pk-picked", Number(tile.dataset.frame) === this.picked);
  }

  goTo(at) {
    if (at < 0 || at >= this.shown.length) return;
    if (at !== this.active) this.picked = null;
    this.active = at;
    this.layout.show(at);
    this.drawDetail();
  }

  goToKey(key) {
    this.goTo(this.shown.findIndex((i) => this.store.rows[i].key === key));
  }

  // The next row that waits: below, then from the top.
  goOn() {
    const n = this.shown.length;
    for (let step = 1; step < n; step += 1) {
      const at = (this.active + step) % n;
      if (!this.store.isDecided(this.store.rows[this.shown[at]].key)) return this.goTo(at);
    }
    return this.goTo(Math.min(this.active + 1, n - 1));
  }

  drawDetail() {
    const key = this.key_here;
    if (!key) return this.detail.replaceChildren();
    const blocks = this.store.details.get(key);
    this.store.wantDetails(key);
    const had = this.detail.contains(document.activeElement);
    if (blocks) this.detail.replaceChildren(...drawBlocks(blocks, this));
    else this.detail.replaceChildren(make("p", { class: "pk-soft" }, "…"));
    if (had) (this.detail.querySelector("[data-takes-focus]") || this.detail).focus({ preventScroll: true }); // or the next key would be the notebook's
    this.detail.dataset.of = blocks ? key : "";
    const next = this.shown[this.active + 1];
    if (blocks && next !== undefined) this.store.wantDetails(this.store.rows[next].key);
    return undefined;
  }

  // What is on the screen of a row follows what was just decided about it.
  freshen(row) {
    if (row !== this.key_here) return;
    for (const block of this.detail.children) block.freshen?.();
  }

  heardPictures(frames) {
    fillPictures(this.root, frames, this);
    for (const block of this.detail?.children || []) block.filled?.(frames);
  }

  // Keys that were pressed before the row could be shown are taken now, in their order.
  heardDetails(row) {
    if (row !== null && row === this.key_here) this.drawDetail();
    if (!this.waits || (row !== null && row !== this.waits.key)) return;
    const { key, does, early } = this.waits;
    this.waits = null;
    if (row === null || key !== this.key_here) {
      this.say({ tone: "warn", text: `${1 + early.length} keys were not taken: ${key} could not be shown in time.` });
      return;
    }
    does();
    while (early.length && !this.waits) {
      const next = early.shift();
      this.does(next.key, next);
    }
    if (this.waits) this.waits.early.push(...early);
  }

  // --- deciding --------------------------------------------------------------------------------------------------------

  press(action, value = "", keys = this.keys_here) {
    if (!keys.length || this.isTooMany(action, keys)) return;
    this.store.pressAll(keys, action.name, value);
    if (action.goes_on) this.goOn();
  }

  isTooMany(action, keys) {
    if (action.many || keys.length < 2) return false;
    this.say({ tone: "warn", text: `“${action.label}” is about one of them; ${keys.length} are selected. Choose one.` });
    return true;
  }

  act(action) {
    if (this.isTooMany(action, this.keys_here)) return;
    if (action.needs === "candidate") this.choose(1, action);
    else if (action.needs === "text") this.type(action);
    else if (action.needs === "frame") this.pressPicked(action);
    else if (action.needs === "crop") this.does("]", { target: this.detail });
    else if (action.every) this.askEvery(action);
    else if (action.needs) this.pressShown(action);
    else this.press(action);
  }

  pressPicked(action) {
    if (this.picked === null) this.say({ tone: "warn", text: "Choose one of the pictures first: a click." });
    else this.press(action, this.picked);
  }

  // The value is what stands in the row, so that nothing is decided that was not on the screen.
  pressShown(action) {
    const value = this.store.rows[this.shown[this.active]]?.[action.needs];
    if (value) this.press(action, value);
    else this.say({ tone: "warn", text: `${this.key_here}: there is nothing to ${action.name}.` });
  }

  // One key for many rows: asked once more, with their number; then each is a decision of its own.
  askEvery(action) {
    const known = this.store.work.actions.find((a) => a.name === action.every);
    const keys = this.shown.map((i) => this.store.rows[i]).filter((row) => row.is_ready && !this.store.isDecided(row.key)).map((row) => row.key);
    if (!keys.length) return this.say({ tone: "warn", text: `${action.label}: there is none in sight that is undecided.` });
    const yes = make("button", { type: "button", onclick: () => this.pressEvery(known, keys) }, make("kbd", {}, "↵"), ` ${action.label}: ${keys.length} of ${this.shown.length} in sight`);
    const no = make("button", { type: "button", onclick: () => this.leaveTyping() }, make("kbd", {}, "Esc"), " No");
    this.typing.replaceChildren(make("div", { class: "pk-bar", role: "alertdialog", "aria-label": action.label }, make("b", {}, `${known.label} ${keys.length}?`), yes, no));
    this.typing.hidden = false;
    return yes.focus();
  }

  pressEvery(action, keys) {
    this.leaveTyping();
    for (const key of keys) this.store.press(key, action.name);
    this.say({ tone: "good", text: `${keys.length} decided; nothing of the job has changed yet.` });
  }

  // Take the nth candidate of the row. If its details have not come yet, when they come: a key pressed early is not lost.
  choose(number, action = this.store.work.actions.find((a) => a.needs === "candidate")) {
    const key = this.key_here;
    if (!action || !key) return;
    const blocks = this.store.details.get(key);
    if (!blocks) {
      this.store.wantDetails(key);
      this.waits = { key, does: () => this.choose(number, action), early: [] };
      return;
    }
    const item = candidatesOf(blocks)[number - 1];
    if (item) this.press(action, item.value);
    else this.say({ tone: "warn", text: `${key} has no candidate ${number}.` });
  }

  undo() {
    const row = this.store.undo();
    if (row) this.goToKey(row);
    else this.say({ tone: "warn", text: "Nothing to undo in this window." });
  }

  // --- typing ----------------------------------------------------------------------------------------------------------

  type(action) {
    this.typedFor = { action, keys: this.keys_here };
    const box = make("input", { type: "text", "aria-label": action.label, role: "combobox", "aria-expanded": "true", oninput: () => this.askSuggestions(box.value) });
    const list = make("ul", { class: "pk-suggestions", role: "listbox" });
    this.typing.replaceChildren(make("label", {}, `${action.label} `, box), list, make("span", { class: "pk-soft" }, " Enter takes the first, Esc leaves"));
    this.typing.hidden = false;
    this.items = [];
    this.askSuggestions("");
    box.focus();
  }

  askSuggestions(text) {
    this.suggestNo = (this.suggestNo || 0) + 1;
    if (this.store.work.suggests) this.store.send({ kind: "suggest", text, no: this.suggestNo });
  }

  drawSuggestions(message) {
    if (message.no !== this.suggestNo || this.typing.hidden) return;
    this.items = message.items;
    const waited = this.enterWaits;
    this.enterWaits = false;
    this.typing.querySelector("ul").replaceChildren(...message.items.map((item) =>
      make("li", { role: "option" }, make("button", { type: "button", onclick: () => this.typed(item.value) }, make("b", {}, item.title), " ", make("code", {}, item.code ?? item.value), ` ${item.note || ""}`))));
    this.suggestedFor = message.no;
    if (waited) this.takeTyped();
  }

  takeTyped() {
    const text = this.typing.querySelector("input").value.trim();
    if (!this.store.work.suggests) return text ? this.typed(text) : undefined;
    if (this.suggestedFor !== this.suggestNo) {
      this.enterWaits = true; // what was typed last has not been answered yet
      return undefined;
    }
    if (this.items.length) return this.typed(this.items[0].value);
    return this.say({ tone: "warn", text: "Nothing on the list fits what was typed." });
  }

  typed(value) {
    const { action, keys } = this.typedFor;
    this.leaveTyping();
    if (!keys.includes(this.key_here)) this.goToKey(keys[0]);
    this.press(action, value, keys);
  }

  leaveTyping() {
    this.typing.hidden = true;
    this.typing.replaceChildren();
    this.grid.focus({ preventScroll: true });
  }

  // --- plan ------------------------------------------------------------------------------------------------------------

  // The plan is made of what is kept: asked for a moment too early, it waits.
  askPlan() {
    this.planWaits = this.store.unkept.size > 0;
    if (this.planWaits) this.drawPlan("The plan waits until your decisions are kept …");
    else this.store.askPlan();
  }

  heardPlan(plan) {
    this.drawPlan();
    this.planned.scrollIntoView({ block: "nearest" });
    if (plan && !this.store.plan) this.say({ tone: "warn", text: "Decided meanwhile: make the plan again." });
  }

  drawPlan(words = "") {
    if (!this.planned) return;
    const plan = this.store.plan;
    this.root.dataset.plan = words ? "waits" : plan ? "there" : "";
    if (words || !plan) return this.planned.replaceChildren(words ? make("p", { class: "pk-soft" }, words) : "");
    const found = plan.findings.map(([severity, code, n]) => `${n} ${code} (${severity})`).join(", ");
    const apply = make("button", { type: "button", class: "pk-apply", disabled: plan.is_empty, onclick: () => this.store.apply(this.why.value) },
      make("kbd", {}, "Ctrl ↵"), " Apply");
    const drop = (row) => make("button", { type: "button", onclick: () => this.store.press(row, "undo") }, "Drop this decision");
    const stuck = plan.unusable.map(([row, why]) => make("p", { class: "pk-bad" }, `Cannot be used: ${why}. `, drop(row)));
    return this.planned.replaceChildren(make("p", {}, make("b", {}, "Plan: "), plan.headline || "nothing to do"), ...(found ? [make("p", { class: "pk-soft" }, found)] : []),
      ...stuck, ...drawBlocks(plan.blocks, this), make("div", { class: "pk-bar" }, this.why, apply, make("span", { class: "pk-soft" }, plan.is_empty ? "Nothing would change." : "Nothing has changed yet.")));
  }

  // --- keys ------------------------------------------------------------------------------------------------------------

  key(event) {
    event.stopPropagation(); // before the notebook takes it
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      if (this.store.plan && !this.store.plan.is_empty) this.store.apply(this.why.value);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !this.grid) return;
    if (event.key === "Escape" && !this.typing.hidden && this.typing.contains(event.target)) return void this.leaveTyping();
    const inText = event.target.closest("input, select, textarea");
    if (inText) return void this.keyInText(event);
    const onButton = event.target.closest("button");
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    if (this.waits) {
      this.waits.early.push({ key: event.key, target: event.target, shiftKey: event.shiftKey });
      event.preventDefault();
    } else if (this.does(event.key, event)) event.preventDefault();
  }

  keyInText(event) {
    const isTyping = this.typing.contains(event.target);
    if (event.key === "Escape") {
      event.preventDefault();
      if (isTyping) this.leaveTyping();
      else this.grid.focus({ preventScroll: true });
    } else if (event.key === "Enter" && isTyping) {
      event.preventDefault();
      this.takeTyped();
    } else if (event.key === "Enter" && event.target === this.filter) {
      this.grid.focus({ preventScroll: true });
    }
  }

  does(key, event) {
    if (BLOCK_KEYS.some((takes) => takes(key, event, this))) return true;
    if (PER_CELL.has(key)) {
      const to = this.detail.contains(event.target) ? undefined : this.layout.step(key, event);
      if (to === undefined) return false;
      this.goTo(to);
      return true;
    }
    if (key === "/") return this.filter.focus(), true;
    if (key === "u") return this.undo(), true;
    if (key === "p" && this.store.work.actions.length) return this.askPlan(), true;
    if (this.layout.does?.(key, event)) return true;
    if (/^[1-9]$/.test(key)) return this.choose(Number(key)), true;
    const action = this.store.work.actions.find((a) => a.key === key);
    if (action) this.act(action);
    return Boolean(action) || key.length === 1;
  }
}

function isFlag(tone) {
  return tone === "warn" || tone === "bad";
}

function keyName(key) {
  return { Enter: "↵", Delete: "Del", " ": "space" }[key] || key;
}

export default {
  render({ model, el }) {
    const view = new PanelView(new Store(model), make("div"));
    el.append(view.root);
    return () => view.close();
  },
};
