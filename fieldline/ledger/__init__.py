"""The ledger: what devices sent, what of it is stored, and what is missing, from the sequence numbers in the store."""
