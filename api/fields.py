"""What answers say of a series and its readings: the fields that several share, each described once."""

from typing import Annotated

from pydantic import Field

from api import match

Number = Annotated[int, Field(description="its number, the same in every answer", examples=[17])]
Device = Annotated[str, Field(description="its name in the topic", examples=["greenhouse-1"])]
Metric = Annotated[str, Field(description="what is measured", examples=["temperature"])]
Unit = Annotated[str | None, Field(description="as the device said it", examples=["°C"])]
Kind = Annotated[match.Kind, Field(description="what its values are; a boolean is 0 or 1")]
KindOfValue = Annotated[match.Kind, Field(description="what `value` is; a boolean is 0 or 1")]

Numbers = Annotated[list[int], Field(description="which series each is of", examples=[[17, 17]])]
Times = Annotated[list[int], Field(description="by the device's clock, ms", examples=[[1760000000123, 1760000010123]])]
Values = Annotated[list[float | str], Field(description="a boolean is 0 or 1", examples=[[21.4, 21.5]])]
