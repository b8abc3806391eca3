// Blocks: the pieces of a detail. Each draws one kind of block; all text is set as text, so nothing that a file held can run.

const BLOCKS = {
  text: (block) => make("p", { class: `pk-text ${block.tone ? `pk-${block.tone}` : ""}` }, block.text),

  notes: (block) => make("section", { class: "pk-block pk-notes" }, block.title ? make("h4", {}, block.title) : null,
    ...block.notes.map(([words, tone]) => make("p", { class: tone ? `pk-${tone}` : "" }, words))),

  fields: (block) => {
    const rows = block.rows.map(([label, value]) => make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, value)));
    return make("section", { class: `pk-block ${block.is_wide ? "pk-whole-line" : ""}` }, make("h4", {}, block.title), make("table", { class: "pk-facts" }, ...rows));
  },

  frames: (block, view) => {
    const strip = make("div", { class: "pk-strip" });
    block.frames.forEach((f, i) => strip.append(frameTile(f, view, i + 1)));
    return make("section", { class: "pk-block pk-frames" }, make("h4", {}, block.title), strip);
  },

  picture: (block, view) => make("div", { class: "pk-picture" }, pictureOf(block.frame, block.caption, view, true)),

  products: (block, view) => {
    const items = block.items.map((item) => make("li", {}, make("b", {}, item.title), make("div", { class: "pk-strip" }, ...item.tiles.map((t) => frameTile(t, view, 0)))));
    return make("section", { class: "pk-block pk-whole-line" }, make("h4", {}, block.title), make("ul", { class: "pk-products" }, ...items));
  },

  candidates: (block, view) => {
    const list = make("ol", { class: "pk-candidates" });
    block.items.forEach((item, i) => list.append(candidate(item, i + 1, view)));
    const none = block.items.length ? null : make("p", { class: "pk-soft" }, block.nobody);
    return make("section", { class: "pk-block pk-wide" }, make("h4", {}, block.title), none, list);
  },
};

// Keys of blocks on the screen, each a function of key, event and view that says whether it took the key.
const BLOCK_KEYS = [];

function drawBlocks(blocks, view) {
  return blocks.map((block) => (BLOCKS[block.kind] ? BLOCKS[block.kind](block, view) : null)).filter(Boolean);
}

// The items that 1 to 9 choose among the blocks of a row.
function candidatesOf(blocks) {
  return (blocks || []).filter((b) => b.kind === "candidates").flatMap((b) => b.items);
}

// A frame of the details; a click chooses it, for the actions that are about a picture.
function frameTile(frame, view, number) {
  const picture = frame.frame === null ? make("span", { class: "pk-nopicture" }, "no picture") : pictureOf(frame.frame, frame.caption, view);
  const mark = frame.tone ? make("span", { class: `pk-mark pk-${frame.tone}` }, TONES[frame.tone] || "") : null;
  return make("figure", { class: `pk-tile ${frame.tone ? `pk-tone-${frame.tone}` : ""}`, "data-frame": frame.frame, "data-number": number,
    onclick: () => view.pick(frame.frame) }, picture, make("figcaption", {}, mark, frame.caption));
}

const TONES = { good: "card", warn: "?", bad: "!" };

// The picture of a frame, or a place for it that is filled when it has come. `asks`: ask for it now.
function pictureOf(frame, caption, view, large = false, asks = true) {
  const key = pictureKey(frame, large);
  const url = view.store.pictureUrl(key);
  if (url) return make("img", { src: url, alt: `frame ${frame}, ${caption}`, draggable: "false" });
  if (asks) view.store.wantPictures([frame], large);
  const words = view.store.pictures.get(key) === "" ? "cannot be shown" : "…";
  return make("span", { class: "pk-nopicture", "data-picture": key, "data-caption": caption }, words);
}

// Put pictures that have come into the places that wait for them.
function fillPictures(root, keys, view) {
  const come = new Set(keys.map(String));
  for (const place of root.querySelectorAll("[data-picture]")) {
    const key = place.dataset.picture;
    if (come.has(key)) place.replaceWith(pictureOf(parseInt(key, 10), place.dataset.caption, view, key.endsWith("large")));
  }
}

function candidate(item, number, view) {
  const known = item.share !== null && item.share !== undefined;
  const share = [item.sure, known ? percent(item.share) : ""].filter(Boolean).join(" · ");
  const facts = make("table", { class: "pk-facts" });
  for (const [field, typed, listed, level] of item.facts || []) {
    const sides = [typed, listed].map((side) => make("td", {}, ...pieces(side)));
    facts.append(make("tr", {}, make("th", { scope: "row" }, field), ...sides, make("td", { class: "pk-soft" }, level)));
  }
  const head = make("div", { class: "pk-candidate-head" }, make("kbd", {}, String(number)), make("b", {}, item.title),
    make("code", {}, item.code || item.value), share ? make("span", { class: "pk-share" }, share) : null);
  if (known) head.append(make("span", { class: "pk-bar-of", role: "presentation" }, make("span", { style: `width:${100 * item.share}%` })));
  const strip = (item.frames || []).length ? make("div", { class: "pk-strip" }, ...item.frames.map((f) => frameTile(f, view, 0))) : null;
  const button = make("button", { type: "button", class: "pk-candidate", "aria-label": `${number}: ${item.title} ${item.code || item.value} ${share}`,
    onclick: () => view.choose(number) }, head);
  return make("li", {}, button, item.note ? make("p", { class: "pk-soft" }, item.note) : null, (item.facts || []).length ? facts : null, strip);
}

function pieces(side) {
  if (!Array.isArray(side)) return [side || ""];
  return side.map(([text, differs]) => (differs ? make("mark", {}, text) : text));
}

function percent(share) {
  if (share > 0.9994 && share < 1) return "> 99.9 %";
  return `${(100 * share).toFixed(1)} %`;
}
