"""The demo: a whole invented school job, from the names list to the photographs, with the mistakes that real jobs have.

`draw_job` draws a folder that the verbs can be run on; `draw_tables` makes its tables without any picture. Everything is
invented: no name, face, address or camera belongs to anybody. One seed gives one job, byte for byte on one machine, and a
`truth/` folder says what really happened, so that a test can prove that no child's picture ended on another's order.
"""
