"""Stands in for the Raspberry Pi's kms++ bindings, which picamera2 imports for a window that a kiosk never opens."""


class _AnyFormat(type):
    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class PixelFormat(metaclass=_AnyFormat):
    """Has every pixel format by name."""
