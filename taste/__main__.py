"""``python -m taste`` is the command ``taste``."""

from taste.command import main

if __name__ == "__main__":
    raise SystemExit(main())
