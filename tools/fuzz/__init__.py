"""A fuzzer for everything that comes from strangers: `python -m tools.fuzz --help`.

Each kind of input (`kinds.py`) has sound examples and an oracle: what is wrong is refused as a user's mistake
(exit 2, one line), what is accepted is held to an independent reading where there is one, and nothing else
ever happens. Inputs are made from a seed, so a number names each of them (`mutate.py`); they are tried in a
child process with limits on time and memory (`child.py`, `trying.py`); one that fails is made as small as it
goes (`reduce.py`). What once failed lies in `corpus/KIND/` and is tried again by every run of the tests.
"""
