"""Making units: building notebooks from lessons, proving checks, making up classes, adding mistakes."""
