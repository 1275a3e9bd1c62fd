"""The tutorial of docs/tutorial: its programs, and the pictures that are drawn of what they do."""
