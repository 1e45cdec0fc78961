"""Serves what was stored: REST, the live stream and the web app's files."""
