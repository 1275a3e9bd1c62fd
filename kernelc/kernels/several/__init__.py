"""Steps over several sequences: each row of such a step is a token of another one."""
