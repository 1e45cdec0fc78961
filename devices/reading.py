"""What a reading says: what one metric of one device was at one moment."""

Value = float | bool | str
"""A number, a state or a text. Integers travel as floats: what a float can't hold exactly is refused at decoding."""
