"""The runtime: loads an artifact, replays its programs on a device and holds conversations."""
