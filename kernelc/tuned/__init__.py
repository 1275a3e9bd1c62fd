"""Tables of schedules that a search found (`kernelc tune`), one for each class of devices.

A table is data, and may come from anybody: `table` reads and proves it, `schedules` says which schedule of a
family an entry means, `places` where tables lie.
"""
