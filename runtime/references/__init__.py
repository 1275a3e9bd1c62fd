"""Runs any artifact without a driver, by the numpy references that it is handed."""
