"""The campaign's file: one row an address, once per key, safe in a spreadsheet."""

import pytest

from prepaykit.adapters.mail_merge import write_merge_file
from prepaykit.errors import NeighbourFailed

PAYLOAD = {
    "campaign": "proofing",
    "rows": [
        {"audience": "buyer", "address": "a@example.org", "access_codes": "AB12-CD34 EF56-GH78"},
        {"audience": "potential_buyer", "address": "=b@example.org", "access_codes": ["JK90-LM12"]},
    ],
}


def test_the_file_is_written_once_and_holds_every_address(tmp_path):
    first = write_merge_file(PAYLOAD, "maple/sell/proofing", out_dir=tmp_path)
    assert write_merge_file(PAYLOAD, "maple/sell/proofing", out_dir=tmp_path) == first
    lines = (tmp_path / "maple-sell-proofing.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == [
        "campaign,audience,address,access_codes",
        "proofing,buyer,a@example.org,AB12-CD34 EF56-GH78",
        "proofing,potential_buyer,'=b@example.org,JK90-LM12",
    ]


def test_other_contents_under_the_same_key_are_refused(tmp_path):
    write_merge_file(PAYLOAD, "k", out_dir=tmp_path)
    with pytest.raises(NeighbourFailed, match="with other contents"):
        write_merge_file({**PAYLOAD, "campaign": "other"}, "k", out_dir=tmp_path)
