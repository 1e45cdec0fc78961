"""Puts the parts together: the command line, the settings, and the embedded broker and database of `up`."""
