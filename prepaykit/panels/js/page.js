// The page of a panel: its bar, rows and details, and where the hand is. What is done there is in panel.js.

class PanelPage {
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
    this.typing = this.typing || make("div", { class: "pk-typing", hidden: true }); // what is being typed stays when the rows come anew
    this.planned = make("div", { class: "pk-plan", role: "status" });
    this.why = this.why || make("input", { type: "text", placeholder: "why (for the journal)", "aria-label": "Why" });
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
    const focus = document.activeElement;
    const had = this.root.contains(focus);
    const wasFiltering = had && focus === this.filter;
    const [text, only] = [this.filter?.value || "", this.only];
    this.build();
    this.filter.value = text;
    this.which.value = only;
    this.sift(key);
    const stays = wasFiltering ? this.filter : !this.typing.hidden && this.typing.contains(focus) ? focus : this.grid;
    if (had) stays.focus({ preventScroll: true }); // or what is typed would be keys of the rows
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
    if (key !== this.pickedOf) this.picked = null; // a picture that was chosen is one of the row on the screen
    this.pickedOf = key;
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
    while (early.length && !this.waits) this.replay(early.shift());
    if (this.waits) this.waits.early.push(...early);
  }

  // What cannot be done before the row is shown waits until then, and what is pressed meanwhile behind it.
  queue(key, does) {
    this.store.wantDetails(key);
    if (this.waits) this.waits.early.push({ does });
    else this.waits = { key, does, early: [] };
  }

  // A key that was pressed early goes to where it would go now: into a text that is open, onto a button, or to the rows.
  replay({ does, key, shiftKey }) {
    if (does) return does();
    const focus = this.root.contains(document.activeElement) ? document.activeElement : this.grid;
    if (focus.matches("input") && key.length === 1) {
      focus.value += key;
      return focus.dispatchEvent(new Event("input"));
    }
    if (focus.matches("button") && (key === "Enter" || key === " ")) return focus.click();
    return focus.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true }));
  }
}

function isFlag(tone) {
  return tone === "warn" || tone === "bad";
}
