// Table: thousands of rows, of which only those in sight are in the page. An ARIA grid whose active row is told to screen readers.

const SPARE = 8;

class TableLayout {
  constructor(view) {
    this.view = view;
    this.store = view.store;
    this.sorted = null; // {name, down}
    this.drawn = new Map();
    this.head = make("div", { class: "pk-head", role: "row", "aria-rowindex": "1" });
    this.space = make("div", { class: "pk-space", role: "rowgroup" });
    this.body = make("div", { class: "pk-body", role: "presentation" }, make("div", { class: "pk-headgroup", role: "rowgroup" }, this.head), this.space);
    this.body.addEventListener("scroll", () => this.soon());
    this.watch = new ResizeObserver(() => this.soon());
    this.watch.observe(this.body);
    this.space.addEventListener("click", (event) => {
      const row = event.target.closest("[data-at]");
      if (row) view.goTo(Number(row.dataset.at));
    });
  }

  close() {
    this.watch.disconnect();
  }

  // The rows in their order on the screen, as numbers of store.rows.
  order(numbers) {
    if (!this.sorted) return numbers;
    const { name, down } = this.sorted;
    const sign = down ? -1 : 1;
    const value = (i) => (name === "" ? this.store.decisions.get(this.store.rows[i].key)?.said || "" : this.store.rows[i][name]);
    return [...numbers].sort((a, b) => sign * compare(value(a), value(b)) || a - b);
  }

  rebuild() {
    const columns = this.store.work.columns;
    this.view.grid.setAttribute("aria-colcount", columns.length + Number(this.decides));
    const [first, ...others] = columns.map((c, i) => `minmax(${i && c.kind !== "code" ? 0 : Math.min(c.width, 12)}ch, ${c.width}fr)`); // what a row is called, and a code, are always whole
    this.widths = [first, ...(this.decides ? ["minmax(0, 16fr)"] : []), ...others].join(" ");
    this.head.style.gridTemplateColumns = this.widths;
    const headings = columns.map((c) => this.heading(c.name, c.title));
    if (this.decides) headings.splice(1, 0, this.heading("", "decided"));
    this.head.replaceChildren(...headings);
    this.draw(true);
  }

  heading(name, title) {
    const here = this.sorted && this.sorted.name === name;
    const arrow = here ? (this.sorted.down ? " ▾" : " ▴") : "";
    const sort = () => {
      this.sorted = here ? (this.sorted.down ? null : { name, down: true }) : { name, down: false };
      this.view.sift();
      this.head.querySelector(`[data-name="${CSS.escape(name)}"]`)?.focus();
    };
    const button = make("button", { type: "button", "data-name": name, onclick: sort, title: `Sort by ${title}` }, title + arrow);
    return make("div", { role: "columnheader", "aria-sort": here ? (this.sorted.down ? "descending" : "ascending") : "none" }, button);
  }

  // Right after the first column, so that it is always in sight.
  get decides() {
    return this.store.work.actions.length > 0;
  }

  get rowHeight() {
    if (!this.height) {
      const probe = make("div", { class: "pk-row" }, "x");
      this.space.append(probe);
      this.height = probe.getBoundingClientRect().height || 28;
      probe.remove();
    }
    return this.height;
  }

  soon() {
    if (this.waits) return;
    this.waits = requestAnimationFrame(() => {
      this.waits = null;
      this.draw(false);
    });
  }

  draw(anew) {
    const shown = this.view.shown;
    const high = this.rowHeight;
    this.view.grid.setAttribute("aria-rowcount", shown.length + 1);
    this.space.style.height = `${shown.length * high}px`;
    const top = Math.max(0, Math.floor(this.body.scrollTop / high) - SPARE);
    const end = Math.min(shown.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / high) + SPARE);
    if (anew) {
      this.space.replaceChildren();
      this.drawn.clear();
    }
    for (const [at, row] of this.drawn) {
      if (at < top || at >= end) {
        row.remove();
        this.drawn.delete(at);
      }
    }
    for (let at = top; at < end; at += 1) {
      if (this.drawn.has(at)) continue;
      const row = this.rowOf(at, high);
      this.space.append(row);
      this.drawn.set(at, row);
    }
    this.mark();
  }

  rowOf(at, high) {
    const row = this.store.rows[this.view.shown[at]];
    const cells = this.store.work.columns.map((c) => cell(row[c.name], c));
    const element = make("div", { class: `pk-row ${row.tone ? `pk-tone-${row.tone}` : ""}`, role: "row", id: `${this.view.id}-${at}`, "data-at": at,
      "data-key": row.key, "aria-rowindex": at + 2, style: `top:${at * high}px;grid-template-columns:${this.widths}` }, ...cells);
    if (this.decides) element.firstChild.after(this.decision(row.key));
    return element;
  }

  decision(key) {
    const d = this.store.decisions.get(key);
    const parts = this.store.changedParts(key);
    const isDecided = this.store.isDecided(key);
    const changed = parts ? make("span", { class: "pk-warn", title: `${parts} changed` }, isDecided ? ` ✎ ${parts}` : `✎ ${parts} changed`) : "";
    const cell = make("div", { role: "gridcell", class: "pk-decision" });
    if (!isDecided) return cell.append(changed), cell;
    const who = d.mine || !d.who ? "" : ` (${d.who})`;
    cell.title = `${d.said}${who}`;
    cell.append(make("span", { class: d.state === "kept" ? "pk-kept" : "pk-sent" }, d.state === "kept" ? "✓ " : "… "), `${d.said}${who}`, changed);
    return cell;
  }

  changed(key) {
    for (const [at, row] of this.drawn) {
      if (row.dataset.key !== key) continue;
      row.querySelector(".pk-decision")?.replaceWith(this.decision(key));
      row.classList.toggle("pk-decided", this.store.isDecided(key));
    }
  }

  mark() {
    for (const [at, row] of this.drawn) {
      const isHere = at === this.view.active;
      row.classList.toggle("pk-here", isHere);
      row.setAttribute("aria-selected", isHere);
      row.classList.toggle("pk-decided", this.store.isDecided(row.dataset.key));
    }
    this.view.grid.setAttribute("aria-activedescendant", `${this.view.id}-${this.view.active}`);
  }

  show(at) {
    const high = this.rowHeight;
    const covered = this.head.getBoundingClientRect().height;
    const [from, to] = [at * high, (at + 1) * high];
    const view = this.body.clientHeight - covered;
    if (from < this.body.scrollTop) this.body.scrollTop = from;
    else if (to > this.body.scrollTop + view) this.body.scrollTop = to - view;
    this.draw(false);
  }

  step(key) {
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.rowHeight) - 2);
    const last = this.view.shown.length - 1;
    const to = { ArrowDown: this.view.active + 1, ArrowUp: this.view.active - 1, PageDown: this.view.active + page, PageUp: this.view.active - page, Home: 0, End: last }[key];
    return to === undefined ? undefined : Math.min(last, Math.max(0, to));
  }
}

function cell(value, column) {
  const element = make("div", { role: "gridcell", class: `pk-cell pk-as-${column.kind}` });
  if (value === null || value === undefined) return element;
  const shown = column.kind === "share" ? percent(value) : column.kind === "flag" ? (value ? "✓" : "") : String(value);
  element.append(shown);
  element.title = shown;
  return element;
}

function compare(a, b) {
  const none = [a, b].map((v) => v === null || v === undefined || v === "");
  if (none[0] || none[1]) return none[0] - none[1];
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

const LAYOUTS = { table: TableLayout, pictures: TableLayout };
