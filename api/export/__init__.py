"""Readings as files of any length: CSV, NDJSON, Parquet and Arrow, in flat memory."""
