"""What others said, fit for a terminal: a device may call itself anything."""


def printable(text: str) -> str:
    """The text with all that would steer a terminal written out as escapes."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
