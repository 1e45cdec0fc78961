"""What is stored, in commit order, to every client that watches: a snapshot first, then each new reading once."""
