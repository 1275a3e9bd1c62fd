"""What the demo model can do, a kind of skill in each file."""
