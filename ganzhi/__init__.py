"""Ganzhi 感知中枢: streaming monitoring and early warning for hazardous sources."""

__version__ = "0.1.0"
