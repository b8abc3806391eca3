"""Panels: the hands. Tables in, a table of choices out; a click is a choice and never changes the job by itself.

A panel is a `Work` (rows, actions, details: pure data of one verb) and a `Panel` (what was decided so far, kept press by press). A notebook
shows it as a widget, a scheduled run as a table; both make the same plan from the same choices.
"""
