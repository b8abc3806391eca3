"""A plan in a notebook: the headline, then the findings, folded; whatever a file held is shown as text."""

from prepaykit.tables.findings import found
from prepaykit.tables.plan import Plan
from prepaykit.tables.state import JobState

STATE = JobState.new(name="maple-grove-2026", school="Maple Grove")


def test_findings_are_a_folded_table_and_their_text_is_escaped():
    findings = found("names", "column_unknown", "files", ["<script>"], "names.csv column 3: <b>bus</b>")
    shown = Plan.between(STATE, "names", {}, findings=findings, headline="3 & more")._repr_html_()
    assert "<details><summary>1 finding</summary>" in shown
    assert "3 &amp; more" in shown
    assert "<script>" not in shown
    assert "&lt;b&gt;bus&lt;/b&gt;" in shown


def test_many_findings_are_cut_and_the_rest_is_counted():
    findings = found("names", "column_unknown", "files", range(250), "names.csv")
    shown = Plan.between(STATE, "names", {}, findings=findings)._repr_html_()
    assert shown.count("<tr>") == 201
    assert "… 50 more" in shown


def test_a_plan_without_findings_is_its_headline():
    assert (
        Plan.between(STATE, "names", {}, headline="nothing new")._repr_html_()
        == '<div class="tex2jax_ignore mathjax_ignore"><p><strong>names maple-grove-2026: nothing new</strong></p></div>'
    )
