"""What every device's executor stands on: the load plan, its checks, programs, uploads and staging."""
