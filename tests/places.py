"""Where the tests stand, wherever a test file lies."""

from pathlib import Path

ROOT = Path(__file__).parents[1]  # of the checkout
