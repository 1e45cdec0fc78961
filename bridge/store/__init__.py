"""Postgres, as the pipeline writes it: one batch, one transaction, again without effect."""
