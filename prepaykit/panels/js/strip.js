// Strip: frames as shot, in tiles of one size, of which only those in sight are in the page; each camera begins a line of its own. Arrows move in two
// dimensions, Shift selects a run, and what is selected can be dragged onto another child.

const SPARE_LINES = 2;
const SETTLED_MS = 120;
const DRAGGED = "application/x-prepaykit-frames";

class StripLayout {
  constructor(view) {
    this.view = view;
    this.store = view.store;
    this.lines = []; // {top, high, head} or {top, high, from, to}: rows shown from and to
    this.drawn = new Map(); // number of a line -> its element
    this.anchor = null; // where a selected run begins
    this.columns = 1;
    this.extras = [{ key: "g", label: "Next to look at", does: () => this.nextDoubt(1) }];
    this.space = make("div", { class: "pk-space", role: "rowgroup" });
    this.body = make("div", { class: "pk-body pk-film", role: "presentation" }, this.space);
    this.body.addEventListener("scroll", () => this.soon());
    this.watch = new ResizeObserver(() => this.fits() || this.rebuild());
    this.watch.observe(this.body);
    this.space.addEventListener("click", (event) => this.clicked(event));
    for (const kind of ["dragstart", "dragover", "dragleave", "drop", "dragend"]) this.space.addEventListener(kind, (event) => this.drags(kind, event));
    view.grid.setAttribute("aria-multiselectable", "true");
  }

  close() {
    this.watch.disconnect();
    clearTimeout(this.settles);
  }

  order(numbers) {
    return numbers;
  }

  // --- the lines -------------------------------------------------------------------------------------------------------

  measure() {
    const tile = make("div", { class: "pk-frame" }, "x");
    const head = make("div", { class: "pk-film-head" }, "x");
    this.space.append(tile, head);
    this.size = { wide: tile.offsetWidth || 120, high: tile.offsetHeight || 140, head: head.offsetHeight || 24 };
    tile.remove();
    head.remove();
    this.width = this.body.clientWidth;
    this.columns = Math.max(1, Math.floor(this.width / this.size.wide));
  }

  fits() {
    return this.body.clientWidth === this.width || !this.body.clientWidth;
  }

  rebuild() {
    this.measure();
    const { shown } = this.view;
    const camera = (at) => this.store.rows[shown[at]].camera;
    this.lines = [];
    this.lineOf = new Int32Array(shown.length);
    let top = 0;
    for (let at = 0; at < shown.length; ) {
      if (at === 0 || camera(at) !== camera(at - 1)) {
        this.lines.push({ top, high: this.size.head, head: camera(at) });
        top += this.size.head;
      }
      let to = at + 1;
      while (to < shown.length && to < at + this.columns && camera(to) === camera(at)) to += 1;
      this.lineOf.fill(this.lines.length, at, to);
      this.lines.push({ top, high: this.size.high, from: at, to });
      top += this.size.high;
      at = to;
    }
    this.space.style.height = `${top}px`;
    this.view.grid.setAttribute("aria-rowcount", this.lines.length);
    this.view.grid.setAttribute("aria-colcount", this.columns);
    this.draw(true);
  }

  soon() {
    if (this.waits) return;
    this.waits = requestAnimationFrame(() => {
      this.waits = null;
      this.draw(false);
    });
  }

  lineAt(y) {
    let [low, high] = [0, this.lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lines[middle].top <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  draw(anew) {
    if (anew) {
      this.space.replaceChildren();
      this.drawn.clear();
    }
    if (!this.lines.length) return;
    const { scrollTop, clientHeight } = this.body;
    const first = Math.max(0, this.lineAt(scrollTop) - SPARE_LINES);
    const end = Math.min(this.lines.length, this.lineAt(scrollTop + clientHeight) + SPARE_LINES + 1);
    for (const [n, line] of this.drawn) {
      if (n < first || n >= end) {
        line.remove();
        this.drawn.delete(n);
      }
    }
    for (let n = first; n < end; n += 1) {
      if (this.drawn.has(n)) continue;
      const line = this.line(n);
      this.space.append(line);
      this.drawn.set(n, line);
    }
    this.mark();
    clearTimeout(this.settles);
    this.settles = setTimeout(() => this.askPictures(), SETTLED_MS);
  }

  // Pictures are asked for when scrolling has come to rest: whoever flies past five thousand frames wants those at the end.
  askPictures() {
    const places = [...this.space.querySelectorAll("[data-picture]")].map((place) => Number(place.dataset.picture));
    this.store.wantPictures(places);
  }

  line(n) {
    const { top, high, head, from, to } = this.lines[n];
    const style = `top:${top}px;height:${high}px`;
    if (head !== undefined) {
      return make("div", { class: "pk-film-head", role: "row", style, "aria-rowindex": n + 1 }, make("span", { role: "rowheader" }, head));
    }
    const line = make("div", { class: "pk-film-line", role: "row", style, "aria-rowindex": n + 1 });
    for (let at = from; at < to; at += 1) line.append(this.tile(at, at - from));
    return line;
  }

  // --- a tile ----------------------------------------------------------------------------------------------------------

  tile(at, column) {
    const row = this.store.rows[this.view.shown[at]];
    const before = at ? this.store.rows[this.view.shown[at - 1]] : null;
    const begins = !before || before.session !== row.session;
    const classes = ["pk-frame", row.tone && `pk-film-${row.tone}`, begins && "pk-begins", row.mark === "hidden" && "pk-hidden"];
    const word = row.word ? make("span", { class: row.word === "card" ? "pk-word pk-good" : "pk-word" }, row.word) : null;
    const star = row.mark === "favourite" ? make("span", { class: "pk-word" }, "★ favourite") : null;
    const hides = row.mark === "hidden" ? make("span", { class: "pk-word" }, "hidden") : null;
    const sign = row.sign ? make("div", { class: `pk-sign pk-${row.tone}` }, row.tone === "bad" ? "! " : "? ", row.sign) : null;
    return make("div", { class: classes.filter(Boolean).join(" "), role: "gridcell", id: `${this.view.id}-${at}`, "data-at": at, "data-key": row.key,
      "aria-colindex": column + 1, "aria-label": this.words(row), draggable: "true", title: `${row.key} ${row.at || ""} ${row.also || ""}` },
    make("div", { class: "pk-frame-head" }, make("b", {}, row.key), word, star, hides), pictureOf(Number(row.key), row.word || "frame", this.view, false, false), sign,
    make("div", { class: "pk-frame-who" }, row.child || "nobody’s"), make("code", {}, row.code || "–"), this.decision(row.key));
  }

  words(row) {
    return [`frame ${row.key}`, row.word, row.child, row.code, row.sign && `look: ${row.sign}`, row.mark].filter(Boolean).join(", ");
  }

  decision(key) {
    const d = this.store.decisions.get(key);
    const place = make("div", { class: "pk-frame-said" });
    if (!d || d.action === "undo") return place;
    const who = d.mine || !d.who ? "" : ` (${d.who})`;
    place.append(make("span", { class: d.state === "kept" ? "pk-kept" : "pk-sent" }, d.state === "kept" ? "✓ " : "… "), `${d.said}${who}`);
    return place;
  }

  changed(key) {
    for (const line of this.drawn.values()) {
      const tile = line.querySelector(`[data-key="${CSS.escape(key)}"]`);
      tile?.querySelector(".pk-frame-said").replaceWith(this.decision(key));
    }
  }

  mark() {
    const chosen = new Set(this.selection() || [this.view.active]);
    for (const line of this.drawn.values()) {
      for (const tile of line.querySelectorAll("[data-at]")) {
        const at = Number(tile.dataset.at);
        tile.classList.toggle("pk-here", at === this.view.active);
        tile.classList.toggle("pk-chosen", chosen.has(at));
        tile.setAttribute("aria-selected", chosen.has(at));
      }
    }
    this.view.grid.setAttribute("aria-activedescendant", `${this.view.id}-${this.view.active}`);
  }

  // --- moving and selecting --------------------------------------------------------------------------------------------

  // The places that are selected: a run from where Shift was first pressed; null if it is only one.
  selection() {
    if (this.anchor === null || this.anchor === this.view.active) return null;
    const [from, to] = [this.anchor, this.view.active].sort((a, b) => a - b);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }

  extend(does) {
    if (does && this.anchor === null) this.anchor = this.view.active;
    this.extends = does;
  }

  show(at) {
    if (!this.extends) this.anchor = null;
    this.extends = false;
    if (!this.lines.length) return;
    const n = this.lineOf[at];
    const line = this.lines[n];
    const from = this.lines[n - 1]?.head !== undefined ? this.lines[n - 1].top : line.top;
    if (from < this.body.scrollTop) this.body.scrollTop = from;
    else if (line.top + line.high > this.body.scrollTop + this.body.clientHeight) this.body.scrollTop = line.top + line.high - this.body.clientHeight;
    this.draw(false);
  }

  step(key, event) {
    const { active, shown } = this.view;
    const last = shown.length - 1;
    if (last < 0) return undefined;
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.size.high) - 1);
    const to = { ArrowRight: active + 1, ArrowLeft: active - 1, Home: 0, End: last, ArrowDown: this.below(1), ArrowUp: this.below(-1), PageDown: this.below(page), PageUp: this.below(-page) }[key];
    if (to === undefined) return undefined;
    this.extend(event.shiftKey);
    return Math.min(last, Math.max(0, to));
  }

  // The place so many lines below, or above, in the same column or the last one that is there.
  below(lines) {
    const here = this.lineOf[this.view.active];
    const column = this.view.active - this.lines[here].from;
    const way = Math.sign(lines);
    let [n, left] = [here, Math.abs(lines)];
    for (let at = here + way; left && at >= 0 && at < this.lines.length; at += way) {
      if (this.lines[at].head !== undefined) continue;
      n = at;
      left -= 1;
    }
    return Math.min(this.lines[n].from + column, this.lines[n].to - 1);
  }

  does(key) {
    if (key === "g") return this.nextDoubt(1), true;
    if (key === "G") return this.nextDoubt(-1), true;
    if (key !== "Escape" || this.anchor === null) return false;
    this.anchor = null;
    this.mark();
    return true;
  }

  nextDoubt(way) {
    const n = this.view.shown.length;
    for (let i = 1; i <= n; i += 1) {
      const at = (this.view.active + way * i + n * 2) % n;
      if (isFlag(this.store.rows[this.view.shown[at]].tone)) return this.view.goTo(at);
    }
    return this.view.say({ tone: "good", text: "Nothing to look at here." });
  }

  clicked(event) {
    const tile = event.target.closest("[data-at]");
    if (!tile) return;
    this.extend(event.shiftKey);
    this.view.goTo(Number(tile.dataset.at));
  }

  // --- dragging --------------------------------------------------------------------------------------------------------

  drags(kind, event) {
    event.stopPropagation();
    const tile = event.target.closest?.("[data-at]");
    if (kind === "dragstart" && tile) this.lift(tile, event);
    else if (kind === "dragend") this.lift(null);
    else if (this.lifted && tile && (kind === "dragover" || kind === "drop")) this.over(tile, event, kind === "drop");
    else if (kind === "dragleave" && tile) tile.classList.remove("pk-drop");
  }

  lift(tile, event) {
    this.lifted = null;
    if (!tile) return;
    const at = Number(tile.dataset.at);
    const run = this.selection();
    if (!run?.includes(at)) this.view.goTo(at);
    this.lifted = this.view.keys_here;
    event.dataTransfer.setData(DRAGGED, this.lifted.join(" "));
    event.dataTransfer.effectAllowed = "move";
  }

  over(tile, event, drops) {
    const row = this.store.rows[this.view.shown[Number(tile.dataset.at)]];
    const action = this.store.work.actions.find((a) => a.name === this.store.work.layout.drop);
    if (!row.code || !action || this.lifted.includes(row.key)) return;
    event.preventDefault();
    tile.classList.toggle("pk-drop", !drops);
    if (!drops) return;
    const keys = this.lifted;
    this.lifted = null;
    this.view.press(action, row.code, keys);
    this.view.grid.focus({ preventScroll: true });
  }
}

LAYOUTS.strip = StripLayout;
