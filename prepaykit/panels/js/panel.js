// Panel: bar, rows, details, actions, plan; and the keyboard. Keys stay here: JupyterLab would insert a cell at `a` and cut one at `x`.

const PER_CELL = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "PageDown", "PageUp", "Home", "End"]);

const LIKELY = 0.5;

class PanelView extends PanelPage {
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
    if (action.needs === "candidate") this.chooseFirst(action);
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
    const waiting = keys.filter((key) => this.store.at.has(key) && !this.store.isDecided(key)); // somebody may have decided meanwhile
    this.store.pressAll(waiting, action.name);
    this.say({ tone: "good", text: `${waiting.length} decided; nothing of the job has changed yet.` });
  }

  // In the rhythm of one key nobody shall be taken who is hardly likely, or no likelier than the next: that wants the number.
  chooseFirst(action) {
    const key = this.key_here;
    const blocks = this.store.details.get(key);
    if (key && !blocks) return this.queue(key, () => this.chooseFirst(action));
    const [first] = candidatesOf(blocks);
    if (!first || isLikely(first)) return this.choose(1, action);
    const share = first.share === null || first.share === undefined ? "" : `, ${percent(first.share)}`;
    return this.say({ tone: "warn", text: `${key}: the first is not likely enough for one key${share}. Press 1 to take it all the same.` });
  }

  // Take the nth candidate of the row. If its details have not come yet, when they come: a key pressed early is not lost.
  choose(number, action = this.store.work.actions.find((a) => a.needs === "candidate")) {
    const key = this.key_here;
    if (!action || !key) return undefined;
    const blocks = this.store.details.get(key);
    if (!blocks) return this.queue(key, () => this.choose(number, action));
    const item = candidatesOf(blocks)[number - 1];
    if (item) return this.press(action, item.value);
    return this.say({ tone: "warn", text: `${key} has no candidate ${number}.` });
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
    if (waited && this.items.length > 1) this.say({ tone: "warn", text: `${this.items.length} fit what was typed: Enter takes the first.` });
    else if (waited) this.takeTyped();
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
    const isTyped = document.activeElement === this.why; // whoever types a reason goes on typing it, whatever becomes of the plan
    const parts = words || !plan ? [words ? make("p", { class: "pk-soft" }, words) : "", ...(isTyped ? [this.why] : [])] : this.planParts(plan);
    this.planned.replaceChildren(...parts);
    if (isTyped) this.why.focus({ preventScroll: true });
  }

  planParts(plan) {
    const found = plan.findings.map(([severity, code, n]) => `${n} ${code} (${severity})`).join(", ");
    const apply = make("button", { type: "button", class: "pk-apply", disabled: plan.is_empty, onclick: () => this.store.apply(this.why.value) },
      make("kbd", {}, "Ctrl ↵"), " Apply");
    const drop = (row) => make("button", { type: "button", onclick: () => this.store.press(row, "undo") }, "Drop this decision");
    const stuck = plan.unusable.map(([row, why]) => make("p", { class: "pk-bad" }, `Cannot be used: ${why}. `, drop(row)));
    return [make("p", {}, make("b", {}, "Plan: "), plan.headline || "nothing to do"), ...(found ? [make("p", { class: "pk-soft" }, found)] : []),
      ...stuck, ...drawBlocks(plan.blocks, this), make("div", { class: "pk-bar" }, this.why, apply, make("span", { class: "pk-soft" }, plan.is_empty ? "Nothing would change." : "Nothing has changed yet."))];
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
      this.waits.early.push({ key: event.key, shiftKey: event.shiftKey });
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

function isLikely(candidate) {
  return candidate.sure !== "possible" && !(typeof candidate.share === "number" && candidate.share < LIKELY);
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
