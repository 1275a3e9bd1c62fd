"""Runs any artifact without a driver: the numpy references, handed in."""
