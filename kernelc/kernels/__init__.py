"""The kernels: each family's numpy reference, traced body, schedules and specification in one file."""
