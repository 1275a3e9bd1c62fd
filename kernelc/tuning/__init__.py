"""The search for schedules behind `kernelc tune`.

`tasks` says which problems an artifact has and at which sizes they count, `candidates` which schedules there
are to try, `trial` runs some of them on a device, `search` decides, and `session` does it for a whole
artifact, within a budget, and keeps the table.
"""
