"""`FIELDLINE_STANDINS=1 python -m tests.standins` builds those that are missing."""

from tests.standins import images

images.provide(*images.RECIPES)
