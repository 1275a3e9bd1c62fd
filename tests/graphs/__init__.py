"""Any graph that the verifier accepts compiles, and computes on every executor what it means."""
