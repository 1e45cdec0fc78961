"""Proves the promise: faults of every kind hit the real parts amid a stream, and each acknowledged message is stored once."""
