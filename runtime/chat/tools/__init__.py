"""Calls of tools and thoughts: how models write them, and how they come apart from an answer's text."""
