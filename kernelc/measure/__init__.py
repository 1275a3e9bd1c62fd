"""What `kernelc bench` measures: bandwidth, a model's speed, and what each optimisation is worth.

`stream` is a family of kernels that do nothing but read or copy memory, and `bandwidth` runs them; `speed`
times a model and says what share of the bandwidth it uses, `pairs` decides between two of something.
"""
