"""How fast and how surely picture day is read. Run it: `python tests/benchmarks/photos.py`.

It draws camera frames (24 megapixels, quality 95, 4:2:2, grain as a sensor makes it, EXIF of two bodies) into a temporary folder and prints, in one run:

1. speed: CPU and wall milliseconds a frame of the naive ways (`convert("L")` + zxing-cpp; the usual RGB array + zxing-cpp; OpenCV + ZBar as the open-source
   peer does), of ours (cards alone; all that `read-cards` does; the whole ingest with thumbnails), and of the floor, a bare 1/8 grey decode; one thread and two.
   Must: cards 3.0 times less than `convert("L")` in one thread, 2.0 with two, at most 1.4 times the floor; whole ingest at most 2.0 times the floor;
   two workers 1.8 times one.
2. cards: 121 drawn cards, eleven sizes by eleven conditions: read, alarmed, faintly noted, silent, by each way. Must: nothing lost that the naive way reads, at most
   5 silent, nothing misread.
3. without: 10,000 pictures without a card of ours. Must: no code accepted, at most 1 % false alarms.
4. damage: each kind of damage at random places of a frame: noticed by Pillow, by the strict decoder, by us.
5. memory: the most memory of a process that reads many files. Must: under 500 MB for 9,000 frames.

`--quick` does a little of each; `--part speed` one part; `--frames 8` fewer (or more) frames. It is not a test: times differ from machine to machine; judge by CPU time and by ratios within a run.
Peers (opencv-python-headless, pyzbar with libzbar0) are not needed; one that is missing is skipped and said.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import simplejpeg
import zxingcpp
from PIL import Image

from prepaykit.intake.frames import read_frames
from prepaykit.intake.jpeg_header import header_of
from prepaykit.intake.one_frame import Row, Task, decoded, read_one
from prepaykit.intake.qr import Symbols, read_symbols
from prepaykit.intake.sources import Limits
from prepaykit.rules.codes import is_own_form
from tests.benchmarks.camera_frames import CONDITIONS, SIZES, card_frame, code_of, plain_frame
from tests.benchmarks.without_cards import KINDS, has_foreign_code, photographs, picture_without_card

PARTS = ("speed", "cards", "without", "damage", "memory")
QR = zxingcpp.BarcodeFormat.QRCode


# --- the ways ----------------------------------------------------------------------------------------------------------


def floor(path: Path) -> None:
    picture = Image.open(path)
    picture.draft("L", (picture.width // 8, picture.height // 8))
    picture.load()


def naive_grey(path: Path) -> tuple[str, ...]:
    return tuple(s.text for s in zxingcpp.read_barcodes(Image.open(path).convert("L"), formats=QR))


def usual_rgb(path: Path) -> tuple[str, ...]:
    return tuple(s.text for s in zxingcpp.read_barcodes(np.array(Image.open(path).convert("RGB")), formats=QR))


def cards_alone(path: Path) -> Symbols:
    """One strict grey decode at half scale, the reader, its ladder and its second look; nothing else."""
    content = path.read_bytes()
    header = header_of(content)
    symbols = read_symbols(decoded(content, header, scale=2, colour=False).grey)
    return read_symbols(decoded(content, header, scale=1, colour=False).grey) if symbols.is_broken else symbols


def read_cards_all(path: Path) -> Row:
    return read_one(Task(str(path.parent), path.name, path.stat().st_size, Limits()))


def whole_ingest(path: Path) -> Row:
    with tempfile.TemporaryDirectory() as thumbs:
        return read_one(Task(str(path.parent), path.name, path.stat().st_size, Limits(), thumbs=thumbs))


def peer() -> Callable[[Path], tuple[str, ...]] | None:
    """OpenCV + ZBar on the whole picture in colour; None where they are not installed."""
    try:
        import cv2
        from pyzbar import pyzbar
    except ImportError as error:
        print(f"OpenCV + ZBar: skipped, {error.name or 'libzbar0'} is not installed")
        return None
    return lambda path: tuple(s.data.decode() for s in pyzbar.decode(cv2.imread(str(path)), [pyzbar.ZBarSymbol.QRCODE]))


# --- 1 speed -----------------------------------------------------------------------------------------------------------


def speed(folder: Path, frames: int, passes: int) -> None:
    paths = [folder / f"IMG_{i:04d}.JPG" for i in range(frames)]
    for i, path in enumerate(paths):
        path.write_bytes(card_frame(SIZES[3 + i % 8], "clean", i) if i % 6 == 0 else plain_frame(i))
    print(
        f"\n# Speed: {frames} frames of 24 MP, {sum(p.stat().st_size for p in paths) / frames / 1e6:.1f} MB each, every sixth with a card; median of {passes} passes\n"
    )
    ways = {"floor: 1/8 grey decode": floor, 'convert("L") + zxing-cpp': naive_grey, "RGB array + zxing-cpp": usual_rgb, "OpenCV + ZBar": peer(),
            "ours: cards alone": cards_alone, "ours: read-cards (hash, EXIF, card, damage)": read_cards_all, "ours: whole ingest (and thumbnail)": whole_ingest}  # fmt: skip
    cpu: dict[tuple[str, int], list[float]] = {}
    wall: dict[tuple[str, int], list[float]] = {}
    for way in filter(None, ways.values()):
        way(paths[0])
    for _ in range(passes):  # all ways in turn, so that a busy minute slows all of them
        for name, way in ways.items():
            for threads in (1, 2):
                if way is not None:
                    c, w = _timed(way, paths, threads)
                    cpu.setdefault((name, threads), []).append(c)
                    wall.setdefault((name, threads), []).append(w)
    print(f"{'':46}{'one thread':>18}{'two threads':>18}\n{'ms a frame':46}{'CPU':>9}{'wall':>9}{'CPU':>9}{'wall':>9}")
    for name, way in ways.items():
        if way is not None:
            print(f"{name:46}" + "".join(f"{np.median(t[name, n]):9.0f}" for n in (1, 2) for t in (cpu, wall)))
    low, naive, cards, everything, whole = (list(ways)[i] for i in (0, 1, 4, 5, 6))
    ratio = lambda a, b, n=1: float(np.median(np.array(cpu[a, n]) / np.array(cpu[b, n])))  # noqa: E731
    print(f"""
convert("L") / cards alone          {ratio(naive, cards):.2f} (must 3.0), two threads each {ratio(naive, cards, 2):.2f} (must 2.0)
cards alone / floor                 {ratio(cards, low):.2f} (must be at most 1.4)
read-cards with all it does / floor {ratio(everything, low):.2f}
whole ingest / floor                {ratio(whole, low):.2f} (must be at most 2.0, stretch 1.8)
two workers / one, frames a second  {max(np.array(wall[whole, 1]) / np.array(wall[whole, 2])):.2f} (must 1.8; in the quietest pass, for others use the machine)""")


def _timed(way: Callable[[Path], object], paths: list[Path], threads: int) -> tuple[float, float]:
    start, began = time.process_time(), time.perf_counter()
    if threads == 1:
        for path in paths:
            way(path)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(way, paths))
    return (time.process_time() - start) * 1000 / len(paths), (time.perf_counter() - began) * 1000 / len(paths)


# --- 2 cards -----------------------------------------------------------------------------------------------------------


def _draw_card(job: tuple[Path, float, str, int]) -> None:
    path, size, condition, number = job
    path.write_bytes(card_frame(size, condition, number))


def cards(folder: Path, sizes: tuple[float, ...]) -> None:
    cases = [(s, c) for s in sizes for c in CONDITIONS]
    jobs = [(folder / f"card{i:03d}.jpg", s, c, i) for i, (s, c) in enumerate(cases)]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_draw_card, jobs))
    ours, naive, zbar, lost, wrong = {}, {}, {}, [], []
    other = peer()
    for path, size, condition, i in jobs:
        row = read_cards_all(path)
        texts = tuple((row.texts or "").split("\n")) if row.texts else ()
        ours[size, condition] = (
            "read"
            if texts
            else "alarm"
            if row.is_broken_card or row.problem
            else "note"
            if row.card_suspicion
            else "silent"
        )
        grey = naive_grey(path)
        naive[size, condition] = "read" if grey else "silent"
        zbar[size, condition] = "read" if other is not None and other(path) else "silent"
        lost += [(size, condition)] if grey and not texts else []
        wrong += [(size, condition, t) for t in {*texts, *grey} if t != code_of(i)]
    print(f"\n# Cards: {len(cases)} drawn cards, {min(sizes)} to {max(sizes)} % of the frame's width\n")
    print(f"{'':26}{'read':>6}{'alarm':>7}{'note':>6}{'silent':>8}")
    for name, outcome in (
        ("ours", ours),
        ('convert("L") + zxing-cpp', naive),
        *((("OpenCV + ZBar", zbar),) if other else ()),
    ):
        counts = Counter(outcome.values())
        print(f"{name:26}" + f"{counts['read']:6}{counts['alarm']:7}{counts['note']:6}{counts['silent']:8}")
    print(
        "\nread of eleven, by condition (ours / naive):",
        ", ".join(f"{c} {_read(ours, c, 1)}/{_read(naive, c, 1)}" for c in CONDITIONS),
    )
    print("by size:", ", ".join(f"{s:g} % {_read(ours, s, 0)}/{_read(naive, s, 0)}" for s in sizes))
    print("ours, not read:", ", ".join(f"{s:g} % {c}: {o}" for (s, c), o in ours.items() if o != "read") or "none")
    print(
        f"read by the naive way only: {len(lost)} (must be 0) {lost or ''}; misread: {len(wrong)} (must be 0) {wrong or ''}"
    )


def _read(outcome: dict[tuple[float, str], str], what: object, at: int) -> int:
    return sum(o == "read" for key, o in outcome.items() if key[at] == what or key[1 - at] == what)


# --- 3 without cards ---------------------------------------------------------------------------------------------------


def _look_at(number: int) -> tuple[str, bool, str | None, tuple[str, ...]]:
    kind, grey = picture_without_card(number)
    symbols = read_symbols(grey)
    return kind, symbols.is_broken, symbols.suspicion, symbols.texts


def without(pictures: int) -> None:
    alarms, notes, accepted, strange = Counter(), Counter(), [], []
    with ProcessPoolExecutor(2) as pool:
        for i, (kind, is_broken, suspicion, texts) in enumerate(pool.map(_look_at, range(pictures), chunksize=25)):
            alarms[kind] += is_broken
            notes[kind] += bool(suspicion) and not is_broken and not texts
            accepted += [(i, t) for t in texts if is_own_form(t)]
            strange += [(i, t) for t in texts if not has_foreign_code(kind)]
    blank = pictures * (len(KINDS) - 1) // len(KINDS)
    false = sum(n for kind, n in alarms.items() if not has_foreign_code(kind))
    print(
        f"\n# Without: {pictures} pictures without a card of ours{'' if photographs() else ' (no photographs: scikit-image is not installed)'}\n"
    )
    print(
        f"codes accepted as ours: {len(accepted)} (must be 0); texts read where no QR symbol is: {len(strange)} {strange[:5] or ''}"
    )
    print(f"false alarms: {false} of {blank}, {100 * false / blank:.2f} % (must be at most 1 %): {dict(alarms)}")
    print(
        f"faint notes: {dict(notes)}; alarms over foreign codes that are there and cannot be read: {alarms['foreign QR codes']}"
    )


# --- 4 damage ----------------------------------------------------------------------------------------------------------


def damage(folder: Path, times: int) -> None:
    files = [plain_frame(i) for i in range(2)]
    other = card_frame(15, "clean", 3)
    rng = np.random.default_rng(11)
    print(f"\n# Damage: each kind at {times} random places; noticed by\n\n{'':34}{'Pillow':>8}{'strict':>8}{'ours':>8}")
    for name, spoil in KINDS_OF_DAMAGE.items():
        noticed = Counter()
        for i in range(times):
            content = spoil(files[i % 2], other, rng)
            (folder / "damaged.jpg").write_bytes(content)
            row = read_cards_all(folder / "damaged.jpg") if i % 2 else whole_ingest(folder / "damaged.jpg")
            noticed["Pillow"] += not _loads(content)
            noticed["strict"] += not _is_strict(content)
            noticed["ours"] += row.damage is not None or row.problem is not None
        print(f"{name:34}" + "".join(f"{noticed[w]:8}" for w in ("Pillow", "strict", "ours")))


def _loads(content: bytes) -> bool:
    try:
        floor_of = Image.open(io.BytesIO(content))
        floor_of.draft("L", (floor_of.width // 2, floor_of.height // 2))
        floor_of.load()
    except OSError:
        return False
    return True


def _is_strict(content: bytes) -> bool:
    try:
        simplejpeg.decode_jpeg(content, "GRAY", min_height=500, min_width=750)
    except ValueError:
        return False
    return True


def _over(content: bytes, what: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(30_000, len(content) - len(what) - 1000))
    return content[:at] + what + content[at + len(what) :]


def _piece(content: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(30_000, len(content) - 2000))
    return content[at : at + 512]


KINDS_OF_DAMAGE: dict[str, Callable[[bytes, bytes, np.random.Generator], bytes]] = {
    "nothing (must be 0)": lambda a, b, rng: a,
    "64 KiB of zeros": lambda a, b, rng: _over(a, bytes(65536), rng),
    "4 KiB of 0xFF": lambda a, b, rng: _over(a, b"\xff" * 4096, rng),
    "512 B of noise": lambda a, b, rng: _over(a, rng.bytes(512), rng),
    "512 B of another picture": lambda a, b, rng: _over(a, _piece(b, rng), rng),
    "512 B from elsewhere in it": lambda a, b, rng: _over(a, _piece(a, rng), rng),
    "cut off": lambda a, b, rng: a[: int(rng.integers(30_000, len(a)))],
    "one bit": lambda a, b, rng: _over(a, bytes([rng.integers(256)]), rng),
}  # fmt: skip


# --- 5 memory ----------------------------------------------------------------------------------------------------------


def memory(folder: Path, frames: int, of_24: int) -> None:
    """No two files have the same bytes, so that every one is decoded."""
    drawn = [plain_frame(i) for i in range(4)] + [card_frame(15, "clean", 4), card_frame(22, "finger", 5)]
    small = io.BytesIO()
    Image.open(io.BytesIO(drawn[1])).resize((1200, 800)).save(small, "JPEG", quality=90)
    for i in range(frames):
        content = drawn[i % len(drawn)] if i < of_24 else small.getvalue()
        comment = b"\xff\xfe\x00\x06" + i.to_bytes(4, "big")
        (folder / f"DSC_{i:05d}.JPG").write_bytes(content[:2] + comment + content[2:])
    for way in ("threads", "processes"):
        out = subprocess.run(
            [sys.executable, __file__, "--read-only", str(folder), way], capture_output=True, text=True, check=True
        )
        print(f"\n# Memory, two {way}: {frames} files, {of_24} of them 24 MP; {out.stdout.strip()}")


def _read_only(folder: str, way: str) -> None:
    from prepaykit.intake.spreading import IsolatedReaders

    peaks: dict[int, int] = {}

    def note(done: int, total: int) -> None:
        for child in multiprocessing.active_children():
            peaks[child.pid] = _peak(child.pid)

    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as beside,
        ThreadPoolExecutor(2) if way == "threads" else IsolatedReaders(2) as pool,
    ):
        read = read_frames(
            folder, executor=pool, thumbs=Path(beside, "thumbs"), journal=Path(beside, "cache"), on_progress=note
        )
    rows, own = len(read.table), _peak(os.getpid())
    rate = rows / (time.perf_counter() - start)
    print(
        f"{rows} rows, most memory {(own + sum(peaks.values())) / 1024:.0f} MB (must be under 500; this process {own / 1024:.0f}), {rate:.0f} frames a second"
    )


def _peak(pid: int) -> int:
    """The most memory that a process had, in KiB. `ru_maxrss` would not do: a new process begins with that of the one which started it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--quick", action="store_true", help="a little of each")
    ask.add_argument("--part", choices=PARTS, action="append", help="only this part; may be given again")
    ask.add_argument("--frames", type=int, help="so many frames in the parts speed, damage and without")
    ask.add_argument("--read-only", nargs=2, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.read_only:
        return _read_only(*asked.read_only)
    much = {"speed": (24, 3), "cards": (SIZES,), "without": (10_000,), "damage": (40,), "memory": (9_000, 300)}
    little = {"speed": (2, 1), "cards": ((10,),), "without": (48,), "damage": (1,), "memory": (40, 4)}
    for part in asked.part or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            work = globals()[part]
            sizes = (little if asked.quick else much)[part]
            if asked.frames and part in ("speed", "without", "damage"):
                sizes = (asked.frames, *sizes[1:])
            work(*sizes) if part == "without" else work(Path(folder), *sizes)
    return None


if __name__ == "__main__":
    main()
