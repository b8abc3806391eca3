"""Photo labs: what takes a released batch and prints it. `folder` is the real one, `memory` the fake; one contract test for both."""
