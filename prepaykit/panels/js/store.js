// Store: what this window knows of the panel, and the channel to the kernel. One store for each view; each is a window of its own.
//
// A press is drawn at once and marked until the kernel says that it is kept. Until then it also lies in the browser's storage (keys only, never a
// name): if the kernel dies, the next panel of the same work in this browser sends it again under the same id, and the studio keeps it once.

const SLOW_MS = 4000;
const NEWS_MS = 5000;
const MOST_PICTURES = 600; // kept in the browser; those that were not looked at for longest go first

class Store {
  constructor(model) {
    this.model = model;
    this.window = newId();
    this.work = null;
    this.rows = [];
    this.at = new Map(); // key of a row -> its number
    this.decisions = new Map(); // key of a row, or of a part of one -> {no, action, value, said, who, state}
    this.parts = new Map(); // key of a row -> keys of its parts about which something was said
    this.unkept = new Map(); // id of a press -> press, in order
    this.said = []; // what this window decided, in order, for undo: {id, key, of, before, group}
    this.group = ""; // presses that are undone together
    this.details = new Map();
    this.pictures = new Map(); // frame, or "frame large" -> url, or "" if it cannot be shown, or null while asked for
    this.wanted = new Set();
    this.latest = 0; // number of the newest draft seen
    this.plan = null;
    this.moved = false;
    this.asked = 0;
    this.listeners = new Map();
    this.heard = (message, buffers) => this.hear(message, buffers || []);
    model.on("msg:custom", this.heard);
    this.send({ kind: "ready" });
    this.timer = setInterval(() => this.askNews(), NEWS_MS);
  }

  close() {
    clearInterval(this.timer);
    this.model.off("msg:custom", this.heard);
    for (const url of this.pictures.values()) if (url) URL.revokeObjectURL(url);
  }

  on(event, does) {
    this.listeners.set(event, [...(this.listeners.get(event) || []), does]);
  }

  tell(event, about) {
    for (const does of this.listeners.get(event) || []) does(about);
  }

  // A kernel that was restarted hears nothing: what was pressed stays in this browser until the cell is run again.
  send(message) {
    try {
      this.model.send(message);
    } catch {
      if (["press", "details", "preview", "apply"].includes(message.kind))
        this.tell("said", { tone: "bad", text: "The kernel does not hear this panel any more. Your decisions are kept; run the cell again to go on." });
    }
  }

  hear(message, buffers) {
    const does = {
      rows: () => this.heardRows(message),
      kept: () => this.heardKept(message),
      refused: () => this.heardRefused(message),
      details: () => this.heardDetails(message),
      frames: () => this.heardFrames(message, buffers),
      suggestions: () => this.tell("suggestions", message),
      preview: () => this.heardPreview(message),
      applied: () => this.heardApplied(message),
      news: () => this.heardNews(message),
      said: () => this.heardSaid(message),
    }[message.kind];
    if (does) does();
  }

  // --- rows and decisions ----------------------------------------------------------------------------------------------

  heardRows(message) {
    const first = this.work === null;
    this.work = message;
    this.moved = false;
    this.details.clear();
    const keys = message.rows.key;
    const names = Object.keys(message.rows);
    this.rows = keys.map((key, i) => Object.fromEntries(names.map((name) => [name, message.rows[name][i]])));
    this.at = new Map(keys.map((key, i) => [key, i]));
    this.decisions = new Map();
    this.parts = new Map();
    this.plan = null;
    this.takeIn(message.decisions);
    for (const press of this.unkept.values()) this.draw(press);
    if (first) this.sendAgain();
    this.tell("rows");
  }

  takeIn(decisions) {
    for (const d of decisions) {
      this.latest = Math.max(this.latest, d.no);
      const here = this.decisions.get(d.row);
      if (here && here.no >= d.no) continue;
      this.plan = null;
      if ([...this.unkept.values()].some((p) => p.row === d.row)) continue;
      this.setDecision({ ...d, state: "kept", mine: d.window === this.window });
    }
  }

  setDecision(d) {
    this.decisions.set(d.row, d);
    if (d.of) this.parts.set(d.of, (this.parts.get(d.of) || new Set()).add(d.row));
  }

  // How many parts of a row were decided about.
  changedParts(row) {
    return [...(this.parts.get(row) || [])].filter((part) => this.isDecided(part)).length;
  }

  isDecided(key) {
    const d = this.decisions.get(key);
    return Boolean(d) && d.action !== "undo";
  }

  count() {
    let decided = 0;
    for (const row of this.rows) if (this.isDecided(row.key)) decided += 1;
    const changed = [...this.parts.keys()].reduce((n, row) => n + this.changedParts(row), 0);
    return { all: this.rows.length, decided, waiting: this.rows.length - decided, unkept: this.unkept.size, changed };
  }

  // `of`: the row of which `row` is a part.
  press(row, action, value = "", of = "", isBack = false) {
    const before = this.decisions.get(row);
    const press = { id: newId(), row, of, action, value: String(value), seen: before?.no || 0, window: this.window, at: Date.now() };
    this.unkept.set(press.id, press);
    this.remember();
    if (action !== "undo" && !isBack) this.said.push({ id: press.id, key: row, of, before: of && this.isDecided(row) ? before : null, group: this.group });
    this.draw(press);
    this.plan = null;
    this.send({ kind: "press", ...press });
    this.tell("decided", of || row);
    setTimeout(() => this.tell("counts"), SLOW_MS + 50);
  }

  // The same press about several rows: each is kept by itself, and undone together.
  pressAll(rows, action, value = "") {
    this.group = rows.length > 1 ? newId() : "";
    for (const row of rows) this.press(row, action, value);
    this.group = "";
  }

  draw(press) {
    const before = this.decisions.get(press.row);
    const said = press.action === "undo" ? "" : this.words(press.action, press.value);
    this.setDecision({ row: press.row, of: press.of, no: before?.no || 0, action: press.action, value: press.value, said, who: "", state: "sent", mine: true });
  }

  words(action, value) {
    const known = this.work?.actions.find((a) => a.name === action);
    return `${known ? known.label : action}${value ? ` ${value}` : ""}`;
  }

  // Take back what was said last, and say to which row that belongs. A part that was changed twice is as it was after the first time.
  undo() {
    while (this.said.length) {
      const together = [this.said.pop()];
      while (together[0].group && this.said.at(-1)?.group === together[0].group) together.push(this.said.pop());
      const rows = together.map((press) => this.takeBack(press)).filter(Boolean);
      if (rows.length) return rows.at(-1);
    }
    return null;
  }

  takeBack({ key, of, before }) {
    if (!this.at.has(of || key) || !this.isDecided(key) || !this.decisions.get(key).mine) return null; // another window's word stays
    if (before) this.press(key, before.action, before.value, of, true);
    else this.press(key, "undo", "", of);
    return of || key;
  }

  heardKept(message) {
    this.unkept.delete(message.id);
    this.remember();
    this.takeIn([{ ...message }]);
    this.tell("decided", message.of || message.row);
    this.tell("kept", message);
  }

  heardRefused(message) {
    const wasMine = this.unkept.delete(message.id);
    this.said = this.said.filter((press) => press.id !== message.id);
    this.remember();
    if (wasMine) {
      this.decisions.delete(message.row);
      this.tell("said", { tone: "bad", text: message.text });
    }
    this.takeIn(message.decisions);
    this.tell("rows-changed");
    this.tell("kept", message);
  }

  // --- what was not kept yet -------------------------------------------------------------------------------------------

  get storage() {
    return `prepaykit.unkept.${this.work?.scope}|`;
  }

  remember() {
    try {
      const mine = this.storage + this.window; // of each window its own: none writes over another's
      if (this.unkept.size) localStorage.setItem(mine, JSON.stringify([...this.unkept.values()]));
      else localStorage.removeItem(mine);
    } catch {
      // a browser may forbid storage: then a press lives until the kernel has it
    }
  }

  sendAgain() {
    const left = this.leftBehind();
    for (const press of left) {
      this.unkept.set(press.id, press);
      if (this.at.has(press.of || press.row)) this.draw(press);
      this.send({ kind: "press", ...press }); // as the window said it that it was pressed in: none of its own overtook it
    }
    this.remember();
    if (left.length) this.tell("said", { tone: "warn", text: `${left.length} of your decisions had not reached the kernel; they are sent again.` });
  }

  // What windows left behind, in the order in which it was pressed; it is this window's to keep from now on.
  leftBehind() {
    try {
      const places = Object.keys(localStorage).filter((name) => name.startsWith(this.storage));
      const left = places.flatMap((name) => JSON.parse(localStorage.getItem(name)));
      places.forEach((name) => localStorage.removeItem(name));
      return left.filter((press) => !this.unkept.has(press.id)).sort((a, b) => a.at - b.at);
    } catch {
      return [];
    }
  }

  isStuck() {
    const now = Date.now();
    return [...this.unkept.values()].some((p) => now - p.at > SLOW_MS);
  }

  // --- others ----------------------------------------------------------------------------------------------------------

  askNews() {
    if (this.work && document.visibilityState === "visible" && !this.unkept.size) this.send({ kind: "news", after: this.latest });
  }

  heardNews(message) {
    const fresh = message.decisions.filter((d) => d.no > this.latest && d.window !== this.window);
    this.takeIn(message.decisions);
    if (fresh.length) {
      const who = [...new Set(fresh.map((d) => d.who))].join(", ");
      this.tell("said", { tone: "warn", text: `${fresh.length} decided in another window, by ${who}.` });
      this.tell("rows-changed");
    }
    if (message.moved && !this.moved) {
      this.moved = true;
      this.tell("said", { tone: "warn", text: "The job has been changed elsewhere: press “Look anew”. Your decisions are kept." });
    }
  }

  refresh() {
    this.send({ kind: "refresh" });
  }

  // --- details, pictures, plan -----------------------------------------------------------------------------------------

  wantDetails(key) {
    if (!key || this.details.has(key)) return;
    this.details.set(key, null);
    this.send({ kind: "details", row: key });
  }

  heardDetails(message) {
    this.details.set(message.row, message.blocks);
    this.tell("details", message.row);
  }

  // Ask for pictures that are not there; those that are wanted in one go travel together, a few in each message.
  wantPictures(frames, large = false) {
    const fresh = frames.map((f) => pictureKey(f, large)).filter((key) => !this.pictures.has(key));
    if (!fresh.length) return;
    if (!this.wanted.size) setTimeout(() => this.askPictures(), 0);
    for (const key of fresh) {
      this.pictures.set(key, null);
      this.wanted.add(key);
    }
  }

  askPictures() {
    const wanted = [...this.wanted];
    this.wanted.clear();
    for (const large of [true, false]) {
      const frames = wanted.filter((key) => (typeof key === "string") === large).map((key) => parseInt(key, 10));
      for (let i = 0; i < frames.length; i += 24) this.send({ kind: "frames", frames: frames.slice(i, i + 24), large });
    }
  }

  heardFrames(message, buffers) {
    const keys = message.asked.map((f) => pictureKey(f, message.large));
    for (const key of keys) if (!this.pictures.get(key)) this.pictures.set(key, "");
    message.frames.forEach((frame, i) => {
      const key = pictureKey(frame, message.large);
      if (!this.pictures.get(key)) this.pictures.set(key, URL.createObjectURL(new Blob([buffers[i]], { type: "image/jpeg" })));
    });
    this.dropPictures();
    this.tell("pictures", keys);
  }

  // The url of a picture, which is now the one looked at last.
  pictureUrl(key) {
    const url = this.pictures.get(key);
    if (url) this.pictures.delete(key);
    if (url) this.pictures.set(key, url);
    return url;
  }

  dropPictures() {
    for (const [key, url] of this.pictures) {
      if (this.pictures.size <= MOST_PICTURES) return;
      if (!url) continue;
      URL.revokeObjectURL(url);
      this.pictures.delete(key);
    }
  }

  askPlan() {
    this.asked += 1;
    this.planFor = this.latest;
    this.plan = null; // or the one that is being made would be applied unseen
    this.send({ kind: "preview", no: this.asked });
    this.tell("planning");
  }

  heardPreview(message) {
    if (message.no !== this.asked) return;
    this.plan = this.unkept.size || this.latest !== this.planFor ? null : message;
    this.tell("plan", message);
  }

  apply(why) {
    this.send({ kind: "apply", why, plan: this.plan.id });
    this.plan = null;
    this.tell("applying");
  }

  heardApplied(message) {
    this.said = [];
    this.tell("said", { tone: "good", text: message.text });
    this.tell("applied", message);
  }

  heardSaid(message) {
    this.tell("said", message);
    if (message.of === "preview" || message.of === "apply") this.tell("plan", null);
    if (message.of === "details") this.tell("details", null);
  }
}

function pictureKey(frame, large) {
  return large ? `${frame} large` : frame;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

// An element with a class and children; text is always text.
function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
