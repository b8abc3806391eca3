"""The job report in a real browser, with the network off: it prints whole, what is folded on the screen included."""

import os
import shutil
import subprocess

import pytest

from prepaykit.report.job_report import report_of
from tests.jobs import NOW, job, placed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM or not shutil.which("pdftotext"), reason="needs chromium and poppler-utils"),
]


def test_the_report_prints_with_every_part_and_the_folded_findings(tmp_path):
    page, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_text(report_of(placed(job(10, absent=(3,))), now=NOW), encoding="utf-8")
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    subprocess.run(
        [CHROMIUM, "--headless", *sandbox, "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--proxy-server=127.0.0.1:9",
         "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    for heading in (
        "The balance",
        "Where the orders are",
        "Money",
        "Held orders",
        "Findings",
        "Batches",
        "Progress by class",
        "History",
    ):
        assert heading in text
    assert "order 1003, print P5, code AAAA-0003" in text  # stands in a part that is folded on the screen
