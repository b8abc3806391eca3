// Prints as they will be: each cut to its shape, one of them marked; for the marked one the frame with its crop, to move and to size.
//
// A crop is x, y, w, h as fractions of the upright frame. It always has the shape of the print. What is changed is drawn at once and said to the
// kernel when the hand rests, or before any other key is done.

const LEAST_DPI = 200;
const RESTS_MS = 500;
const LEAST_SHARE = 0.15; // a crop is never smaller than this part of the largest one
const DECIMALS = 1e7;

BLOCKS.prints = (block, view) => {
  const prints = new Prints(block, view);
  prints.element.freshen = () => prints.draw();
  prints.element.takes = (key, event) => prints.takes(key, event);
  prints.element.filled = () => prints.draw();
  return prints.element;
};

BLOCK_KEYS.push((key, event, view) => {
  const block = [...view.detail.children].find((element) => element.takes);
  if (block) return block.takes(key, event);
  const early = view.store.work.layout.kind === "pictures" && view.key_here && !view.detail.dataset.of && /^[1-9[\]+=\-0]$/.test(key);
  if (early) view.queue(view.key_here, () => view.does(key, { target: view.detail }));
  return Boolean(early);
});

class Prints {
  constructor(block, view) {
    this.block = block;
    this.view = view;
    this.row = view.key_here;
    this.slots = block.sheets.flatMap((sheet) => sheet.slots);
    this.frames = new Map(Object.values(block.strips).flat().map((f) => [f.frame, f]));
    const before = view.printsAt;
    this.at = before?.row === this.row ? Math.min(before.at, this.slots.length - 1) : 0;
    this.local = null; // {part, crop}: drawn, not said yet
    this.seen = view.store.seen ||= new Map(); // frame -> width and height of its picture, which is upright
    this.early = []; // keys pressed before the picture was there
    this.sheets = make("div", { class: "pk-sheets", role: "group", "aria-label": "Prints" });
    this.editor = make("div", { class: "pk-editor", tabindex: "0", role: "group", "data-takes-focus": true });
    this.words = make("div", { class: "pk-editor-words", role: "status" });
    this.strip = make("div", { class: "pk-strip", role: "group", "aria-label": "Frames to choose from" });
    const left = make("div", { class: "pk-editor-left" }, this.editor, this.words);
    this.side = make("div", { class: "pk-editor-side" }, this.sheets, this.strip);
    this.element = make("section", { class: "pk-block pk-prints" }, make("h4", {}, block.title), make("div", { class: "pk-desk" }, left, this.side));
    this.editor.addEventListener("pointerdown", (event) => this.grab(event));
    this.editor.addEventListener("blur", () => this.flush());
    this.draw();
  }

  // --- what is shown ---------------------------------------------------------------------------------------------------

  get slot() {
    return this.slots[this.at];
  }

  // Frame and crop of a slot as they will be: as they are in the job, changed by what was decided and by what is being drawn.
  shown(slot) {
    const said = this.view.store.decisions.get(slot.part);
    let { frame, crop } = slot;
    let changed = Boolean(said) && said.action !== "undo";
    if (changed && said.action === "frame") [frame, crop] = [parseInt(said.value, 10), null];
    if (changed && said.action === "crop") {
      const [text, on] = said.value.split("@");
      [frame, crop] = [parseInt(on, 10), text === "none" ? null : text];
    }
    let cut = crop ? parseCrop(crop) : null;
    if (this.local && this.local.part === slot.part) [cut, changed] = [this.local.crop, true];
    return { frame, crop: cut, changed, kept: !changed || (said?.state === "kept" && !this.local) };
  }

  // Width and height of the upright frame: the file's, turned if its picture is.
  sizeOf(frame) {
    const known = this.frames.get(frame);
    const seen = this.seen.get(frame);
    if (!known || !known.width) return seen || null;
    const isTurned = seen && seen[0] !== seen[1] && seen[0] > seen[1] !== known.width > known.height;
    return isTurned ? [known.height, known.width] : [known.width, known.height];
  }

  crop(slot) {
    const now = this.shown(slot);
    const size = this.sizeOf(now.frame);
    if (now.crop || !size) return now.crop || [0, 0, 1, 1];
    return largest(size, slot);
  }

  draw() {
    this.view.printsAt = { row: this.row, at: this.at };
    if (!this.slots.length) return this.element.replaceChildren(make("p", { class: "pk-soft" }, "No prints."));
    const had = this.element.contains(document.activeElement);
    let number = 0;
    this.sheets.replaceChildren(...this.block.sheets.map((sheet) => {
      const from = number;
      number += sheet.slots.length;
      return this.sheetOf(sheet, from);
    }));
    this.drawEditor();
    this.drawStrip();
    if (had && !this.element.contains(document.activeElement)) this.editor.focus({ preventScroll: true }); // a button that was drawn anew
    return undefined;
  }

  sheetOf(sheet, from) {
    const changed = sheet.slots.some((slot) => this.shown(slot).changed);
    const holes = sheet.slots.map((slot, i) => this.holeOf(slot, from + i));
    let paper = holes[0];
    if (sheet.size) {
      const art = sheet.artwork && !changed ? this.picture(sheet.artwork, "finished memory mate", "pk-artwork") : null;
      paper = make("div", { class: "pk-paper", style: `aspect-ratio:${sheet.size[0]}/${sheet.size[1]}` }, art, ...holes);
      paper.classList.toggle("pk-has-artwork", Boolean(art));
    }
    const note = sheet.size && changed && sheet.artwork ? "changed: the artwork is made anew" : sheet.note;
    const tone = sheet.size && changed && sheet.artwork ? "warn" : sheet.tone;
    return make("figure", { class: `pk-sheet ${sheet.slots.some((s) => s === this.slot) ? "pk-marked" : ""}` }, paper,
      make("figcaption", {}, make("b", {}, sheet.title), note ? make("span", { class: `pk-${tone || "soft"}` }, ` ${note}`) : null));
  }

  // One picture of a print, cut as it will be; a click marks it.
  holeOf(slot, number) {
    const { frame, changed } = this.shown(slot);
    const crop = this.crop(slot);
    const size = this.sizeOf(frame) || [2, 3];
    const box = slot.box ? `left:${100 * slot.box[0]}%;top:${100 * slot.box[1]}%;width:${100 * slot.box[2]}%;height:${100 * slot.box[3]}%`
      : `aspect-ratio:${crop[2] * size[0]}/${crop[3] * size[1]}`;
    const label = `${number + 1} of ${this.slots.length}: ${slot.label}, ${frame ? `frame ${frame}` : "no picture"}${changed ? ", changed" : ""}`;
    const cut = frame ? this.picture(frame, label, "pk-cut") : make("span", { class: "pk-nopicture" }, "no picture");
    if (cut.tagName === "IMG") cut.style.cssText = `width:${100 / crop[2]}%;height:${100 / crop[3]}%;left:${(-100 * crop[0]) / crop[2]}%;top:${(-100 * crop[1]) / crop[3]}%`;
    return make("button", { type: "button", class: `pk-hole ${slot.box ? "pk-placed" : ""}`, style: box, "aria-label": label, "data-part": slot.part,
      "aria-pressed": String(number === this.at), onclick: () => this.mark(number) }, cut, changed ? make("span", { class: "pk-changed" }, "✎") : null);
  }

  picture(frame, alt, kind) {
    const url = this.view.store.pictures.get(`${frame} large`);
    if (!url) {
      this.view.store.wantPictures([frame], true);
      return make("span", { class: "pk-nopicture" }, url === "" ? "cannot be shown" : "…");
    }
    const image = make("img", { class: kind, src: url, alt, draggable: "false" });
    if (!this.seen.has(frame)) image.addEventListener("load", () => this.learn(frame, image), { once: true });
    return image;
  }

  // The first time a picture is there it says which way up it is; what was drawn before may have been the wrong way.
  learn(frame, image) {
    this.seen.set(frame, [image.naturalWidth, image.naturalHeight]);
    clearTimeout(this.drawsSoon);
    this.drawsSoon = setTimeout(() => {
      if (!this.element.isConnected) return;
      this.draw();
      for (const [key, event] of this.early.splice(0)) this.takes(key, event);
    }, 0);
  }

  drawEditor() {
    const { frame, crop: own, changed, kept } = this.shown(this.slot);
    const crop = this.crop(this.slot);
    this.editor.setAttribute("aria-label", `Crop of print ${this.at + 1}: ${this.slot.label}. Arrows move it, plus and minus size it, 0 takes it off.`);
    const image = frame ? this.picture(frame, `frame ${frame}, the whole of it`, "pk-whole") : make("span", { class: "pk-nopicture" }, "no picture: choose a frame");
    const parts = [image];
    if (image.tagName === "IMG" && this.canCrop()) {
      const corners = ["nw", "ne", "sw", "se"].map((c) => make("span", { class: `pk-corner pk-${c}`, "data-corner": c }));
      parts.push(make("div", { class: "pk-crop", style: `left:${100 * crop[0]}%;top:${100 * crop[1]}%;width:${100 * crop[2]}%;height:${100 * crop[3]}%` }, ...corners));
    }
    this.editor.replaceChildren(make("div", { class: "pk-canvas" }, ...parts));
    const words = [make("p", {}, make("b", {}, `${this.at + 1} of ${this.slots.length} · ${this.slot.label}`), frame ? ` · frame ${frame}` : "")];
    const lost = Math.round(100 * (1 - crop[2] * crop[3]));
    if (frame && this.canCrop()) words.push(make("p", {}, own ? "cropped by hand" : this.slot.box ? "cut as the composer does" : "cut as the lab does", `, ${lost} % is not on the print`));
    const dpi = this.dpi(crop, frame);
    if (dpi) words.push(make("p", { class: dpi < LEAST_DPI ? "pk-bad" : "pk-soft" }, `${Math.floor(dpi)} pixels per inch`, dpi < LEAST_DPI ? `: too small a part for this print, ${LEAST_DPI} are needed` : ""));
    if (changed) words.push(make("p", { class: kept ? "pk-kept" : "pk-sent" }, kept ? "✓ changed, kept" : "… changed"));
    words.push(make("p", { class: "pk-soft" }, make("kbd", {}, "["), " ", make("kbd", {}, "]"), " print ", make("kbd", {}, "← ↑ ↓ →"), " move ", make("kbd", {}, "+"), " ", make("kbd", {}, "−"), " size ", make("kbd", {}, "0"), " as the lab cuts"));
    this.words.replaceChildren(...words);
  }

  drawStrip() {
    const now = this.shown(this.slot).frame;
    const frames = this.block.strips[this.slot.strip] || [];
    this.strip.replaceChildren(...frames.map((f, i) => {
      const tile = frameTile(f, this.view, i + 1);
      const number = make("span", { class: "pk-number" }, i < 9 ? make("kbd", {}, String(i + 1)) : "", f.frame === now ? " here" : "");
      return make("button", { type: "button", class: "pk-choose", "aria-pressed": String(f.frame === now), "aria-label": `Take frame ${f.frame}: ${f.caption}`,
        onclick: () => this.take(i) }, number, tile);
    }), ...(frames.length ? [] : [make("p", { class: "pk-soft" }, "No frame could stand here: nobody's gallery is behind it.")]));
  }

  canCrop() {
    return Boolean(this.slot.width) && Boolean(this.sizeOf(this.shown(this.slot).frame));
  }

  dpi(crop, frame) {
    const known = this.frames.get(frame);
    if (!known?.width || !this.slot.width) return 0;
    return Math.sqrt((crop[2] * known.width * crop[3] * known.height) / (this.slot.width * this.slot.height));
  }

  // --- deciding --------------------------------------------------------------------------------------------------------

  mark(number) {
    this.flush();
    this.at = (number + this.slots.length) % this.slots.length;
    this.draw();
    this.editor.focus({ preventScroll: true });
    this.element.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest" });
  }

  take(number) {
    this.flush();
    const frame = (this.block.strips[this.slot.strip] || [])[number];
    if (!frame) return this.view.say({ tone: "warn", text: `There is no frame ${number + 1} for this print.` });
    return this.view.store.press(this.slot.part, "frame", frame.mark, this.row);
  }

  say(text) {
    const frame = this.frames.get(this.shown(this.slot).frame);
    this.view.store.press(this.slot.part, "crop", `${text}@${frame.mark}`, this.row);
  }

  // Draw a crop now, and say it when the hand rests.
  set(crop) {
    const [x, y, w, h] = crop;
    this.local = { part: this.slot.part, crop: [clamp(x, 0, 1 - w), clamp(y, 0, 1 - h), w, h] };
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), RESTS_MS);
  }

  flush() {
    clearTimeout(this.timer);
    if (!this.local) return;
    const slot = this.slots.findIndex((s) => s.part === this.local.part);
    const text = formatCrop(this.local.crop);
    const frame = this.frames.get(this.shown(this.slots[slot]).frame);
    const { part } = this.local;
    this.local = null;
    this.view.store.press(part, "crop", `${text}@${frame.mark}`, this.row);
  }

  move(dx, dy) {
    const [x, y, w, h] = this.crop(this.slot);
    this.set([x + dx, y + dy, w, h]);
  }

  // Size it around a point that stays, given in fractions of the crop.
  size(factor, [px, py] = [0.5, 0.5]) {
    const [x, y, w, h] = this.crop(this.slot);
    const most = largest(this.sizeOf(this.shown(this.slot).frame), this.slot);
    const to = clamp(w * factor, LEAST_SHARE * most[2], most[2]);
    const high = h * (to / w) > most[3] ? most[3] : h * (to / w);
    this.set([x + (w - to) * px, y + (h - high) * py, to, high]);
  }

  takes(key, event) {
    if (key === "[" || key === "]") return this.mark(this.at + (key === "]" ? 1 : -1)), true;
    if (/^[1-9]$/.test(key)) return this.take(Number(key) - 1), true;
    const inside = this.element.contains(event.target);
    if (key === "Escape" && inside) return this.flush(), this.view.grid.focus({ preventScroll: true }), true;
    const step = event.shiftKey ? 0.05 : 0.01;
    const does = {
      "+": () => this.size(1.04), "=": () => this.size(1.04), "-": () => this.size(1 / 1.04),
      0: () => this.asTheLab(),
      ...(inside ? { ArrowLeft: () => this.move(-step, 0), ArrowRight: () => this.move(step, 0), ArrowUp: () => this.move(0, -step), ArrowDown: () => this.move(0, step) } : {}),
    }[key];
    if (!does) return this.flush(), false;
    const { frame } = this.shown(this.slot);
    const isComing = frame && this.slot.width && !this.seen.has(frame) && this.view.store.pictures.get(`${frame} large`) !== "";
    if (isComing) return this.early.push([key, { target: event.target, shiftKey: event.shiftKey }]), true; // which way up it is, only the picture says
    if (this.canCrop()) does();
    else this.view.say({ tone: "warn", text: "This print cannot be cropped: it has no size, or no picture yet." });
    return true;
  }

  asTheLab() {
    clearTimeout(this.timer);
    this.local = null;
    this.say("none");
  }

  // --- by mouse --------------------------------------------------------------------------------------------------------

  grab(event) {
    const canvas = this.editor.querySelector(".pk-canvas");
    const handle = event.target.closest(".pk-crop");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    this.editor.focus({ preventScroll: true });
    const { width, height } = canvas.getBoundingClientRect();
    const from = this.crop(this.slot);
    const most = largest(this.sizeOf(this.shown(this.slot).frame), this.slot);
    const { corner } = event.target.dataset;
    const follow = (now) => {
      const [dx, dy] = [(now.clientX - event.clientX) / width, (now.clientY - event.clientY) / height];
      this.set(corner ? sized(from, corner, dx, dy, most) : [from[0] + dx, from[1] + dy, from[2], from[3]]);
    };
    const leave = () => {
      document.removeEventListener("pointermove", follow);
      document.removeEventListener("pointerup", leave);
      document.removeEventListener("pointercancel", leave);
      this.flush();
    };
    document.addEventListener("pointermove", follow);
    document.addEventListener("pointerup", leave);
    document.addEventListener("pointercancel", leave);
  }
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), Math.max(least, most));
}

function parseCrop(text) {
  return text.split(",").map(Number);
}

function formatCrop(crop) {
  return crop.map((v) => String(Math.round(v * DECIMALS) / DECIMALS)).map((t) => (t.includes("e") ? "0" : t)).join(",");
}

// As much of an upright frame as has the shape of the print: what is kept if nobody says.
function largest([width, height], slot) {
  const told = slot.width / slot.height;
  if (!slot.width) return [0, 0, 1, 1];
  const shape = slot.is_fixed || width >= height === told >= 1 ? told : 1 / told;
  const w = Math.min(1, (shape * height) / width);
  const h = Math.min(1, width / height / shape);
  return [(1 - w) / 2, (1 - h) * slot.centre, w, h];
}

// A crop whose corner was drawn by dx, dy: the other corner stays, the shape too.
function sized([x, y, w, h], corner, dx, dy, most) {
  const [right, low] = [corner[1] === "e", corner[0] === "s"];
  const grown = Math.max(((right ? dx : -dx) + w) / w, ((low ? dy : -dy) + h) / h);
  const room = Math.min((right ? 1 - x : x + w) / w, (low ? 1 - y : y + h) / h, most[2] / w);
  const factor = clamp(grown, (LEAST_SHARE * most[2]) / w, room);
  return [right ? x : x + w - w * factor, low ? y : y + h - h * factor, w * factor, h * factor];
}
