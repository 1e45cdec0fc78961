"""Carries what devices say into the store and to live clients."""
