"""Brings files of readings into the store, as if their devices said it all again."""
