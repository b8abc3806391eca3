"""Names that Windows keeps for its devices: no folder or file there can be called so, in whatever case."""

from __future__ import annotations

DEVICE_NAMES = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    }
)


def is_device_name(name: str) -> bool:
    """True for a name that Windows would not take; what follows a dot does not help.

    >>> is_device_name("Con"), is_device_name("aux.jpg"), is_device_name("Connor")
    (True, True, False)
    """
    return name.split(".")[0].rstrip(" ").casefold() in DEVICE_NAMES
