"""What all device executors share: the load plan and its checks, loading, uploads and staging."""
