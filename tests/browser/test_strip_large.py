"""Five thousand frames in the strip: it is there soon, only what is in sight is in the page, and pictures are asked for where scrolling rests."""

import pandas as pd
import pytest

from prepaykit import Studio
from prepaykit.decide.photos import plan_photos
from tests.browser.driving import errors, save
from tests.browser.panels import open_panel, press
from tests.rules.picture_day import day

FRAMES, CHILDREN = 5000, 1250


@pytest.fixture(scope="module")
def studio_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large") / "job"
    folder.mkdir()
    (folder / "photos").mkdir()
    (folder / "job.toml").write_text('name = "large-2026"\nschool = "Maple Grove"\n')
    people = pd.DataFrame({"access_code": [f"K{n:04d}-X" for n in range(CHILDREN)], "first_name": "Ada",
                           "last_name": [f"Lee{n}" for n in range(CHILDREN)], "group": [f"Class {n % 40}" for n in range(CHILDREN)]})  # fmt: skip
    people.to_csv(folder / "names.csv", index=False)
    with Studio.open(folder / "studio.db", actor="ana") as studio:
        job = studio.new(folder)
        job.apply(job.names(folder / "names.csv", seed=1))
        job.apply(plan_photos(job.state, day(" ".join(f"{code} . . ." for code in people["access_code"]))))
    return folder


def test_five_thousand_frames_scroll_and_only_those_in_sight_are_in_the_page(page):
    panel = open_panel(page, "20_photos")
    assert errors(page) == []
    assert panel.locator(".pk-tally").inner_text().startswith("5000 frames")
    slow = page.evaluate(
        """async () => {
            const body = document.querySelector('.pk-film');
            const gaps = [];
            let last = performance.now();
            for (let step = 0; step < 60; step += 1) {
                body.scrollTop += 1500;
                await new Promise(requestAnimationFrame);
                const now = performance.now();
                gaps.push(now - last);
                last = now;
            }
            return gaps.sort((a, b) => a - b);
        }"""
    )
    print("gaps", slow[30], slow[-1])
    assert panel.locator(".pk-frame").count() < 120
    assert slow[30] < 50  # half of the steps, on a busy machine
    press(page, "End")
    assert panel.locator(".pk-here").get_attribute("data-at") == "4999"
    press(page, "Home")
    assert panel.locator(".pk-here").get_attribute("data-at") == "0"
    save(page)
